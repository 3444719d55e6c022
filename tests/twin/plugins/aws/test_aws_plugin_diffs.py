"""Diff: inputs against recorded state, without AWS."""

import json
from dataclasses import replace

import pytest
from eks_twin.plugins.aws.plugin import AwsPlugin
from eks_twin.plugins.base import UNKNOWN

from tests.twin.plugins.aws.life import Life

VPC, ROLE, QUEUE, CLUSTER = "ec2/vpc:Vpc", "iam/role:Role", "sqs/queue:Queue", "eks/cluster:Cluster"
GROUP, RULE = "ec2/securityGroup:SecurityGroup", "vpc/securityGroupIngressRule:SecurityGroupIngressRule"
NODES, BOX = "eks/nodeGroup:NodeGroup", {"desiredSize": 1, "minSize": 1, "maxSize": 2}
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole"]}]}
LOOSE = {"Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow"}], "Version": "2012-10-17"}


def difference(type_, state, new, old_inputs=None, config=None, **more):
    plugin = AwsPlugin()
    plugin.configure({"region": "us-west-2", **(config or {})})
    life = Life(plugin, f"aws:{type_}", "thing", inputs=old_inputs or {}, state=state)
    return plugin.diff(replace(life.request, inputs=new, **more))


@pytest.mark.parametrize(
    ("type_", "state", "new"),
    [
        (VPC, {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": False}, {"cidrBlock": "10.0.0.0/16"}),
        (VPC, {"region": "us-west-2"}, {"region": "us-west-2"}),
        (VPC, {"region": "us-west-2"}, {}),
        (QUEUE, {"delaySeconds": 0, "fifoQueue": False}, {}),
        (QUEUE, {"policy": '{"a":1}'}, {}),
        (ROLE, {"assumeRolePolicy": json.dumps(TRUST)}, {"assumeRolePolicy": json.dumps(LOOSE)}),
        (NODES, {"subnetIds": ["a", "b"]}, {"subnetIds": ["b", "a"]}),
        (GROUP, {"ingress": [{"protocol": "tcp", "self": False}]}, {"ingress": [{"protocol": "tcp"}]}),
        (GROUP, {"ingress": [{"protocol": "tcp", "fromPort": 1, "toPort": 1}]}, {}),
        (CLUSTER, {"vpcConfig": {"subnetIds": ["a"], "vpcId": "vpc-1"}}, {"vpcConfig": {"subnetIds": ["a"]}}),
        (
            "iam/openIdConnectProvider:OpenIdConnectProvider",
            {"url": "oidc.example/id/1"},
            {"url": "https://oidc.example/id/1"},
        ),
    ],
)
def test_what_means_the_same_is_no_difference(type_, state, new):
    assert difference(type_, state, new).changes == {}


@pytest.mark.parametrize(
    ("type_", "state", "new", "changes", "replaces"),
    [
        (VPC, {"cidrBlock": "a"}, {"cidrBlock": "b"}, {"cidrBlock": "update-replace"}, ("cidrBlock",)),
        (VPC, {"tags": {"a": "1", "b": "2"}}, {"tags": {"a": "2"}}, {"tags.a": "update", "tags.b": "delete"}, ()),
        (VPC, {"tags": {"a": "1"}}, {}, {"tags": "delete"}, ()),
        (VPC, {"region": "us-west-2"}, {"region": "eu-west-1"}, {"region": "update-replace"}, ("region",)),
        (VPC, {"instanceTenancy": "dedicated"}, {"instanceTenancy": "default"}, {"instanceTenancy": "update"}, ()),
        (
            VPC,
            {"instanceTenancy": "default"},
            {"instanceTenancy": "dedicated"},
            {"instanceTenancy": "update-replace"},
            ("instanceTenancy",),
        ),
        (
            "ec2/placementGroup:PlacementGroup",
            {"strategy": "partition", "partitionCount": 2},
            {"strategy": "spread"},
            {"strategy": "update-replace"},
            ("strategy",),
        ),
        (ROLE, {"description": "d"}, {}, {"description": "delete"}, ()),
        (ROLE, {}, {"description": UNKNOWN}, {"description": "add"}, ()),
        (
            NODES,
            {"instanceTypes": ["a", "b"]},
            {"instanceTypes": ["b", "a"]},
            {"instanceTypes": "update-replace"},
            ("instanceTypes",),
        ),
        (
            NODES,
            {"scalingConfig": BOX},
            {"scalingConfig": {**BOX, "desiredSize": 2}},
            {"scalingConfig.desiredSize": "update"},
            (),
        ),
        (
            NODES,
            {"launchTemplate": {"id": "lt-1", "version": "1"}},
            {"launchTemplate": {"id": "lt-2", "version": "1"}},
            {"launchTemplate.id": "update-replace"},
            ("launchTemplate",),
        ),
        (
            CLUSTER,
            {"encryptionConfig": {"resources": ["secrets"]}},
            {},
            {"encryptionConfig": "delete-replace"},
            ("encryptionConfig",),
        ),
        (
            RULE,
            {"cidrIpv4": "10.0.0.0/8"},
            {"referencedSecurityGroupId": "sg-1"},
            {"cidrIpv4": "delete-replace", "referencedSecurityGroupId": "add-replace"},
            ("cidrIpv4", "referencedSecurityGroupId"),
        ),
        (RULE, {"cidrIpv4": "10.0.0.0/8"}, {"cidrIpv4": "10.1.0.0/16"}, {"cidrIpv4": "update"}, ()),
    ],
)
def test_differences_have_paths_kinds_and_replacements(type_, state, new, changes, replaces):
    found = difference(type_, state, new)
    assert (dict(found.changes), tuple(sorted(found.replaces))) == (changes, replaces)


def test_a_nested_value_that_the_program_took_away_is_a_difference():
    state = {"vpcConfig": {"subnetIds": ["a"], "endpointPrivateAccess": True, "vpcId": "vpc-1"}}
    found = difference(
        CLUSTER, state, {"vpcConfig": {"subnetIds": ["a"]}}, old_inputs={"vpcConfig": state["vpcConfig"]}
    )
    assert "vpcConfig.endpointPrivateAccess" in found.changes


@pytest.mark.parametrize(
    ("new", "first"),
    [
        ({"name": "mine", "__defaults": []}, True),
        ({"name": "mine-1234567", "__defaults": ["name"]}, False),
    ],
)
def test_a_name_of_the_programs_own_is_deleted_before_it_is_used_again(new, first):
    assert difference(QUEUE, {}, new).delete_before_replace is first


def test_ignored_changes_are_none():
    state = {"tags": {"a": "1"}, "description": "d"}
    found = difference(ROLE, state, {"tags": {"a": "2"}}, ignore_changes=("tags", "description"))
    assert found.changes == {}


def test_a_provider_wide_tag_that_is_missing_is_a_difference_of_tags_all():
    config = {"defaultTags": {"tags": {"Owner": "me"}}}
    assert difference(VPC, {"tagsAll": {}}, {}, config=config).changes == {"tagsAll": "update"}
    assert difference(VPC, {"tagsAll": {"Owner": "me"}}, {}, config=config).changes == {}
