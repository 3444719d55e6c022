"""What a component refuses, without engine and AWS."""

import inspect
import shutil
import stat

import pulumi
import pytest
from eks_twin.plugins.eks import access, addons, cluster, kubernetes, node_group, reference
from eks_twin.plugins.eks.checks import REFUSED, check_aws_cli, check_cluster
from eks_twin.plugins.eks.inputs import Inputs
from eks_twin.plugins.facts import package
from pulumi.errors import InputPropertiesError

CLUSTER = "eks:index:Cluster"
MINIMAL = {"skipDefaultNodeGroup": True, "authenticationMode": "API"}


@pytest.fixture
def aws_cli(tmp_path, monkeypatch):
    """Put an `aws` that says its version on an otherwise empty PATH."""

    def place(version: str) -> None:
        program = tmp_path / "aws"
        program.write_text(f"#!/bin/sh\necho 'aws-cli/{version} Python/3.13 Linux'\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(tmp_path))

    place("2.30.0")
    return place


@pytest.mark.parametrize(
    ("component", "values", "message"),
    [
        (CLUSTER, {"vpcid": "x"}, "vpcid: eks:index:Cluster has no such property; did you mean vpcId?"),
        (
            CLUSTER,
            {"accessEntries": {"me": {"principal": "x"}}},
            "accessEntries.me.principal: AccessEntry has no such property; did you mean principalArn?",
        ),
        (
            CLUSTER,
            {"vpcCniOptions": {"warmIpTargets": 1}},
            "vpcCniOptions.warmIpTargets: VpcCniOptions has no such property; did you mean warmIpTarget?",
        ),
        (
            CLUSTER,
            {"authenticationMode": "api"},
            "authenticationMode: expected one of CONFIG_MAP, API, API_AND_CONFIG_MAP, got 'api'",
        ),
        (CLUSTER, {"createOidcProvider": "maybe"}, "createOidcProvider: expected boolean, got 'maybe'"),
        (CLUSTER, {"accessEntries": {"me": {}}}, "accessEntries.me.principalArn: a value is required"),
        ("eks:index:ManagedNodeGroup", {}, "cluster: a value is required"),
        (
            "eks:index:ManagedNodeGroup",
            {"cluster": {}, "taints": [{"key": "a", "effect": "b", "val": "c"}]},
            r"taints\[0\].val: NodeGroupTaint has no such property; did you mean value?",
        ),
    ],
)
def test_unknown_inputs_are_refused_with_path_and_hint(component, values, message):
    with pytest.raises(InputPropertiesError, match=message.replace("?", r"\?")):
        Inputs.checked(component, values)


def test_whole_numbers_lose_the_protocols_fraction():
    inputs = Inputs.checked("eks:index:ManagedNodeGroup", {"cluster": {}, "diskSize": 20.0, "labels": {"a": "1.0"}})
    assert inputs.get("diskSize") == 20
    assert type(inputs.get("diskSize")) is int
    assert inputs.get("labels") == {"a": "1.0"}


def test_what_decides_resources_cannot_be_an_output():
    inputs = Inputs.checked(CLUSTER, {"createOidcProvider": pulumi.Output.from_input(True)})
    with pytest.raises(InputPropertiesError, match="createOidcProvider: this input must be a plain value"):
        inputs.plain("createOidcProvider")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"authenticationMode": None}, "knows access entries and no aws-auth ConfigMap; set API"),
        ({"authenticationMode": "CONFIG_MAP"}, "knows access entries and no aws-auth ConfigMap; set API"),
        (
            {"authenticationMode": None, "accessEntries": {}},
            "The 'accessEntries' property is not supported when 'authenticationMode' is not set.",
        ),
        (
            {"authenticationMode": "CONFIG_MAP", "accessEntries": {}},
            "not supported when 'authenticationMode' is set to 'CONFIG_MAP'.",
        ),
        (
            {"roleMappings": [{"roleArn": "a", "username": "b", "groups": []}]},
            "The 'roleMappings' property does not support non-empty values when 'authenticationMode' is set to 'API'.",
        ),
        (
            {"instanceRole": "a", "instanceRoles": []},
            "instanceRole and instanceRoles are mutually exclusive, and cannot both be set.",
        ),
        (
            {"subnetIds": ["a"], "publicSubnetIds": ["b"]},
            "subnetIds, and the use of publicSubnetIds and/or privateSubnetIds are mutually exclusive.",
        ),
        (
            {"endpointPublicAccess": False, "publicAccessCidrs": ["10.0.0.0/8"]},
            "`publicAccessCidrs` can only be set when `endpointPublicAccess` is true",
        ),
        ({"skipDefaultNodeGroup": None}, "the twin models clusters without a default node group; set it true"),
        ({"autoMode": {"enabled": True}}, "autoMode: EKS Auto Mode is not modelled by the twin"),
        ({"fargate": True}, "fargate: Fargate on a pulumi_eks.Cluster is not modelled by the twin"),
        ({"createInstanceRole": True}, "createInstanceRole: instance roles of default nodes are not modelled"),
        ({"maxSize": 3}, "maxSize: the default node group is not modelled by the twin"),
        ({"proxy": "http://x"}, "proxy: the twin opens no connection to the Internet"),
    ],
)
def test_a_cluster_keeps_pulumi_eks_rules_and_says_what_is_left_out(aws_cli, changes, message):
    values = {name: value for name, value in {**MINIMAL, **changes}.items() if value is not None}
    with pytest.raises(InputPropertiesError) as raised:
        check_cluster(Inputs.checked(CLUSTER, values))
    assert message in str(raised.value)


