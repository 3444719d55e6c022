"""The closed table of accelerators: which instance types carry one, and what follows for a pool of them.

Sizes and devices are those that EC2's DescribeInstanceTypes reports (read 2026-07 to 2026-11 through Karpenter's
generated instance-type reference and the catalogue in moto 5.2.5, which agree). Adding an accelerator is adding a
record.
"""

from dataclasses import dataclass
from math import ceil
from typing import Final

from .labels import NEURON, NEURON_CORE

_MIB_PER_GIB: Final = 1024
_VM_OVERHEAD: Final = 0.075
"""Share of memory that Karpenter holds back for the hypervisor (settings.vmMemoryOverheadPercent, its default)."""


@dataclass(frozen=True, kw_only=True)
class InstanceType:
    """One size, as far as a pool's limits need it."""

    name: str
    """EC2 instance type."""
    vcpus: int
    """Virtual CPUs."""
    memory_gib: int
    """Nominal memory."""
    devices: int
    """Accelerator devices."""

    @property
    def family(self) -> str:
        """The part before the dot."""
        return self.name.partition(".")[0]

    @property
    def memory_capacity(self) -> int:
        """Bytes that Karpenter counts against a pool's memory limit."""
        mib = self.memory_gib * _MIB_PER_GIB
        return (mib - ceil(mib * _VM_OVERHEAD)) * _MIB_PER_GIB**2


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """One accelerator generation and what a pool of it needs."""

    name: str
    """Word of the pool language, and the value of Karpenter's instance-accelerator-name label."""
    instances: tuple[InstanceType, ...]
    """Every type that carries it, smallest first."""
    architecture: str
    """Of the host CPU, as the kubernetes.io/arch label says it."""
    resource: str
    """Extended resource of one device; also the key of the taint that keeps other pods off the costly nodes."""
    core_resource: str
    """Extended resource of one core of a device."""
    cores: int
    """Cores per device."""
    volume_size: str = "500Gi"
    """Root volume: images with the SDK take 10 to 20 GB, compiled models and weights several times that
    (AWS's Inferentia and Trainium labs use the same size)."""

    @property
    def families(self) -> tuple[str, ...]:
        """Instance families, in the table's order."""
        return tuple(dict.fromkeys(instance.family for instance in self.instances))

    def resources_of(self, instance: InstanceType) -> dict[str, int]:
        """Extended resources of one node."""
        return {self.resource: instance.devices, self.core_resource: instance.devices * self.cores}


def _neuron(name: str, cores: int, *instances: InstanceType) -> Accelerator:
    return Accelerator(
        name=name,
        instances=instances,
        architecture="amd64",
        resource=NEURON,
        core_resource=NEURON_CORE,
        cores=cores,
    )


ACCELERATORS: Final = {
    accelerator.name: accelerator
    for accelerator in (
        _neuron(
            "inferentia",
            4,
            InstanceType(name="inf1.xlarge", vcpus=4, memory_gib=8, devices=1),
            InstanceType(name="inf1.2xlarge", vcpus=8, memory_gib=16, devices=1),
            InstanceType(name="inf1.6xlarge", vcpus=24, memory_gib=48, devices=4),
            InstanceType(name="inf1.24xlarge", vcpus=96, memory_gib=192, devices=16),
        ),
        _neuron(
            "inferentia2",
            2,
            InstanceType(name="inf2.xlarge", vcpus=4, memory_gib=16, devices=1),
            InstanceType(name="inf2.8xlarge", vcpus=32, memory_gib=128, devices=1),
            InstanceType(name="inf2.24xlarge", vcpus=96, memory_gib=384, devices=6),
            InstanceType(name="inf2.48xlarge", vcpus=192, memory_gib=768, devices=12),
        ),
        _neuron(
            "trainium",
            2,
            InstanceType(name="trn1.2xlarge", vcpus=8, memory_gib=32, devices=1),
            InstanceType(name="trn1.32xlarge", vcpus=128, memory_gib=512, devices=16),
            InstanceType(name="trn1n.32xlarge", vcpus=128, memory_gib=512, devices=16),
        ),
        _neuron(
            "trainium2",
            8,
            InstanceType(name="trn2.3xlarge", vcpus=12, memory_gib=128, devices=1),
            InstanceType(name="trn2.48xlarge", vcpus=192, memory_gib=2048, devices=16),
        ),
    )
}
"""Accelerators by name."""


def accelerator_of_family(family: str) -> Accelerator | None:
    """The accelerator of our table that `family` carries, or None."""
    return next((a for a in ACCELERATORS.values() if family in a.families), None)
