import pytest
from eks_accelerators.model.accelerators import ACCELERATORS, devices_of
from eks_accelerators.model.parse import parse
from eks_accelerators.model.pool_set import PoolSet

NEURON = "aws.amazon.com/neuron"


def plans(**fields):
    return parse(PoolSet, {"pools": [{"name": "p", **fields}]}, at="args").plan


def plan(**fields):
    return plans(**fields).pools[0]


def volume(**fields):
    return plans(**fields).classes[0].devices[-1].ebs.volume_size


def requirements(**fields):
    return {r.key: (r.operator, *(r.values or ())) for r in plan(**fields).requirements}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": "Train"}, "name = 'Train': lower-case letters, digits and `-`"),
        ({"accelerator": "trainium3"}, "no such accelerator; did you mean 'trainium'?"),
        ({"accelerator": "gaudi"}, "Habana Gaudi (dl1): EC2 retired it"),
        (
            {"instance_families": ["inf1"]},
            "instance_families[0] = 'inf1': inf1 does not carry inferentia2; use one of: inf2",
        ),
        ({"instance_families": ["inf22"]}, "no instance family 'inf22'; did you mean 'inf2'?"),
        ({"instance_types": ["inf2.2xlarge"]}, "no inf2 of this size; did you mean 'inf2.24xlarge'?"),
        ({"instance_types": ["m5.large"]}, "m5 does not carry inferentia2"),
        ({"instance_types": ["inf2.xlarge"], "instance_families": ["inf2"]}, "exact types leave nothing for families"),
        ({"architecture": "arm64"}, "inf2 are not arm64, so these requirements contradict one another"),
        ({"capacity_types": ["reserved"]}, "no reservation is named, so nothing is reserved; reservation: {id: cr-"),
        ({"capacity_types": ["odcr"]}, "capacity_types[0] = 'odcr': input should be 'on-demand', 'spot' or 'reserved'"),
        ({"capacity_types": []}, "capacity_types = []: list should have at least 1 item"),
        ({"labels": {"karpenter.sh/nodepool": "x"}}, "Karpenter sets this label, or reserves its domain"),
        ({"labels": {"kubernetes.io/hostname": "x"}}, "Karpenter sets this label, or reserves its domain"),
        ({"labels": {"karpenter.k8s.aws/instance-pods": "9"}}, "Karpenter sets this label, or reserves its domain"),
        ({"labels": {"team": "a b"}}, "labels.team = 'a b': not a label value"),
        ({"labels": {"a b": "x"}}, "not a Kubernetes key, which is `name` or `domain/name`; e.g. example.com/team"),
        ({"taints": [{"key": "a", "value": ""}]}, "taints[0].value = '': not a Kubernetes key"),
        (
            {"taints": [{"key": "a"}, {"key": "a", "value": "b"}]},
            "taints[1].key = 'a': a:NoSchedule stands more than once",
        ),
        ({"taints": [{"key": "a", "effect": "No"}]}, "taints[0].effect = 'No': input should be 'NoSchedule'"),
        ({"node_class": {"tags": {"kubernetes.io/cluster/x": "owned"}}}, "refuses it in an EC2NodeClass; leave it out"),
        ({"node_class": {"tags": {"": "x"}}}, "node_class.tags[''] = 'x'"),
        ({"limits": {"cpu": 2}}, "limits.cpu = '2': below one node: the smallest type, inf2.xlarge, has 4 vCPU"),
        ({"limits": {"memory": "8Gi"}}, "below one node: no type has less than 14.8Gi"),
        ({"limits": {"extended": {NEURON: "0"}}}, "below one node: inf2.xlarge has 1"),
        ({"limits": {"extended": {"nvidia.com/gpu": 1}}}, "no node of inferentia2 has this resource"),
        ({"limits": {"accelerators": 0}}, "limits.accelerators = '0': below one node: inf2.xlarge has 1"),
        ({"limits": {"accelerators": 2, "extended": {NEURON: 2}}}, "limits.accelerators says this already"),
        ({"limits": {"cpu": 100}, "instance_types": ["inf2.48xlarge"]}, "inf2.48xlarge, has 192 vCPU"),
        ({"limits": {}}, "limits nothing; give cpu, memory, nodes"),
        ({"limits": {"cpu": "many"}}, "limits.cpu = 'many': not a Kubernetes quantity; e.g. 500Gi"),
        ({"expire_after": "30d"}, "expire_after = '30d': not a duration in h, m and s, and not `Never`; e.g. 720h"),
        ({"termination_grace_period": "Never"}, "not a duration in h, m and s; e.g. 24h"),
        ({"disruption": {"after": "5 m"}}, "disruption.after = '5 m'"),
        ({"disruption": {"policy": "WhenIdle"}}, "disruption.policy = 'WhenIdle'"),
        (
            {"disruption": {"budgets": [{"nodes": "101%"}]}},
            "budgets[0].nodes = '101%': not a number of nodes or a share",
        ),
        (
            {"disruption": {"budgets": [{"schedule": "@daily"}]}},
            "schedule and duration go together; give both or neither",
        ),
        ({"disruption": {"budgets": [{"duration": "8h"}]}}, "budgets[0].schedule = (absent)"),
        ({"disruption": {"budgets": [{"schedule": "noon", "duration": "8h"}]}}, "not a cron expression"),
        ({"weight": 101}, "weight = 101: input should be less than or equal to 100; lower it"),
        (
            {"node_class": {"ami": "al2@latest"}},
            "AL2 images end with Kubernetes 1.32; Karpenter refuses the alias on newer clusters",
        ),
        ({"node_class": {"ami": "al2023@2026"}}, "node_class.ami = 'al2023@2026': not a release of al2023"),
        ({"node_class": {"ami": "ubuntu@1"}}, "not an image alias, which is `family@version`"),
        (
            {"node_class": {"volume": {"size": "100GB"}}},
            "node_class.volume.size = '100GB': not a volume size in Gi or Ti; e.g. 200Gi",
        ),
        ({"node_class": {"volume": {"size": "17Ti", "type": "gp2"}}}, "gp2 volumes end at 16Ti"),
        (
            {"node_class": {"volume": {"type": "gp2", "iops": 3000}}},
            "gp2 has no provisioned iops; type: gp3 or io1 or io2",
        ),
        ({"node_class": {"volume": {"type": "io2"}}}, "io2 needs iops"),
        (
            {"node_class": {"volume": {"type": "io2", "iops": 9000, "throughput": 200}}},
            "only gp3 has a provisioned throughput",
        ),
        (
            {"node_class": {"volume": {"throughput": 100}}},
            "throughput = 100: input should be greater than or equal to 125",
        ),
    ],
)
def test_an_accelerator_pool_that_cannot_work_is_refused(with_pool, refusal, fields, expected):
    assert expected in refusal(with_pool(**fields))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"instance_families": ["inf2"]},
            "without `accelerator` no device plugin would serve them; say accelerator: inferentia2",
        ),
        ({"instance_families": ["g5"]}, "g5 carries accelerators"),
        ({"instance_families": ["m5", "m7g"]}, "m7g are not amd64, so these requirements contradict one another"),
        ({"instance_types": ["m5"]}, "instance_types[0] = 'm5': no m5 of this size; use one of: m5.12xlarge"),
        ({"instance_types": ["mm5.large"]}, "no instance family 'mm5'"),
        ({"instance_families": ["hpc7a"], "capacity_types": ["spot"]}, "EC2 does not sell hpc7a as spot"),
        ({"limits": {"cpu": 0}}, "below one node: the smallest type, "),
        (
            {"instance_types": ["m5.4xlarge"], "limits": {"cpu": 4}},
            "below one node: the smallest type, m5.4xlarge, has 16 vCPU",
        ),
        ({"limits": {"cpu": 8, "extended": {NEURON: 1}}}, "no node of a CPU pool has this resource"),
        ({"limits": {"cpu": 8, "accelerators": 1}}, "a CPU pool has none"),
    ],
)
def test_a_cpu_pool_that_cannot_work_is_refused(with_cpu_pool, refusal, fields, expected):
    assert expected in refusal(with_cpu_pool(**fields))


