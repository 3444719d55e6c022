"""Helm values of the charts we install, and the scheduling contract a pod needs to land on a pool."""

from collections.abc import Iterable, Sequence
from typing import Final, NotRequired, TypedDict

import pulumi

from . import labels
from .accelerators import ACCELERATORS
from .karpenter import KarpenterSettings
from .pool_plan import PoolPlan

KARPENTER_NAMESPACE: Final = "kube-system"
"""Karpenter's guide: there, the API server's priority levels already favour it."""
KARPENTER_SERVICE_ACCOUNT: Final = "karpenter"
DEVICE_PLUGIN_NAMESPACE: Final = "kube-system"

_NEURON_TYPES: Final = frozenset(
    instance.name
    for accelerator in ACCELERATORS.values()
    if accelerator.resource == labels.NEURON
    for instance in accelerator.instances
)
_CHARTS_OTHER_TYPES: Final = frozenset(
    {"trn2u.48xlarge", "trn3.48xlarge", "trn3n.48xlarge", "trn3en.24xlarge", "trn3s-es.48xlarge"}
)
"""What chart 1.10.0 lists besides, for nodes that are not ours. We always give the list: older charts lack trn2, and a
type that is missing there gets no plugin, without a word."""


class Toleration(TypedDict):
    """A toleration of a pod."""

    key: str
    operator: str
    effect: NotRequired[str]


class Placement(TypedDict):
    """What a pod copies to run on a pool."""

    nodeSelector: dict[str, str]
    tolerations: list[Toleration]
    resources: list[str]


class ControllerPlace(TypedDict):
    """What the controller is told about its cluster."""

    cluster_name: str
    """Name of the cluster."""
    cluster_endpoint: pulumi.Input[str]
    """URL of the API server."""
    queue_name: pulumi.Input[str]
    """Name of the interruption queue."""
    node_group: pulumi.Input[str]
    """Managed node group that its pods run on."""


def karpenter_values(settings: KarpenterSettings, place: ControllerPlace) -> dict[str, object]:
    """Values of chart karpenter."""
    resources = {"cpu": settings.cpu, "memory": settings.memory}
    return {
        "replicas": settings.replicas,
        "logLevel": settings.log_level,
        # the VPC's resolver: the controller can then start before CoreDNS has a node to run on
        "dnsPolicy": "Default",
        "nodeSelector": {labels.OPERATING_SYSTEM: "linux", labels.NODE_GROUP: place["node_group"]},
        "serviceAccount": {"name": KARPENTER_SERVICE_ACCOUNT},
        "controller": {"resources": {"requests": resources, "limits": resources}},
        "settings": {
            "clusterName": place["cluster_name"],
            "clusterEndpoint": place["cluster_endpoint"],
            "interruptionQueue": place["queue_name"],
        },
    }


def neuron_values(plans: Sequence[PoolPlan]) -> dict[str, object] | None:
    """Values of chart neuron-helm-chart, or None when no pool has Neuron devices."""
    pools = [plan for plan in plans if plan.accelerator is not None and plan.accelerator.resource == labels.NEURON]
    if not pools:
        return None
    return {
        "neuronInstances": sorted({*_NEURON_TYPES, *_CHARTS_OTHER_TYPES}),
        "devicePlugin": {"tolerations": _plugin_tolerations(pools)},
        # the chart does not create its namespace, and its recovery acts on Auto Scaling groups, of which we have none
        "npd": {"enabled": False},
    }


def placement(plan: PoolPlan) -> Placement:
    """What a pod copies to run on the pool of `plan`."""
    accelerator = plan.accelerator
    return {
        "nodeSelector": {labels.NODE_POOL: plan.name},
        "tolerations": _tolerations([plan]),
        "resources": [accelerator.resource, accelerator.core_resource] if accelerator is not None else [],
    }


def _plugin_tolerations(pools: Iterable[PoolPlan]) -> list[Toleration]:
    """Every taint of `pools`: the chart tolerates its own key only, and any other keeps the plugin off the node."""
    return [{"key": labels.CRITICAL_ADDONS_ONLY, "operator": "Exists"}, *_tolerations(pools)]


def _tolerations(pools: Iterable[PoolPlan]) -> list[Toleration]:
    keys = dict.fromkeys((taint.key, taint.effect) for plan in pools for taint in plan.taints)
    return [{"key": key, "operator": "Exists", "effect": effect} for key, effect in keys]
