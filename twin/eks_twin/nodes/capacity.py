"""What a Node offers: the kubelet's and Karpenter's arithmetic on one record of the EC2 catalogue.

Formulas: Karpenter 1.14.1, pkg/providers/instancetype/types.go, which restates what nodeadm and the kubelet compute.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from eks_twin.nodes.gpus import Gpu
from eks_twin.nodes.quantity import amount

MIB: Final = 1024**2
GIB: Final = 1024**3
ARM_FIRMWARE_MIB: Final = 64
"""Memory that arm64 types keep for firmware and a crash kernel."""
VM_OVERHEAD: Final = 0.075
"""Share of the memory that hypervisor and guest kernel keep; Karpenter's vmMemoryOverheadPercent."""
CPU_RESERVED: Final = ((1000, 0.06), (1000, 0.01), (2000, 0.005), (math.inf, 0.0025))
"""(millicores, share reserved for the kubelet) of the first core, the second, the next two, the rest."""
EVICTION_MEMORY: Final = 100 * MIB
"""evictionHard memory.available of the EKS images."""
EVICTION_STORAGE: Final = 0.10
"""evictionHard nodefs.available."""
STORAGE_RESERVED: Final = GIB
"""kubeReserved ephemeral-storage."""


@dataclass(frozen=True)
class Hardware:
    """What one instance type has."""

    millicores: int
    memory_mib: int
    arm: bool
    pods: int
    """Pods that the interfaces of the default network card can address, by the VPC CNI without prefix delegation."""
    nvme_gb: int
    devices: Mapping[str, int]
    """Extended resource → count, of what the type has; a device plugin makes them allocatable."""
    gpu: Gpu | None = None
    """Its NVIDIA GPUs; None where it has none."""

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Hardware":
        """The hardware that a record of DescribeInstanceTypes describes."""
        network = record["NetworkInfo"]
        card = network.get("DefaultNetworkCardIndex", 0)
        interfaces = network["NetworkCards"][card]["MaximumNetworkInterfaces"]
        return cls(
            millicores=record["VCpuInfo"]["DefaultVCpus"] * 1000,
            memory_mib=record["MemoryInfo"]["SizeInMiB"],
            arm=record["ProcessorInfo"]["SupportedArchitectures"][0] == "arm64",
            pods=interfaces * (network["Ipv4AddressesPerInterface"] - 1) + 2,
            nvme_gb=record.get("InstanceStorageInfo", {}).get("TotalSizeInGB", 0),
            devices={name: count for name, count in _devices(record) if count},
            gpu=Gpu.of(record),
        )


GPU_RESOURCES: Final = {"NVIDIA": "nvidia.com/gpu", "AMD": "amd.com/gpu", "Habana": "habana.ai/gaudi"}
"""Manufacturer in the EC2 catalogue → extended resource."""


def _devices(record: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    gpus = record.get("GpuInfo", {}).get("Gpus", ())
    for manufacturer, resource in GPU_RESOURCES.items():
        yield resource, sum(gpu["Count"] for gpu in gpus if gpu["Manufacturer"] == manufacturer)
    neuron = record.get("NeuronInfo", {}).get("NeuronDevices", ())
    yield "aws.amazon.com/neuron", sum(device["Count"] for device in neuron)
    yield "aws.amazon.com/neuroncore", sum(device["Count"] * device["CoreInfo"]["Count"] for device in neuron)
    yield "vpc.amazonaws.com/efa", record["NetworkInfo"].get("EfaInfo", {}).get("MaximumEfaInterfaces", 0)


@dataclass(frozen=True)
class Kubelet:
    """Settings of the kubelet and the disk under it that change what the Node offers."""

    max_pods: int | None = None
    """None for as many as the interfaces can address."""
    pods_per_core: int | None = None
    """Further limit on pods; None for no such limit."""
    kube_reserved: Mapping[str, str] = field(default_factory=dict)
    """Overrides of the computed reservation, by resource."""
    system_reserved: Mapping[str, str] = field(default_factory=dict)
    eviction_hard: Mapping[str, str] = field(default_factory=dict)
    raid0: bool = False
    """Whether local NVMe disks, joined, hold pods instead of the root volume."""
    reserves_by_interfaces: bool = True
    """Whether memory is reserved for the pods the interfaces can address (nodeadm) or for max_pods (Bottlerocket)."""


def capacity(hardware: Hardware, kubelet: Kubelet, disk_gib: int) -> dict[str, str]:
    """The Node's `status.capacity` before any device plugin ran."""
    return {
        "cpu": str(hardware.millicores // 1000),
        "memory": f"{_memory(hardware) // 1024}Ki",
        "ephemeral-storage": f"{_storage(hardware, kubelet, disk_gib) // 1024}Ki",
        "pods": str(_pods(hardware, kubelet)),
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
    }


def allocatable(hardware: Hardware, kubelet: Kubelet, disk_gib: int) -> dict[str, str]:
    """The Node's `status.allocatable`: capacity less what is reserved for kubelet, system and eviction."""
    memory, storage = _memory(hardware), _storage(hardware, kubelet, disk_gib)
    pods = hardware.pods if kubelet.reserves_by_interfaces else _pods(hardware, kubelet)
    reserved = {
        "cpu": _cpu_reserved(hardware.millicores),
        "memory": (11 * pods + 255) * MIB,  # nodeadm: 11 MiB per pod and 255 MiB
        "ephemeral-storage": STORAGE_RESERVED,
    }
    for resource in reserved:
        if resource in kubelet.kube_reserved:
            reserved[resource] = _units(resource, kubelet.kube_reserved[resource])
        if resource in kubelet.system_reserved:
            reserved[resource] += _units(resource, kubelet.system_reserved[resource])
    reserved["memory"] += _evicted(kubelet.eviction_hard.get("memory.available"), memory, EVICTION_MEMORY)
    default = math.ceil(storage * EVICTION_STORAGE)
    reserved["ephemeral-storage"] += _evicted(kubelet.eviction_hard.get("nodefs.available"), storage, default)
    return capacity(hardware, kubelet, disk_gib) | {
        "cpu": f"{hardware.millicores - reserved['cpu']}m",
        "memory": f"{(memory - reserved['memory']) // 1024}Ki",
        "ephemeral-storage": str(storage - reserved["ephemeral-storage"]),
    }


def _pods(hardware: Hardware, kubelet: Kubelet) -> int:
    pods = hardware.pods if kubelet.max_pods is None else kubelet.max_pods
    per_core = kubelet.pods_per_core
    return min(pods, per_core * hardware.millicores // 1000) if per_core else pods


def _memory(hardware: Hardware) -> int:
    mib = hardware.memory_mib - (ARM_FIRMWARE_MIB if hardware.arm else 0)
    return (mib - math.ceil(mib * VM_OVERHEAD)) * MIB


def _storage(hardware: Hardware, kubelet: Kubelet, disk_gib: int) -> int:
    return hardware.nvme_gb * 1000**3 if kubelet.raid0 and hardware.nvme_gb else disk_gib * GIB


def _cpu_reserved(millicores: float) -> int:
    reserved = 0.0
    for width, share in CPU_RESERVED:
        part = min(millicores, width)
        reserved += part * share
        millicores -= part
    return int(reserved)


def _units(resource: str, quantity: str) -> int:
    value = amount(quantity)
    return math.ceil(value * 1000 if resource == "cpu" else value)


def _evicted(threshold: str | None, total: int, default: int) -> int:
    if threshold is None:
        return default
    if threshold.endswith("%"):
        return math.ceil(total * float(threshold[:-1]) / 100)
    return math.ceil(amount(threshold))
