import json

import pytest
from eks_accelerators.device_plugins import DevicePlugins
from eks_accelerators.model.parse import ConfigError
from eks_accelerators.node_pools import NodePools

POOLS = [{"name": "cpu"}, {"name": "inf2", "accelerator": "inferentia2", "weight": 10.0}]


@pytest.fixture
def node_pools(run):
    """What the given pools register."""

    def node_pools(pools, **args):
        place = {"node_role_name": "role", "subnet_ids": ["subnet-a", "subnet-b"], "security_group_id": "sg-1"}
        return run(lambda: NodePools("p", {**place, "pools": pools, **args}))

    return node_pools


def test_each_pool_is_a_class_and_a_pool_of_its_name(node_pools):
    made = node_pools(POOLS)
    assert sorted((r.type, r.name) for r in made if r.type.startswith("kubernetes")) == [
        ("kubernetes:karpenter.k8s.aws/v1:EC2NodeClass", "p-cpu-class"),
        ("kubernetes:karpenter.k8s.aws/v1:EC2NodeClass", "p-inf2-class"),
        ("kubernetes:karpenter.sh/v1:NodePool", "p-cpu-pool"),
        ("kubernetes:karpenter.sh/v1:NodePool", "p-inf2-pool"),
    ]
    for kind in ("EC2NodeClass", "NodePool"):
        assert {r.inputs["metadata"]["name"] for r in made.of(kind)} == {"cpu", "inf2"}


def test_the_class_stands_where_the_nodes_shall(node_pools):
    spec = node_pools(POOLS, tags={"team": "ml"}).named("p-inf2-class", "EC2NodeClass").inputs["spec"]
    assert spec["subnetSelectorTerms"] == [{"id": "subnet-a"}, {"id": "subnet-b"}]
    assert spec["securityGroupSelectorTerms"] == [{"id": "sg-1"}]
    assert (spec["role"], spec["tags"]) == ("role", {"team": "ml"})


def test_a_pool_goes_before_its_class(node_pools):
    assert node_pools(POOLS).named("p-cpu-pool", "NodePool").dependencies == {"EC2NodeClass p-cpu-class"}


def test_up_waits_for_pools_which_wait_for_their_classes(node_pools):
    """A class that is tried without a pool is tried with types that no pool of it would launch."""
    made = node_pools(POOLS)
    for pool in made.of("NodePool"):
        assert pool.inputs["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Ready"}
    assert [each.inputs["metadata"] for each in made.of("EC2NodeClass")] == [{"name": "cpu"}, {"name": "inf2"}]


def test_a_misspelt_pool_names_its_place_in_the_list(node_pools):
    with pytest.raises(ConfigError, match=r"pools\[1\]\.acelerator = 'x': unknown key; did you mean 'accelerator'"):
        node_pools([{"name": "cpu"}, {"name": "b", "acelerator": "x"}])


def test_no_plugin_is_installed_for_pools_without_devices(run):
    assert run(lambda: DevicePlugins("d", {"pools": [{"name": "cpu"}], "kubernetes": "1.35"})).of("Release") == []


def test_the_neuron_plugin_runs_wherever_a_pool_has_devices(run):
    tainted = {
        "name": "trn",
        "accelerator": "trainium",
        "taints": [{"key": "team", "value": "a", "effect": "NoExecute"}],
    }
    (release,) = run(lambda: DevicePlugins("d", {"pools": [*POOLS, tainted], "kubernetes": "1.35"})).of("Release")
    assert release.inputs["chart"] == "oci://public.ecr.aws/neuron/neuron-helm-chart"
    assert (release.inputs["version"], release.inputs["namespace"]) == ("1.10.0", "kube-system")
    values = release.inputs["values"]
    assert values["npd"] == {"enabled": False}
    assert {"inf2.48xlarge", "trn1.32xlarge", "trn2.48xlarge", "inf1.xlarge"} <= set(values["neuronInstances"])
    assert values["devicePlugin"]["tolerations"] == [
        {"key": "CriticalAddonsOnly", "operator": "Exists"},
        {"key": "aws.amazon.com/neuron", "operator": "Exists", "effect": "NoSchedule"},
        {"key": "team", "operator": "Exists", "effect": "NoExecute"},
    ]


