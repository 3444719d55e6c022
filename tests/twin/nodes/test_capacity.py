"""A Node offers what Karpenter promised for its instance type."""

import pytest
from eks_twin.nodes.capacity import Hardware, Kubelet, allocatable, capacity
from moto.ec2.models.instance_types import INSTANCE_TYPES

ROOT_GIB = 20

NEURON, CORE, GPU, EFA = "aws.amazon.com/neuron", "aws.amazon.com/neuroncore", "nvidia.com/gpu", "vpc.amazonaws.com/efa"
GOLDEN = [
    # type, allocatable cpu, memory MiB and pods as Karpenter's instance type reference prints them, devices
    ("trn1.2xlarge", "7910m", 29317, 58, {NEURON: 1, CORE: 2}),
    ("inf2.xlarge", "3920m", 14162, 58, {NEURON: 1, CORE: 2}),
    ("inf2.48xlarge", "191450m", 718987, 737, {NEURON: 12, CORE: 24}),
    ("inf1.24xlarge", "95690m", 177976, 321, {NEURON: 16, CORE: 64, EFA: 1}),
    ("trn1.32xlarge", "127610m", 481894, 247, {NEURON: 16, CORE: 32, EFA: 8}),
    ("trn2.48xlarge", "191450m", 1938410, 100, {NEURON: 16, CORE: 128, EFA: 16}),
    ("p5.48xlarge", "191450m", 1938410, 100, {GPU: 8, EFA: 32}),
    ("p4d.24xlarge", "95690m", 1082712, 737, {GPU: 8, EFA: 4}),
    ("g4dn.xlarge", "3920m", 14481, 29, {GPU: 1}),
    ("g5g.xlarge", "3920m", 6525, 58, {GPU: 1}),
    ("g6f.large", "1930m", 7002, 20, {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "cpu", "memory", "pods", "devices"), GOLDEN, ids=[row[0] for row in GOLDEN])
def test_allocatable_is_what_karpenters_reference_prints(name, cpu, memory, pods, devices):
    hardware = Hardware.of(INSTANCE_TYPES[name])
    resources = allocatable(hardware, Kubelet(), ROOT_GIB)
    assert (resources["cpu"], resources["memory"], resources["pods"]) == (cpu, f"{memory * 1024}Ki", str(pods))
    assert hardware.devices == devices


def test_no_device_is_offered_before_a_plugin_ran():
    hardware = Hardware.of(INSTANCE_TYPES["inf2.xlarge"])
    assert not [name for name in capacity(hardware, Kubelet(), ROOT_GIB) if "/" in name]


@pytest.mark.parametrize(
    ("kubelet", "resource", "expected"),
    [
        (Kubelet(), "ephemeral-storage", str(17 * 1024**3)),  # 20 GiB less 1 GiB and 10 %
        (Kubelet(raid0=True), "ephemeral-storage", str(474 * 1000**3 - 1024**3 - 47_400_000_000)),
        (Kubelet(max_pods=110), "pods", "110"),
        (Kubelet(pods_per_core=4), "pods", "32"),
        (Kubelet(max_pods=110), "memory", f"{29317 * 1024}Ki"),  # nodeadm reserves by interfaces all the same
        (Kubelet(max_pods=110, reserves_by_interfaces=False), "memory", f"{(29317 - 11 * (110 - 58)) * 1024}Ki"),
        (Kubelet(kube_reserved={"cpu": "200m"}), "cpu", "7800m"),
        (Kubelet(system_reserved={"cpu": "100m"}), "cpu", "7810m"),
        (Kubelet(eviction_hard={"memory.available": "200Mi"}), "memory", f"{(29317 - 100) * 1024}Ki"),
        (Kubelet(eviction_hard={"nodefs.available": "20%"}), "ephemeral-storage", str(15 * 1024**3)),
    ],
)
def test_each_kubelet_setting_changes_what_the_node_offers(kubelet, resource, expected):
    resources = allocatable(Hardware.of(INSTANCE_TYPES["trn1.2xlarge"]), kubelet, ROOT_GIB)
    assert resources[resource] == expected
