"""Which types an EC2NodeClass can launch at all (pkg/providers/instancetype/compatibility of Karpenter 1.14.1)."""

from collections.abc import Callable, Hashable, Iterator, Sequence

from ..catalogue import InstanceType
from .index import Index, Types
from .view import PoolView, image_family
from .wire import Manifest, child, items


def launchable(index: Index, view: PoolView) -> Iterator[tuple[str, Types]]:
    """Each rule of the class with the types that meet it; rules that every type meets are left out."""
    for rule, meets, *rest in (*_rules(view.node_class), *_placement(view.placement)):
        yield rule, index.meeting((rule, *rest), meets)


Rule = tuple[str, Callable[[InstanceType], bool]] | tuple[str, Callable[[InstanceType], bool], Hashable]
"""What it says, whether a type meets it, and what that depends on beyond what it says."""


def _rules(node_class: Manifest) -> Iterator[Rule]:
    family = image_family(node_class)
    if family == "AL2023":
        yield "Amazon Linux 2023 does not run on a1", lambda instance: instance.family != "a1"
    if family.startswith("Windows"):
        yield "Windows needs amd64", lambda instance: instance.architecture == "amd64"
    if child(node_class, "cpuOptions").get("nestedVirtualization") == "enabled":
        yield "supports nested virtualization", lambda instance: "nested-virtualization" in instance.features
    if node_class.get("connectionTracking"):
        yield "connection tracking needs Nitro", lambda instance: instance.hypervisor == "nitro"
    if node_class.get("networkInterfaces") is not None:
        yield from _layout(items(node_class, "networkInterfaces"))


def _placement(strategy: str | None) -> Iterator[Rule]:
    if strategy is not None:
        yield f"can be in a placement group of strategy {strategy}", lambda instance: strategy in instance.strategies


def _layout(interfaces: Sequence[Manifest]) -> Iterator[Rule]:
    yield "network interfaces need ENA", lambda instance: instance.ena
    places = frozenset((each["networkCardIndex"], each["deviceIndex"]) for each in interfaces)
    highest = max((card for card, _ in places), default=0)
    rule = f"has the network cards and device indexes of networkInterfaces (cards up to {highest})"
    yield rule, lambda instance: _has(instance, places), places
    efas = sum(each["interfaceType"] == "efa-only" for each in interfaces)
    if efas:
        yield f"takes {efas} EFA interfaces", lambda instance: instance.efa_interfaces >= efas


def _has(instance: InstanceType, places: frozenset[tuple[int, int]]) -> bool:
    slots = {card.index: card.interfaces for card in instance.cards}
    return all(device < slots.get(card, 0) for card, device in places)
