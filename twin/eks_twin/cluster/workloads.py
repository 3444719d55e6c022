"""DaemonSets and Deployments as values, and their manifests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

REGISTRY: Final = "602401143452.dkr.ecr.{region}.amazonaws.com/eks"
"""Registry of EKS's own images in the commercial partition."""
EVERYTHING: Final = ({"operator": "Exists"},)
CRITICAL: Final = ({"key": "CriticalAddonsOnly", "operator": "Exists"},)
SYSTEM: Final = "kube-system"


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    """One node selector requirement."""
    return {"key": key, "operator": operator, "values": list(values)}


LINUX: Final = expression("kubernetes.io/os", "In", "linux")
ANY_ARCHITECTURE: Final = expression("kubernetes.io/arch", "In", "amd64", "arm64")
ON_EC2: Final = expression("eks.amazonaws.com/compute-type", "NotIn", "fargate", "hybrid", "auto")


@dataclass(frozen=True)
class Container:
    """One container; quantities as Kubernetes writes them."""

    name: str
    image: str
    """Repository below EKS's registry."""
    requests: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    args: Sequence[str] = ()


@dataclass(frozen=True)
class Workload:
    """One DaemonSet or Deployment of an add-on."""

    kind: str
    name: str
    containers: Sequence[Container]
    labels: Mapping[str, str]
    """Selector, and labels of the pods."""
    account: str
    """Service account; created with the workload."""
    priority: str = "system-node-critical"
    tolerations: Sequence[Mapping[str, str]] = EVERYTHING
    required: Sequence[Mapping[str, Any]] = (LINUX, ANY_ARCHITECTURE, ON_EC2)
    """Node affinity terms that all must hold."""
    replicas: int = 1
    host_network: bool = False
    init: Sequence[Container] = ()
    spread: bool = False
    """Whether pods prefer different nodes."""


def manifests(workload: Workload, region: str, version: str) -> list[dict[str, Any]]:
    """The service account and the workload itself."""
    metadata = {"name": workload.name, "namespace": SYSTEM, "labels": dict(workload.labels)}
    spec: dict[str, Any] = {
        "selector": {"matchLabels": dict(workload.labels)},
        "template": {"metadata": {"labels": dict(workload.labels)}, "spec": _pod(workload, region, version)},
    }
    if workload.kind == "Deployment":
        spec["replicas"] = workload.replicas
    account = {"name": workload.account, "namespace": SYSTEM}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account},
        {"apiVersion": "apps/v1", "kind": workload.kind, "metadata": metadata, "spec": spec},
    ]


def _pod(workload: Workload, region: str, version: str) -> dict[str, Any]:
    def container(one: Container) -> dict[str, Any]:
        image = f"{REGISTRY.format(region=region)}/{one.image}:{version}"
        resources = {"requests": dict(one.requests), "limits": dict(one.limits)}
        return {
            "name": one.name,
            "image": image,
            "args": list(one.args),
            "resources": {key: value for key, value in resources.items() if value},
        }

    affinity: dict[str, Any] = {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [dict(term) for term in workload.required]}]
            }
        }
    }
    if workload.spread:
        term = {"labelSelector": {"matchLabels": dict(workload.labels)}, "topologyKey": "kubernetes.io/hostname"}
        preferred = [{"podAffinityTerm": term, "weight": 100}]
        affinity["podAntiAffinity"] = {"preferredDuringSchedulingIgnoredDuringExecution": preferred}
    return {
        "affinity": affinity,
        "containers": [container(one) for one in workload.containers],
        **({"initContainers": [container(one) for one in workload.init]} if workload.init else {}),
        **({"hostNetwork": True} if workload.host_network else {}),
        "priorityClassName": workload.priority,
        "serviceAccountName": workload.account,
        "tolerations": [dict(toleration) for toleration in workload.tolerations],
    }
