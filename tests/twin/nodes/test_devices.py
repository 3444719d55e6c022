"""A resource appears where hardware, driver and plugin meet."""

import pytest
from eks_twin.nodes.sharing import PluginConfig

from tests.twin.nodes.sights import (
    BOTTLEROCKET,
    BOTTLEROCKET_NVIDIA,
    BY_MPS,
    DRIVER,
    EFA,
    EFA_ELSEWHERE,
    EFA_PLUGIN,
    FALLBACK,
    GFD,
    GPU,
    LABEL,
    MPS,
    NEURON,
    NEURON_AMI,
    NVIDIA,
    NVIDIA_AMI,
    RENAMED,
    SHARED,
    STANDARD_AMI,
    STATIC,
    TIME_SLICED,
    UBUNTU,
    configured,
    sight,
)


@pytest.mark.parametrize(
    ("type_name", "image", "pods", "expected"),
    [
        ("inf2.xlarge", NEURON_AMI, [NEURON], {"aws.amazon.com/neuron": "1", "aws.amazon.com/neuroncore": "2"}),
        ("inf2.xlarge", BOTTLEROCKET, [NEURON], {"aws.amazon.com/neuron": "1", "aws.amazon.com/neuroncore": "2"}),
        ("inf2.xlarge", NEURON_AMI, [], {}),
        ("inf2.xlarge", NEURON_AMI, [NVIDIA], {}),
        ("inf2.xlarge", NEURON_AMI, [{**NEURON, "status": {"phase": "Pending"}}], {}),
        ("g5.xlarge", NVIDIA_AMI, [NVIDIA], {GPU: "1"}),
        ("g5.xlarge", NVIDIA_AMI, [STATIC], {GPU: "1"}),
        ("g5.xlarge", NVIDIA_AMI, [MPS, GFD], {}),
        ("g5.xlarge", "my-own-image", [NVIDIA], {GPU: "1"}),
        ("g5.xlarge", BOTTLEROCKET_NVIDIA, [], {GPU: "1"}),
        ("g5.xlarge", UBUNTU, [NVIDIA, DRIVER], {GPU: "1"}),
        ("g6f.large", NVIDIA_AMI, [NVIDIA], {GPU: "1"}),
        ("p5.48xlarge", NVIDIA_AMI, [NVIDIA], {GPU: "8"}),
        ("m5.large", STANDARD_AMI, [NEURON, NVIDIA, EFA_PLUGIN], {}),
    ],
)
def test_a_resource_needs_hardware_driver_and_plugin(devices, type_name, image, pods, expected):
    found = devices(type_name, image).look(sight(*pods))
    assert (found.resources, found.faults) == (expected, ())


@pytest.mark.parametrize(
    ("type_name", "image", "pods", "message"),
    [
        ("inf2.xlarge", STANDARD_AMI, [NEURON], "ns/neuron: no driver for aws.amazon.com/neuron on amazon-eks-node"),
        ("g5.xlarge", STANDARD_AMI, [NVIDIA], "ns/nvidia: no driver for nvidia.com/gpu on amazon-eks-node"),
        ("g5.xlarge", NEURON_AMI, [NVIDIA], "choose the variant of the image that has it"),
        ("g5.xlarge", UBUNTU, [NVIDIA], "no driver for nvidia.com/gpu on ubuntu-eks"),
        ("g5.xlarge", BOTTLEROCKET, [NVIDIA], "no driver for nvidia.com/gpu on bottlerocket-"),
    ],
)
def test_a_plugin_that_cannot_work_registers_nothing_and_is_named(devices, type_name, image, pods, message):
    found = devices(type_name, image).look(sight(*pods))
    assert found.resources == {}
    assert message in found.faults[0]


@pytest.mark.parametrize(
    ("plugin", "interfaces", "expected"),
    [(EFA_PLUGIN, 32, {EFA: "32"}), (EFA_ELSEWHERE, 4, {EFA: "4"}), (EFA_PLUGIN, 0, {}), (NVIDIA, 4, {GPU: "8"})],
)
def test_efa_is_counted_as_the_instance_was_launched(devices, plugin, interfaces, expected):
    assert devices("p5.48xlarge", NVIDIA_AMI, efa=interfaces).look(sight(plugin)).resources == expected


