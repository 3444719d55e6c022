"""Would it be launched, and if not, why: Karpenter 1.14.1's decisions without a cluster.

`explain_pool` says what a pool can launch and why everything else is out; `explain_pod` which pools can take a pod and
which constraint fails where none can. Input is the manifests themselves, so that any pool can be explained.
"""

from .explain import dead_end, explain_pod, explain_pool
from .report import Choice, Excluded, Obstacle, PodReport, PoolReport, Verdict
from .view import Controller, Place, PoolView
from .wire import ManifestError

__all__ = [
    "Choice",
    "Controller",
    "Excluded",
    "ManifestError",
    "Obstacle",
    "Place",
    "PodReport",
    "PoolReport",
    "PoolView",
    "Verdict",
    "dead_end",
    "explain_pod",
    "explain_pool",
]
