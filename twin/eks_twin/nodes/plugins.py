"""What the containers of a node are to its devices: one closed table of images and programs."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from eks_twin.nodes.images import repository

Pod = Mapping[str, Any]


class Role(Enum):
    """What a container does with devices or with the labels that describe them."""

    NEURON_PLUGIN = auto()
    NVIDIA_PLUGIN = auto()
    EFA_PLUGIN = auto()
    MPS_DAEMON = auto()
    GPU_FEATURES = auto()
    NODE_FEATURES = auto()
    FEATURE_LABELS = auto()
    GPU_OPERATOR = auto()
    DRIVER = auto()
    MIG_MANAGER = auto()


ECR: Final = re.compile(r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/")
"""EKS' own registries: one account per partition or region, the same images."""
K8S_DEVICE_PLUGIN: Final = "nvcr.io/nvidia/k8s-device-plugin"
ROLES: Final[Mapping[tuple[str, str], Role]] = {
    ("public.ecr.aws/neuron/neuron-device-plugin", ""): Role.NEURON_PLUGIN,
    ("eks/aws-efa-k8s-device-plugin", ""): Role.EFA_PLUGIN,
    ("public.ecr.aws/eks/aws-efa-k8s-device-plugin", ""): Role.EFA_PLUGIN,
    (K8S_DEVICE_PLUGIN, ""): Role.NVIDIA_PLUGIN,
    (K8S_DEVICE_PLUGIN, "nvidia-device-plugin"): Role.NVIDIA_PLUGIN,
    (K8S_DEVICE_PLUGIN, "mps-control-daemon"): Role.MPS_DAEMON,
    (K8S_DEVICE_PLUGIN, "gpu-feature-discovery"): Role.GPU_FEATURES,
    ("registry.k8s.io/nfd/node-feature-discovery", "nfd-worker"): Role.NODE_FEATURES,
    ("registry.k8s.io/nfd/node-feature-discovery", "nfd-master"): Role.FEATURE_LABELS,
    ("nvcr.io/nvidia/gpu-operator", "gpu-operator"): Role.GPU_OPERATOR,
    ("nvcr.io/nvidia/driver", "nvidia-driver"): Role.DRIVER,
    ("nvcr.io/nvidia/cloud-native/k8s-mig-manager", "nvidia-mig-manager"): Role.MIG_MANAGER,
}
"""(Image repository, program; empty for the image's own) → role. Programs that are not here do nothing to devices."""


CLUSTER_WIDE: Final = frozenset({Role.GPU_OPERATOR, Role.FEATURE_LABELS})
"""Roles that serve all nodes from wherever they run."""


@dataclass(frozen=True)
class Part:
    """A container with a role, in its pod."""

    role: Role
    pod: Pod
    container: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Namespace and name of the pod, for messages."""
        meta = self.pod["metadata"]
        return f"{meta['namespace']}/{meta['name']}"

    def variable(self, name: str) -> str:
        """Value of the literal variable `name`; empty where it is not set."""
        return next((v.get("value") or "" for v in self.container.get("env") or () if v["name"] == name), "")

    def config_map(self, volume: str) -> tuple[str, str] | None:
        """Namespace and name of the ConfigMap behind the pod's `volume`; None where there is no such volume."""
        for item in self.pod["spec"].get("volumes") or ():
            if item["name"] == volume and "configMap" in item:
                return self.pod["metadata"]["namespace"], item["configMap"]["name"]
        return None

    def beside(self, variable: str) -> str:
        """Value of `variable` in whichever container of the pod has it; empty where none has."""
        containers = self.pod["spec"]["containers"]
        return next(filter(None, (Part(self.role, self.pod, c).variable(variable) for c in containers)), "")


def role(container: Mapping[str, Any]) -> Role | None:
    """What `container` does with devices; None for most."""
    program = (container.get("command") or [""])[0].rpartition("/")[2]
    return ROLES.get((ECR.sub("", repository(container["image"])), program))


def parts(pod: Pod) -> Iterator[Part]:
    """Containers with a role, of a pod whatever its state."""
    for container in pod["spec"]["containers"]:
        found = role(container)
        if found:
            yield Part(found, pod, container)


def runs(pod: Pod) -> bool:
    """Whether the containers of `pod` run."""
    return not pod["metadata"].get("deletionTimestamp") and pod.get("status", {}).get("phase") == "Running"


def cluster_wide(pods: Iterable[Pod]) -> dict[Role, Part]:
    """Of `pods`, all of a cluster, the running ones that serve all nodes."""
    found = (part for pod in pods if runs(pod) for part in parts(pod))
    return {part.role: part for part in found if part.role in CLUSTER_WIDE}
