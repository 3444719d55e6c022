"""A pool made ready to be asked: which types it admits, what they offer, and the order in which others fall out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Final

from ..catalogue.capacity import GPU_RESOURCES, POD_ENI, WINDOWS_ADDRESS
from ..labels import CAPACITY_TYPE, NEURON, NEURON_CORE
from .index import Index, Types, index, union
from .launch import launchable
from .overlays import Overlay, adjusted, overlays
from .quantities import quantity
from .report import Choice, Excluded, Kind
from .requirement import Requirement
from .resources import Shelf
from .view import ZONE, ZONE_ID, Place, PoolView, capacity_types, common, requirements, settings
from .wire import child, items

_EXOTIC: Final = frozenset({NEURON, NEURON_CORE, *GPU_RESOURCES.values()})
"""Resources that make Karpenter spare a type where a plainer one fits."""
SOUND: Final = "kubelet, system and eviction keep no more than there is"
"""Rule of the step that types with negative allocatable fail."""
_ADDRESSES: Final = frozenset({POD_ENI, WINDOWS_ADDRESS})
"""Extended resources that are no devices."""


@dataclass(frozen=True, slots=True)
class Step:
    """One constraint, as the set of types that meet it."""

    kind: Kind
    """What it is about."""
    rule: str
    """The constraint."""
    types: Types
    """Types that meet it."""


class Pool:
    """A `PoolView` at a `Place`, worked out once: about 30 microseconds for each instance type that it admits."""

    def __init__(self, view: PoolView, place: Place) -> None:
        self.view = view
        self.place = place
        self.index: Index = index(place.catalogue, place.region)
        self.requirements: Mapping[str, Requirement] = requirements(view, place)
        self.common: Mapping[str, Requirement] = common(view)
        self.taints = items(child(view.node_pool, "template", "spec"), "taints")
        self.limits: Mapping[str, Fraction] = {
            resource: quantity(resource, limit) for resource, limit in child(view.node_pool, "limits").items()
        }
        self.settings = settings(view, place.controller)
        self.sold_as = capacity_types(view, place.controller)
        self.overlays: list[Overlay] = []
        self.notes: list[str] = list(_notes(view, place))
        if place.controller.node_overlay:
            self.overlays, contradictions = overlays(view, self.index)
            self.notes += contradictions

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The pool's own constraints, in the order in which explain names them."""
        return tuple(self._steps())

    def _steps(self) -> Iterator[Step]:
        for key, demand in self.requirements.items():
            if key in self.index.by_label:
                yield Step("requirement", str(demand), self.index.admitted(demand))
            elif (shared := self.common.get(key)) is not None:
                yield Step("requirement", str(demand), self.index.everything if shared.intersects(demand) else 0)
        yield from (Step("class", *each) for each in launchable(self.index, self.view))
        yield from self.offering_steps(self.requirements)

    def offering_steps(self, demands: Mapping[str, Requirement]) -> Iterator[Step]:
        """Where and as what types are offered, of what `demands` leaves open."""
        zones, kinds = self.zones(demands), self.kinds(demands)
        rule = f"offered in {', '.join(zones)}" if zones else f"no zone of the subnets meets {demands.get(ZONE)}"
        yield Step("zone", rule, self.offered(zones))
        rule = f"sold as {' or '.join(kinds)}" if kinds else f"nothing to buy meets {demands.get(CAPACITY_TYPE)}"
        yield Step("capacity type", rule, self.sold(kinds))
        if self.place.controller.isolated_vpc and "reserved" not in kinds:
            listed = self.place.catalogue.price_list(self.place.region)
            rule = f"has a price in the built-in list of {listed.date}, on which an isolated controller depends"
            yield Step(
                "price", rule, self.index.priced | union(each.types for each in self.overlays if each.names_types)
            )

    def zones(self, demands: Mapping[str, Requirement]) -> tuple[str, ...]:
        """Zones of the subnets that `demands` leave open."""
        demand = demands.get(ZONE)
        return tuple(zone for zone in self.place.zones if demand is None or demand.admits(zone))

    def kinds(self, demands: Mapping[str, Requirement]) -> tuple[str, ...]:
        """Capacity types that `demands` leave open, in Karpenter's order."""
        demand = demands.get(CAPACITY_TYPE)
        return tuple(kind for kind in self.sold_as if demand is None or demand.admits(kind))

    def offered(self, zones: tuple[str, ...]) -> Types:
        """Types offered in one of `zones`."""
        return union(self.index.zones.get(zone, 0) for zone in zones)

    def sold(self, kinds: tuple[str, ...]) -> Types:
        """Types sold as one of `kinds`; whatever can be run can be reserved."""
        sold = self.index.sold
        return union(self.index.everything if kind == "reserved" else sold.get(kind, 0) for kind in kinds)

    @cached_property
    def admitted(self) -> Types:
        """The types that meet every constraint of the pool but its limits."""
        types = self.index.everything
        for step in self.steps:
            types &= step.types
        return types

    @cached_property
    def shelf(self) -> Shelf:
        """What the admitted types offer, overlays included."""
        return Shelf(self.index, self.admitted, self.settings, self.overlays)

    @cached_property
    def limit_steps(self) -> tuple[Step, ...]:
        """The pool's limits; types of which not even one node fits are out."""
        said = child(self.view.node_pool, "limits")
        limits = {f"limits.{name}: {said[name]}": self.shelf.at_most(name, most) for name, most in self.limits.items()}
        return tuple(Step("limit", rule, types) for rule, types in limits.items())

    @cached_property
    def daemon_steps(self) -> tuple[Step, ...]:
        """Room for the node's own DaemonSets."""
        room = {
            f"room for the DaemonSets: {name} {said}": self.shelf.at_least(name, self.daemon(name))
            for name, said in self.place.daemons.items()
        }
        rules = {SOUND: self.shelf.sound, **room}
        return tuple(Step("resource", rule, types) for rule, types in rules.items())

    def daemon(self, resource: str) -> Fraction:
        """How much of `resource` the DaemonSets of a node request together."""
        said = self.place.daemons.get(resource)
        return Fraction(0) if said is None else quantity(resource, said)

    @cached_property
    def launchable(self) -> Types:
        """The types of which Karpenter can launch a node here."""
        types = self.admitted
        for step in (*self.limit_steps, *self.daemon_steps):
            types &= step.types
        return types

    @cached_property
    def exotic(self) -> Types:
        """Types with devices, overlays' included, or without a hypervisor."""
        return self.index.exotic | union(each.types for each in self.overlays if _EXOTIC & each.capacity.keys())

    def excluded(self) -> Iterator[Excluded]:
        """What is out, by the first constraint that each type violates."""
        left = self.index.everything
        for step in (*self.steps, *self.limit_steps, *self.daemon_steps):
            if out := left & ~step.types:
                yield Excluded(step.kind, step.rule, self.index.named(out))
            left &= step.types

    def choice(self, position: int, demands: Mapping[str, Requirement]) -> Choice:
        """The type at `position`, launched under `demands`."""
        instance = self.place.catalogue.types[self.index.names[position]]
        zones = tuple(zone for zone in self.zones(demands) if self.index.zones.get(zone, 0) >> position & 1)
        sold = self.index.sold
        kinds = tuple(k for k in self.kinds(demands) if k == "reserved" or sold.get(k, 0) >> position & 1)
        nodes, stopped_by = self._nodes(position)
        capacity = self.shelf.capacity(position)
        devices = {name: int(count) for name, count in capacity.items() if "/" in name and name not in _ADDRESSES}
        return Choice(instance.name, zones, kinds, self.price(position, zones, kinds), devices, nodes, stopped_by)

    def price(self, position: int, zones: tuple[str, ...], kinds: tuple[str, ...]) -> Decimal | None:
        """The least that an overlay makes of the on-demand price in `zones` for `kinds`."""
        listed = self.place.catalogue.price(self.index.names[position], self.place.region)
        held = [each for each in self.overlays if each.types >> position & 1]
        if not held:
            return listed
        prices = [adjusted(listed, held, zone, kind) for zone in zones for kind in kinds]
        return min((price for price in prices if price is not None), default=None)

    def _nodes(self, position: int) -> tuple[int | None, str | None]:
        capacity = self.shelf.capacity(position)
        bounds = [(int(limit // capacity[name]), name) for name, limit in self.limits.items() if capacity.get(name)]
        return min(bounds, default=(None, None))

    def ordered(self, types: Types, demands: Mapping[str, Requirement]) -> list[int]:
        """The positions in `types`, cheapest first with overlays counted."""
        listed = list(self.index.listed(types))
        if not any(each.price and each.types & types for each in self.overlays):
            return listed
        zones, kinds = self.zones(demands), self.kinds(demands)
        prices = {position: self.price(position, zones, kinds) for position in listed}
        return sorted(listed, key=lambda position: (prices[position] is None, prices[position] or 0))


def _notes(view: PoolView, place: Place) -> Iterator[str]:
    node_class, controller = view.node_class, place.controller
    if node_class.get("capacityReservationSelectorTerms") and controller.reserved_capacity:
        yield "reserved: taken for granted of every type; what the selected reservations hold is not known here"
    if node_class.get("placementGroupSelector") and view.placement is None:
        yield "placement group: its strategy is not known here; groups of strategy cluster exclude some types"
    if view.overlays and not controller.node_overlay:
        yield "overlays have no effect: settings.featureGates.nodeOverlay is off"
    if any(each["key"] == ZONE_ID for each in items(child(view.node_pool, "template", "spec"), "requirements")):
        yield f"{ZONE_ID} is not judged: zone ids differ from account to account"
    if "replicas" in view.node_pool:
        yield f"static: {view.node_pool['replicas']} nodes stand at all times, and Karpenter adds none for a pod"


@lru_cache(maxsize=128)
def prepared(view: PoolView, place: Place) -> Pool:
    """The pool of `view` at `place`, worked out once for each pair of them."""
    return Pool(view, place)
