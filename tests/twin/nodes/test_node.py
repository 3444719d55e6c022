"""An instance becomes a Node only if EKS would let it in, and then with the right labels, taints and devices."""

import pytest
from eks_twin.nodes.capacity import Hardware
from eks_twin.nodes.images import program, repository, tag
from eks_twin.nodes.node import JoinError, Member, admit, labels, node_object
from eks_twin.nodes.plugins import resources
from moto.ec2.models.instance_types import INSTANCE_TYPES

ROLE = "arn:aws:iam::123456789012:role/node"
CONFIG = "apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec: {{cluster: {{name: {0}, apiServerEndpoint: {1}}}}}"
OURS = CONFIG.format("demo", "https://127.0.0.1:1")


def cluster(**changes):
    entry = {"principalArn": ROLE, "type": "EC2_LINUX"}
    plain = {"name": "demo", "vpcId": "vpc-1", "endpoint": "https://127.0.0.1:1", "nodegroups": []}
    return {**plain, "accessEntries": [entry], **changes}


GROUP = {
    "name": "system",
    "instanceIds": ["i-1"],
    "labels": {"team": "platform"},
    "taints": [{"key": "CriticalAddonsOnly", "value": None, "effect": "NO_SCHEDULE"}],
    "capacityType": "SPOT",
}


def test_an_instance_whose_user_data_names_the_cluster_is_admitted(instance):
    assert admit(instance(userData=OURS), cluster()).cluster == "demo"


@pytest.mark.parametrize(
    "changes",
    [
        {"userData": CONFIG.format("other", "https://127.0.0.1:2")},
        {"userData": ""},
        {"userData": "not ours = ["},
        {"userData": OURS, "state": "pending"},
        {"userData": OURS, "vpcId": "vpc-2"},
    ],
)
def test_an_instance_that_is_not_meant_for_the_cluster_is_left_alone(instance, changes):
    assert admit(instance(**changes), cluster()) is None


@pytest.mark.parametrize(
    ("machine", "changes", "message"),
    [
        ({"userData": OURS}, {"accessEntries": []}, "role/node has no access entry of type EC2_LINUX on cluster demo"),
        (
            {"userData": OURS},
            {"accessEntries": [{"principalArn": ROLE, "type": "STANDARD"}]},
            "has no access entry of type EC2_LINUX",
        ),
        ({"userData": OURS, "roleArn": None}, {}, "it has no instance profile"),
        ({"userData": OURS}, {"endpoint": "https://127.0.0.1:9"}, "names the endpoint https://127.0.0.1:1"),
        ({"userData": OURS.replace("}}", "}, nodes: 1}")}, {}, r"i-1: user data spec\.nodes: not modelled"),
    ],
)
def test_an_instance_that_cannot_join_says_why(instance, machine, changes, message):
    with pytest.raises(JoinError, match=message):
        admit(instance(**machine), cluster(**changes))


def member(machine, **changes):
    return Member(machine, admit(machine, cluster(**changes)), Hardware.of(INSTANCE_TYPES[machine.type]))


def test_a_managed_group_gives_its_labels_and_taints(instance):
    node = node_object(member(instance(), nodegroups=[GROUP]), "v1.35.4")
    assert node["spec"]["taints"] == [{"key": "CriticalAddonsOnly", "value": "", "effect": "NoSchedule"}]
    given = node["metadata"]["labels"]
    assert given["eks.amazonaws.com/nodegroup"] == "system"
    assert given["eks.amazonaws.com/capacityType"] == "SPOT"
    assert given["team"] == "platform"


