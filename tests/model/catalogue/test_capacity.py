"""Settings of class, kubelet and controller change what a node offers, by Karpenter's arithmetic."""

from fractions import Fraction

import pytest
from eks_accelerators.model.catalogue import CapacitySettings, Interface, allocatable, capacity, instance_types

MIB, GIB = 1024**2, 1024**3
EFA_ONLY = tuple(Interface(card=card, device=1, efa_only=True) for card in range(4))
PRIMARY = Interface(card=0, device=0, efa_only=False)

CAPACITY = [
    # what changes, type, settings, resource, amount
    ("overhead", "inf2.xlarge", {"vm_overhead": 0.0}, "memory", 16384 * MIB),
    ("overhead rounds up", "inf2.xlarge", {"vm_overhead": 0.07501}, "memory", (16384 - 1229) * MIB),
    ("graviton keeps 64 MiB", "g5g.xlarge", {"vm_overhead": 0.0}, "memory", (8192 - 64) * MIB),
    ("reserved ENI", "inf2.xlarge", {"reserved_enis": 1}, "pods", 3 * 14 + 2),
    ("no ENI left", "inf2.xlarge", {"reserved_enis": 4}, "pods", None),
    ("maxPods", "inf2.xlarge", {"max_pods": 20}, "pods", 20),
    ("podsPerCore", "inf2.xlarge", {"pods_per_core": 5}, "pods", 20),
    ("podsPerCore never raises", "inf2.xlarge", {"pods_per_core": 50}, "pods", 58),
    ("podsPerCore on Bottlerocket", "inf2.xlarge", {"pods_per_core": 5, "family": "Bottlerocket"}, "pods", 58),
    ("Windows density", "m5.xlarge", {"family": "Windows2022"}, "pods", 110),
    ("Windows addresses", "m5.xlarge", {"family": "Windows2022"}, "vpc.amazonaws.com/PrivateIPv4Address", 14),
    ("volume", "inf2.xlarge", {"volume_size": "200Gi"}, "ephemeral-storage", 200 * GIB),
    ("volume of Windows", "m5.xlarge", {"family": "Windows2019"}, "ephemeral-storage", 50 * GIB),
    ("RAID0", "trn1.32xlarge", {"raid0": True, "volume_size": "200Gi"}, "ephemeral-storage", 7600 * 1000**3),
    ("RAID0 without disks", "inf2.xlarge", {"raid0": True, "volume_size": "200Gi"}, "ephemeral-storage", 200 * GIB),
    ("EFA by default", "p4d.24xlarge", {}, "vpc.amazonaws.com/efa", 4),
    ("EFA laid out", "p5.48xlarge", {"interfaces": (PRIMARY, *EFA_ONLY)}, "vpc.amazonaws.com/efa", 4),
    ("layout without EFA", "p5.48xlarge", {"interfaces": (PRIMARY,)}, "vpc.amazonaws.com/efa", None),
    ("efa-only takes an ENI", "p5.48xlarge", {"interfaces": (PRIMARY, *EFA_ONLY)}, "pods", 1 * 49 + 2),
    ("share of a GPU", "g6f.large", {}, "nvidia.com/gpu", None),
    ("pods with interfaces", "m5.xlarge", {}, "vpc.amazonaws.com/pod-eni", 18),
]  # fmt: skip

ALLOCATABLE = [
    ("kubeReserved", "inf2.xlarge", {"kube_reserved": {"cpu": "500m", "memory": "1Gi"}}, "cpu", Fraction(7, 2)),
    ("kubeReserved", "inf2.xlarge", {"kube_reserved": {"memory": "1Gi"}}, "memory", (15155 - 1024 - 100) * MIB),
    ("systemReserved", "inf2.xlarge", {"system_reserved": {"cpu": "100m"}}, "cpu", Fraction(3820, 1000)),
    ("systemReserved", "inf2.xlarge", {"system_reserved": {"memory": "100Mi"}}, "memory", (14162 - 100) * MIB),
    ("evictionHard", "inf2.xlarge", {"eviction_hard": {"memory.available": "500Mi"}}, "memory", (14162 - 400) * MIB),
    ("share", "inf2.xlarge", {"eviction_hard": {"memory.available": "10%"}}, "memory",
     15155 * MIB - 893 * MIB - 1589116928),  # 10 % of 15155 MiB
    ("100% is off", "inf2.xlarge", {"eviction_hard": {"memory.available": "100%"}}, "memory", (14162 + 100) * MIB),
    ("nodefs", "inf2.xlarge", {"eviction_hard": {"nodefs.available": "5%"}}, "ephemeral-storage", 18 * GIB),
    ("other signals do not count", "inf2.xlarge", {"eviction_hard": {"pid.available": "5%"}}, "memory", 14162 * MIB),
    ("maxPods saves nothing", "inf2.xlarge", {"max_pods": 10}, "memory", 14162 * MIB),
    ("maxPods saves on Bottlerocket", "inf2.xlarge", {"max_pods": 10, "family": "Bottlerocket"}, "memory",
     (15155 - 11 * 10 - 255 - 100) * MIB),
    ("a reserved ENI saves nothing", "inf2.xlarge", {"reserved_enis": 1}, "memory", 14162 * MIB),
    ("more than there is", "t3.nano", {"system_reserved": {"memory": "1Gi"}}, "memory", -950 * MIB),
]  # fmt: skip


@pytest.mark.parametrize(("name", "settings", "resource", "expected"), [row[1:] for row in CAPACITY],
                         ids=[row[0] for row in CAPACITY])  # fmt: skip
def test_settings_change_capacity(name, settings, resource, expected):
    assert capacity(instance_types()[name], CapacitySettings(**settings)).get(resource) == expected


@pytest.mark.parametrize(("name", "settings", "resource", "expected"), [row[1:] for row in ALLOCATABLE],
                         ids=[f"{row[0]}-{row[3]}" for row in ALLOCATABLE])  # fmt: skip
def test_settings_change_allocatable(name, settings, resource, expected):
    assert allocatable(instance_types()[name], CapacitySettings(**settings))[resource] == expected


def test_what_a_type_does_not_have_is_absent():
    extended = {key for key in capacity(instance_types()["inf2.xlarge"]) if "/" in key}
    assert extended == {"aws.amazon.com/neuron", "aws.amazon.com/neuroncore", "vpc.amazonaws.com/pod-eni"}
