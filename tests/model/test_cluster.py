import pytest

BASE = {"name": "eks-workshop", "public_access_cidrs": []}
ROLE = "arn:aws:iam::123456789012:role/ops"


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [
        ({"name": "x" * 47}, "47 characters; at most 46, because the IAM role KarpenterNodeRole-<name> may have 64"),
        (
            {"name": "-x"},
            "name = '-x': letters, digits, `-` and `_`, beginning with a letter or digit; e.g. training-dev",
        ),
        (
            {"kubernetes": "1.29"},
            "kubernetes = '1.29': no set of add-on versions is known for this minor; use one of: 1.33",
        ),
        ({"public_access_cidrs": ["10.0.0.0/33"]}, "public_access_cidrs[0] = '10.0.0.0/33': not an IPv4 network"),
        (
            {"addons": {"core-dns": {}}},
            "addons['core-dns'] = {}: not an add-on of this library; did you mean 'coredns'?",
        ),
        ({"addons": {"coredns": {"version": "1.11"}}}, "not the version of an EKS add-on; e.g. v1.21.1-eksbuild.3"),
        ({"log_retention_days": 91}, "log_retention_days = 91: input should be 1, 3, 5"),
        ({"logs": ["apis"]}, "logs[0] = 'apis': input should be 'api'"),
        ({"access": {"ops": {"principal": "ops"}}}, "access.ops.principal = 'ops': not the ARN of an IAM role or user"),
        (
            {"access": {"ops": {"principal": ROLE, "groups": ["system:masters"]}}},
            "access.ops.groups[0] = 'system:masters': EKS reserves groups that start with `system:`",
        ),
        ({"access": {"ops": {"principal": ROLE, "policy": None}}}, "without a policy it needs groups"),
        (
            {"system_nodes": {"count": 1}},
            "system_nodes.count = 1: input should be greater than or equal to 2; raise it",
        ),
        ({"system_nodes": {"instance_types": ["m55.large"]}}, "no such instance type; did you mean 'm5.large'?"),
        ({"system_nodes": {"instance_types": ["inf2.xlarge"]}}, "carries accelerators that system pods cannot use"),
        ({"system_nodes": {"instance_types": ["m5.large", "m7g.large"]}}, "one node group has one image"),
        ({"system_nodes": {"labels": {"a": "b c"}}}, "not a label value"),
    ],
)
def test_a_cluster_that_aws_would_refuse_is_refused_first(raw, refusal, cluster, expected):
    assert expected in refusal(raw(cluster={**BASE, **cluster}))


def test_the_longest_cluster_name_still_fits(platform):
    assert platform(cluster={**BASE, "name": "x" * 46}).cluster.name == "x" * 46


@pytest.mark.parametrize(("types", "architecture"), [(["m5.large"], "amd64"), (["m7g.large", "c7g.large"], "arm64")])
def test_the_architecture_of_system_nodes_follows_from_their_types(platform, types, architecture):
    config = platform(cluster={**BASE, "system_nodes": {"instance_types": types}})
    assert config.cluster.system_nodes.architecture == architecture


def test_every_add_on_has_a_pinned_version_and_a_chosen_one_wins(platform):
    config = platform(cluster={**BASE, "addons": {"coredns": {"version": "v9.9.9-eksbuild.9"}}})
    assert config.cluster.addon_versions == {
        "vpc-cni": "v1.21.1-eksbuild.3",
        "kube-proxy": "v1.35.0-eksbuild.2",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "coredns": "v9.9.9-eksbuild.9",
        "aws-ebs-csi-driver": "v1.57.1-eksbuild.1",
    }
