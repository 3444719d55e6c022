"""Functions, against the twin's AWS or, where they are pure, without it."""

import base64
import json
import urllib.parse

import boto3
import pytest
from eks_twin.plugins.aws.plugin import AwsPlugin
from eks_twin.plugins.base import PluginError

from tests.twin.plugins.aws.life import REGION


def ask(plugin, name, /, **args):
    module, function = name.split("/")
    result, failures = plugin.invoke(f"aws:{module}/{function}:{function}", args)
    assert failures == []
    return result


def document(**args):
    return json.loads(ask(AwsPlugin(), "iam/getPolicyDocument", **args)["json"])


def test_a_policy_document_has_the_shape_that_iam_wants():
    statement = {
        "sid": "One",
        "actions": ["ec2:RunInstances", "ec2:CreateFleet"],
        "resources": ["arn:aws:ec2:*:*:instance/&{aws:username}"],
        "principals": [{"type": "Service", "identifiers": ["a.amazonaws.com"]}],
        "conditions": [{"test": "StringEquals", "variable": "aws:RequestTag/a", "values": ["b"]}],
    }
    assert document(statements=[statement]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "One",
                "Effect": "Allow",
                "Action": ["ec2:RunInstances", "ec2:CreateFleet"],
                "Resource": "arn:aws:ec2:*:*:instance/${aws:username}",
                "Principal": {"Service": "a.amazonaws.com"},
                "Condition": {"StringEquals": {"aws:RequestTag/a": "b"}},
            }
        ],
    }


def test_statements_override_sources_by_sid_and_are_overridden():
    source = json.dumps({"Statement": [{"Sid": "A", "Effect": "Deny"}, {"Sid": "B", "Effect": "Deny"}]})
    override = json.dumps({"Statement": {"Sid": "B", "Effect": "Allow", "Action": "c:*"}})
    statements = [{"sid": "A", "actions": ["a:*"]}]
    result = document(sourcePolicyDocuments=[source], statements=statements, overridePolicyDocuments=[override])
    assert result["Statement"] == [
        {"Sid": "A", "Effect": "Allow", "Action": "a:*"},
        {"Sid": "B", "Effect": "Allow", "Action": "c:*"},
    ]


def test_equal_sids_in_sources_are_refused():
    source = json.dumps({"Statement": [{"Sid": "A", "Effect": "Deny"}]})
    with pytest.raises(PluginError, match=r"duplicate Sid \(A\) in sourcePolicyDocuments"):
        document(sourcePolicyDocuments=[source, source])


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (
            "aws:ec2/getAmi:getAmi",
            r"aws:ec2/getAmi:getAmi: the twin's aws plugin does not model this function; modelled: ",
        )
    ],
)
def test_an_unmodelled_function_is_refused_by_name(token, message):
    with pytest.raises(PluginError, match=message):
        AwsPlugin().invoke(token, {})


def test_an_unknown_argument_is_refused():
    _, [failure] = AwsPlugin().invoke("aws:ec2/getVpc:getVpc", {"vpcId": "x"})
    assert "vpcId: aws:ec2/getVpc:getVpc has no such property" in failure.reason


def test_says_who_and_where_one_is(plugin):
    assert ask(plugin, "index/getCallerIdentity")["accountId"] == "123456789012"
    assert ask(plugin, "index/getPartition") == {
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
        "id": "aws",
    }
    assert ask(plugin, "index/getRegion")["description"] == "US West (Oregon)"
    assert ask(plugin, "index/getRegion", region="eu-west-1")["endpoint"] == "ec2.eu-west-1.amazonaws.com"
    assert ask(plugin, "index/getRegion", region="cn-north-1")["endpoint"] == "ec2.cn-north-1.amazonaws.com.cn"


def test_lists_zones_in_order_and_leaves_out_those_excluded(plugin):
    zones = ask(plugin, "index/getAvailabilityZones", state="available", excludeNames=["us-west-2b"])
    assert zones["names"] == ["us-west-2a", "us-west-2c", "us-west-2d"]
    assert len(zones["zoneIds"]) == 3


