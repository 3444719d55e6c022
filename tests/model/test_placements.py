import pytest
from eks_accelerators.model.parse import ConfigError, parse
from eks_accelerators.model.placements import placement, pod_placement
from eks_accelerators.model.pool_set import PoolSet


def plan(**fields):
    return parse(PoolSet, {"pools": [{"name": "p", **fields}]}, at="args").plan.pools[0]


def test_a_placement_is_what_a_pod_copies():
    assert placement(plan(accelerator="h100", efa=True)) == {
        "nodeSelector": {"karpenter.sh/nodepool": "p"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "resources": ["nvidia.com/gpu", "vpc.amazonaws.com/efa"],
    }
    assert placement(plan())["resources"] == []


@pytest.mark.parametrize(
    ("fields", "devices", "expected"),
    [
        ({"accelerator": "h100"}, 4, {"nvidia.com/gpu": "4"}),
        ({"accelerator": "h100", "efa": True}, 8, {"nvidia.com/gpu": "8", "vpc.amazonaws.com/efa": "32"}),
        ({"accelerator": "h100", "efa": True}, 2, {"nvidia.com/gpu": "2", "vpc.amazonaws.com/efa": "8"}),
        ({"accelerator": "inferentia2"}, 12, {"aws.amazon.com/neuron": "12"}),
        ({"accelerator": "inferentia2"}, 6, {"aws.amazon.com/neuron": "6"}),
        ({"accelerator": "inferentia2"}, 4, {"aws.amazon.com/neuron": "4"}),
        ({"accelerator": "l4-fractional"}, 1, {"nvidia.com/gpu": "1"}),
    ],
)
def test_a_pod_asks_for_its_devices_and_its_part_of_the_adapters(fields, devices, expected):
    made = pod_placement(plan(**fields), devices)
    assert made["resources"] == {"requests": expected, "limits": expected}
    assert made["nodeSelector"] == {"karpenter.sh/nodepool": "p"}
    assert len(made["tolerations"]) == 1


@pytest.mark.parametrize(
    ("fields", "devices", "message"),
    [
        ({}, 1, "a CPU pool has no devices"),
        ({"accelerator": "h100"}, 9, r"nodes of p have 1, 8 devices; at most 8"),
        ({"accelerator": "h100"}, 0, r"pod.p.devices = 0: nodes of p have 1, 8 devices"),
        ({"accelerator": "trainium2"}, 3, "a part of a Neuron node is a power of two, .*; 2, 4, or a whole node"),
        ({"accelerator": "inferentia2"}, 10, "a part of a Neuron node is a power of two, .*; 8, 16, or a whole node"),
    ],
)
def test_what_no_node_can_give_is_refused(fields, devices, message):
    with pytest.raises(ConfigError, match=message):
        pod_placement(plan(**fields), devices)


def test_only_parts_of_a_neuron_node_need_its_scheduler():
    pool = plan(accelerator="trainium2", instance_types=["trn2.48xlarge"])
    assert pod_placement(pool, 4, neuron_scheduler=True)["schedulerName"] == "my-scheduler"
    assert "schedulerName" not in pod_placement(pool, 16, neuron_scheduler=True)
    assert "schedulerName" not in pod_placement(pool, 4)


def test_shared_gpus_count_as_many_as_their_shares():
    pool = plan(accelerator="a10g", instance_types=["g5.xlarge"], sharing={"time_slicing": 4})
    assert pod_placement(pool, 1)["resources"]["limits"] == {"nvidia.com/gpu": "1"}
