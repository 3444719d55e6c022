"""Quantities as people write them in manifests: numbers, text, exponents."""

import re
from fractions import Fraction
from typing import Final

from ..quantities import amount
from .wire import ManifestError

_EXPONENT: Final = re.compile(r"^\d+(\.\d+)?[eE][+-]?\d+$")


def quantity(resource: str, value: object) -> Fraction:
    """The amount of `resource` that a manifest requests; a ManifestError names the resource if it is not a quantity."""
    text = str(value)
    try:
        return Fraction(text) if _EXPONENT.match(text) else amount(text)
    except (ValueError, KeyError) as error:
        raise ManifestError(f"{resource}: {value!r} is not a quantity; write e.g. 2, 500m or 16Gi") from error


def text(resource: str, value: Fraction | int) -> str:
    """An amount as people write it and Kubernetes reads it, never rounded: bytes in the largest unit that is exact."""
    if resource in ("memory", "ephemeral-storage") or resource.startswith("hugepages-"):
        unit = next((unit for unit, size in _UNITS.items() if value % size == 0), "")
        return f"{int(value / _UNITS.get(unit, 1))}{unit}"
    return f"{float(value):.10g}"


_UNITS: Final = {"Ti": 1024**4, "Gi": 1024**3, "G": 1000**3, "Mi": 1024**2, "M": 1000**2, "Ki": 1024}