def test_a_driver_pod_that_is_not_running_drives_nothing(devices):
    found = devices("g5.xlarge", UBUNTU).look(sight(NVIDIA, {**DRIVER, "status": {"phase": "Pending"}}))
    assert found.resources == {}


# --- sharing --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("configs", "labels", "pods", "expected"),
    [
        ({"a": TIME_SLICED, "b": "version: v1"}, {LABEL: "a"}, [configured()], {GPU: "16"}),
        ({"a": TIME_SLICED, "b": "version: v1"}, {LABEL: "b"}, [configured()], {GPU: "4"}),
        ({"a": RENAMED, "b": "version: v1"}, {}, [configured(DEFAULT_CONFIG="a")], {SHARED: "16"}),
        ({"default": RENAMED, "b": "version: v1"}, {}, [configured(**FALLBACK)], {SHARED: "16"}),
        ({"only": TIME_SLICED}, {}, [configured(**FALLBACK)], {GPU: "16"}),
        ({"a": TIME_SLICED, "b": ""}, {}, [configured(FALLBACK_STRATEGIES="empty")], {GPU: "4"}),
        ({"a": BY_MPS}, {LABEL: "a"}, [configured(), MPS], {GPU: "16"}),
    ],
)
def test_a_shared_gpu_is_multiplied_by_the_configuration_of_its_node(devices, configs, labels, pods, expected):
    found = devices("g5.12xlarge", NVIDIA_AMI).look(sight(*pods, labels=labels, configs=configs))
    assert (found.resources, found.faults) == (expected, ())


@pytest.mark.parametrize(
    ("configs", "labels", "message"),
    [
        ({"a": BY_MPS}, {LABEL: "a"}, "waiting for the MPS daemon"),
        ({"a": ""}, {LABEL: "b"}, "specified config b does not exist; known: a"),
        ({"a": "", "b": ""}, {}, "no default, and no fallback applies"),
        (None, {}, "ConfigMap ns/configs does not exist"),
        ({"a": "sharing: {}\nresources: {}"}, {LABEL: "a"}, "resources: not modelled; known: flags, sharing, version"),
    ],
)
def test_a_configuration_that_the_plugin_cannot_use_registers_nothing(devices, configs, labels, message):
    found = devices("g5.12xlarge", NVIDIA_AMI).look(sight(configured(), labels=labels, configs=configs))
    assert found.resources == {}
    assert message in found.faults[0]


# --- two plugins ----------------------------------------------------------------------------------------------------
def test_bottlerockets_own_plugin_follows_its_settings(devices):
    shared = PluginConfig(sharing="time-slicing", replicas={GPU: 2}, rename=True)
    assert devices("g5.12xlarge", BOTTLEROCKET_NVIDIA, nvidia=shared).look(sight()).resources == {SHARED: "8"}


def test_a_second_plugin_takes_the_resource_over_and_takes_it_along(devices):
    node = devices("g5.12xlarge", BOTTLEROCKET_NVIDIA)
    assert node.look(sight()).resources == {GPU: "4"}
    both = node.look(sight(configured(), labels={LABEL: "a"}, configs={"a": TIME_SLICED}))
    assert both.resources == {GPU: "16"}
    assert "the machine's own device plugin and ns/nvidia register the same GPUs" in both.faults[0]
    assert node.look(sight()).resources == {GPU: "0"}


def test_a_second_plugin_that_renames_offers_the_same_gpus_twice(devices):
    node = devices("g5.12xlarge", BOTTLEROCKET_NVIDIA)
    both = node.look(sight(configured(), labels={LABEL: "a"}, configs={"a": RENAMED}))
    assert both.resources == {GPU: "4", SHARED: "16"}
    assert "keep one plugin per node" in both.faults[0]


def test_of_two_plugin_pods_the_later_one_counts(devices):
    later = {**configured(), "status": {"phase": "Running", "startTime": "2026-11-25T11:00:00Z"}}
    for pods in ((later, STATIC), (STATIC, later)):
        found = devices("g5.12xlarge", NVIDIA_AMI).look(sight(*pods, labels={LABEL: "a"}, configs={"a": TIME_SLICED}))
        assert found.resources == {GPU: "16"}
        assert "ns/static and ns/nvidia register the same GPUs" in found.faults[0]
