"""The labels that Karpenter 1.14.1 computes for an instance type (pkg/providers/instancetype/types.go)."""

from collections.abc import Iterator
from typing import Final

from ..labels import ARCHITECTURE, INSTANCE_TYPE, KARPENTER_AWS_GROUP
from .instance_type import InstanceType

_PREFIX: Final = f"{KARPENTER_AWS_GROUP}/instance-"


def labels(instance: InstanceType) -> dict[str, str]:
    """Every well-known label that follows from the type alone, by key. A key that is absent is absent from the node.

    Not among them, because something else decides: zone, zone-id, region and capacity type (the offering), operating
    system and Windows build (the image family), tenancy, reservation and placement group (the launch).
    """
    return dict(_labels(instance))


def _labels(instance: InstanceType) -> Iterator[tuple[str, str]]:
    yield INSTANCE_TYPE, instance.name
    yield ARCHITECTURE, instance.architecture
    yield f"{_PREFIX}cpu", str(instance.vcpus)
    yield f"{_PREFIX}cpu-manufacturer", _word(instance.cpu_manufacturer)
    yield f"{_PREFIX}cpu-sustained-clock-speed-mhz", str(instance.clock_mhz)
    yield f"{_PREFIX}memory", str(instance.memory_mib)
    yield f"{_PREFIX}hypervisor", instance.hypervisor
    yield f"{_PREFIX}encryption-in-transit-supported", str(instance.encryption_in_transit).lower()
    yield f"{_PREFIX}family", instance.family
    yield f"{_PREFIX}size", instance.size
    yield f"{_PREFIX}capability-flex", str("-flex" in instance.family).lower()
    optional = {
        "category": instance.category,
        "generation": instance.generation,
        "local-nvme": instance.nvme_gb or None,
        "network-bandwidth": instance.network_mbps,
        "ebs-bandwidth": instance.ebs_mbps,
    }
    yield from ((f"{_PREFIX}{key}", str(value)) for key, value in optional.items() if value is not None)
    yield from _devices(instance)


def _devices(instance: InstanceType) -> Iterator[tuple[str, str]]:
    if len(instance.gpus) == 1:
        gpu = instance.gpus[0]
        yield f"{_PREFIX}gpu-name", _word(gpu.name)
        yield f"{_PREFIX}gpu-manufacturer", _word(gpu.manufacturer)
        yield f"{_PREFIX}gpu-count", str(gpu.count)
        yield f"{_PREFIX}gpu-memory", str(gpu.memory_mib)
    found = instance.neuron or instance.accelerators
    if len(found) == 1:
        yield f"{_PREFIX}accelerator-name", _word(found[0].name)
        yield f"{_PREFIX}accelerator-manufacturer", _word(found[0].manufacturer)
        yield f"{_PREFIX}accelerator-count", str(found[0].count)


def _word(name: str) -> str:
    return name.replace(" ", "-").lower()
