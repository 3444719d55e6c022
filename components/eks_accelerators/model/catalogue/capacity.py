"""What a node of an instance type offers, before it exists: Karpenter 1.14.1's arithmetic.

Source: pkg/providers/instancetype/types.go, which restates what nodeadm, Bottlerocket and the kubelet compute.
Quantities are exact: bytes, whole devices, and CPUs as fractions.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Final, Literal

from ..labels import EFA, NEURON, NEURON_CORE, NVIDIA_GPU
from ..quantities import amount
from .instance_type import InstanceType

CPU: Final = "cpu"
MEMORY: Final = "memory"
STORAGE: Final = "ephemeral-storage"
PODS: Final = "pods"
POD_ENI: Final = "vpc.amazonaws.com/pod-eni"
WINDOWS_ADDRESS: Final = "vpc.amazonaws.com/PrivateIPv4Address"
GPU_RESOURCES: Final = {"NVIDIA": NVIDIA_GPU, "AMD": "amd.com/gpu", "Habana": "habana.ai/gaudi"}
"""Manufacturer as EC2 spells it → extended resource."""

MIB: Final = 1024**2
GIB: Final = 1024**3
_GRAVITON_MIB: Final = 64
"""Contiguous memory that arm64 types keep for themselves."""
_POD_MIB: Final = 11
"""Memory reserved for the kubelet per pod; 11 MiB a pod and `_BASE_MIB` is nodeadm's formula."""
_BASE_MIB: Final = 255
_CPU_RESERVED: Final = ((0, 1000, 0.06), (1000, 2000, 0.01), (2000, 4000, 0.005), (4000, 1 << 31, 0.0025))
"""(from, to, share) in millicores: what the kubelet keeps of the first core, the second, the next two and the rest."""
_EVICTION_MIB: Final = 100
"""evictionHard memory.available of the EKS images."""
_EVICTION_STORAGE: Final = "10%"
"""evictionHard nodefs.available of the kubelet."""
_PODS_WITHOUT_DENSITY: Final = 110
"""The kubelet's own limit, where interfaces do not limit pods (Windows)."""

Resources = Mapping[str, Fraction | int]
"""Resource → amount: CPUs, bytes or a count. A resource that is absent is not there."""


@dataclass(frozen=True, slots=True)
class _Family:
    """How an image family differs in what its nodes offer (FeatureFlags of pkg/providers/amifamily)."""

    volume: str = "20Gi"
    """Volume that pods write to, if the class does not say."""
    dense: bool = True
    """Whether network interfaces limit pods."""
    per_core: bool = True
    """Whether podsPerCore is passed to the kubelet."""
    reserves_by_interfaces: bool = True
    """Whether memory is reserved for as many pods as interfaces allow (nodeadm), even if maxPods says less."""
    windows: bool = False
    """Whether its nodes run Windows."""


_WINDOWS: Final = _Family(volume="50Gi", dense=False, reserves_by_interfaces=False, windows=True)
FAMILIES: Final = {
    "AL2": _Family(),
    "AL2023": _Family(),
    "Bottlerocket": _Family(per_core=False, reserves_by_interfaces=False),
    "Custom": _Family(),
    "Windows2019": _WINDOWS,
    "Windows2022": _WINDOWS,
    "Windows2025": _WINDOWS,
}
"""Image families of the EC2NodeClass CRD."""
ImageFamily = Literal["AL2", "AL2023", "Bottlerocket", "Custom", "Windows2019", "Windows2022", "Windows2025"]


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface that an EC2NodeClass lays out itself."""

    card: int
    """networkCardIndex."""
    device: int
    """deviceIndex on that card."""
    efa_only: bool
    """Whether it is of type `efa-only`, which carries no IP traffic; otherwise `interface`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacitySettings:
    """Everything besides the hardware that decides what a node offers.

    There is no evictionSoft: it is a warning threshold, and Karpenter leaves it out of its arithmetic.
    """

    family: ImageFamily = "AL2023"
    """Image family (amiFamily, or that of the alias)."""
    vm_overhead: float = 0.075
    """Share of memory kept by hypervisor and guest kernel (settings.vmMemoryOverheadPercent)."""
    reserved_enis: int = 0
    """Interfaces kept from pods, 1 with custom networking (settings.reservedENIs)."""
    max_pods: int | None = None
    """kubelet.maxPods; None: as many as the interfaces can address."""
    pods_per_core: int | None = None
    """kubelet.podsPerCore; None: no such limit."""
    kube_reserved: Mapping[str, str] = field(default_factory=dict[str, str])
    """kubelet.kubeReserved: quantities that replace the computed ones, by resource."""
    system_reserved: Mapping[str, str] = field(default_factory=dict[str, str])
    """kubelet.systemReserved: quantities on top, by resource."""
    eviction_hard: Mapping[str, str] = field(default_factory=dict[str, str])
    """kubelet.evictionHard: quantity or share by signal; memory.available and nodefs.available count."""
    volume_size: str | None = None
    """Size of the volume that pods write to; None: the image family's."""
    raid0: bool = False
    """Whether local disks, joined, take that volume's place where there are any (instanceStorePolicy: RAID0)."""
    interfaces: tuple[Interface, ...] | None = None
    """networkInterfaces; None: Karpenter's layout, which attaches every EFA interface that the type has."""


