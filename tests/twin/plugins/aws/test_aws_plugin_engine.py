"""The whole road: program, real engine, plugin, the twin's AWS."""

import pytest

from tests.twin.plugins.engine import Stack

pytestmark = pytest.mark.twin

PROGRAM = """
import json
import pulumi
import pulumi_aws as aws

CHANGED, REPLACED = {changed}, {replaced}
tags = {{"Stage": "two" if CHANGED else "one"}}
vpc = aws.ec2.Vpc("net", cidr_block="10.71.0.0/16" if REPLACED else "10.70.0.0/16", tags=tags)
zones = aws.get_availability_zones(state="available")
block = "10.71" if REPLACED else "10.70"
subnets = [
    aws.ec2.Subnet(f"subnet-{{i}}", vpc_id=vpc.id, cidr_block=f"{{block}}.{{i}}.0/24", availability_zone=zones.names[i])
    for i in range(2)
]
gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)
table = aws.ec2.RouteTable("table", vpc_id=vpc.id, tags=tags)
route = aws.ec2.Route("route", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", gateway_id=gateway.id)
aws.ec2.RouteTableAssociation("association", route_table_id=table.id, subnet_id=subnets[0].id)
group = aws.ec2.SecurityGroup("group", vpc_id=vpc.id, revoke_rules_on_delete=True)
everywhere = ["0.0.0.0/0"]
aws.ec2.SecurityGroupRule(
    "egress",
    type="egress",
    protocol="-1",
    from_port=0,
    to_port=0,
    cidr_blocks=everywhere,
    security_group_id=group.id,
)
trust = {{"Service": ["eks.amazonaws.com", "ec2.amazonaws.com"]}}
statement = {{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Principal": trust}}
role = aws.iam.Role("role", assume_role_policy={{"Version": "2012-10-17", "Statement": [statement]}}, tags=tags)
policies = [
    aws.iam.RolePolicyAttachment(name, role=role, policy_arn=f"arn:aws:iam::aws:policy/{{name}}")
    for name in ("AmazonEKSClusterPolicy", "AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
]
queue = aws.sqs.Queue("queue", name="chosen", fifo_queue=None, kms_master_key_id="alias/aws/sqs" if CHANGED else None)
rule = aws.cloudwatch.EventRule("rule", event_pattern=json.dumps({{"source": ["aws.ec2"]}}), tags=tags)
aws.cloudwatch.EventTarget("target", rule=rule.name, arn=queue.arn)
key = aws.kms.Key("key", deletion_window_in_days=7, enable_key_rotation=True, tags=tags)
cluster = aws.eks.Cluster(
    "cluster",
    role_arn=role.arn,
    vpc_config={{"subnet_ids": [subnet.id for subnet in subnets], "endpoint_private_access": CHANGED}},
    access_config={{"authentication_mode": "API"}},
    encryption_config={{"provider": {{"key_arn": key.arn}}, "resources": ["secrets"]}},
    opts=pulumi.ResourceOptions(depends_on=policies),
)
nodes = aws.eks.NodeGroup(
    "nodes",
    cluster_name=cluster.name,
    node_role_arn=role.arn,
    subnet_ids=[subnet.id for subnet in subnets],
    scaling_config={{"desired_size": 2 if CHANGED else 1, "min_size": 1, "max_size": 3}},
    opts=pulumi.ResourceOptions(depends_on=policies),
)
version = aws.eks.get_addon_version_output(addon_name="vpc-cni", kubernetes_version=cluster.version, most_recent=True)
aws.eks.Addon("cni", cluster_name=cluster.name, addon_name="vpc-cni", addon_version=version.version)
aws.iam.OpenIdConnectProvider(
    "oidc", url=cluster.identities[0].oidcs[0].issuer, client_id_lists=["sts.amazonaws.com"]
)
pulumi.export("group", cluster.vpc_config.cluster_security_group_id)
"""


@pytest.fixture
def stack(tmp_path, settler):
    return Stack(tmp_path)


def program(*, changed=False, replaced=False):
    return PROGRAM.format(changed=changed, replaced=replaced)


def test_a_stack_comes_up_stays_the_same_changes_is_replaced_and_goes(stack, settler):
    before = settler.call("GET", "inventory")
    stack.program(program())
    assert set(stack.steps().values()) == {"create"}
    stack.up()
    assert stack.outputs()["group"].startswith("sg-")
    assert stack.steps() == {}
    assert "unchanged" in stack.run("refresh", "--yes", "--expect-no-changes", "--stack", "dev")

    stack.program(program(changed=True))
    steps = stack.steps()
    assert set(steps.values()) == {"update"}
    assert {"project-dev", "subnet-0", "gateway", "route"}.isdisjoint(steps)
    stack.up()
    assert stack.steps() == {}

    stack.program(program(changed=True, replaced=True))
    steps = stack.steps()
    assert steps["net"] in ("replace", "create-replacement", "delete-replaced")
    assert "queue" not in steps
    stack.run("destroy", "--yes", "--stack", "dev")
    logs = {"log-group"}  # EKS's own, which outlives the cluster as it does on AWS
    left = [item for item in settler.call("GET", "inventory") if item not in before and item["type"] not in logs]
    assert left == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("aws.ec2.Vpc('net', cidr_block='10.0.0.0/16', ipv4_ipam_pool_id='p')", "ipv4IpamPoolId is not modelled"),
        ("aws.s3.Bucket('bucket')", "aws:s3/bucket:Bucket: the twin's aws plugin does not model this type"),
        (
            "aws.ec2.get_ami(owners=['amazon'])",
            "aws:ec2/getAmi:getAmi: the twin's aws plugin does not model",
        ),
        (
            "aws.Provider('p', region='us-west-2', http_proxy='x')",
            "aws:httpProxy is not modelled by the twin",
        ),
    ],
)
def test_what_is_not_modelled_fails_the_preview_by_name(stack, text, message):
    stack.program(f"import pulumi_aws as aws\n{text}\n")
    assert message in stack.preview(fails=True)


def test_a_half_made_object_is_kept_and_finished_by_the_next_up(stack, settler, world):
    settler.unhealthy["coredns"] = {
        "status": "CREATE_FAILED",
        "health": {"issues": [{"code": "Insufficient", "message": "no nodes", "resourceIds": []}]},
    }
    arguments = f"cluster_name={world.cluster!r}, addon_name='coredns'"
    stack.program(f"import pulumi_aws as aws\naws.eks.Addon('dns', {arguments})\n")
    assert "unexpected state 'CREATE_FAILED'. Insufficient: no nodes" in stack.up(fails=True)
    [kept] = [resource for resource in stack.resources() if resource["type"] == "aws:eks/addon:Addon"]
    assert kept["id"] == f"{world.cluster}:coredns"
    assert kept["initErrors"]
    del settler.unhealthy["coredns"]
    stack.run("destroy", "--yes", "--stack", "dev")


def test_a_default_tag_of_the_provider_reaches_every_resource(stack, settler):
    stack.run("config", "set", "--path", "aws:defaultTags.tags.Owner", "me", "--stack", "dev")
    stack.program(
        "import pulumi, pulumi_aws as aws\npulumi.export('all', aws.sqs.Queue('q', tags={'a': 'b'}).tags_all)\n"
    )
    stack.up()
    assert stack.outputs()["all"] == {"a": "b", "Owner": "me"}
    assert stack.steps() == {}
    stack.run("config", "set", "--path", "aws:defaultTags.tags.Owner", "you", "--stack", "dev")
    assert stack.steps()["q"] == "update"
    stack.run("destroy", "--yes", "--stack", "dev")
