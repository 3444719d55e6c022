"""Kubernetes quantities in the form the API server gives back (k8s.io/apimachinery pkg/api/resource)."""

import re
from collections.abc import Mapping
from decimal import ROUND_UP, Decimal
from typing import Any, Final

BINARY: Final = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
DECIMAL: Final = {
    suffix: Decimal(1000) ** power
    for suffix, power in {
        "n": -3, "u": -2, "m": -1, "": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6,
    }.items()
}  # fmt: skip
_FORM: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?")

MAPS: Final = {
    "ResourceQuota": frozenset({"hard"}),
    "PersistentVolume": frozenset({"capacity"}),
    "LimitRange": frozenset({"default", "defaultRequest", "max", "maxLimitRequestRatio", "min"}),
}
"""Kind → fields that hold a map of quantities; others hold them in `CONTAINER_MAPS`."""
CONTAINER_MAPS: Final = frozenset({"limits", "overhead", "requests"})
SCALARS: Final = frozenset({"averageValue", "divisor", "sizeLimit"})
"""Fields that are one quantity."""


def canonical(quantity: Any) -> Any:
    """`quantity` as the API server writes it, for instance "1000m" as "1"; what is no quantity stays as it is."""
    form = _FORM.fullmatch(str(quantity).strip())
    if isinstance(quantity, bool) or form is None:
        return quantity
    number, suffix, exponent = form.groups()
    if exponent is not None:
        return _exponential(Decimal(number) * Decimal(10) ** int(exponent))
    if suffix in BINARY and suffix:
        value = Decimal(number) * BINARY[suffix]
        if abs(value) >= 1024:
            return _largest(value, {key: Decimal(factor) for key, factor in BINARY.items()})
        return _largest(value, DECIMAL)
    return _largest(Decimal(number) * DECIMAL[suffix or ""], DECIMAL)


def _largest(value: Decimal, scale: Mapping[str, Decimal]) -> str:
    """`value` with the largest suffix of `scale` that leaves no fraction; finer than the scale rounds up."""
    if value == 0:
        return "0"
    for suffix, factor in reversed(list(scale.items())):
        if value % factor == 0:
            return f"{int(value / factor)}{suffix}"
    suffix, factor = next(iter(scale.items()))
    return f"{int((value / factor).to_integral_value(ROUND_UP))}{suffix}"


def _exponential(value: Decimal) -> str:
    """`value` with the largest exponent that is a multiple of three."""
    power = 0
    while value and value % 1000 == 0:
        value, power = value / 1000, power + 3
    while value % 1:
        value, power = value * 1000, power - 3
    return f"{int(value)}e{power}" if power else str(int(value))


def normalised(kind: str, value: Any) -> Any:
    """`value`, the object of a built-in `kind`, with every quantity in it canonical."""
    maps = MAPS.get(kind, frozenset()) | CONTAINER_MAPS
    if isinstance(value, list):
        return [normalised(kind, item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, item in value.items():
        if key in maps and isinstance(item, dict):
            result[key] = {name: canonical(amount) for name, amount in item.items()}
        else:
            result[key] = canonical(item) if key in SCALARS else normalised(kind, item)
    return result
