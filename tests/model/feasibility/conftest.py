"""Pools, pods and a place, as manifests; each test changes one thing."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from eks_accelerators.model.feasibility import Controller, Place, PoolView, explain_pod

ZONES = ("us-west-2a", "us-west-2b", "us-west-2c")
AL2023 = {"amiSelectorTerms": [{"alias": "al2023@v20260724"}]}


def need(key: str, operator: str, *values: str, min_values: int | None = None) -> dict[str, Any]:
    """One requirement of a pool, an overlay or an affinity term."""
    item: dict[str, Any] = {"key": key, "operator": operator, "values": list(values)}
    return item if min_values is None else {**item, "minValues": min_values}


def make_pool(name: str = "pool", *requirements: Mapping[str, Any], **changes: Any) -> PoolView:
    """A pool with these requirements; `changes` to labels, taints, the class, overlays, and any field of its spec."""
    labels, taints = changes.pop("labels", {}), changes.pop("taints", [])
    node_class, overlays = changes.pop("node_class", {}), changes.pop("overlays", ())
    placement = changes.pop("placement", None)
    reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": name}
    spec = {"requirements": list(requirements), "taints": taints, "nodeClassRef": reference}
    template = {"metadata": {"labels": labels}, "spec": spec}
    return PoolView(name, {"template": template, **changes}, {**AL2023, **node_class}, overlays, placement)


def make_pod(requests: Mapping[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    """A pod of one container."""
    containers = [{"name": "main", "resources": {"requests": dict(requests or {})}}]
    return {"kind": "Pod", "metadata": {"name": "pod"}, "spec": {"containers": containers, **spec}}


def make_place(**changes: Any) -> Place:
    """Three zones of us-west-2; changes to the controller's settings, or daemons and zones."""
    zones, daemons = changes.pop("zones", ZONES), changes.pop("daemons", {})
    return Place("us-west-2", zones, Controller(**changes), daemons)


FAMILY = "karpenter.k8s.aws/instance-family"


@pytest.fixture
def inf2() -> Callable[..., PoolView]:
    """A pool of inf2 with a Neuron taint."""
    taint = {"key": "aws.amazon.com/neuron", "value": "true", "effect": "NoSchedule"}
    return lambda **changes: make_pool("inf2", need(FAMILY, "In", "inf2"), **{"taints": [taint], **changes})


@pytest.fixture
def obstacle() -> Callable[..., Any]:
    """Why a pool does not take a pod: (kind, rule, fix)."""

    def obstacle(pod: Mapping[str, Any], pool: PoolView, **place: Any) -> tuple[str, str, str]:
        found = explain_pod(pod, [pool], make_place(**place)).verdicts[0].obstacle
        assert found is not None
        return found.kind, found.rule, found.fix

    return obstacle
