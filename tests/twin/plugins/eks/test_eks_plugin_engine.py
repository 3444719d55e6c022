"""pulumi_eks programs, unchanged, through the real engine: the tree, the outputs, and what is refused."""

import json

import pytest

from tests.twin.plugins.engine import Stack

pytestmark = pytest.mark.twin

PROGRAM = """
import pulumi
import pulumi_aws as aws
import pulumi_eks as eks

cluster = eks.Cluster(
    "main",
    vpc_id=VPC,
    public_subnet_ids=SUBNETS[:1],
    private_subnet_ids=SUBNETS[1:],
    endpoint_private_access=True,
    skip_default_node_group=True,
    authentication_mode=eks.AuthenticationMode.API,
    create_oidc_provider=True,
    access_entries={"admin": eks.AccessEntryArgs(
        principal_arn=PERSON,
        access_policies={"all": eks.AccessPolicyAssociationArgs(
            policy_arn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            access_scope=aws.eks.AccessPolicyAssociationAccessScopeArgs(type="cluster"),
        )},
    )},
    tags={"Team": "ml"},
)
nodes = eks.ManagedNodeGroup(
    "system",
    cluster=cluster,
    node_role_arn=ROLE,
    instance_types=["m6i.large"],
    enable_imd_sv2=True,
    disk_size=30,
)
eks.Addon("agent", cluster=cluster, addon_name="eks-pod-identity-agent")
for name in (
    "kubeconfig", "kubeconfig_json", "cluster_security_group_id", "node_security_group_id", "cluster_ingress_rule_id",
    "oidc_issuer", "oidc_provider_arn", "fargate_profile_id",
):
    pulumi.export(name, getattr(cluster, name))
pulumi.export("version", cluster.eks_cluster.version)
pulumi.export("subnets", cluster.core.subnet_ids)
pulumi.export("group", nodes.node_group.scaling_config)
pulumi.export("with_profile", cluster.get_kubeconfig(profile_name="p"))
"""
TREE = [
    ("aws:ec2/launchTemplate:LaunchTemplate", "system-launchTemplate", "system"),
    ("aws:ec2/securityGroup:SecurityGroup", "main-eksClusterSecurityGroup", "main"),
    ("aws:ec2/securityGroup:SecurityGroup", "main-nodeSecurityGroup", "main"),
    ("aws:ec2/securityGroupRule:SecurityGroupRule", "main-eksClusterIngressRule", "main"),
    ("aws:ec2/securityGroupRule:SecurityGroupRule", "main-eksClusterInternetEgressRule", "main"),
    ("aws:ec2/securityGroupRule:SecurityGroupRule", "main-eksExtApiServerClusterIngressRule", "main"),
    ("aws:ec2/securityGroupRule:SecurityGroupRule", "main-eksNodeClusterIngressRule", "main"),
    ("aws:ec2/securityGroupRule:SecurityGroupRule", "main-eksNodeIngressRule", "main"),
    ("aws:ec2/securityGroupRule:SecurityGroupRule", "main-eksNodeInternetEgressRule", "main"),
    ("aws:eks/accessEntry:AccessEntry", "main-admin", "main"),
    ("aws:eks/accessPolicyAssociation:AccessPolicyAssociation", "main-admin-all", "main-admin"),
    ("aws:eks/addon:Addon", "agent", "agent"),
    ("aws:eks/addon:Addon", "main-kube-proxy", "main"),
    ("aws:eks/addon:Addon", "main-vpc-cni", "main-vpc-cni"),
    ("aws:eks/cluster:Cluster", "main-eksCluster", "main"),
    ("aws:eks/nodeGroup:NodeGroup", "system", "system"),
    ("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "main-oidcProvider", "main"),
    ("aws:iam/role:Role", "main-eksRole-role", "main-eksRole"),
    ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "main-eksRole-4b490823", "main-eksRole"),
    ("eks:index:Addon", "agent", "main"),
    ("eks:index:Cluster", "main", "project-dev"),
    ("eks:index:ManagedNodeGroup", "system", "project-dev"),
    ("eks:index:ServiceRole", "main-eksRole", "main"),
    ("eks:index:VpcCniAddon", "main-vpc-cni", "main"),
    ("pulumi:providers:kubernetes", "main-eks-k8s", "main"),
    ("pulumi:pulumi:Stack", "project-dev", ""),
]
"""Types, names and parents as pulumi-eks 4.4 registers them."""