def test_finds_networks(plugin, world):
    vpc = ask(plugin, "ec2/getVpc", id=world.vpc)
    assert (vpc["cidrBlock"], vpc["default"], vpc["enableDnsSupport"]) == ("10.40.0.0/16", False, True)
    found = ask(plugin, "ec2/getSubnets", filters=[{"name": "vpc-id", "values": [world.vpc]}])
    assert set(world.subnets) <= set(found["ids"])
    assert ask(plugin, "ec2/getSubnet", id=world.subnets[0])["availabilityZone"] == "us-west-2a"
    assert ask(plugin, "ec2/getSecurityGroup", vpcId=world.vpc, name="world")["id"] == world.group


def test_an_argument_that_the_twins_aws_cannot_search_by_is_refused_there_and_not_left_out(plugin, world):
    with pytest.raises(
        PluginError, match=r"ipv6-cidr-block-association.ipv6-cidr-block' is invalid for DescribeSubnets"
    ):
        ask(plugin, "ec2/getSubnet", id=world.subnets[0], ipv6CidrBlock="2001:db8::/64")


def test_none_or_several_matches_are_an_error(plugin, world):
    with pytest.raises(PluginError, match=r"multiple \(\d+\) matching EC2 Subnet found; change the search"):
        ask(plugin, "ec2/getSubnet", vpcId=world.vpc)
    with pytest.raises(PluginError, match="no matching EC2 VPC found"):
        ask(plugin, "ec2/getVpc", cidrBlock="192.0.2.0/24")


def test_describes_accelerators(plugin):
    trainium = ask(plugin, "ec2/getInstanceType", instanceType="trn1.32xlarge")
    assert trainium["neuronDevices"] == [
        {"count": 16, "name": "Trainium", "memorySize": 32768, "coreCount": 2, "coreVersion": 2}
    ]
    assert (trainium["efaMaximumInterfaces"], trainium["defaultVcpus"], trainium["memorySize"]) == (8, 128, 524288)
    assert ask(plugin, "ec2/getInstanceType", instanceType="g6.xlarge")["gpuses"][0]["name"] == "L4"


def test_lists_instance_types_and_their_offerings(plugin):
    wanted = [{"name": "instance-type", "values": ["trn1.32xlarge", "m6i.large"]}]
    assert ask(plugin, "ec2/getInstanceTypes", filters=wanted)["instanceTypes"] == ["m6i.large", "trn1.32xlarge"]
    offered = ask(plugin, "ec2/getInstanceTypeOfferings", locationType="availability-zone", filters=wanted)
    assert len(offered["instanceTypes"]) == len(offered["locations"]) > 2


def test_reads_parameters(plugin):
    name = "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id"
    found = ask(plugin, "ssm/getParameter", name=name)
    assert found["value"].startswith("ami-")
    assert found["insecureValue"] == found["value"]


def test_looks_up_roles(plugin, world):
    assert ask(plugin, "iam/getRole", name=world.role)["arn"] == world.role_arn
    assert ask(plugin, "iam/getRoles", nameRegex="^world$")["names"] == ["world"]


def test_looks_up_clusters_and_add_on_versions(plugin, world):
    cluster = ask(plugin, "eks/getCluster", name=world.cluster)
    assert cluster["vpcConfig"]["vpcId"] == world.vpc
    assert cluster["identities"][0]["oidcs"][0]["issuer"].startswith("https://oidc.eks.us-west-2")
    assert cluster["enabledClusterLogTypes"] == ["api"]
    newest = ask(plugin, "eks/getAddonVersion", addonName="vpc-cni", kubernetesVersion="1.34", mostRecent=True)
    versions = boto3.client("eks", region_name=REGION).describe_addon_versions(
        addonName="vpc-cni", kubernetesVersion="1.34"
    )
    assert newest["version"] == versions["addons"][0]["addonVersions"][0]["addonVersion"]
    with pytest.raises(PluginError, match=r"EKS.*nonsense"):
        ask(plugin, "eks/getAddonVersion", addonName="nonsense", kubernetesVersion="1.34")


def test_a_cluster_token_is_a_signed_question_about_oneself(plugin, world, settler):
    token = ask(plugin, "eks/getClusterAuth", name=world.cluster)["token"]
    encoded = token.removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
    assert query["Action"] == ["GetCallerIdentity"]
    assert query["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    assert settler.call("POST", f"clusters/{world.cluster}/tokenreview", review)["status"]["authenticated"] is True
