"""Which images bring the drivers of which devices, and on which the GPU operator can bring one.

Sources: documentation of the EKS images (AL2023 by variant, Bottlerocket, Ubuntu); NVIDIA publishes driver containers
for no Amazon Linux and no Bottlerocket (NVIDIA/gpu-operator issue 686).
"""

import re
from collections.abc import Mapping
from typing import Final

NEURON: Final = ("aws.amazon.com/neuron", "aws.amazon.com/neuroncore")
NVIDIA: Final = ("nvidia.com/gpu",)
EFA: Final = ("vpc.amazonaws.com/efa",)
AL2023: Final = "amazon-eks-node-al2023-"
BOTTLEROCKET: Final = "bottlerocket-"
DRIVERS: Final[Mapping[str, frozenset[str]]] = {
    f"{AL2023}x86_64-neuron": frozenset({*NEURON, *EFA}),
    f"{AL2023}x86_64-nvidia": frozenset({*NVIDIA, *EFA}),
    f"{AL2023}arm64-nvidia": frozenset({*NVIDIA, *EFA}),
    AL2023: frozenset(),
    BOTTLEROCKET: frozenset({*NEURON, *EFA}),
    "ubuntu-eks/": frozenset(),
}
"""Prefix of an image's name → devices it has drivers for; the first that fits counts.

Images of other names, one's own, are trusted to have what their instance type needs.
"""
BOTTLEROCKET_NVIDIA: Final = re.compile(r"bottlerocket-.*-nvidia-")
"""Bottlerocket variants that bring NVIDIA driver and device plugin as host services."""
NO_CONTAINER: Final = (AL2023, BOTTLEROCKET)
"""Prefixes of images for which NVIDIA publishes no driver container."""


def drives(image_name: str, resource: str) -> bool:
    """Whether the image called `image_name` has the driver behind `resource`."""
    if BOTTLEROCKET_NVIDIA.match(image_name):
        return resource in {*NVIDIA, *EFA}
    for prefix, devices in DRIVERS.items():
        if image_name.startswith(prefix):
            return resource in devices
    return True


def own_nvidia_plugin(image_name: str) -> bool:
    """Whether the machine's own system registers its GPUs, without any pod."""
    return bool(BOTTLEROCKET_NVIDIA.match(image_name))


def labels_gpus(image_name: str) -> bool:
    """Whether nodeadm labels the node nvidia.com/gpu.present: AL2023's NVIDIA images for Kubernetes from 1.35."""
    found = re.match(rf"{AL2023}\w+-nvidia-1\.(\d+)-", image_name)
    return found is not None and int(found[1]) >= 35


def missing_container(image: str, image_name: str) -> str:
    """Why the driver container `image` cannot be pulled on a machine of `image_name`; empty where it can."""
    if not image_name.startswith(NO_CONTAINER):
        return ""
    return f'failed to resolve image "{image}": NVIDIA publishes no driver container for {image_name}'
