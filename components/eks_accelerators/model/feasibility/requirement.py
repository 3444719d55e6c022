"""Karpenter's algebra of label requirements (sigs.k8s.io/karpenter 1.14.1, pkg/scheduling).

A requirement is the set of values that a label may have: some values, or all values but some, within whole-number
bounds. Requirements on one label intersect; a pod fits a node pool if no intersection is empty.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from .wire import ManifestError

Operator = Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"]
OPERATORS: Final = frozenset({"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"})
NEGATIVE: Final = frozenset({"NotIn", "DoesNotExist"})
"""Operators that a label which is absent satisfies."""
SYNONYMS: Final = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
    "topology.ebs.csi.aws.com/zone": "topology.kubernetes.io/zone",
    "beta.kubernetes.io/arch": "kubernetes.io/arch",
    "beta.kubernetes.io/os": "kubernetes.io/os",
    "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
}
"""Old key → the key that Karpenter reads it as (NormalizedLabels)."""
_MAX_INT: Final = 2**63 - 1
_NUMBER: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)
_SHOWN: Final = 5
"""Values that a requirement's text names before it counts the rest."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """The values that one label may have."""

    key: str
    """Label key, never an old synonym."""
    complement: bool
    """Whether `values` are those it may not have."""
    values: frozenset[str]
    """Values it may or may not have."""
    at_least: int | None = None
    """Smallest whole number it may be; None: no bound."""
    at_most: int | None = None
    """Largest whole number it may be; None: no bound."""
    min_values: int | None = None
    """How many different values the instance types of a launch must have; None: no such demand."""

    @property
    def operator(self) -> str:
        """`In`, `NotIn`, `Exists` (bounds included) or `DoesNotExist`."""
        if self.complement:
            return "NotIn" if self.values else "Exists"
        return "In" if self.values else "DoesNotExist"

    def admits(self, value: str) -> bool:
        """Whether the label may be `value`."""
        return (value in self.values) is not self.complement and _within(value, self.at_least, self.at_most)

    def intersection(self, other: "Requirement") -> "Requirement":
        """The values that both admit, with the larger of the two `min_values`."""
        at_least, at_most = _larger(self.at_least, other.at_least), _smaller(self.at_most, other.at_most)
        min_values = _larger(self.min_values, other.min_values)
        if at_least is not None and at_most is not None and at_least > at_most:
            return Requirement(self.key, complement=False, values=frozenset(), min_values=min_values)
        kept = frozenset(value for value in _combined(self, other) if _within(value, at_least, at_most))
        if self.complement and other.complement:
            return Requirement(self.key, True, kept, at_least, at_most, min_values)  # noqa: FBT003 - the fields in order
        return Requirement(self.key, complement=False, values=kept, min_values=min_values)

    def intersects(self, other: "Requirement") -> bool:
        """Whether both admit some value, or both are satisfied by the label's absence."""
        common = self.intersection(other)
        return common.complement or bool(common.values) or (self.operator in NEGATIVE and other.operator in NEGATIVE)

    def __str__(self) -> str:
        """Such as `karpenter.k8s.aws/instance-family In [inf2]`."""
        bounds = ((">=", self.at_least), ("<=", self.at_most))
        limits = [f"{sign} {bound}" for sign, bound in bounds if bound is not None]
        if not self.values:
            return f"{self.key} {' and '.join(limits) or self.operator}"
        shown = sorted(self.values)
        rest = [f"and {len(shown) - _SHOWN} more"] if len(shown) > _SHOWN else []
        return " ".join([self.key, self.operator, f"[{', '.join(shown[:_SHOWN] + rest)}]", *limits])


def requirement(key: str, operator: str, values: Iterable[str] = (), min_values: int | None = None) -> Requirement:
    """The requirement that a NodePool, a NodeOverlay or a node affinity writes as key, operator and values."""
    if operator not in OPERATORS:
        raise ManifestError(f"{key}: operator {operator!r} is none of {', '.join(sorted(OPERATORS))}")
    blank = Requirement(SYNONYMS.get(key, key), complement=True, values=frozenset(), min_values=min_values)
    if operator in ("In", "NotIn"):
        return replace(blank, complement=operator == "NotIn", values=frozenset(values))
    if operator in ("Exists", "DoesNotExist"):
        return replace(blank, complement=operator == "Exists")
    bound = _bound(key, operator, tuple(values))
    if operator == "Gt" and bound == _MAX_INT:
        return replace(blank, complement=False, min_values=None)  # nothing is larger
    return replace(blank, **{"Gt": {"at_least": bound + 1}, "Gte": {"at_least": bound},
                             "Lt": {"at_most": bound - 1}, "Lte": {"at_most": bound}}[operator])  # fmt: skip


def _bound(key: str, operator: str, values: tuple[str, ...]) -> int:
    number = _number(values[0]) if len(values) == 1 else None
    if number is None:
        raise ManifestError(f"{key} {operator} {list(values)}: needs exactly one whole number; write e.g. ['4']")
    return number


Requirements = Mapping[str, Requirement]
"""By key: all that is demanded of a node's labels. A key that is absent may have any value."""


def merged(*groups: Iterable[Requirement]) -> dict[str, Requirement]:
    """All of them together, those on the same key intersected."""
    found: dict[str, Requirement] = {}
    for group in groups:
        for each in group:
            existing = found.get(each.key)
            found[each.key] = each if existing is None else each.intersection(existing)
    return found


def of_terms(expressions: Iterable[Mapping[str, Any]]) -> dict[str, Requirement]:
    """Requirements from their wire form: items with key, operator, values and perhaps minValues."""
    return merged(
        requirement(each["key"], each["operator"], map(str, each.get("values") or ()), each.get("minValues"))
        for each in expressions
    )


def of_labels(labels: Mapping[str, str]) -> dict[str, Requirement]:
    """Requirements that labels have exactly these values."""
    return merged(requirement(key, "In", [str(value)]) for key, value in labels.items())


def undefined(existing: Requirements, incoming: Requirements, well_known: frozenset[str]) -> Iterator[Requirement]:
    """The requirements of `incoming` on labels that nodes of `existing` do not have at all.

    A well-known label may be left open, since instance types have it; any other must have been given a value.
    """
    for key, each in incoming.items():
        if key not in well_known and key not in existing and each.operator not in NEGATIVE:
            yield each


def conflicts(existing: Requirements, incoming: Requirements) -> Iterator[tuple[Requirement, Requirement]]:
    """The pairs (existing, incoming) on one key that have no value in common."""
    for key, each in incoming.items():
        if (other := existing.get(key)) is not None and not other.intersects(each):
            yield other, each


def _combined(a: Requirement, b: Requirement) -> frozenset[str]:
    if a.complement and b.complement:
        return a.values | b.values
    if a.complement:
        return b.values - a.values
    return a.values - b.values if b.complement else a.values & b.values


def _within(value: str, at_least: int | None, at_most: int | None) -> bool:
    if at_least is None and at_most is None:
        return True
    number = _number(value)
    return number is not None and (at_least is None or number >= at_least) and (at_most is None or number <= at_most)


def _number(text: str) -> int | None:
    """The whole number that `text` is for Go's strconv.Atoi, or None."""
    number = int(text) if _NUMBER.fullmatch(text) else None
    return number if number is not None and -_MAX_INT - 1 <= number <= _MAX_INT else None


def _larger(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else max(a, b)


def _smaller(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else min(a, b)