DEFAULT: Final = CapacitySettings()
"""Amazon Linux 2023 and Karpenter's defaults."""
NONE: Final[Resources] = MappingProxyType({})
"""No resources."""


def capacity(instance: InstanceType, settings: CapacitySettings = DEFAULT) -> dict[str, Fraction | int]:
    """What a node of `instance` has in total, by resource; what it has none of is absent."""
    family = FAMILIES[settings.family]
    counted: dict[str, Fraction | int] = {
        CPU: instance.vcpus,
        MEMORY: _memory(instance, settings),
        STORAGE: _storage(instance, settings, family),
        PODS: _pods(instance, settings, family),
        POD_ENI: instance.branch_interfaces,
        NEURON: sum(device.count for device in instance.neuron),
        NEURON_CORE: instance.neuron_cores,
        EFA: _efas(instance, settings),
        WINDOWS_ADDRESS: instance.windows_addresses if family.windows else 0,
        **dict.fromkeys(GPU_RESOURCES.values(), 0),
    }
    for gpu in instance.gpus:
        if resource := GPU_RESOURCES.get(gpu.manufacturer):
            counted[resource] += gpu.count
    return {resource: amount for resource, amount in counted.items() if amount}


def allocatable(instance: InstanceType, settings: CapacitySettings = DEFAULT) -> dict[str, Fraction | int]:
    """What a node of `instance` offers to pods: capacity less what kubelet, system and eviction thresholds keep.

    It can be negative where settings reserve more than there is; no pod fits such a node.
    """
    total = capacity(instance, settings)
    kept = _kept(instance, settings, total)
    return {resource: amount - kept.get(resource, 0) for resource, amount in total.items()}


def _kept(instance: InstanceType, settings: CapacitySettings, total: Resources) -> Resources:
    family = FAMILIES[settings.family]
    by_interfaces = family.reserves_by_interfaces
    pods = _by_interfaces(instance, settings, reserved=0) if by_interfaces else _pods(instance, settings, family)
    memory, storage = int(total[MEMORY]), total[STORAGE]
    kubelet: dict[str, Fraction | int] = {
        CPU: Fraction(_cpu_reserved(instance.vcpus * 1000), 1000),
        MEMORY: (_POD_MIB * pods + _BASE_MIB) * MIB,
        STORAGE: GIB,
    }
    kubelet |= {resource: amount(quantity) for resource, quantity in settings.kube_reserved.items()}
    system = {resource: amount(quantity) for resource, quantity in settings.system_reserved.items()}
    eviction = {
        MEMORY: _threshold(settings.eviction_hard.get("memory.available", f"{_EVICTION_MIB}Mi"), memory),
        STORAGE: _threshold(settings.eviction_hard.get("nodefs.available", _EVICTION_STORAGE), storage),
    }
    parts = (kubelet, system, eviction)
    return {resource: sum(part.get(resource, 0) for part in parts) for resource in kubelet.keys() | system.keys()}


def _memory(instance: InstanceType, settings: CapacitySettings) -> int:
    mib = instance.memory_mib - (_GRAVITON_MIB if instance.architecture == "arm64" else 0)
    # in floating point and in this order, since Karpenter rounds up what is left of it
    return (mib - math.ceil(float(mib * MIB) * settings.vm_overhead / 1024 / 1024)) * MIB


def _storage(instance: InstanceType, settings: CapacitySettings, family: _Family) -> Fraction | int:
    if settings.raid0 and instance.storage_gb:
        return instance.storage_gb * 1000**3
    return amount(family.volume if settings.volume_size is None else settings.volume_size)


def _pods(instance: InstanceType, settings: CapacitySettings, family: _Family) -> int:
    if settings.max_pods is not None:
        pods = settings.max_pods
    elif family.dense:
        pods = _by_interfaces(instance, settings, reserved=settings.reserved_enis)
    else:
        pods = _PODS_WITHOUT_DENSITY
    per_core = settings.pods_per_core if family.per_core else None
    return min(pods, per_core * instance.vcpus) if per_core else pods


def _by_interfaces(instance: InstanceType, settings: CapacitySettings, *, reserved: int) -> int:
    """Pods that the VPC CNI can address: an interface's own address is not for pods, and two pods use the host's."""
    without_addresses = sum(each.card == 0 and each.efa_only for each in settings.interfaces or ())
    usable = max(instance.interfaces - reserved - without_addresses, 0)
    return usable * (instance.ipv4_per_interface - 1) + 2 if usable else 0


def _efas(instance: InstanceType, settings: CapacitySettings) -> int:
    if settings.interfaces is None:
        return instance.efa_interfaces
    return sum(each.efa_only for each in settings.interfaces)


def _cpu_reserved(millicores: int) -> int:
    return sum(
        int(float(min(millicores, end) - start) * share) for start, end, share in _CPU_RESERVED if millicores >= start
    )


def _threshold(signal: str, total: Fraction | int) -> Fraction | int:
    if not signal.endswith("%"):
        return amount(signal)
    share = float(signal.rstrip("%"))
    # 100% switches the threshold off (kubelet configuration v1beta1)
    return 0 if share == 100 else math.ceil(float(total) / 100 * share)
