"""Quantities as people write them in manifests: numbers, text, exponents."""

import re
from fractions import Fraction
from typing import Final

from ..quantities import amount

_EXPONENT: Final = re.compile(r"^\d+(\.\d+)?[eE][+-]?\d+$")


def quantity(resource: str, value: object) -> Fraction:
    """The amount of `resource` that a manifest requests; a ValueError names the resource if it is not a quantity."""
    text = str(value)
    try:
        return Fraction(text) if _EXPONENT.match(text) else amount(text)
    except (ValueError, KeyError) as error:
        raise ValueError(f"{resource}: {value!r} is not a quantity; write e.g. 2, 500m or 16Gi") from error


def text(resource: str, value: Fraction | int) -> str:
    """An amount as people read it: bytes in the largest binary unit that leaves at most two decimals, else plain."""
    if resource in ("memory", "ephemeral-storage") or resource.startswith("hugepages-"):
        return _bytes(value)
    return f"{float(value):.10g}"


def _bytes(value: Fraction | int) -> str:
    number, unit = float(value), ""
    for larger in ("Ki", "Mi", "Gi", "Ti"):
        if abs(number) < 1024:
            break
        number, unit = number / 1024, larger
    return f"{number:.2f}".rstrip("0").rstrip(".") + unit
