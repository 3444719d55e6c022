"""Labels say what discovery found, and MIG manager does what labels say."""

import pytest

from tests.twin.nodes.sights import (
    BY_MPS,
    DRIVER,
    GFD,
    GPU,
    LABEL,
    MIG_MANAGER,
    MPS,
    NFD,
    NFD_MASTER,
    NVIDIA_AMI,
    NVIDIA_IMAGE,
    RENAMED,
    STANDARD_AMI,
    TIME_SLICED,
    configured,
    pod,
    sight,
    strategy,
)

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
