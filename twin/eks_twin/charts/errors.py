"""The one failure of this package."""


class ChartError(Exception):
    """A chart cannot be had; the message says where it was looked for and what is served instead."""
