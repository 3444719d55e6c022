"""Conditions on labels, as NodePool and NodeOverlay have them."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from .. import forms, labels
from ..values import Location, Problem
from .base import Wire

Operator = Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"]
Key = Annotated[str, StringConstraints(pattern=forms.QUALIFIED_NAME, max_length=316)]


def _as_label_value(value: object) -> object:
    """A YAML number or truth value as the text it would have in a label."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value


LabelValue = Annotated[
    str, BeforeValidator(_as_label_value), StringConstraints(pattern=forms.LABEL_VALUE, max_length=63)
]
"""The API takes text only; `true` and `4` in YAML are taken as their text."""

_COMPARISONS: Final = ("Gt", "Lt", "Gte", "Lte")
_EMPTY: Final = ("Exists", "DoesNotExist")


class OverlayRequirement(Wire):
    """A condition on the labels of an instance type."""

    key: Key
    """Label key; one that Karpenter does not know becomes a label of the nodes."""
    operator: Operator
    """How `values` are compared; `Gte` and `Lte` from Karpenter 1.9."""
    values: tuple[LabelValue, ...] | None = None
    """What is compared with; one whole number for comparisons, absent for `Exists` and `DoesNotExist`."""

    def problems(self) -> Iterator[Problem]:
        """Values that the operator can do something with."""
        yield from _value_problems(self)


class Requirement(OverlayRequirement):
    """A condition on the labels of an instance type, and on how many of them there must be."""

    min_values: int | None = Field(default=None, ge=1, le=50)
    """How many different values the launched types must have between them; absent: one is enough."""

    def problems(self) -> Iterator[Problem]:
        """Values that the operator can do something with, and enough of them."""
        yield from super().problems()
        if self.operator == "In" and self.min_values is not None and len(self.values or ()) < self.min_values:
            rule = f"needs at least min_values = {self.min_values} values and has {len(self.values or ())}"
            yield Problem(at=("values",), value=self.values, rule=rule, fix="name more values, or lower min_values")


def _value_problems(requirement: OverlayRequirement) -> Iterator[Problem]:
    operator, values = requirement.operator, requirement.values or ()
    if operator in ("In", "NotIn") and not values:
        rule = f"{operator} compares with a list of values"
        yield Problem(at=("values",), value=requirement.values, rule=rule, fix="name at least one value")
    if operator in _COMPARISONS and not (len(values) == 1 and values[0].isdecimal()):
        rule = f"{operator} compares with one whole number that is not negative"
        yield Problem(at=("values",), value=requirement.values, rule=rule, fix='e.g. ["4"]')
    if operator in _EMPTY and values:  # the CRD takes them, and Karpenter ignores them
        rule = f"{operator} compares with nothing"
        yield Problem(at=("values",), value=requirement.values, rule=rule, fix="leave them out")


def key_problems(requirements: Iterable[OverlayRequirement], *, allowed: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Keys that the CRDs refuse in requirements; `allowed` are exceptions of the one at hand."""
    for i, requirement in enumerate(requirements):
        if labels.is_restricted_label(requirement.key) and requirement.key not in allowed:
            at: Location = (i, "key")
            rule = "Karpenter reserves this label, or its domain, and refuses it in requirements"
            yield Problem(at=at, value=requirement.key, rule=rule, fix=labels.instead_of(requirement.key))
