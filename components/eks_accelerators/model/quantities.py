"""Kubernetes quantities, exactly."""

import re
from fractions import Fraction
from typing import Annotated, Final

from pydantic import BeforeValidator, StringConstraints

from . import forms

_SUFFIXES: Final = {
    "": Fraction(1),
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    **{letter: Fraction(1000**power) for power, letter in enumerate("kMGTPE", start=1)},
    **{f"{letter}i": Fraction(1024**power) for power, letter in enumerate("KMGTPE", start=1)},
}
_PARTS: Final = re.compile(r"^(?P<number>[\d.]+)(?P<suffix>\D*)$")


def _as_text(value: object) -> object:
    """A YAML number as text; other values unchanged, for the type to judge."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return f"{value:g}" if value != int(value) else str(int(value))


Quantity = Annotated[str, BeforeValidator(_as_text), StringConstraints(pattern=forms.QUANTITY)]
"""Such as `256`, `500Gi` or `1.5`; a YAML number is taken as its text."""


def amount(quantity: str) -> Fraction:
    """The number that `quantity` stands for."""
    parts = _PARTS.match(quantity)
    if parts is None:
        raise ValueError(f"not a quantity: {quantity!r}")
    return Fraction(parts["number"]) * _SUFFIXES[parts["suffix"]]
