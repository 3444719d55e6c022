"""What the types of a pool offer, sorted, so that `who has at least this much` is one look-up."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from fractions import Fraction

from ..catalogue import CapacitySettings
from .index import Index, Types
from .overlays import Overlay

Amount = Fraction | int


class Shelf:
    """Capacity and allocatable of a set of types under one pool's settings."""

    def __init__(self, index: Index, types: Types, settings: CapacitySettings, overlays: Sequence[Overlay]) -> None:
        self.types = types
        self._capacity: dict[int, Mapping[str, Amount]] = {}
        self._allocatable: dict[int, Mapping[str, Amount]] = {}
        for position, offer in index.offers(types, settings).items():
            added = _added(overlays, position)
            self._capacity[position] = {**offer.capacity, **added, "nodes": 1}
            self._allocatable[position] = {**offer.allocatable, **added}
        self.sound: Types = sum(
            1 << position for position, offer in self._allocatable.items() if all(each >= 0 for each in offer.values())
        )
        """Types of which nothing is reserved beyond what they have."""
        self._ladders: dict[str, tuple[list[Amount], list[Types]]] = {}
        self._had: dict[str, tuple[list[Amount], list[Types]]] = {}

    def capacity(self, position: int) -> Mapping[str, Amount]:
        """What a node of the type has; of `nodes`, which a pool may limit too, one."""
        return self._capacity[position]

    def allocatable(self, position: int) -> Mapping[str, Amount]:
        """What a node of the type offers to pods."""
        return self._allocatable[position]

    def at_least(self, resource: str, amount: Amount) -> Types:
        """The types that offer `amount` of `resource` or more."""
        amounts, above = self._offered(resource)
        return above[bisect_left(amounts, amount)]

    def at_most(self, resource: str, amount: Amount) -> Types:
        """The types that have, in all, no more than `amount` of `resource`."""
        if resource not in self._had:
            self._had[resource] = _ladder(self._capacity, resource)
        amounts, above = self._had[resource]
        return self.types & ~above[bisect_right(amounts, amount)]

    def largest(self, resource: str, types: Types) -> tuple[Types, Amount]:
        """Those of `types` that offer most of `resource`, and how much; none and 0 where none has any."""
        amounts, above = self._offered(resource)
        for amount, having in zip(reversed(amounts), reversed(above[:-1]), strict=True):
            if having & types and amount > 0:
                return having & types, amount
        return 0, 0

    def _offered(self, resource: str) -> "tuple[list[Amount], list[Types]]":
        if resource not in self._ladders:
            self._ladders[resource] = _ladder(self._allocatable, resource)
        return self._ladders[resource]


def _added(overlays: Sequence[Overlay], position: int) -> dict[str, Amount]:
    """What overlays add to a type; the heaviest wins, and they come heaviest first."""
    added: dict[str, Amount] = {}
    for overlay in overlays:
        if overlay.types >> position & 1:
            added = {**overlay.capacity, **added}
    return added


def _ladder(offers: Mapping[int, Mapping[str, Amount]], resource: str) -> tuple[list[Amount], list[Types]]:
    """The amounts that occur, ascending, and for each the types with that much or more; at the end: none."""
    amounts: list[Amount] = []
    above: list[Types] = [0]
    for position in sorted(offers, key=lambda each: offers[each].get(resource, 0), reverse=True):
        amount = offers[position].get(resource, 0)
        if amounts and amounts[-1] == amount:
            above[-1] |= 1 << position
        else:
            amounts.append(amount)
            above.append(above[-1] | 1 << position)
    return amounts[::-1], above[::-1]
