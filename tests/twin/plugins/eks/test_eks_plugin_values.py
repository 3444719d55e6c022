"""The values that the components compute, without engine and AWS."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from eks_twin.plugins.eks.addons import CNI_ENV, cni_configuration, wants_coredns
from eks_twin.plugins.eks.cluster import answers, merged
from eks_twin.plugins.eks.kubeconfig import Credentials, kubeconfig, with_credentials
from eks_twin.plugins.eks.kubernetes import storage_class
from eks_twin.plugins.eks.node_group import snake, subnets
from eks_twin.plugins.eks.service_role import attachment_suffix

CLUSTER = {
    "arn": "arn:aws:eks:us-west-2:123456789012:cluster/c",
    "name": "c",
    "endpoint": "https://c",
    "certificate": "Y2E=",
}


def arguments(config):
    return config["users"][0]["user"]["exec"]["args"]


@pytest.mark.parametrize(
    ("credentials", "tail"),
    [
        (Credentials(), []),
        (Credentials(profile="p"), ["--profile", "p"]),
        (Credentials(role_arn="r"), ["--role", "r"]),
        (Credentials("p", "r"), ["--role", "r", "--profile", "p"]),
    ],
)
def test_a_kubeconfig_asks_the_aws_cli_for_tokens(credentials, tail):
    config = kubeconfig(CLUSTER, credentials)
    start = ["--region", "us-west-2", "eks", "get-token", "--cluster-name", "c", "--output", "json"]
    assert arguments(config) == start + tail
    assert config["clusters"][0]["cluster"] == {"server": "https://c", "certificate-authority-data": "Y2E="}
    assert config["current-context"] == config["contexts"][0]["name"]
    environment = config["users"][0]["user"]["exec"]["env"][0]["value"]
    assert json.loads(environment) == {"apiVersion": "client.authentication.k8s.io/v1beta1"}


def test_a_kubeconfig_can_be_had_under_another_identity():
    config = kubeconfig(CLUSTER, Credentials(role_arn="r"))
    assert with_credentials(config, Credentials(profile="p")) == kubeconfig(CLUSTER, Credentials(profile="p"))


@pytest.mark.parametrize(
    ("policy", "suffix"),
    [
        # recorded from pulumi-eks's own stacks
        ("AmazonEKSClusterPolicy", "4b490823"),
        ("AmazonEKSWorkerNodePolicy", "03516f97"),
        ("AmazonEKS_CNI_Policy", "e1b295bd"),
        ("AmazonEC2ContainerRegistryReadOnly", "3eb088f2"),
    ],
)
def test_attachments_are_named_as_pulumi_eks_names_them(policy, suffix):
    assert attachment_suffix(policy) == suffix


def test_the_vpc_cni_has_pulumi_eks_defaults():
    assert cni_configuration({}) == {"env": dict(CNI_ENV), "init": {"env": {"DISABLE_TCP_EARLY_DEMUX": "false"}}}


@pytest.mark.parametrize(
    ("options", "path", "value"),
    [
        ({"warmIpTarget": 5}, ("env", "WARM_IP_TARGET"), "5"),
        ({"enablePrefixDelegation": True}, ("env", "ENABLE_PREFIX_DELEGATION"), "true"),
        ({"enableNetworkPolicy": True}, ("enableNetworkPolicy",), "true"),
        ({"disableTcpEarlyDemux": True}, ("init", "env", "DISABLE_TCP_EARLY_DEMUX"), "true"),
        (
            {"eniMtu": 1500, "configurationValues": {"env": {"AWS_VPC_ENI_MTU": "8000"}}},
            ("env", "AWS_VPC_ENI_MTU"),
            "8000",
        ),
        ({"customNetworkConfig": True}, ("env", "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"), "false"),
        ({"configurationValues": {"nodeAgent": {"a": 1}}}, ("nodeAgent", "a"), 1),
    ],
)
def test_options_of_the_vpc_cni_become_configuration(options, path, value):
    found = cni_configuration(options)
    for key in path:
        found = found[key]
    assert found == value


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (None, False),
        ({"enabled": True}, True),
        ({"enabled": False}, False),
        ({"enabled": False, "configurationValues": {"replicaCount": 3}}, True),
    ],
)
def test_coredns_comes_when_it_is_asked_for(options, wanted):
    assert wants_coredns(options) is wanted


def test_a_storage_class_is_the_in_tree_provisioners():
    given = {
        "type": "gp3",
        "default": True,
        "encrypted": True,
        "iopsPerGb": 3,
        "zones": ["a", "b"],
        "reclaimPolicy": "Delete",
    }
    assert storage_class(given) == {
        "metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "kubernetes.io/aws-ebs",
        "parameters": {"type": "gp3", "zones": "a,b", "iopsPerGb": "3", "encrypted": "true"},
        "reclaimPolicy": "Delete",
    }


def test_later_tags_win():
    assert merged({"a": "1", "b": "1"}, None, {"b": "2"}) == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("core", "expected"),
    [
        ({"subnetIds": ["a"], "privateSubnetIds": ["b"]}, ["a"]),
        ({"subnetIds": [], "privateSubnetIds": ["b"], "publicSubnetIds": ["c"]}, ["b"]),
        ({"publicSubnetIds": ["c"]}, ["c"]),
        ({}, []),
    ],
)
def test_a_node_group_takes_the_clusters_subnets(core, expected):
    assert subnets(core) == expected


def test_names_are_turned_into_pythons():
    assert snake("nodeGroupNamePrefix") == "node_group_name_prefix"


@pytest.fixture
def server():
    """An HTTP server that answers `/<status>` with that status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(int(self.path[1:]))
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()


@pytest.mark.parametrize(("status", "ready"), [(200, True), (401, True), (403, True), (500, False), (503, False)])
def test_an_api_server_is_ready_when_it_answers_even_with_a_refusal(server, status, ready):
    assert answers(f"{server}/{status}") is ready


def test_an_api_server_that_is_not_there_is_not_ready():
    assert answers("https://127.0.0.1:9/readyz") is False
