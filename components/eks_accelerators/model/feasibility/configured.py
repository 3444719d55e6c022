"""A platform's own configuration as something that can be explained."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .. import manifests
from ..karpenter import NODE_OVERLAY, KarpenterSettings
from .view import Controller, Place, PoolView

if TYPE_CHECKING:
    from ..platform import PlatformConfig


def views(config: "PlatformConfig") -> tuple[PoolView, ...]:
    """The pools of `config` as the manifests that it deploys, in its order."""
    plan = config.plan
    classes = {each.name: (manifests.node_class(each), each.placement) for each in plan.classes}
    overlays = [manifests.node_overlay(each) for each in plan.overlays.values()]
    found: list[PoolView] = []
    for each in plan.pools:
        node_class, placement = classes[each.class_name]
        found.append(PoolView(each.name, manifests.node_pool(each), node_class, overlays, placement))
    return tuple(found)


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
