"""Kubernetes quantities."""

import re
from fractions import Fraction
from typing import Final

SUFFIXES: Final = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "": Fraction(1),
    "k": Fraction(10**3),
    **{suffix: Fraction(1000**power) for power, suffix in enumerate("MGTPE", start=2)},
    **{f"{suffix}i": Fraction(1024**power) for power, suffix in enumerate("KMGTPE", start=1)},
}
"""Suffix → factor (apimachinery, resource.Quantity)."""
_QUANTITY: Final = re.compile(r"([+-]?[0-9]*\.?[0-9]+|[+-]?[0-9]+\.)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$")


def amount(quantity: str | float) -> Fraction:
    """The number that `quantity` means; ValueError when it is none."""
    match = _QUANTITY.match(str(quantity))
    if match is None:
        raise ValueError(f"{quantity!r} is not a Kubernetes quantity such as 500m, 2 or 16Gi")
    number, suffix = match[1], match[2] or ""
    if suffix[:1] in {"e", "E"} and len(suffix) > 1:
        return Fraction(number) * Fraction(10) ** int(suffix[1:])
    return Fraction(number) * SUFFIXES[suffix]
