"""Where a chart comes from: the real one while its registry answers, otherwise one that this machine can make.

Offline the Karpenter charts are upstream's own, out of the Go module the controller is built from; for charts that no
module holds, `served` lists small charts of ours with the same names, values and failures.
"""

from .errors import ChartError
from .location import locate

__all__ = ["ChartError", "locate"]
