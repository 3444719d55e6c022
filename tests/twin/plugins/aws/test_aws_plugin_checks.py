"""Check: what is refused and how it is worded, what is filled in, what is kept. Nothing here asks AWS."""

import re

import pytest
from eks_twin.plugins.aws.plugin import AwsPlugin
from eks_twin.plugins.base import UNKNOWN, PluginError

from tests.twin.plugins.aws.life import Life

VPC = "aws:ec2/vpc:Vpc"
ROLE = "aws:iam/role:Role"
QUEUE = "aws:sqs/queue:Queue"
CLUSTER = "aws:eks/cluster:Cluster"
PLACEMENT = "aws:ec2/placementGroup:PlacementGroup"
CLUSTER_INPUTS = {"roleArn": "arn", "vpcConfig": {"subnetIds": ["subnet-1"]}}


def made(type_, name="thing"):
    plugin = AwsPlugin()
    plugin.configure({"region": "us-west-2"})
    return Life(plugin, type_, name)


@pytest.mark.parametrize(
    ("type_", "inputs", "message"),
    [
        (VPC, {"cidrBlok": "10.0.0.0/16"}, "cidrBlok: aws:ec2/vpc:Vpc has no such property; did you mean cidrBlock?"),
        (VPC, {"enableDnsSupport": "maybe"}, "enableDnsSupport: expected boolean, got 'maybe'"),
        (VPC, {"tags": ["a"]}, "tags: expected an object, got ['a']"),
        (VPC, {"tags": {"a": ["b"]}}, "tags.a: expected string, got ['b']"),
        (VPC, {"ipv4NetmaskLength": 1.5}, "ipv4NetmaskLength: expected integer, got 1.5"),
        (VPC, {"ipv4IpamPoolId": "pool"}, "ipv4IpamPoolId is not modelled by the twin; modelled: "),
        (CLUSTER, {**CLUSTER_INPUTS, "zonalShiftConfig": {"enabled": False}}, "zonalShiftConfig is not modelled"),
        (ROLE, {}, "assumeRolePolicy: a value is required"),
        (CLUSTER, {"roleArn": "arn", "vpcConfig": {}}, "vpcConfig.subnetIds: a value is required"),
        (
            CLUSTER,
            {**CLUSTER_INPUTS, "vpcConfig": {"subnetIds": ["a"], "endpointPublic": True}},
            "vpcConfig.endpointPublic: ClusterVpcConfig has no such property; did you mean endpointPublicAccess?",
        ),
        (
            "aws:ec2/launchTemplate:LaunchTemplate",
            {"blockDeviceMappings": [{"ebs": {"volumeSize": "big"}}]},
            "blockDeviceMappings[0].ebs.volumeSize: expected integer, got 'big'",
        ),
        (
            "aws:ec2/route:Route",
            {"routeTableId": "rtb-1", "gatewayId": "igw-1", "natGatewayId": "nat-1", "destinationCidrBlock": "::/0"},
            "gatewayId and natGatewayId are mutually exclusive; set one of them",
        ),
        (
            "aws:ec2/route:Route",
            {"routeTableId": "rtb-1", "gatewayId": "igw-1"},
            "one of destinationCidrBlock, destinationIpv6CidrBlock, destinationPrefixListId is required",
        ),
        (PLACEMENT, {"strategy": "near"}, "strategy: expected one of cluster, partition, spread, got 'near'"),
        (
            PLACEMENT,
            {"strategy": "cluster", "partitionCount": 2},
            "partitionCount must not be set when strategy = 'cluster'; it needs 'partition'",
        ),
        (
            PLACEMENT,
            {"strategy": "partition", "spreadLevel": "rack"},
            "spreadLevel must not be set when strategy = 'partition'; it needs 'spread'",
        ),
        (
            PLACEMENT,
            {"strategy": "partition", "partitionCount": 8},
            "partitionCount: expected one of 1, 2, 3, 4, 5, 6, 7, got 8",
        ),
    ],
)
def test_refuses_by_path_value_and_rule(type_, inputs, message):
    assert message in "\n".join(made(type_).failures(**inputs))


