"""An instance becomes a Node only if EKS would let it in, and then with the right labels, taints and devices."""

import pytest
from eks_twin.nodes.capacity import Hardware
from eks_twin.nodes.images import program, repository, tag
from eks_twin.nodes.node import JoinError, Member, admit, labels, node_object
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
        ({"userData": "#!/bin/sh\njoin demo"}, {}, "i-1: its user data names cluster demo only in scripts"),
        ({"userData": "<powershell>\ndemo\n</powershell>"}, {}, "i-1: user data is a PowerShell script"),
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
        ("amazon-eks-node-al2023-arm64-nvidia-1.36-v20261101", "true"),
        ("amazon-eks-node-al2023-x86_64-nvidia-1.34-v20261101", None),
        ("amazon-eks-node-al2023-x86_64-neuron-1.35-v20261101", None),
        ("bottlerocket-aws-k8s-1.35-nvidia-x86_64-v1.54.0-c8b1f3d2", None),
    ],
)
def test_nodeadm_labels_nvidia_nodes_of_al2023_from_kubernetes_1_35_only(instance, image, expected):
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


@pytest.mark.parametrize("name", ["public.ecr.aws/karpenter/controller", "inftyai/karpenter-provider-aws"])
def test_karpenter_and_its_known_fork_are_run(name):
    assert program(f"{name}:1.14.1").tool == "karpenter"


def test_an_image_of_another_name_is_not_run():
    assert program("example.com/karpenter/controller:1.14.1") is None