@pytest.mark.parametrize("name", sorted(ACCELERATORS))
def test_a_name_and_an_accelerator_are_enough(name):
    accelerator, made = ACCELERATORS[name], plan(accelerator=name)
    largest = accelerator.instances[-1]
    resource = accelerator.resource
    assert [(t.key, t.value, t.effect) for t in made.taints] == [(resource, "true", "NoSchedule")]
    assert made.limits == {"cpu": str(2 * largest.vcpus), resource: str(2 * devices_of(largest, accelerator))}
    assert volume(accelerator=name) == accelerator.volume_size
    assert made.disruption.consolidation_policy == "WhenEmpty"
    assert requirements(accelerator=name) == {
        "karpenter.k8s.aws/instance-family": ("In", *accelerator.families),
        "kubernetes.io/arch": ("In", accelerator.architecture),
        "karpenter.sh/capacity-type": ("In", "on-demand"),
    }


def test_a_name_alone_makes_a_bounded_pool_of_current_cpu_types():
    made = plan()
    assert (made.taints, made.limits, volume()) == ((), {"cpu": "256"}, "100Gi")
    assert made.disruption.consolidation_policy == "WhenEmptyOrUnderutilized"
    assert requirements()["karpenter.k8s.aws/instance-category"] == ("In", "c", "m", "r")
    assert requirements()["karpenter.k8s.aws/instance-generation"] == ("Gt", "4")


