"""The whole: what is registered, in which order it comes and goes, and that nothing said is ignored."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from eks_accelerators.model.platform import PlatformConfig
from eks_accelerators.model.pool_set import PoolSet
from eks_accelerators.platform import Platform

from tests.fields import fields, put

COMPONENTS = Path(__file__).parents[2] / "components" / "eks_accelerators"


@pytest.fixture(scope="module")
def seen() -> dict[str, list[Any]]:
    """What was registered, by configuration; the unchanged ones are needed again and again."""
    return {}


@pytest.fixture
def registered(run, seen):
    """What a platform registers."""

    def registered(config):
        key = json.dumps(config, sort_keys=True)
        if key not in seen:
            seen[key] = run(lambda: Platform("platform", config))
        return seen[key]

    return registered


@pytest.fixture
def platform(registered, minimal):
    """What the minimal platform registers."""
    return lambda: registered(minimal)


def test_types_names_and_parents_are_the_ones_reviewed(platform, golden):
    """A changed line here is a replaced resource in somebody's account, unless it comes with an alias."""
    lines = sorted(f"{r.type}  {r.name}  <- {r.parent}" for r in platform() if r.name.startswith("platform"))
    golden("tree.txt", "\n".join(lines))


def test_two_platforms_fit_in_one_program(run, minimal):
    def program():
        Platform("one", minimal)
        Platform("two", {**minimal, "cluster": {**minimal["cluster"], "name": "second"}})

    made = run(program)
    keys = [(r.type, r.name) for r in made]
    assert len(keys) == len(set(keys))
    assert len([r for r in made if r.name.startswith("one")]) == len([r for r in made if r.name.startswith("two")])


def closure(made, start: str) -> set[str]:
    """What `start` depends on, directly or not: it exists before and, as the engine counts parents too, outlives it."""
    edges = {r.short: {*r.dependencies, r.parent} for r in made}
    seen: set[str] = set()
    todo = {start}
    while todo:
        name = todo.pop()
        seen.add(name)
        todo |= edges.get(name, set()) - seen
    return seen


@pytest.mark.parametrize(
    "needed",
    [
        "Release platform-karpenter-controller",
        "Release platform-karpenter-crd",
        "EC2NodeClass platform-pools-inf2-class",
        "AccessEntry platform-karpenter-nodes",
        "RolePolicyAttachment platform-karpenter-nodes-cni",
        "RolePolicyAttachment platform-karpenter-controller-node-lifecycle",
        "PodIdentityAssociation platform-karpenter-controller-association",
        "Queue platform-karpenter-interruption-queue",
        "NodeGroup platform-cluster-system-nodes",
        "Addon platform-cluster-vpc-cni",
        "Addon platform-cluster-eks-pod-identity-agent",
        "Addon platform-cluster-coredns",
        "Route platform-network-private-us-west-2a",
        "NatGateway platform-network-nat-us-west-2a",
        "Route platform-network-public",
        "Cluster platform-cluster-control-plane",
        "LogGroup platform-cluster-logs",
    ],
)
def test_what_nodes_need_to_drain_outlives_the_pools(platform, needed):
    assert needed in closure(platform(), "NodePool platform-pools-inf2-pool")


def test_the_control_plane_does_not_wait_for_nat_gateways(platform):
    """Two minutes beside nine, if it does not; eleven if it does."""
    before = closure(platform(), "Cluster platform-cluster-control-plane")
    assert not [name for name in before if name.startswith(("NatGateway", "Route "))]


def test_karpenters_roles_do_not_wait_for_the_cluster(platform):
    made = platform()
    for role in ("Role platform-karpenter-nodes", "Role platform-karpenter-controller-role"):
        assert not [name for name in closure(made, role) if "control-plane" in name]


def test_no_resource_carries_more_edges_than_it_needs(platform):
    """State and the time of every step grow with them; where components depend on components there are 45 each."""
    edges = [len(r.dependencies) for r in platform()]
    assert sum(edges) / len(edges) < 3
    assert max(edges) <= 15


def test_every_depends_on_says_why():
    for path in COMPONENTS.glob("*.py"):
        lines = path.read_text().splitlines()
        for i, line in enumerate(lines):
            if "depends_on=" in line:
                above = "\n".join(lines[max(0, i - 4) : i])
                assert re.search(r"# .*no value flows", above), f"{path.name}:{i + 1}"


