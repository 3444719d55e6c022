"""A resource appears where hardware, driver and plugin meet; labels say what discovery found."""

import pytest
from eks_twin.nodes.bootstrap import Bootstrap
from eks_twin.nodes.capacity import Hardware
from eks_twin.nodes.devices import NodeDevices, Sight
from eks_twin.nodes.node import Member
from eks_twin.nodes.plugins import cluster_wide
from eks_twin.nodes.sharing import PluginConfig
from moto.ec2.models.instance_types import INSTANCE_TYPES

NEURON_AMI = "amazon-eks-node-al2023-x86_64-neuron-1.35-v1"
NVIDIA_AMI = "amazon-eks-node-al2023-x86_64-nvidia-1.35-v1"
STANDARD_AMI = "amazon-eks-node-al2023-x86_64-standard-1.35-v1"
BOTTLEROCKET = "bottlerocket-aws-k8s-1.35-x86_64-v1.54.0-a"
BOTTLEROCKET_NVIDIA = "bottlerocket-aws-k8s-1.35-nvidia-x86_64-v1.54.0-a"
UBUNTU = "ubuntu-eks/k8s_1.35/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261101"
NOT_SHARED = PluginConfig()
GPU, SHARED, EFA = "nvidia.com/gpu", "nvidia.com/gpu.shared", "vpc.amazonaws.com/efa"


def pod(name, image, *command, env=(), volumes=(), start="2026-11-25T10:00:00Z", phase="Running"):
    container = {"name": "main", "image": image, "env": [{"name": key, "value": value} for key, value in env]}
    if command:
        container["command"] = list(command)
    return {
        "metadata": {"namespace": "ns", "name": name},
        "spec": {"containers": [container], "volumes": list(volumes)},
        "status": {"phase": phase, "startTime": start},
    }


CONFIGS = {"name": "available-configs", "configMap": {"name": "configs"}}
NVIDIA_IMAGE = "nvcr.io/nvidia/k8s-device-plugin:v0.20.0"
NEURON = pod("neuron", "public.ecr.aws/neuron/neuron-device-plugin:2.32.0.0")
NVIDIA = pod("nvidia", NVIDIA_IMAGE, "nvidia-device-plugin")
STATIC = pod("static", NVIDIA_IMAGE)
EFA_PLUGIN = pod("efa", "602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/aws-efa-k8s-device-plugin:v0.5.20")
EFA_ELSEWHERE = pod("efa", "918309763551.dkr.ecr.cn-north-1.amazonaws.com.cn/eks/aws-efa-k8s-device-plugin:v0.5.20")
MPS = pod("mps", NVIDIA_IMAGE, "mps-control-daemon")
GFD = pod("gfd", NVIDIA_IMAGE, "gpu-feature-discovery")
NFD = pod("nfd", "registry.k8s.io/nfd/node-feature-discovery:v0.19.0", "nfd-worker")
NFD_MASTER = pod("nfd", "registry.k8s.io/nfd/node-feature-discovery:v0.19.0", "nfd-master")
DRIVER = pod("driver", "nvcr.io/nvidia/driver:595.91.07", "nvidia-driver")
MIG_MANAGER = pod("mig", "nvcr.io/nvidia/cloud-native/k8s-mig-manager:v26.7.0", "nvidia-mig-manager")


def strategy(name):
    return pod("nvidia", NVIDIA_IMAGE, "nvidia-device-plugin", env=[("MIG_STRATEGY", name)])


def configured(*command, **env):
    return pod("nvidia", NVIDIA_IMAGE, *(command or ("nvidia-device-plugin",)), env=env.items(), volumes=[CONFIGS])


@pytest.fixture
def devices(instance):
    def make(type_name, image, nvidia=NOT_SHARED, efa=0):
        interfaces = [{"interfaceType": "efa-only"}] * efa
        machine = instance(instanceType=type_name, imageName=image, networkInterfaces=interfaces)
        member = Member(machine, Bootstrap(nvidia=nvidia), Hardware.of(INSTANCE_TYPES[type_name]))
        return NodeDevices(member)

    return make


