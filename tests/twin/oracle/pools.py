"""The pools that pods are generated for: every way in which one pool differs from another, on one cluster."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from eks_accelerators.model import manifests
from eks_accelerators.model.feasibility import PoolView
from eks_accelerators.model.feasibility.configured import controller, views
from eks_accelerators.model.feasibility.view import Place
from eks_accelerators.model.parse import parse
from eks_accelerators.model.platform import PlatformConfig

from tests.twin.oracle.conftest import NODE_OVERLAY, NODE_POOL, Oracle

POD: Final = "oracle.example/pod"
"""Label that every pool leaves open and every pod sets to its own name: no two pods share a machine, and a machine
tells whose it is."""
LICENCE: Final = "oracle.example/licence"
LIMITED: Final = ("burst", "inf1")
"""Pools whose limits hold one machine of some of their types: what they can do depends on what they did before."""

_OPEN: Final = {"key": POD, "operator": "Exists"}
_FAMILY: Final = "karpenter.k8s.aws/instance-family"
_POOLS: Final[Sequence[Mapping[str, Any]]] = (
    {"name": "cpu", "capacity_types": ["on-demand", "spot"], "weight": 60},
    {"name": "graviton", "architecture": "arm64", "zones": ["us-west-2b", "us-west-2c"], "weight": 70},
    {"name": "burst", "instance_families": ["c7i"], "limits": {"cpu": 20}, "taints": [{"key": "burst"}]},
    {
        "name": "soft",
        "instance_families": ["r7i"],
        "weight": 90,
        "taints": [{"key": "soft", "effect": "PreferNoSchedule"}],
    },
    {
        "name": "diverse",
        "instance_families": ["m6i", "m7i", "m7a"],
        "requirements": [{"key": _FAMILY, "operator": "Exists", "min_values": 2}],
        "labels": {"oracle.example/tier": "diverse"},
        "taints": [{"key": "diverse", "value": "yes"}],
    },
    {"name": "t4", "accelerator": "t4", "labels": {"intent": "gpu"}, "capacity_types": ["spot", "on-demand"]},
    {"name": "t4g", "accelerator": "t4g", "capacity_types": ["spot"]},
    {
        "name": "shared",
        "accelerator": "a10g",
        "sharing": {"time_slicing": 4},
        "instance_types": ["g5.2xlarge", "g5.12xlarge"],
    },
    {"name": "fraction", "accelerator": "l4-fractional"},
    {"name": "l40s", "accelerator": "l40s", "taints": [], "node_class": {"kubelet": {"max_pods": 8}}},
    {"name": "bottlerocket", "accelerator": "l4", "node_class": {"ami": "bottlerocket@latest"}},
    {"name": "h100", "accelerator": "h100", "efa": True, "zones": ["us-west-2a"]},
    {"name": "a100", "accelerator": "a100-40gb", "node_class": {"instance_store": "none"}},
    {"name": "inf1", "accelerator": "inferentia", "limits": {"cpu": 30, "accelerators": 4}},
    {
        "name": "inf2",
        "accelerator": "inferentia2",
        "node_class": {"kubelet": {"kube_reserved": {"memory": "3Gi", "cpu": "500m"}}},
    },
    {"name": "trn1", "accelerator": "trainium", "zones": ["us-west-2b", "us-west-2d"]},
    {"name": "static", "accelerator": "b200", "replicas": 0},
)
_OVERLAYS: Final = {
    "licence": {
        "requirements": [{"key": _FAMILY, "operator": "In", "values": ["c7i", "m7i"]}],
        "capacity": {LICENCE: "2"},
    },
    "cheap": {
        "requirements": [{"key": _FAMILY, "operator": "In", "values": ["m7i"]}],
        "price_adjustment": "-90%",
    },
}


def _unlimited(pool: Mapping[str, Any]) -> dict[str, Any]:
    """`pool` with the open label, and a limit that nobody reaches unless it is about limits."""
    free = {} if "limits" in pool or "replicas" in pool else {"limits": {"nodes": 1000}}
    return {**pool, **free, "requirements": [*pool.get("requirements", ()), _OPEN]}


def config(zones: Sequence[str]) -> PlatformConfig:
    """All pools on a network in `zones`."""
    said = {
        "network": {"zones": list(zones)},
        "cluster": {"name": "oracle", "public_access_cidrs": ["203.0.113.0/24"]},
        "pools": [_unlimited(pool) for pool in _POOLS],
        "overlays": _OVERLAYS,
    }
    return parse(PlatformConfig, said, at="platform")


def put_up(oracle: Oracle, region: str) -> tuple[tuple[PoolView, ...], Place]:
    """The pools on the oracle's cluster, and what explain is asked with."""
    platform = config(oracle.zones)
    plan = platform.plan
    oracle.classes({each.name: manifests.node_class(each) for each in plan.classes})
    for pool in plan.pools:
        oracle.create(NODE_POOL, pool.name, manifests.node_pool(pool))
    oracle.ready(NODE_POOL, [pool.name for pool in plan.pools])
    # last, because Karpenter passes over a pool until overlays were looked at once with its types known
    for name, overlay in plan.overlays.items():
        oracle.create(NODE_OVERLAY, name, manifests.node_overlay(overlay))
    oracle.ready(NODE_OVERLAY, plan.overlays)
    settings = controller(platform.karpenter, platform.needed_gates)
    return views(platform), Place(region, oracle.zones, settings, oracle.daemons())