@pytest.mark.parametrize("name", sorted(ACCELERATORS))
def test_no_accelerator_pool_asks_for_a_generation(name):
    """`Gt 2` removes inf2, trn1 and trn2, whose generations are 2, 1 and 2."""
    assert "karpenter.k8s.aws/instance-generation" not in requirements(accelerator=name)


@pytest.mark.parametrize(
    ("fields", "key", "expected"),
    [
        (
            {"accelerator": "trainium", "instance_families": ["trn1n"]},
            "karpenter.k8s.aws/instance-family",
            ("In", "trn1n"),
        ),
        (
            {"accelerator": "inferentia2", "instance_types": ["inf2.48xlarge"]},
            "node.kubernetes.io/instance-type",
            ("In", "inf2.48xlarge"),
        ),
        ({"architecture": "arm64"}, "kubernetes.io/arch", ("In", "arm64")),
        ({"capacity_types": ["spot", "on-demand"]}, "karpenter.sh/capacity-type", ("In", "spot", "on-demand")),
    ],
)
def test_what_the_user_says_replaces_what_is_derived(fields, key, expected):
    assert requirements(**fields)[key] == expected


def test_exact_types_leave_no_rule_on_families():
    assert "karpenter.k8s.aws/instance-family" not in requirements(
        accelerator="inferentia2", instance_types=["inf2.xlarge"]
    )


def test_limits_follow_the_largest_type_that_the_pool_admits():
    assert plan(accelerator="inferentia2", instance_types=["inf2.xlarge"]).limits == {"cpu": "8", NEURON: "2"}


def test_given_limits_replace_the_derived_ones_entirely():
    assert plan(accelerator="inferentia2", limits={"cpu": 512}).limits == {"cpu": "512"}


def test_an_empty_list_of_taints_means_none():
    assert plan(accelerator="inferentia2", taints=[]).taints == ()


def test_tags_of_the_class_win_over_those_of_the_platform():
    raw = {"pools": [{"name": "p", "node_class": {"tags": {"team": "ml"}}}], "tags": {"team": "all", "env": "dev"}}
    assert parse(PoolSet, raw, at="args").plan.classes[0].tags == {"team": "ml", "env": "dev"}