def test_pools_of_one_class_share_it_and_it_goes_after_both(node_pools):
    pools = [{"name": "a", "shared_class": "base"}, {"name": "b", "shared_class": "base"}]
    made = node_pools(pools, node_classes={"base": {"ami": "bottlerocket@latest"}})
    assert [r.name for r in made.of("EC2NodeClass")] == ["p-base-class"]
    assert all(pool.dependencies == {"EC2NodeClass p-base-class"} for pool in made.of("NodePool"))


def test_adapters_come_with_a_rule_that_lets_nodes_reach_one_another(node_pools):
    made = node_pools([{"name": "train", "accelerator": "h100", "efa": True}, {"name": "cpu"}])
    (rule,) = made.of("SecurityGroupEgressRule")
    assert (rule.inputs["securityGroupId"], rule.inputs["referencedSecurityGroupId"]) == ("sg-1", "sg-1")
    assert rule.inputs["ipProtocol"] == "-1"
    assert made.named("p-train-class", "EC2NodeClass").dependencies >= {"SecurityGroupEgressRule p-efa"}


def test_a_placement_group_is_made_for_the_pool_and_named_in_its_class(node_pools):
    pool = {"name": "train", "accelerator": "h100", "placement": "cluster", "zones": ["us-west-2a"]}
    made = node_pools([pool])
    (group,) = made.of("PlacementGroup")
    assert (group.name, group.inputs["strategy"]) == ("p-train-placement", "cluster")
    spec = made.named("p-train-class", "EC2NodeClass").inputs["spec"]
    assert spec["placementGroupSelector"] == {"name": "p-train-placement"}


def test_what_a_class_says_of_its_place_is_not_replaced(node_pools):
    own = {
        "role": "mine",
        "subnets": [{"tags": {"tier": "gpu"}}],
        "security_groups": [{"name": "gpu"}],
        "placement_group": {"id": "pg-1"},
    }
    spec = node_pools([{"name": "cpu", "node_class": own}]).named("p-cpu-class", "EC2NodeClass").inputs["spec"]
    assert spec["role"] == "mine"
    assert spec["subnetSelectorTerms"] == [{"tags": {"tier": "gpu"}}]
    assert spec["securityGroupSelectorTerms"] == [{"name": "gpu"}]
    assert spec["placementGroupSelector"] == {"id": "pg-1"}


def test_shares_of_gpus_are_told_to_karpenter(node_pools):
    pools = [{"name": "small", "accelerator": "l4-fractional"}, {"name": "cpu"}]
    made = node_pools(pools, overlays={"cheap": {"requirements": [], "price_adjustment": "-10%"}})
    overlays = {r.inputs["metadata"]["name"]: r.inputs["spec"] for r in made.of("NodeOverlay")}
    assert overlays["small-1-gpu"]["capacity"] == {"nvidia.com/gpu": "1"}
    assert overlays["cheap"] == {"requirements": [], "priceAdjustment": "-10%"}


def test_neurons_monitor_runs_where_its_devices_are_and_only_if_wanted(run):
    args = {"pools": [{"name": "cpu"}, {"name": "inf2", "accelerator": "inferentia2"}], "kubernetes": "1.35"}
    (made,) = run(lambda: DevicePlugins("d", {**args, "settings": {"monitoring": True}})).of("DaemonSet")
    pod = made.inputs["spec"]["template"]["spec"]
    (term,) = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["key"] == "karpenter.k8s.aws/instance-accelerator-manufacturer"
    assert pod["tolerations"] == [{"key": "aws.amazon.com/neuron", "operator": "Exists", "effect": "NoSchedule"}]
    assert (
        made.inputs["spec"]["selector"]["matchLabels"].items()
        <= made.inputs["spec"]["template"]["metadata"]["labels"].items()
    )
    assert run(lambda: DevicePlugins("d", args)).of("DaemonSet") == []


def test_a_consumer_in_any_language_gets_what_a_pod_copies(run):
    place = {"node_role_name": "role", "subnet_ids": ["subnet-a"], "security_group_id": "sg-1"}
    seen = {}

    def program():
        made = NodePools("p", {**place, "pools": POOLS})
        made.placements.apply(seen.update)

    run(program)
    assert json.loads(seen["inf2"])["nodeSelector"] == {"karpenter.sh/nodepool": "inf2"}
    assert json.loads(seen["cpu"])["tolerations"] == []