@pytest.mark.usefixtures("aws_cli")
def test_a_left_out_feature_that_is_switched_off_is_let_through():
    check_cluster(Inputs.checked(CLUSTER, {**MINIMAL, "fargate": False, "roleMappings": []}))


def test_what_is_left_out_are_inputs_that_exist():
    assert set(REFUSED) <= set(package("eks")["components"][CLUSTER])


SOURCES = {
    # what has the inputs → (the code that must read them, those that are refused)
    CLUSTER: (cluster, {*REFUSED, "skipDefaultNodeGroup"}),
    "eks:index:ManagedNodeGroup": (node_group, node_group.REFUSED),
    "eks:index:Addon": (node_group, {}),
    "eks:index:VpcCniOptions": (addons, {}),
    "eks:index:AccessEntry": (access, {}),
    "eks:index:AccessPolicyAssociation": (access, {}),
    "eks:index:StorageClass": (kubernetes, {}),
    "eks:index:KubeProxyAddonOptions": (addons, {"enabled"}),
    "eks:index:CoreDnsAddonOptions": (addons, {}),
    "eks:index:KubeconfigOptions": (cluster, {}),
}


@pytest.mark.parametrize("owner", SOURCES)
def test_every_input_is_read_or_refused(owner):
    module, refused = SOURCES[owner]
    facts = package("eks")["components"].get(owner) or package("eks")["types"][owner]
    text = inspect.getsource(module) + inspect.getsource(reference)
    assert [name for name in facts if name not in refused and f'"{name}"' not in text] == []


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("1.23.9", "At least v1.24.0 of aws-cli is required. Current version is: 1.23.9"),
        ("2.6.4", "At least v2.7.0 of aws-cli is required. Current version is: 2.6.4"),
        ("nonsense", "Could not understand the version"),
    ],
)
def test_an_old_aws_cli_is_refused(aws_cli, version, message):
    aws_cli(version)
    with pytest.raises(RuntimeError, match=message):
        check_aws_cli()


def test_a_missing_aws_cli_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("aws") is None
    with pytest.raises(RuntimeError, match="Could not find aws CLI for EKS"):
        check_aws_cli()


@pytest.mark.parametrize("version", ["1.24.0", "1.46.3", "2.7.0", "2.30.1"])
def test_a_recent_aws_cli_will_do(aws_cli, version):
    aws_cli(version)
    check_aws_cli()
