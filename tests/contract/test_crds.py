"""What we emit against the CRDs that the pinned Karpenter publishes; an upgrade starts by reading the failures here."""

import functools

import pytest
import yaml
from eks_accelerators.model.accelerators import ACCELERATORS
from eks_accelerators.model.manifests import node_class, node_pool
from eks_accelerators.model.parse import parse
from eks_accelerators.model.pool_set import PoolSet
from eks_twin.binaries import karpenter_source
from jsonschema import Draft202012Validator

pytestmark = pytest.mark.twin
POOLS = [
    {},
    *({"accelerator": name} for name in ACCELERATORS),
    {"instance_types": ["m5.large"], "weight": 10, "node_class": {"tags": {"team": "ml"}}},
    {"node_class": {"volume": {"size": "1Ti", "type": "io2", "iops": 3000}}, "labels": {"a.example/b": ""}},
    {"taints": [{"key": "team"}, {"key": "dedicated", "value": "ml", "effect": "NoExecute"}]},
    {"limits": {"cpu": "1k", "memory": "500Gi"}, "expire_after": "Never"},
    {"accelerator": "inferentia2", "limits": {"extended": {"aws.amazon.com/neuron": "12"}}},
    {
        "disruption": {
            "policy": "WhenEmpty",
            "after": "Never",
            "budgets": [{"nodes": "0", "reasons": ["Drifted"], "schedule": "0 8 * * 1-5", "duration": "10h"}],
        }
    },
]


def planned(fields):
    return parse(PoolSet, {"pools": [{"name": "p", **fields}]}, at="args").plan


@functools.cache
def schema(file):
    document = yaml.safe_load((karpenter_source() / "pkg" / "apis" / "crds" / file).read_text())
    [version] = [v for v in document["spec"]["versions"] if v["name"] == "v1"]
    return closed(version["schema"]["openAPIV3Schema"]["properties"]["spec"])


def closed(node):
    """The schema with unknown keys refused: the API server prunes them in silence."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    result = {key: closed(value) for key, value in node.items()}
    if "properties" in result and result.get("type") == "object":
        result.setdefault("additionalProperties", False)
    if result.pop("x-kubernetes-int-or-string", False):
        result["type"] = ["integer", "string"]
    return result


def refusals(file, spec):
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema(file)).iter_errors(spec)]


@pytest.mark.parametrize("fields", POOLS, ids=str)
def test_every_pool_is_valid_against_the_published_schemas(fields):
    plan = planned(fields)
    assert refusals("karpenter.sh_nodepools.yaml", node_pool(plan.pools[0])) == []
    assert refusals("karpenter.k8s.aws_ec2nodeclasses.yaml", node_class(plan.classes[0])) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"weigth": 1}, "'weigth' was unexpected"),
        ({"weight": 101}, "101 is greater than the maximum of 100"),
        ({"disruption": {}}, "'consolidateAfter' is a required property"),
    ],
)
def test_the_schema_is_one_that_can_refuse(change, complaint):
    spec = node_pool(planned({}).pools[0]) | change
    assert complaint in " ".join(refusals("karpenter.sh_nodepools.yaml", spec))