def sight(*pods, labels=None, operator=None, configs=None, master=True):
    entries = {("ns", "configs"): configs}
    elsewhere = [*([NFD_MASTER] if master else []), *([operator] if operator else [])]
    return Sight(pods, labels or {}, cluster_wide(elsewhere), lambda *key: entries.get(key))


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
        ("g6f.large", NVIDIA_AMI, [NVIDIA], "a fraction of an L4 is no whole GPU"),
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
TIME_SLICED = "version: v1\nsharing: {timeSlicing: {resources: [{name: nvidia.com/gpu, replicas: 4}]}}"
RENAMED = TIME_SLICED.replace("timeSlicing: {", "timeSlicing: {renameByDefault: true, ")
BY_MPS = TIME_SLICED.replace("timeSlicing", "mps")
LABEL = "nvidia.com/device-plugin.config"
FALLBACK = {"FALLBACK_STRATEGIES": "named,single"}


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


# --- labels ---------------------------------------------------------------------------------------------------------
PCI, PRESENT = "feature.node.kubernetes.io/pci-10de.present", "nvidia.com/gpu.present"
CONFIG, STATE = "nvidia.com/mig.config", "nvidia.com/mig.config.state"
OPERATOR = pod(
    "operator", "nvcr.io/nvidia/gpu-operator:v26.7.0", "gpu-operator", env=[("MIG_CONFIG_DEFAULT", "all-disabled")]
)


@pytest.mark.parametrize(
    ("type_name", "worker", "expected"),
    [("g5.xlarge", NFD, "true"), ("m5.large", NFD, None), ("g5.xlarge", NFD_MASTER, None)],
)
def test_feature_discovery_labels_nodes_that_have_an_nvidia_device(devices, type_name, worker, expected):
    assert devices(type_name, STANDARD_AMI).look(sight(worker)).labels.get(PCI) == expected


def test_gpu_feature_discovery_names_product_count_and_capabilities(devices):
    labels = devices("p4d.24xlarge", NVIDIA_AMI).look(sight(GFD)).labels
    expected = {
        "nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB",
        "nvidia.com/gpu.count": "8",
        "nvidia.com/gpu.replicas": "1",
        "nvidia.com/gpu.memory": "40960",
        "nvidia.com/gpu.family": "ampere",
        "nvidia.com/gpu.compute.major": "8",
        "nvidia.com/mig.capable": "true",
        "nvidia.com/mps.capable": "false",
    }
    assert expected.items() <= labels.items()


def test_labels_that_are_as_they_should_be_are_not_written_again(devices):
    node = devices("p4d.24xlarge", NVIDIA_AMI)
    first = node.look(sight(GFD, NFD)).labels
    assert node.look(sight(GFD, NFD, labels=first)).labels == {}


@pytest.mark.parametrize(
    ("config", "label", "value"),
    [
        (TIME_SLICED, "nvidia.com/gpu.product", "NVIDIA-A10G-SHARED"),
        (TIME_SLICED, "nvidia.com/gpu.replicas", "4"),
        (TIME_SLICED, "nvidia.com/gpu.sharing-strategy", "time-slicing"),
        (RENAMED, "nvidia.com/gpu.product", "NVIDIA-A10G"),
        (BY_MPS, "nvidia.com/mps.capable", "true"),
    ],
)
def test_gpu_feature_discovery_tells_how_gpus_are_shared(devices, config, label, value):
    seen = sight(configured("gpu-feature-discovery"), labels={LABEL: "a"}, configs={"a": config})
    assert devices("g5.xlarge", NVIDIA_AMI).look(seen).labels[label] == value


def test_without_feature_discoverys_master_nobody_labels_what_its_workers_find(devices):
    assert devices("g5.xlarge", NVIDIA_AMI).look(sight(NFD, GFD, master=False)).labels == {}


def test_an_operator_that_is_pending_sets_no_labels(devices):
    pending = {**OPERATOR, "status": {"phase": "Pending"}}
    assert PRESENT not in devices("g5.xlarge", NVIDIA_AMI).look(sight(NFD, operator=pending)).labels


def test_without_a_driver_gpu_feature_discovery_says_nothing(devices):
    assert devices("g5.xlarge", STANDARD_AMI).look(sight(GFD)).labels == {}


