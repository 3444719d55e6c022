"""What users see when AWS refuses, when something does not become ready, and when they interrupt."""

import json
import threading
from dataclasses import replace

import boto3
import pytest
from eks_twin.plugins.aws.plugin import AwsPlugin
from eks_twin.plugins.base import InitError, PluginError

from tests.twin.plugins.aws.life import REGION, Life

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}],
}


def test_an_error_is_worded_as_pulumi_aws_words_it(life, world):
    with pytest.raises(
        PluginError,
        match=r"creating EC2 Subnet \(.*\): operation error EC2: CreateSubnet, api error InvalidSubnet\.Range: .*10\.",
    ):
        life("ec2/subnet:Subnet", vpcId=world.vpc, cidrBlock="10.99.0.0/24")


def test_a_name_in_use_names_the_resource(life, world):
    inputs = {"name": world.cluster, "roleArn": world.role_arn, "vpcConfig": {"subnetIds": world.subnets}}
    with pytest.raises(
        PluginError,
        match=r"creating EKS Cluster \(world-.*\): operation error EKS: CreateCluster, api error ResourceInUse",
    ):
        life("eks/cluster:Cluster", **inputs)


def test_an_unhealthy_add_on_keeps_its_state_and_tells_why(life, world, settler):
    issue = {"code": "InsufficientNumberOfReplicas", "message": "no nodes", "resourceIds": ["coredns"]}
    settler.unhealthy["coredns"] = {"status": "CREATE_FAILED", "health": {"issues": [issue]}}
    resource = life("eks/addon:Addon")
    with pytest.raises(
        InitError, match=r"unexpected state 'CREATE_FAILED'. InsufficientNumberOfReplicas: no nodes \(coredns\)"
    ) as raised:
        resource.create(clusterName=world.cluster, addonName="coredns")
    del settler.unhealthy["coredns"]
    assert raised.value.id == f"{world.cluster}:coredns"
    assert raised.value.state["addonName"] == "coredns"
    resource.id, resource.state = raised.value.id, raised.value.state


def test_waiting_ends_with_the_programs_own_timeout(plugin, world, settler):
    settler.unhealthy["coredns"] = {"status": "CREATING"}
    resource = Life(plugin, "aws:eks/addon:Addon", "slow")
    inputs = resource.check(clusterName=world.cluster, addonName="coredns")
    request = replace(resource.request, inputs=inputs, timeout=0.3)
    with pytest.raises(InitError, match=r"waiting for EKS Add-On \(coredns\) to become ACTIVE: timeout"):
        plugin.create(request)
    del settler.unhealthy["coredns"]
    boto3.client("eks", region_name=REGION).delete_addon(clusterName=world.cluster, addonName="coredns")


def test_an_interrupt_ends_the_wait_and_keeps_what_exists(world, settler):
    settler.unhealthy["metrics-server"] = {"status": "CREATING"}
    plugin = AwsPlugin()
    plugin.configure({"region": REGION})
    resource = Life(plugin, "aws:eks/addon:Addon", "interrupted")
    threading.Timer(0.3, plugin.cancelled.set).start()
    with pytest.raises(InitError, match=r"waiting for EKS Add-On \(metrics-server\) to become ACTIVE: interrupted"):
        resource.create(clusterName=world.cluster, addonName="metrics-server")
    del settler.unhealthy["metrics-server"]
    boto3.client("eks", region_name=REGION).delete_addon(clusterName=world.cluster, addonName="metrics-server")


def test_a_delete_waits_for_dependants_to_leave(life, world):
    vpc = life("ec2/vpc:Vpc", cidrBlock="10.60.0.0/16")
    ec2 = boto3.client("ec2", region_name=REGION)
    subnet = ec2.create_subnet(VpcId=vpc.id, CidrBlock="10.60.0.0/24")["Subnet"]["SubnetId"]
    threading.Timer(0.5, lambda: ec2.delete_subnet(SubnetId=subnet)).start()
    vpc.delete()
    assert vpc.read() == ("", {}, {})


