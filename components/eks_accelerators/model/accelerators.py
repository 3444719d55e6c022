"""The closed table of accelerators: which instance families carry one, and what follows for a pool of them.

Device counts and sizes come from the catalogue (EC2's DescribeInstanceTypes). Adding an accelerator is adding a record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final, Literal

from . import catalogue, labels

Vendor = Literal["nvidia", "neuron"]


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """One accelerator model and what a pool of it needs."""

    name: str
    """Word of the pool language."""
    vendor: Vendor
    """Who makes driver and device plugin."""
    families: tuple[str, ...]
    """Instance families that carry it."""
    label: str
    """Value of Karpenter's instance-gpu-name or instance-accelerator-name label."""
    architecture: str = "amd64"
    """Of the host CPU, as the kubernetes.io/arch label says it."""
    volume_size: str
    """Root volume that fits the images its frameworks come in."""
    fractional: bool = False
    """Whether a node has a share of one device: EC2 counts none, so Karpenter must be told (NodeOverlay)."""
    mig: Mapping[str, int]
    """MIG profiles and how many of each one device gives; empty: it cannot be parted.
    https://docs.nvidia.com/datacenter/tesla/mig-user-guide/supported-mig-profiles.html"""

    @property
    def resource(self) -> str:
        """Extended resource of one device; also the key of the taint that keeps other pods off the costly nodes."""
        return labels.NVIDIA_GPU if self.vendor == "nvidia" else labels.NEURON

    @property
    def core_resource(self) -> str | None:
        """Extended resource of one core of a device, where that can be had by itself."""
        return labels.NEURON_CORE if self.vendor == "neuron" else None

    @property
    def instances(self) -> tuple[catalogue.InstanceType, ...]:
        """Every type that carries it, smallest first."""
        return _instances(self.families)

    def resources_of(self, instance: catalogue.InstanceType) -> dict[str, int]:
        """Extended resources of one node."""
        devices = devices_of(instance, self)
        if self.core_resource is None:
            return {self.resource: devices}
        return {self.resource: devices, self.core_resource: instance.neuron_cores}


def devices_of(instance: catalogue.InstanceType, accelerator: Accelerator) -> int:
    """Devices of `accelerator` that one node of `instance` offers to pods."""
    if accelerator.fractional:
        return 1
    return sum(device.count for device in (instance.gpus if accelerator.vendor == "nvidia" else instance.neuron))


@cache
def _instances(families: tuple[str, ...]) -> tuple[catalogue.InstanceType, ...]:
    found = (instance for instance in catalogue.instance_types().values() if instance.family in families)
    return tuple(sorted(found, key=lambda instance: (instance.vcpus, instance.memory_mib, instance.name)))


def _nvidia(
    name: str,
    *families: str,
    label: str | None = None,
    architecture: str = "amd64",
    fractional: bool = False,
    mig: Mapping[str, int] = MappingProxyType({}),
) -> Accelerator:
    return Accelerator(
        name=name,
        vendor="nvidia",
        families=families,
        label=name if label is None else label,
        architecture=architecture,
        # images with CUDA take 10 to 20 GB unpacked, and the image's own snapshot may exceed the default of 20Gi
        # (https://github.com/aws/karpenter-provider-aws/issues/7928)
        volume_size="200Gi",
        fractional=fractional,
        mig=mig,
    )


def _neuron(name: str, *families: str) -> Accelerator:
    # images with the SDK take 10 to 20 GB, compiled models and weights several times that (AWS's own labs: 500Gi)
    return Accelerator(name=name, vendor="neuron", families=families, label=name, volume_size="500Gi", mig={})


ACCELERATORS: Final = {
    accelerator.name: accelerator
    for accelerator in (
        _nvidia("t4", "g4dn"),
        _nvidia("t4g", "g5g", architecture="arm64"),
        _nvidia("a10g", "g5"),
        _nvidia("l4", "g6", "gr6"),
        _nvidia("l4-fractional", "g6f", "gr6f", label="l4", fractional=True),
        _nvidia("l40s", "g6e"),
        _nvidia("rtx-pro-4500", "g7"),
        _nvidia("rtx-pro-6000", "g7e", label="rtx-pro-server-6000", mig={"1g.24gb": 4, "2g.48gb": 2, "4g.96gb": 1}),
        _nvidia("v100", "p3dn"),
        _nvidia(
            "a100-40gb", "p4d", label="a100", mig={"1g.5gb": 7, "1g.10gb": 4, "2g.10gb": 3, "3g.20gb": 2, "7g.40gb": 1}
        ),
        _nvidia(
            "a100-80gb",
            "p4de",
            label="a100",
            mig={"1g.10gb": 7, "1g.20gb": 4, "2g.20gb": 3, "3g.40gb": 2, "7g.80gb": 1},
        ),
        _nvidia("h100", "p5", mig={"1g.10gb": 7, "1g.20gb": 4, "2g.20gb": 3, "3g.40gb": 2, "7g.80gb": 1}),
        _nvidia("h200", "p5e", "p5en", mig={"1g.18gb": 7, "1g.35gb": 4, "2g.35gb": 3, "3g.71gb": 2, "7g.141gb": 1}),
        _nvidia("b200", "p6-b200", mig={"1g.23gb": 7, "1g.45gb": 4, "2g.45gb": 3, "3g.90gb": 2, "7g.180gb": 1}),
        _nvidia("b300", "p6-b300", mig={"1g.34gb": 7, "1g.67gb": 4, "2g.67gb": 3, "3g.135gb": 2, "7g.269gb": 1}),
        _neuron("inferentia", "inf1"),
        _neuron("inferentia2", "inf2"),
        _neuron("trainium", "trn1", "trn1n"),
        _neuron("trainium2", "trn2"),
    )
}
"""Accelerators by name."""

_NO_PLUGIN: Final = "nothing here installs its driver and device plugin, so no pod could use it"
REFUSED: Final = {
    "radeon-pro-v520": ("AMD Radeon Pro V520 (g4ad)", _NO_PLUGIN, ("g4ad",)),
    "gaudi": ("Habana Gaudi (dl1)", "EC2 retired it, and nothing here installs its driver", ("dl1",)),
    "qualcomm-ai100": ("Qualcomm AI 100 (dl2q)", _NO_PLUGIN, ("dl2q",)),
}
"""Accelerators of EC2 that are not served: what they are, why, and their families. Karpenter would launch g4ad with the
image for NVIDIA, and dl2q with the one for Neuron."""


def accelerator_of_family(family: str) -> Accelerator | None:
    """The accelerator of our table that `family` carries, or None."""
    return next((a for a in ACCELERATORS.values() if family in a.families), None)