def test_the_operator_labels_a_node_with_an_nvidia_device_for_its_operands(devices):
    labels = devices("g5.xlarge", NVIDIA_AMI).look(sight(NFD, operator=OPERATOR)).labels
    assert labels[PRESENT] == "true"
    assert labels["nvidia.com/gpu.deploy.device-plugin"] == labels["nvidia.com/gpu.deploy.driver"] == "true"
    assert "nvidia.com/gpu.deploy.mig-manager" not in labels


def test_the_operator_leaves_alone_what_nobody_found_to_be_a_gpu_node(devices):
    assert devices("g5.xlarge", NVIDIA_AMI).look(sight(operator=OPERATOR)).labels == {}


def test_the_operator_takes_back_a_label_that_no_pci_device_justifies(devices):
    given = {PRESENT: "true", "nvidia.com/gpu.deploy.driver": "true"}
    labels = devices("g5.xlarge", NVIDIA_AMI).look(sight(labels=given, operator=OPERATOR)).labels
    assert labels == {PRESENT: "false", "nvidia.com/gpu.deploy.driver": None}


def test_operands_can_be_switched_off_for_a_node(devices):
    given = {
        PCI: "true",
        PRESENT: "true",
        "nvidia.com/gpu.deploy.operands": "false",
        "nvidia.com/gpu.deploy.dcgm": "true",
    }
    labels = devices("g5.xlarge", NVIDIA_AMI).look(sight(labels=given, operator=OPERATOR)).labels
    assert labels == {"nvidia.com/gpu.deploy.dcgm": None}


def test_a_driver_pod_that_meets_the_images_driver_withdraws(devices):
    given = {PCI: "true", PRESENT: "true", "nvidia.com/gpu.deploy.driver": "true"}
    labels = devices("g5.xlarge", NVIDIA_AMI).look(sight(DRIVER, labels=given, operator=OPERATOR)).labels
    assert labels["nvidia.com/gpu.deploy.driver"] == "pre-installed"
    given |= labels
    assert devices("g5.xlarge", NVIDIA_AMI).look(sight(labels=given, operator=OPERATOR)).labels == {}


def test_the_operator_wants_mig_manager_only_where_discovery_found_the_gpu_capable(devices):
    node = devices("p5.48xlarge", NVIDIA_AMI)
    labels = node.look(sight(NFD, GFD, operator=OPERATOR)).labels
    labels |= node.look(sight(NFD, GFD, labels=labels, operator=OPERATOR)).labels
    assert (labels["nvidia.com/gpu.deploy.mig-manager"], labels[CONFIG]) == ("true", "all-disabled")


# --- MIG ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("type_name", "name", "config", "expected"),
    [
        ("p4d.24xlarge", "single", "all-1g.5gb", {GPU: "56"}),
        ("p4d.24xlarge", "single", "all-disabled", {GPU: "8"}),
        ("p4d.24xlarge", "none", "all-1g.5gb", {GPU: "8"}),
        ("p4d.24xlarge", "mixed", "all-1g.10gb", {"nvidia.com/mig-1g.10gb": "32"}),
        ("p4d.24xlarge", "mixed", "all-enabled", {}),
        ("p4de.24xlarge", "single", "all-1g.10gb", {GPU: "56"}),
        ("p5.4xlarge", "single", "all-3g.40gb", {GPU: "2"}),
        ("p5e.48xlarge", "single", "all-7g.141gb", {GPU: "8"}),
        ("p6-b200.48xlarge", "single", "all-2g.45gb", {GPU: "24"}),
        ("p6-b300.48xlarge", "single", "all-1g.34gb", {GPU: "56"}),
        ("g7e.2xlarge", "single", "all-1g.24gb", {GPU: "4"}),
        (
            "p5.48xlarge",
            "mixed",
            "all-balanced",
            {"nvidia.com/mig-1g.10gb": "16", "nvidia.com/mig-2g.20gb": "8", "nvidia.com/mig-3g.40gb": "8"},
        ),
        ("g7e.2xlarge", "mixed", "all-balanced", {"nvidia.com/mig-1g.24gb": "2", "nvidia.com/mig-2g.48gb": "1"}),
    ],
)
def test_partitions_are_offered_as_the_strategy_says(devices, type_name, name, config, expected):
    found = devices(type_name, NVIDIA_AMI).look(sight(MIG_MANAGER, strategy(name), labels={CONFIG: config}))
    assert (found.resources, found.faults) == (expected, ())
    assert found.labels[STATE] == "success"


