"""What explain answers: frozen values that a program can read and `wire()` turns into plain JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, cast

Kind = Literal[
    "pool",  # the pool itself admits no type
    "taint",
    "label",  # a label that the pool's nodes do not have
    "requirement",  # a label with other values
    "class",  # the EC2NodeClass cannot launch the type
    "zone",
    "capacity type",
    "price",
    "limit",
    "resource",
    "minValues",
    "topology",
]
"""What kind of constraint stands in the way."""


class Wired:
    """A value with a plain form."""

    def wire(self) -> dict[str, Any]:
        """The value as mappings, lists, strings, numbers and None; prices and quantities as strings."""
        return cast("dict[str, Any]", _plain(self))


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(content) for key, content in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, tuple):
        return [_plain(content) for content in cast("tuple[Any, ...]", value)]
    return str(value) if isinstance(value, Decimal | Fraction) else value


@dataclass(frozen=True, slots=True)
class Obstacle(Wired):
    """One constraint that cannot be met, and what would have to change."""

    kind: Kind
    """What it is about."""
    rule: str
    """The constraint, with the value demanded and the nearest that there is."""
    fix: str
    """What to write instead."""


@dataclass(frozen=True, slots=True)
class Excluded(Wired):
    """Instance types that a pool does not launch, by the first constraint that each violates."""

    kind: Kind
    """What the constraint is about."""
    rule: str
    """The constraint."""
    types: tuple[str, ...]
    """The types, cheapest first."""


@dataclass(frozen=True, slots=True)
class Choice(Wired):
    """An instance type that can be launched."""

    type: str
    """Its name."""
    zones: tuple[str, ...]
    """Where."""
    capacity_types: tuple[str, ...]
    """As what: of reserved, spot and on-demand, the one Karpenter tries first before the others."""
    price: Decimal | None
    """USD per hour on demand, or what an overlay makes of it; None: the price list does not have it. Spot costs less,
    by how much is not known here; what is reserved is paid for already."""
    devices: Mapping[str, int]
    """Extended resources of one node, overlays included, by resource."""
    nodes: int | None
    """Nodes of this type alone that the pool's limits allow; None: nothing limits them."""
    stopped_by: str | None
    """The limit that stops them there; None: no limit."""


@dataclass(frozen=True, slots=True)
class PoolReport(Wired):
    """What a pool can launch, and why everything else is out."""

    pool: str
    """Its name."""
    choices: tuple[Choice, ...]
    """What it can launch, cheapest first; types without a known price last."""
    excluded: tuple[Excluded, ...]
    """Everything else in the catalogue, grouped in the order in which constraints are looked at."""
    notes: tuple[str, ...]
    """What was assumed or could not be judged."""

    @property
    def cheapest(self) -> Choice | None:
        """The first choice, or None where there is none."""
        return self.choices[0] if self.choices else None


@dataclass(frozen=True, slots=True)
class Verdict(Wired):
    """Whether one pool can take a pod."""

    pool: str
    """Its name."""
    types: tuple[str, ...] = ()
    """Types that can take it, cheapest first; none: it does not fit."""
    zones: tuple[str, ...] = ()
    """Zones in which one of them is offered."""
    cheapest: Choice | None = None
    """What Karpenter would launch; for a pod without devices it passes over types that have some if it can."""
    obstacle: Obstacle | None = None
    """The constraint that fails; None: it fits."""
    relaxed: tuple[str, ...] = ()
    """Preferences and alternatives of the pod that had to be given up for this answer."""
    notes: tuple[str, ...] = ()
    """What was assumed of this pool."""

    @property
    def fits(self) -> bool:
        """Whether the pod fits."""
        return self.obstacle is None


@dataclass(frozen=True, slots=True)
class PodReport(Wired):
    """Which pools can take a pod."""

    pod: str
    """Its name."""
    requests: Mapping[str, str]
    """What it requests in all, by resource, the pod itself (`pods`) included."""
    verdicts: tuple[Verdict, ...]
    """One per pool, in the order in which Karpenter tries them: by weight, then by name from Z to A."""
    chosen: str | None
    """The pool from which Karpenter launches a node for it; None: it stays pending."""
    notes: tuple[str, ...] = field(default=())
    """What about the pod was not judged."""

    @property
    def fits(self) -> bool:
        """Whether any pool can take it."""
        return self.chosen is not None
