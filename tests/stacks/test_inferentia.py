"""The Inferentia2 lab's stack says what the lab says, and its pods fit the pools."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from eks_accelerators.model import catalogue
from eks_accelerators.model.accelerators import ACCELERATORS
from eks_accelerators.model.manifests import node_class, node_pool
from eks_accelerators.model.parse import parse
from eks_accelerators.model.placements import placement
from eks_accelerators.model.platform import PlatformConfig
from eks_accelerators.model.quantities import amount

STACKS = Path(__file__).parents[2] / "stacks"
REQUIREMENT_KEYS = ("karpenter.k8s.aws/instance-family", "kubernetes.io/arch", "karpenter.sh/capacity-type")


@pytest.fixture(scope="module")
def config() -> PlatformConfig:
    """The stack's configuration."""
    stack = yaml.safe_load((STACKS / "Pulumi.inferentia.yaml").read_text())
    return parse(PlatformConfig, stack["config"]["eks-accelerators:platform"], at="platform")


@pytest.fixture(scope="module")
def pods() -> dict[str, dict]:
    """The workload's pods by name."""
    documents = yaml.safe_load_all((STACKS / "workloads" / "inferentia.yaml").read_text())
    return {d["metadata"]["name"]: d for d in documents if d["kind"] == "Pod"}


def test_the_cluster_is_the_labs_on_a_current_kubernetes(config):
    assert (config.cluster.name, config.cluster.kubernetes) == ("eks-workshop", "1.35")
    assert config.karpenter.version == "1.14.1"


@dataclass(frozen=True, kw_only=True)
class LabPool:
    """What the lab's own manifests say of one pool."""

    name: str
    families: list[str]
    labels: dict[str, str]
    taints: list[dict[str, str]] | None
    cpu: str
    volume: str
    monitoring: bool


LAB = [
    LabPool(
        name="x86-cpu-karpenter",
        families=["c5", "m5", "r5"],
        labels={
            "type": "karpenter",
            "instanceType": "mixed-x86",
            "provisionerType": "Karpenter",
            "workload": "rayhead",
        },
        taints=None,
        cpu="256",
        volume="200Gi",
        monitoring=True,
    ),
    LabPool(
        name="inferentia-inf2",
        families=["inf2"],
        labels={"instanceType": "inferentia-inf2", "provisionerType": "Karpenter"},
        taints=[{"key": "aws.amazon.com/neuron", "value": "true", "effect": "NoSchedule"}],
        cpu="512",
        volume="500Gi",
        monitoring=False,
    ),
]


@pytest.mark.parametrize("lab", LAB, ids=lambda lab: lab.name)
def test_each_pool_is_the_labs(config, lab):
    plan = next(plan for plan in config.plan.pools if plan.name == lab.name)
    pool = node_pool(plan)
    made = node_class(next(plan for plan in config.plan.classes if plan.name == lab.name))
    spec = pool["template"]["spec"]
    values = [lab.families, ["amd64"], ["on-demand", "spot"]]
    assert spec["requirements"] == [
        {"key": key, "operator": "In", "values": value} for key, value in zip(REQUIREMENT_KEYS, values, strict=True)
    ]
    assert pool["template"]["metadata"]["labels"] == lab.labels
    assert spec.get("taints") == lab.taints
    assert pool["limits"] == {"cpu": lab.cpu}
    assert (spec["expireAfter"], spec["terminationGracePeriod"]) == ("720h", "24h")
    assert pool["disruption"]["consolidationPolicy"] == "WhenEmptyOrUnderutilized"
    assert pool["disruption"]["consolidateAfter"] == "300s"
    assert made["amiSelectorTerms"] == [{"alias": "al2023@latest"}]
    assert made["blockDeviceMappings"][0]["ebs"]["volumeSize"] == lab.volume
    assert made["detailedMonitoring"] == lab.monitoring
    assert made["tags"] == {"app.kubernetes.io/created-by": "eks-workshop"}


@pytest.mark.parametrize(("pod", "pool"), [("llama2-head", "x86-cpu-karpenter"), ("llama2-worker", "inferentia-inf2")])
def test_each_pod_finds_exactly_one_pool(config, pods, pod, pool):
    spec = pods[pod]["spec"]
    tolerated = {(t["key"], t["effect"]) for t in spec.get("tolerations", [])}
    fits = [
        plan.name
        for plan in config.plan.pools
        if spec["nodeSelector"].items() <= plan.labels.items() and {(t.key, t.effect) for t in plan.taints} <= tolerated
    ]
    assert fits == [pool]


def test_the_worker_fits_only_the_largest_type_and_its_pools_limit(config, pods):
    requests = pods["llama2-worker"]["spec"]["containers"][0]["resources"]["requests"]
    fitting = [
        instance
        for instance in ACCELERATORS["inferentia2"].instances
        if instance.vcpus >= amount(requests["cpu"])
        and catalogue.capacity(instance)["memory"] >= amount(requests["memory"])
        and catalogue.capacity(instance)["aws.amazon.com/neuron"] >= amount(requests["aws.amazon.com/neuron"])
    ]
    assert [instance.name for instance in fitting] == ["inf2.48xlarge"]
    plan = next(plan for plan in config.plan.pools if plan.name == "inferentia-inf2")
    assert fitting[0].vcpus <= amount(plan.limits["cpu"])


def test_users_are_told_what_to_put_into_a_pod(config):
    plan = next(plan for plan in config.plan.pools if plan.name == "inferentia-inf2")
    assert placement(plan) == {
        "nodeSelector": {"karpenter.sh/nodepool": "inferentia-inf2"},
        "tolerations": [{"key": "aws.amazon.com/neuron", "operator": "Exists", "effect": "NoSchedule"}],
        "resources": ["aws.amazon.com/neuron", "aws.amazon.com/neuroncore"],
    }