@pytest.mark.parametrize(
    ("type_name", "config", "message"),
    [
        ("g5.xlarge", "all-1g.5gb", "NVIDIA-A10G cannot be partitioned"),
        (
            "p5.48xlarge",
            "all-1g.5gb",
            "'all-1g.5gb' does not exist for NVIDIA-H100-80GB-HBM3, or is not modelled; known",
        ),
        ("p5.48xlarge", "1g.10gb", "known: all-disabled, all-enabled, all-balanced, all-1g.10gb"),
    ],
)
def test_a_partitioning_that_the_gpu_cannot_do_fails_and_changes_nothing(devices, type_name, config, message):
    node = devices(type_name, NVIDIA_AMI)
    whole = node.look(sight(strategy("single"))).resources
    found = node.look(sight(MIG_MANAGER, strategy("single"), labels={CONFIG: config}))
    assert (found.labels[STATE], found.resources) == ("failed", whole)
    assert message in found.faults[0]


@pytest.mark.parametrize("config", ["all-balanced", "all-enabled"])
def test_strategy_single_needs_one_profile(devices, config):
    found = devices("p5.48xlarge", NVIDIA_AMI).look(sight(MIG_MANAGER, strategy("single"), labels={CONFIG: config}))
    assert found.resources == {}
    assert "needs MIG devices of exactly one profile" in found.faults[0]


def test_without_mig_manager_a_label_partitions_nothing(devices):
    found = devices("p5.48xlarge", NVIDIA_AMI).look(sight(strategy("mixed"), labels={CONFIG: "all-1g.10gb"}))
    assert (found.resources, found.labels) == ({GPU: "8"}, {})


def test_partitions_outlive_the_pod_that_made_them(devices):
    node = devices("p5.48xlarge", NVIDIA_AMI)
    node.look(sight(MIG_MANAGER, labels={CONFIG: "all-1g.10gb"}))
    assert node.look(sight(strategy("single"))).resources == {GPU: "56"}


@pytest.mark.parametrize(
    ("name", "label", "value"),
    [
        ("single", "nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb"),
        ("single", "nvidia.com/gpu.count", "56"),
        ("mixed", "nvidia.com/gpu.count", "8"),
        ("mixed", "nvidia.com/mig-1g.10gb.count", "56"),
        ("mixed", "nvidia.com/mig.strategy", "mixed"),
    ],
)
def test_gpu_feature_discovery_describes_partitions(devices, name, label, value):
    discovery = pod("gfd", NVIDIA_IMAGE, "gpu-feature-discovery", env=[("MIG_STRATEGY", name)])
    found = devices("p5.48xlarge", NVIDIA_AMI).look(sight(MIG_MANAGER, discovery, labels={CONFIG: "all-1g.10gb"}))
    assert found.labels[label] == value


def test_labels_of_partitions_go_with_the_partitions(devices):
    discovery = pod("gfd", NVIDIA_IMAGE, "gpu-feature-discovery", env=[("MIG_STRATEGY", "mixed")])
    node = devices("p5.48xlarge", NVIDIA_AMI)
    labels = {CONFIG: "all-1g.10gb"}
    labels |= node.look(sight(MIG_MANAGER, discovery, labels=labels)).labels
    after = node.look(sight(MIG_MANAGER, discovery, labels={**labels, CONFIG: "all-disabled"})).labels
    assert after["nvidia.com/mig-1g.10gb.count"] is None


def test_mps_is_not_for_partitions(devices):
    seen = sight(MIG_MANAGER, MPS, configured(), labels={CONFIG: "all-1g.10gb", LABEL: "a"}, configs={"a": BY_MPS})
    found = devices("p5.48xlarge", NVIDIA_AMI).look(seen)
    assert found.resources == {}
    assert "MPS sharing is not supported for MIG devices" in found.faults[0]
