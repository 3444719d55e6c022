"""What differs between image families: devices, and who brings the device plugin. One closed table."""

from dataclasses import dataclass
from typing import Final

from .crds.node_class import FAMILY_OF_ALIAS


@dataclass(frozen=True, kw_only=True)
class AmiFamily:
    """One image family of Karpenter."""

    data_device: str | None
    """Device that holds images, logs and what pods write; None: only the image's maker knows."""
    system_devices: tuple[tuple[str, str], ...] = ()
    """Devices and sizes beside it, named so that they are encrypted too."""
    local_disks: bool = False
    """Whether it joins local NVMe to one disk (`instanceStorePolicy: RAID0`)."""
    own_nvidia_plugin: bool = False
    """Whether its NVIDIA variant registers `nvidia.com/gpu` itself, so that a second plugin would do it twice."""
    neuron: bool = False
    """Whether it carries the Neuron driver."""
    nvidia: bool = False
    """Whether it has a variant with NVIDIA's driver and container toolkit."""


_AMAZON_LINUX: Final = AmiFamily(data_device="/dev/xvda", local_disks=True, neuron=True, nvidia=True)
_WINDOWS: Final = AmiFamily(data_device="/dev/sda1")
AMI_FAMILIES: Final = {
    "AL2": _AMAZON_LINUX,
    "AL2023": _AMAZON_LINUX,
    # two volumes: 4Gi of system, which never changes, and the data of containers
    "Bottlerocket": AmiFamily(
        data_device="/dev/xvdb",
        system_devices=(("/dev/xvda", "4Gi"),),
        local_disks=True,
        own_nvidia_plugin=True,
        neuron=True,
        nvidia=True,
    ),
    "Windows2019": _WINDOWS,
    "Windows2022": _WINDOWS,
    "Windows2025": _WINDOWS,
    # whatever its maker put in: drivers are assumed, since nobody builds an image for accelerators without
    "Custom": AmiFamily(data_device=None, neuron=True, nvidia=True),
}
"""By Karpenter's name. https://karpenter.sh/docs/concepts/nodeclasses/#specamifamily"""


def family_of(alias: str | None, family: str | None) -> str:
    """The family's name, from what a class says of it; a class that says neither is refused elsewhere."""
    if family is not None:
        return family
    return FAMILY_OF_ALIAS[alias.partition("@")[0]] if alias is not None else "Custom"