def test_a_delete_with_dependants_fails_as_aws_does(life, monkeypatch):
    monkeypatch.setattr("eks_twin.plugins.aws.scope.SETTLE", 0.3)
    vpc = life("ec2/vpc:Vpc", cidrBlock="10.61.0.0/16")
    ec2 = boto3.client("ec2", region_name=REGION)
    subnet = ec2.create_subnet(VpcId=vpc.id, CidrBlock="10.61.0.0/24")["Subnet"]["SubnetId"]
    with pytest.raises(PluginError, match=r"deleting EC2 VPC \(vpc-.*\): .*DeleteVpc, api error DependencyViolation"):
        vpc.delete()
    ec2.delete_subnet(SubnetId=subnet)


def test_a_change_that_aws_takes_and_does_not_make_is_an_error(life, world, monkeypatch):
    role = life("iam/role:Role", assumeRolePolicy=json.dumps(TRUST), description="a")
    monkeypatch.setattr(role.plugin.session.client("iam", REGION), "update_role", lambda **_: {})
    with pytest.raises(PluginError, match=r"AWS accepted description but reports other values"):
        role.update(assumeRolePolicy=role.inputs["assumeRolePolicy"], description="b")


def test_an_account_that_is_not_allowed_is_refused():
    plugin = AwsPlugin()
    plugin.configure({"region": REGION, "allowedAccountIds": ["000000000000"]})
    with pytest.raises(PluginError, match="AWS account ID not allowed: 123456789012; allowed: 000000000000"):
        plugin.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})


def test_a_role_can_be_assumed_before_anything_is_done(settler):
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = boto3.client("iam", region_name=REGION).create_role(RoleName="deployer", AssumeRolePolicyDocument=trust)
    plugin = AwsPlugin()
    plugin.configure({"region": REGION, "assumeRoles": [{"roleArn": role["Role"]["Arn"], "sessionName": "up"}]})
    who = plugin.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})[0]
    assert who["arn"] == "arn:aws:sts::123456789012:assumed-role/deployer/up"


def test_an_unmodelled_part_of_assume_roles_is_refused(settler):
    plugin = AwsPlugin()
    plugin.configure({"region": REGION, "assumeRoles": [{"roleArn": "arn", "sourceIdentity": "me"}]})
    with pytest.raises(PluginError, match="aws:assumeRoles: sourceIdentity not modelled"):
        plugin.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})


def test_default_tags_reach_aws_and_stay_out_of_the_resources_own(settler):
    plugin = AwsPlugin()
    plugin.configure({"region": REGION, "defaultTags": {"tags": {"Owner": "me"}}, "ignoreTags": {"keys": ["theirs"]}})
    group = Life(plugin, "aws:cloudwatch/logGroup:LogGroup", "tagged").create(tags={"a": "1"})
    assert (group.state["tags"], group.state["tagsAll"]) == ({"a": "1"}, {"a": "1", "Owner": "me"})
    boto3.client("logs", region_name=REGION).tag_resource(resourceArn=group.state["arn"], tags={"theirs": "x"})
    assert group.read()[1]["tagsAll"] == {"a": "1", "Owner": "me"}
    group.delete()


@pytest.mark.parametrize(
    ("type_", "id_", "message"),
    [
        ("aws:eks/nodeGroup:NodeGroup", "no-colon", r"unexpected format of id 'no-colon', expected \{clusterName\}"),
        ("aws:ec2/securityGroupRule:SecurityGroupRule", "sg-1_ingress", "the twin cannot import this type"),
    ],
)
def test_an_import_id_of_the_wrong_form_is_refused(plugin, type_, id_, message):
    with pytest.raises(PluginError, match=message):
        Life(plugin, type_, "imported", id=id_).read()


def test_imports_take_the_ids_that_pulumi_documents(plugin, life, world):
    route = life(
        "ec2/route:Route", routeTableId=world.table, destinationCidrBlock="10.77.0.0/16", gatewayId=world.gateway
    )
    association = life(
        "ec2/routeTableAssociation:RouteTableAssociation", routeTableId=world.table, subnetId=world.subnets[1]
    )
    pod = life(
        "eks/podIdentityAssociation:PodIdentityAssociation",
        clusterName=world.cluster,
        namespace="a",
        serviceAccount="b",
        roleArn=world.role_arn,
    )
    for resource, import_id in (
        (route, f"{world.table}_10.77.0.0/16"),
        (association, f"{world.subnets[1]}/{world.table}"),
        (pod, f"{world.cluster},{pod.id}"),
    ):
        imported = Life(plugin, resource.type, "imported", id=import_id).read()
        assert imported[0] == resource.id
        assert imported[1] == resource.state