def test_the_cloud_providers_labels_and_addresses_are_the_instances(instance):
    node = node_object(member(instance(userData=OURS)), "v1.35.4")
    given = node["metadata"]["labels"]
    assert given["topology.k8s.aws/zone-id"] == "usw2-az1"
    assert given["topology.kubernetes.io/zone"] == "us-west-2a"
    assert given["kubernetes.io/arch"] == "amd64"
    assert node["spec"]["providerID"] == "aws:///us-west-2a/i-1"
    assert node["status"]["addresses"][0] == {"type": "InternalIP", "address": "10.0.0.4"}


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("amazon-eks-node-al2023-x86_64-nvidia-1.35-v20261101", "true"),
        ("amazon-eks-node-al2023-x86_64-neuron-1.35-v20261101", None),
        ("bottlerocket-aws-k8s-1.35-nvidia-x86_64-v1.54.0-c8b1f3d2", None),
    ],
)
def test_nodeadm_labels_nvidia_nodes_of_al2023_only(instance, image, expected):
    machine = member(instance(userData=OURS, imageName=image))
    assert labels(machine).get("nvidia.com/gpu.present") == expected


@pytest.mark.parametrize(
    ("image", "disks", "gib"),
    [
        ("amazon-eks-node-al2023-x86_64-neuron-1.35-v1", {"/dev/xvda": 100}, 100),
        ("bottlerocket-aws-k8s-1.35-x86_64-v1.54.0-a", {"/dev/xvda": 4, "/dev/xvdb": 50}, 50),
        ("my-own-image", {"/dev/sda1": 30}, 30),
    ],
)
def test_the_disk_that_holds_pods_depends_on_the_image(instance, image, disks, gib):
    listed = [{"DeviceName": name, "VolumeSize": size} for name, size in disks.items()]
    assert member(instance(userData=OURS, imageName=image, blockDeviceMappings=listed)).disk_gib == gib


NEURON_PLUGIN = "public.ecr.aws/neuron/neuron-device-plugin:2.32.0.0"
NVIDIA_PLUGIN = "nvcr.io/nvidia/k8s-device-plugin:v0.20.0"
NEURON_AMI = "amazon-eks-node-al2023-x86_64-neuron-1.35-v1"
NVIDIA_AMI = "amazon-eks-node-al2023-x86_64-nvidia-1.35-v1"
STANDARD_AMI = "amazon-eks-node-al2023-x86_64-standard-1.35-v1"


@pytest.mark.parametrize(
    ("type_name", "ami", "images", "expected"),
    [
        ("inf2.xlarge", NEURON_AMI, [NEURON_PLUGIN], {"aws.amazon.com/neuron": "1", "aws.amazon.com/neuroncore": "2"}),
        ("inf2.xlarge", NEURON_AMI, [], {}),
        ("inf2.xlarge", STANDARD_AMI, [NEURON_PLUGIN], {}),
        ("inf2.xlarge", NEURON_AMI, [NVIDIA_PLUGIN], {}),
        ("g5.xlarge", NVIDIA_AMI, [NVIDIA_PLUGIN], {"nvidia.com/gpu": "1"}),
        ("g5.xlarge", "my-own-image", [NVIDIA_PLUGIN], {"nvidia.com/gpu": "1"}),
        ("g5.xlarge", "bottlerocket-aws-k8s-1.35-nvidia-x86_64-v1", [], {"nvidia.com/gpu": "1"}),
        ("g5.xlarge", "bottlerocket-aws-k8s-1.35-x86_64-v1", [NVIDIA_PLUGIN], {}),
        ("m5.large", STANDARD_AMI, [NEURON_PLUGIN, NVIDIA_PLUGIN], {}),
    ],
)
def test_a_resource_needs_hardware_driver_and_plugin(instance, type_name, ami, images, expected):
    machine = instance(instanceType=type_name, imageName=ami)
    assert resources(machine, Hardware.of(INSTANCE_TYPES[type_name]), images) == expected


@pytest.mark.parametrize(
    ("image", "name", "label"),
    [
        ("public.ecr.aws/karpenter/controller:1.14.1@sha256:abc", "public.ecr.aws/karpenter/controller", "1.14.1"),
        ("localhost:5000/app", "localhost:5000/app", "latest"),
        ("nginx:1", "nginx", "1"),
    ],
)
def test_images_are_taken_apart(image, name, label):
    assert (repository(image), tag(image)) == (name, label)


def test_only_known_images_are_run():
    assert program("public.ecr.aws/karpenter/controller:1.14.1").tool == "karpenter"
    assert program("example.com/karpenter/controller:1.14.1") is None
