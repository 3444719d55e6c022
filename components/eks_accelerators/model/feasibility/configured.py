"""A platform's own configuration as something that can be explained."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from .. import manifests
from ..crds.node_overlay import NodeOverlaySpec
from ..karpenter import NODE_OVERLAY, KarpenterSettings
from ..labels import NODE_POOL
from .view import Controller, Place, PoolView
from .wire import Manifest

if TYPE_CHECKING:
    from ..platform import PlatformConfig


def views(config: "PlatformConfig") -> tuple[PoolView, ...]:
    """The pools of `config` as the manifests that it deploys, in its order."""
    plan = config.plan
    classes = {each.name: (manifests.node_class(each), each.placement) for each in plan.classes}
    of_all, of_one = _by_pool(plan.overlays.values())
    found: list[PoolView] = []
    for each in plan.pools:
        node_class, placement = classes[each.class_name]
        overlays = (*of_all, *of_one.get(each.name, ()))
        found.append(PoolView(each.name, manifests.node_pool(each), node_class, overlays, placement))
    return tuple(found)


def _by_pool(overlays: Iterable[NodeOverlaySpec]) -> tuple[list[Manifest], dict[str, list[Manifest]]]:
    """Overlays that may be about any pool, and those that are about one by its name."""
    of_all: list[Manifest] = []
    of_one: dict[str, list[Manifest]] = {}
    for overlay in overlays:
        names = [each.values or () for each in overlay.requirements if (each.key, each.operator) == (NODE_POOL, "In")]
        manifest = manifests.node_overlay(overlay)
        if len(names) == 1 and len(names[0]) == 1:
            of_one.setdefault(names[0][0], []).append(manifest)
        else:
            of_all.append(manifest)
    return of_all, of_one


def place(config: "PlatformConfig", region: str, daemons: Mapping[str, str]) -> Place:
    """Where `config` runs in `region`, with what the DaemonSets of a node request together.

    Classes that select subnets of their own are taken to be in the network's zones, since only the account knows more.
    """
    return Place(region, config.network.zones, controller(config.karpenter, config.needed_gates), daemons)


def controller(settings: KarpenterSettings, needed_gates: tuple[str, ...]) -> Controller:
    """Karpenter's settings as far as they decide what fits; the rest are its chart's defaults, which we deploy."""
    gates = settings.gates(needed_gates)
    defaults = Controller()
    return Controller(
        node_overlay=gates.get(NODE_OVERLAY, defaults.node_overlay),
        reserved_capacity=gates.get("reservedCapacity", defaults.reserved_capacity),
    )