ALTERNATIVES = {
    "network.zones": ["us-west-2a", "us-west-2c"],
    "network.cidr": "10.1.0.0/16",
    "network.nat": "per_zone",
    "cluster.name": "other",
    "cluster.public_access_cidrs": [],
    "cluster.kubernetes": "1.34",
    "cluster.access": {"ops": {"principal": "arn:aws:iam::123456789012:role/ops"}},
    "cluster.access.ops.principal": "arn:aws:iam::123456789012:role/dev",
    "cluster.access.ops.policy": "AmazonEKSViewPolicy",
    "cluster.access.ops.namespaces": ["ml"],
    "cluster.access.ops.groups": ["operators"],
    "cluster.logs": [],
    "cluster.log_retention_days": 7,
    "cluster.deletion_protection": True,
    "cluster.addons": {"aws-ebs-csi-driver": {"configuration": {"a": "b"}}},
    "cluster.addons.coredns.version": "v1.0.0-eksbuild.1",
    "cluster.addons.coredns.configuration": {"replicaCount": 3},
    "cluster.system_nodes": {"count": 5},
    "cluster.system_nodes.instance_types": ["m7g.large"],
    "cluster.system_nodes.count": 4,
    "cluster.system_nodes.volume_gib": 60,
    "cluster.system_nodes.labels": {"a": "b"},
    "karpenter": {"replicas": 1},
    "karpenter.version": "1.13.0",
    "karpenter.replicas": 1,
    "karpenter.cpu": "2",
    "karpenter.memory": "2Gi",
    "karpenter.log_level": "debug",
    "karpenter.create_spot_role": True,
    "karpenter.image": {"repository": "example.com/karpenter", "tag": "1.14.1"},
    "karpenter.image.repository": "example.com/other",
    "karpenter.image.tag": "1.14.0",
    "karpenter.role_rules": [{"api_groups": ["llmaz.io"], "resources": ["openmodels"], "verbs": ["get"]}],
    "karpenter.role_rules.0.api_groups": ["example.com"],
    "karpenter.role_rules.0.resources": ["things"],
    "karpenter.role_rules.0.verbs": ["list"],
    "karpenter.feature_gates": {"nodeRepair": True},
    "device_plugins": {"neuron_scheduler": True},
    "device_plugins.nvidia": "gpu-operator",
    "device_plugins.monitoring": True,
    "device_plugins.neuron_scheduler": True,
    "tags": {"team": "ml"},
    "pools": [{"name": "other"}],
    "node_classes": {"shared": {"context": "c"}},
    "overlays": {"mine": {"requirements": [], "price": "1"}},
}
"""Another value for every field that is not the pools' own (those: tests/model/test_every_field.py); the parents of
nested ones stand in `_FULL`."""

_POOLS = {
    "device_plugins": [{"name": "gpu", "accelerator": "t4"}, {"name": "inf2", "accelerator": "inferentia2"}],
    "node_classes": [{"name": "p", "shared_class": "shared"}],
}
"""Pools that a setting is about."""

_FULL = {
    "cluster.access": {"ops": {"principal": "arn:aws:iam::123456789012:role/ops"}},
    "cluster.addons": {"coredns": {"version": "v1.13.2-eksbuild.1"}},
    "karpenter.image": {"repository": "example.com/karpenter", "tag": "1.13.0"},
    "karpenter.role_rules": [{"api_groups": ["llmaz.io"], "resources": ["openmodels"], "verbs": ["get"]}],
}


@pytest.mark.parametrize("path", ALTERNATIVES)
def test_every_field_changes_something(registered, minimal, path):
    """A setting that is accepted and then ignored is the worst of all mistakes a configuration can have."""

    def fingerprint(config):
        return sorted(json.dumps([r.type, r.name, r.inputs], sort_keys=True) for r in registered(config))

    base = {**minimal, "pools": _POOLS.get(path.partition(".")[0], minimal["pools"])}
    base |= {"node_classes": {"shared": {}}} if path == "node_classes" else {}
    for parent, value in _FULL.items():
        if path.startswith(f"{parent}."):
            base = put(base, parent, value)
    assert fingerprint(put(base, path, ALTERNATIVES[path])) != fingerprint(base)


def test_the_test_that_every_field_changes_something_forgets_none():
    tried = {
        ".".join("*" if p.isdigit() or p in ("ops", "coredns") else p for p in path.split(".")) for path in ALTERNATIVES
    }
    pools = {name for name in fields(PlatformConfig) if "." in name and name.split(".")[0] in PoolSet.model_fields}
    assert set(fields(PlatformConfig)) - pools - tried == {"network", "cluster"}


def test_what_pools_find_and_encrypt_with_things_of_the_account_their_controller_may_use(run, minimal):
    node_class = {"ami_family": "AL2023", "ami_terms": [{"ssm_parameter": "/images/gpu"}]}
    volume = {"volumes": [{"device_name": "/dev/xvda", "ebs": {"volume_size": "50Gi", "kms_key_id": "abcd"}}]}
    pools = [{"name": "own", "node_class": {**node_class, **volume}}]
    made = run(lambda: Platform("platform", {**minimal, "pools": pools}))
    text = json.dumps({p.name: p.inputs["policy"] for p in made.of("Policy")})
    assert "parameter/images/gpu" in text
    assert "key/abcd" in text
