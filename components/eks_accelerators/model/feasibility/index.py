"""The catalogue as sets of instance types by label value: a requirement becomes a set in a few operations.

A set of types is a whole number whose bit `i` stands for the i-th type of the catalogue, so that `&` intersects.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Final

from ..catalogue import CapacitySettings, Catalogue, InstanceType, allocatable, capacity, labels
from ..labels import ARCHITECTURE, AWS_WELL_KNOWN, INSTANCE_TYPE, KARPENTER_AWS_GROUP
from .requirement import NEGATIVE, Requirement

Types = int
"""A set of instance types."""

TYPE_LABELS: Final = {ARCHITECTURE, INSTANCE_TYPE} | {
    key for key in AWS_WELL_KNOWN if key.startswith(f"{KARPENTER_AWS_GROUP}/instance-") and not key.endswith("-tenancy")
}
"""Labels that follow from the type alone; tenancy is chosen at launch."""
_METAL: Final = "metal"
"""In the size of types that, like those with devices, are launched only where nothing plainer fits."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a node of one type has and offers."""

    capacity: Mapping[str, Fraction | int]
    """In all."""
    allocatable: Mapping[str, Fraction | int]
    """To pods."""


class Index:
    """Sets of the instance types of one catalogue."""

    def __init__(self, catalogue: Catalogue, region: str) -> None:
        self.catalogue = catalogue
        self.region = region
        self.names: Sequence[str] = tuple(catalogue.types)
        self.everything: Types = (1 << len(self.names)) - 1
        self.zones: Mapping[str, Types] = catalogue.regional(region)
        self.by_label: dict[str, dict[str, Types]] = {key: {} for key in TYPE_LABELS}
        """Key → value → types; a key that no type has is there too."""
        for position, instance in enumerate(catalogue.types.values()):
            for key, value in labels(instance).items():
                values = self.by_label[key]
                values[value] = values.get(value, 0) | 1 << position
        self._admitted: dict[Requirement, Types] = {}
        self._met: dict[Hashable, Types] = {}
        self._offers: dict[str, dict[int, Offer]] = {}

    def admitted(self, requirement: Requirement) -> Types:
        """The types whose own label meets it; a label that a type lacks meets NotIn and DoesNotExist."""
        found = self._admitted.get(requirement)
        if found is None:
            found = self._admitted[requirement] = self._find(requirement)
        return found

    def meeting(self, rule: Hashable, meets: Callable[[InstanceType], bool]) -> Types:
        """The types that `meets` is true of; asked once for each `rule`, which says all that `meets` depends on."""
        if rule not in self._met:
            instances = self.catalogue.types.values()
            self._met[rule] = sum(1 << position for position, each in enumerate(instances) if meets(each))
        return self._met[rule]

    def offers(self, types: Types, settings: CapacitySettings) -> dict[int, Offer]:
        """What nodes of `types` have and offer under `settings`; pools whose classes say the same share the answer."""
        known = self._offers.setdefault(repr(settings), {})  # by its text, since it holds mappings
        found: dict[int, Offer] = {}
        for position in self.listed(types):
            if position not in known:
                instance = self.catalogue.types[self.names[position]]
                known[position] = Offer(capacity(instance, settings), allocatable(instance, settings))
            found[position] = known[position]
        return found

    def _find(self, requirement: Requirement) -> Types:
        values = self.by_label[requirement.key]
        found = self.everything & ~union(values.values()) if requirement.operator in NEGATIVE else 0
        return found | union(types for value, types in values.items() if requirement.admits(value))

    @cached_property
    def sold(self) -> Mapping[str, Types]:
        """Usage class → types sold so."""
        found: dict[str, Types] = {}
        for position, instance in enumerate(self.catalogue.types.values()):
            for usage in instance.usage_classes:
                found[usage] = found.get(usage, 0) | 1 << position
        return found

    @cached_property
    def exotic(self) -> Types:
        """Types with devices or without a hypervisor (ExoticInstanceTypeFilter of pkg/providers/instance/filter)."""
        return sum(
            1 << position
            for position, each in enumerate(self.catalogue.types.values())
            if each.neuron or _METAL in each.size or any(gpu.count for gpu in each.gpus)
        )

    @cached_property
    def priced(self) -> Types:
        """Types with a price in the region's list."""
        prices = self.catalogue.price_list(self.region).prices
        return sum(1 << position for position, name in enumerate(self.names) if name in prices)

    @cached_property
    def by_price(self) -> Sequence[int]:
        """All positions, cheapest type first, those without a price last."""
        unknown = float("inf")
        prices = self.catalogue.price_list(self.region).prices
        return sorted(range(len(self.names)), key=lambda i: (float(prices.get(self.names[i], unknown)), self.names[i]))

    def listed(self, types: Types) -> Iterator[int]:
        """The positions in `types`, cheapest type first."""
        return (position for position in self.by_price if types >> position & 1)

    def named(self, types: Types) -> tuple[str, ...]:
        """The names in `types`, cheapest type first."""
        return tuple(self.names[position] for position in self.listed(types))


def union(sets: Iterable[Types]) -> Types:
    """The types in any of `sets`."""
    found = 0
    for each in sets:
        found |= each
    return found


@lru_cache(maxsize=8)
def index(catalogue: Catalogue, region: str) -> Index:
    """The index of `catalogue` with the zones and prices of `region`; made once, in about 20 ms."""
    return Index(catalogue, region)
