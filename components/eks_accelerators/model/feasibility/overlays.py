"""NodeOverlays: what they add to types and make of prices (pkg/controllers/nodeoverlay of Karpenter 1.14.1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from ..labels import CAPACITY_TYPE, INSTANCE_TYPE, NODE_POOL
from .index import Index, Types
from .quantities import quantity
from .requirement import Requirement, Requirements, conflicts, of_labels, of_terms, undefined
from .view import OFFERED, ZONE, PoolView, common, template_labels
from .wire import child, items

_TYPE_ALONE: Final = [(INSTANCE_TYPE, "In")]


@dataclass(frozen=True, slots=True)
class Overlay:
    """One overlay as it meets one pool."""

    types: Types
    """Instance types that it is about; none if its requirements do not meet the pool."""
    zones: Requirement | None
    """Zones whose price it changes; None: all."""
    capacity_types: Requirement | None
    """Capacity types whose price it changes; None: all."""
    capacity: Mapping[str, Fraction]
    """Extended resources that it adds or replaces."""
    price: str | None
    """A price, or a signed change in USD or per cent; None: it leaves the price."""
    names_types: bool
    """Whether it says nothing but instance types and their price, which then counts where no list has one
    (GetOverlayPrice of pkg/providers/instancetype/offering)."""
    weight: int
    """Precedence."""

    def prices(self, zone: str, capacity_type: str) -> bool:
        """Whether it changes the price of an offering."""
        zones = self.zones is None or self.zones.admits(zone)
        kinds = self.capacity_types is None or self.capacity_types.admits(capacity_type)
        return self.price is not None and zones and kinds


def overlays(view: PoolView, index: Index) -> tuple[list[Overlay], list[str]]:
    """The overlays that hold, heaviest first, and a note on each that contradicts another and so has no effect."""
    ordered = sorted(view.overlays, key=lambda spec: -(spec.get("weight") or 0))
    shared = {**common(view), **of_labels({**template_labels(view), NODE_POOL: view.name})}
    held: list[Overlay] = []
    notes: list[str] = []
    for spec in ordered:
        overlay = _overlay(spec, shared, index)
        if any(_contradict(overlay, other) for other in held):
            notes.append(
                f"overlay {_title(spec)}: another of weight {overlay.weight} sets the same; Karpenter ignores one"
            )
        elif overlay.types:
            held.append(overlay)
    return held, notes


def _title(spec: Mapping[str, Any]) -> str:
    return " and ".join(str(each) for each in of_terms(items(spec, "requirements")).values()) or "on everything"


def _overlay(spec: Mapping[str, Any], shared: Requirements, index: Index) -> Overlay:
    demands = of_terms(items(spec, "requirements"))
    return Overlay(
        types=_types(demands, shared, index),
        zones=demands.get(ZONE),
        capacity_types=demands.get(CAPACITY_TYPE),
        capacity={resource: quantity(resource, value) for resource, value in child(spec, "capacity").items()},
        price=spec.get("price") or spec.get("priceAdjustment"),
        names_types="price" in spec and [(each.key, each.operator) for each in demands.values()] == _TYPE_ALONE,
        weight=spec.get("weight") or 0,
    )


def _types(demands: Requirements, shared: Requirements, index: Index) -> Types:
    """The types of a pool that an overlay selects: by their labels, and what the pool's nodes share (`shared`)."""
    known = frozenset(index.by_label) | OFFERED
    if next(undefined(shared, demands, known), None) or next(conflicts(shared, demands), None):
        return 0
    types = index.everything
    for key, demand in demands.items():
        if key in index.by_label:
            types &= index.admitted(demand)
    return types


def _contradict(a: Overlay, b: Overlay) -> bool:
    """Whether two overlays of the same weight set the same thing of one type, or of one offering of it."""
    if a.weight != b.weight or not a.types & b.types:
        return False
    same_offering = _share(a.zones, b.zones) and _share(a.capacity_types, b.capacity_types)
    same_price = a.price is not None and b.price is not None and same_offering
    return same_price or bool(a.capacity.keys() & b.capacity.keys())


def _share(a: Requirement | None, b: Requirement | None) -> bool:
    return a is None or b is None or a.intersects(b)


def adjusted(price: Decimal | None, held: Iterable[Overlay], zone: str, capacity_type: str) -> Decimal | None:
    """The price that the heaviest overlay in `held` makes of an offering's; overlays do not add up."""
    change = next((each.price for each in held if each.prices(zone, capacity_type)), None)
    if change is None:
        return price
    if change[0] not in "+-":
        return Decimal(change)
    if price is None:
        return None
    changed = price * (1 + Decimal(change[:-1]) / 100) if change.endswith("%") else price + Decimal(change)
    return max(changed, Decimal(0))