@pytest.fixture
def stack(tmp_path, world):
    made = Stack(tmp_path)
    made.facts = (
        f"VPC, SUBNETS, ROLE, PERSON = {world.vpc!r}, {world.subnets!r}, {world.role_arn!r}, {world.person_arn!r}"
    )
    return made


def test_the_tree_and_the_outputs_are_those_of_pulumi_eks(stack, world):
    stack.program(f"{stack.facts}\n{PROGRAM}")
    assert set(stack.steps().values()) == {"create"}
    stack.up()
    assert stack.tree() == TREE
    outputs = stack.outputs()
    arguments = outputs["kubeconfig"]["users"][0]["user"]["exec"]["args"]
    assert arguments[-2:] == ["--output", "json"]
    assert json.loads(outputs["kubeconfig_json"]) == outputs["kubeconfig"]
    assert json.loads(outputs["with_profile"])["users"][0]["user"]["exec"]["args"] == [*arguments, "--profile", "p"]
    assert outputs["cluster_security_group_id"] != outputs["node_security_group_id"]
    assert outputs["cluster_ingress_rule_id"].startswith("sgr-")
    assert outputs["oidc_provider_arn"].endswith(f"oidc-provider/{outputs['oidc_issuer']}")
    assert outputs["fargate_profile_id"] == ""
    assert outputs["subnets"] == world.subnets
    assert outputs["group"] == {"desiredSize": 2, "minSize": 1, "maxSize": 2}
    assert stack.steps() == {}
    assert "unchanged" in stack.run("refresh", "--yes", "--expect-no-changes", "--stack", "dev")
    stack.run("destroy", "--yes", "--stack", "dev")


def inputs_of(stack, name):
    [resource] = [r for r in stack.resources() if r["urn"].endswith(f"::{name}") and r["type"].startswith("aws:")]
    return {key: value for key, value in resource["inputs"].items() if key != "__defaults"}


def test_children_get_the_inputs_that_pulumi_eks_gives_them(stack):
    stack.program(f"{stack.facts}\n{PROGRAM}")
    stack.up()
    role = inputs_of(stack, "main-eksRole-role")
    assert role["description"] == "Allows EKS to manage clusters on your behalf."
    assert role["assumeRolePolicy"] == (
        '{"Version":"2012-10-17","Statement":[{"Action":["sts:AssumeRole","sts:TagSession"],"Effect":"Allow",'
        '"Principal":{"Service":["eks.amazonaws.com"]}}]}'
    )
    cluster = inputs_of(stack, "main-eksCluster")
    assert cluster["tags"] == {"Name": "main-eksCluster", "Team": "ml"}
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    proxy = inputs_of(stack, "main-kube-proxy")
    assert (proxy["preserve"], proxy["resolveConflictsOnCreate"]) == (True, "OVERWRITE")
    nodes = inputs_of(stack, "main-nodeSecurityGroup")
    assert nodes["tags"] == {
        "Name": "main-nodeSecurityGroup",
        f"kubernetes.io/cluster/{cluster['name']}": "owned",
        "Team": "ml",
    }
    template = inputs_of(stack, "system-launchTemplate")
    assert template["metadataOptions"] == {
        "httpTokens": "required",
        "httpPutResponseHopLimit": 2,
        "httpEndpoint": "enabled",
    }
    stack.run("destroy", "--yes", "--stack", "dev")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("eks.Cluster('c', skip_default_node_group=True)", "set API or API_AND_CONFIG_MAP"),
        (
            "eks.Cluster('c', authentication_mode=eks.AuthenticationMode.API)",
            "the twin models clusters without a default node group; set it true",
        ),
        ("eks.NodeGroupV2('n', cluster=CORE)", "eks:index:NodeGroupV2"),
    ],
)
def test_what_is_left_out_fails_the_preview_by_name(stack, text, message):
    core = (
        "CORE = None"
        if "CORE" not in text
        else (
            "CORE = eks.Cluster('k', skip_default_node_group=True, vpc_id=VPC, subnet_ids=SUBNETS,"
            " authentication_mode=eks.AuthenticationMode.API).core"
        )
    )
    stack.program(f"{stack.facts}\nimport pulumi_eks as eks\n{core}\n{text}\n")
    assert message in stack.preview(fails=True)
