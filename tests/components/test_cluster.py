import json

import pytest
from eks_accelerators.cluster import Cluster

ROLE = "arn:aws:iam::123456789012:role/ops"


@pytest.fixture
def cluster(run):
    """What a cluster with the given settings registers."""

    def cluster(**settings):
        args = {
            "vpc_id": "vpc-1",
            "public_subnet_ids": ["subnet-p"],
            "private_subnet_ids": ["subnet-a", "subnet-b"],
            "node_subnet_ids": ["subnet-a", "subnet-b"],
            "settings": {"name": "eks-workshop", "public_access_cidrs": ["203.0.113.0/24"], **settings},
        }
        return run(lambda: Cluster("c", args))

    return cluster


def test_the_control_plane_is_asked_for_nothing_that_somebody_else_owns(cluster):
    inputs = cluster().named("c-control-plane", "Cluster").inputs
    expected = {
        "name": "eks-workshop",
        "version": "1.35",
        "skipDefaultNodeGroup": True,
        "skipDefaultSecurityGroups": True,
        "bootstrapSelfManagedAddons": False,
        "useDefaultVpcCni": True,
        "authenticationMode": "API",
        "endpointPrivateAccess": True,
        "endpointPublicAccess": True,
        "publicAccessCidrs": ["203.0.113.0/24"],
        "enabledClusterLogTypes": ["api", "audit", "authenticator"],
    }
    assert {key: inputs[key] for key in expected} == expected
    assert not inputs["kubeProxyAddonOptions"]["enabled"]
    assert "corednsAddonOptions" not in inputs  # any value would make pulumi-eks create a second coredns add-on


def test_without_public_networks_the_endpoint_is_private_only(cluster):
    inputs = cluster(public_access_cidrs=[]).named("c-control-plane", "Cluster").inputs
    assert not inputs["endpointPublicAccess"]
    assert "publicAccessCidrs" not in inputs


def test_secrets_are_encrypted_with_a_rotating_key_of_their_own(cluster):
    made = cluster()
    assert made.of("Key")[0].inputs["enableKeyRotation"]
    assert made.of("Alias")[0].inputs["name"] == "alias/eks/eks-workshop"
    assert "Key c-secrets" in made.named("c-control-plane", "Cluster").dependencies


def test_logs_exist_with_their_retention_before_the_cluster_writes(cluster):
    made = cluster(log_retention_days=30)
    log_group = made.of("LogGroup")[0]
    assert (log_group.inputs["name"], log_group.inputs["retentionInDays"]) == ("/aws/eks/eks-workshop/cluster", 30)
    assert "LogGroup c-logs" in made.named("c-control-plane", "Cluster").dependencies


def test_one_security_group_carries_the_discovery_tag(cluster):
    (tag,) = cluster().of("Tag")
    assert tag.inputs == {"resourceId": "sg-cluster", "key": "karpenter.sh/discovery", "value": "eks-workshop"}


def test_nodes_come_after_what_they_need_and_before_dns(cluster):
    made = cluster()
    nodes = made.of("NodeGroup")[0]
    assert {"Addon c-vpc-cni", "Addon c-kube-proxy", "Addon c-eks-pod-identity-agent"} <= nodes.dependencies
    assert {f"RolePolicyAttachment c-system-nodes-{p}" for p in ("worker", "cni", "registry")} <= nodes.dependencies
    assert "NodeGroup c-system-nodes" in made.named("c-coredns", "Addon").dependencies


def test_add_ons_are_pinned_and_configured(cluster):
    made = cluster(addons={"vpc-cni": {"configuration": {"env": {"ENABLE_PREFIX_DELEGATION": "true"}}}})
    versions = {a.inputs["addonName"]: a.inputs["addonVersion"] for a in made.of("Addon")}
    assert versions == {
        "vpc-cni": "v1.21.1-eksbuild.3",
        "kube-proxy": "v1.35.0-eksbuild.2",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "coredns": "v1.13.2-eksbuild.1",
    }
    configured = made.named("c-vpc-cni", "Addon").inputs["configurationValues"]
    assert json.loads(configured) == {"env": {"ENABLE_PREFIX_DELEGATION": "true"}}
    assert "configurationValues" not in made.named("c-coredns", "Addon").inputs


def test_system_nodes_are_encrypted_and_speak_imdsv2_within_one_hop(cluster):
    made = cluster(system_nodes={"count": 3, "instance_types": ["m7g.large"], "volume_gib": 80, "labels": {"a": "b"}})
    template, nodes = made.of("LaunchTemplate")[0].inputs, made.of("NodeGroup")[0].inputs
    assert template["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }
    assert template["blockDeviceMappings"] == [
        {
            "deviceName": "/dev/xvda",
            "ebs": {"volumeSize": 80, "volumeType": "gp3", "encrypted": "true", "deleteOnTermination": "true"},
        }
    ]
    assert (nodes["amiType"], nodes["version"], nodes["labels"]) == ("AL2023_ARM_64_STANDARD", "1.35", {"a": "b"})
    assert nodes["scalingConfig"] == {"minSize": 3, "desiredSize": 3, "maxSize": 4}
    assert nodes["launchTemplate"] == {"id": "c-system-nodes-id", "version": "1"}


@pytest.mark.parametrize(
    ("access", "scope"),
    [
        ({}, {"type": "cluster"}),
        ({"policy": "AmazonEKSViewPolicy", "namespaces": ["ml"]}, {"type": "namespace", "namespaces": ["ml"]}),
    ],
)
def test_access_is_an_entry_with_a_policy_in_a_scope(cluster, access, scope):
    inputs = cluster(access={"ops": {"principal": ROLE, **access}}).named("c-control-plane", "Cluster").inputs
    entry = inputs["accessEntries"]["ops"]
    policy = access.get("policy", "AmazonEKSClusterAdminPolicy")
    assert entry["principalArn"] == ROLE
    assert entry["accessPolicies"]["policy"] == {
        "policyArn": f"arn:aws:eks::aws:cluster-access-policy/{policy}",
        "accessScope": scope,
    }


def test_access_by_groups_alone_has_no_policy(cluster):
    access = {"ops": {"principal": ROLE, "policy": None, "groups": ["operators"]}}
    entry = cluster(access=access).named("c-control-plane", "Cluster").inputs["accessEntries"]["ops"]
    assert (entry["kubernetesGroups"], entry["accessPolicies"]) == (["operators"], {})
