"""Device plugins: which image makes which resources allocatable on its node, and with which drivers."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from eks_twin.nodes.capacity import Hardware, offered
from eks_twin.nodes.images import repository
from eks_twin.nodes.machine import Instance

NEURON: Final = ("aws.amazon.com/neuron", "aws.amazon.com/neuroncore")
NVIDIA: Final = ("nvidia.com/gpu",)
EFA: Final = ("vpc.amazonaws.com/efa",)
PLUGINS: Final[Mapping[str, tuple[str, ...]]] = {
    "public.ecr.aws/neuron/neuron-device-plugin": NEURON,
    "nvcr.io/nvidia/k8s-device-plugin": NVIDIA,
    "602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/aws-efa-k8s-device-plugin": EFA,
    "public.ecr.aws/eks/aws-efa-k8s-device-plugin": EFA,
}
"""Image repository → extended resources that the plugin registers with the kubelet."""

DRIVERS: Final[Mapping[str, frozenset[str]]] = {
    "amazon-eks-node-al2023-x86_64-neuron": frozenset({*NEURON, *EFA}),
    "amazon-eks-node-al2023-x86_64-nvidia": frozenset({*NVIDIA, *EFA}),
    "amazon-eks-node-al2023-arm64-nvidia": frozenset({*NVIDIA, *EFA}),
    "amazon-eks-node-al2023-": frozenset(),
    "bottlerocket-aws-k8s-": frozenset({*NEURON, *EFA}),
}
"""Prefix of an image's name → devices it has drivers for; the first that fits counts (AMI documentation of each).

Images of other names, one's own, are trusted to have what their instance type needs.
"""
BOTTLEROCKET_NVIDIA: Final = "-nvidia-"
"""Part of the name of Bottlerocket variants that bring NVIDIA driver and device plugin as host services."""


def _drives(image_name: str, resource: str) -> bool:
    if image_name.startswith("bottlerocket-aws-k8s-") and BOTTLEROCKET_NVIDIA in image_name:
        return resource in {*NVIDIA, *EFA}
    for prefix, devices in DRIVERS.items():
        if image_name.startswith(prefix):
            return resource in devices
    return True


def built_in(instance: Instance) -> tuple[str, ...]:
    """Resources that the machine's own system registers without any pod."""
    bottlerocket = instance.image_name.startswith("bottlerocket-") and BOTTLEROCKET_NVIDIA in instance.image_name
    return NVIDIA if bottlerocket else ()


def resources(instance: Instance, hardware: Hardware, images: Iterable[str]) -> dict[str, str]:
    """Extended resources of a node on which containers of `images` run."""
    registered = {*built_in(instance)}
    for image in images:
        registered.update(PLUGINS.get(repository(image), ()))
    found = offered(hardware, sorted(name for name in registered if _drives(instance.image_name, name)))
    if instance.efa_interfaces is not None and EFA[0] in found:
        found[EFA[0]] = str(instance.efa_interfaces)
    return {name: count for name, count in found.items() if count != "0"}


def images_of(pod: Mapping[str, Any]) -> list[str]:
    """Images of a pod's running containers."""
    if pod["metadata"].get("deletionTimestamp") or pod.get("status", {}).get("phase") != "Running":
        return []
    return [container["image"] for container in pod["spec"]["containers"]]