def test_refuses_a_type_by_name_and_says_what_is_served():
    with pytest.raises(PluginError, match=r"aws:s3/bucket:Bucket: the twin's aws plugin does not model .*aws:ec2/vpc"):
        made("aws:s3/bucket:Bucket").check()


def test_an_unmodelled_input_that_says_what_its_absence_says_is_let_through():
    assert made(VPC).failures(cidrBlock="10.0.0.0/16", ipv4IpamPoolId="") == []


def test_what_is_not_known_yet_is_not_refused_for_its_value():
    assert made(PLACEMENT).failures(strategy=UNKNOWN, partitionCount=2) == []


def test_fills_in_defaults_other_than_false_and_remembers_them():
    inputs = made(VPC).check(cidrBlock="10.0.0.0/16")
    assert inputs == {
        "cidrBlock": "10.0.0.0/16",
        "enableDnsSupport": True,
        "instanceTenancy": "default",
        "__defaults": ["enableDnsSupport", "instanceTenancy"],
    }


def test_fills_in_defaults_inside_objects():
    vpc_config = made(CLUSTER).check(**CLUSTER_INPUTS)["vpcConfig"]
    assert vpc_config == {
        "subnetIds": ["subnet-1"],
        "endpointPublicAccess": True,
        "__defaults": ["endpointPublicAccess"],
    }


@pytest.mark.parametrize(
    ("type_", "inputs", "property_", "pattern"),
    [
        (QUEUE, {}, "name", r"thing-[0-9a-f]{7}"),
        (QUEUE, {"fifoQueue": True}, "name", r"thing-[0-9a-f]{7}\.fifo"),
        ("aws:kms/alias:Alias", {"targetKeyId": "key"}, "name", r"alias/thing-[0-9a-f]{7}"),
    ],
)
def test_generates_names_from_the_seed(type_, inputs, property_, pattern):
    first, second = made(type_).check(**inputs), made(type_).check(**inputs)
    assert first[property_] == second[property_]
    assert property_ in first["__defaults"]
    assert re.fullmatch(pattern, first[property_])


def test_a_given_name_is_no_default():
    assert "name" not in made(QUEUE).check(name="mine")["__defaults"]


def test_keeps_the_generated_name_on_an_update():
    life = made(QUEUE)
    life.inputs = {**life.check(), "name": "thing-0000000"}
    assert life.check(delaySeconds=5)["name"] == "thing-0000000"


def test_refuses_to_cut_a_generated_name():
    [message] = made(ROLE, "n" * 60).failures(assumeRolePolicy="{}")
    assert f"name '{'n' * 60}' plus 7 random chars is longer than maximum length 64; set name yourself" in message


def test_turns_a_policy_object_into_text():
    document = {"Version": "2012-10-17", "Statement": []}
    assert made(ROLE).check(assumeRolePolicy=document)["assumeRolePolicy"] == '{"Version":"2012-10-17","Statement":[]}'


def test_a_policy_with_something_unknown_is_unknown():
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": UNKNOWN}]}
    assert made(ROLE).check(assumeRolePolicy=document)["assumeRolePolicy"] is UNKNOWN


def test_converts_scalars_as_the_bridge_does_and_drops_nulls():
    template = made("aws:ec2/launchTemplate:LaunchTemplate").check(
        name="x", ebsOptimized=True, description=None, defaultVersion="3"
    )
    assert template == {"name": "x", "ebsOptimized": "true", "defaultVersion": 3, "__defaults": []}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"region": "us-west-2", "httpProxy": "x"}, "aws:httpProxy is not modelled by the twin's aws plugin"),
        ({}, "no region: set aws:region, AWS_REGION or AWS_DEFAULT_REGION"),
    ],
)
def test_refuses_provider_inputs_that_would_be_ignored(monkeypatch, config, message):
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    [failure] = AwsPlugin().check_config(config)[1]
    assert message in failure.reason


def test_takes_provider_inputs_as_the_sdk_writes_them():
    config = {"region": "us-west-2", "defaultTags": '{"tags":{"a":"b"}}', "skipCredentialsValidation": "true"}
    plugin = AwsPlugin()
    assert plugin.check_config(config) == (config, [])
    plugin.configure(config)
    assert plugin.session.default_tags == {"a": "b"}
