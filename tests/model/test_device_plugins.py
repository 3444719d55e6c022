"""Plugins that the pools need and no others, each with the label and the tolerations of its own nodes."""

import pytest
import yaml
from eks_accelerators.model.accelerators import ACCELERATORS
from eks_accelerators.model.device_plugins import DevicePluginSettings, chart_plans
from eks_accelerators.model.manifests import node_pool
from eks_accelerators.model.parse import ConfigError, parse
from eks_accelerators.model.pool_set import PoolSet

GPU = {"name": "gpu", "accelerator": "a10g"}
FABRIC = {"name": "p", "accelerator": "h100", "efa": True}
TOLERATED = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
CRITICAL = {"key": "CriticalAddonsOnly", "operator": "Exists"}


def charts(*pools, kubernetes="1.35", **settings):
    pool_set = parse(PoolSet, {"pools": list(pools)}, at="args")
    plans = chart_plans(pool_set, parse(DevicePluginSettings, settings, at="device_plugins"), kubernetes)
    return {plan.name: plan for plan in plans}


def refusal(pool):
    with pytest.raises(ConfigError, match=r"problems? in the configuration") as caught:
        parse(PoolSet, {"pools": [pool]}, at="args")
    return str(caught.value)


def selects(affinity, labels):
    """Whether a required node affinity admits a node with `labels`."""
    terms = affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    return any(
        all(
            labels.get(e["key"]) in e["values"] if e["operator"] == "In" else e["key"] in labels
            for e in term["matchExpressions"]
        )
        for term in terms
    )


@pytest.mark.parametrize("name", sorted(ACCELERATORS))
@pytest.mark.parametrize("taints", [None, [], [{"key": "team", "value": "a", "effect": "NoExecute"}]], ids=str)
def test_the_plugin_of_every_accelerator_reaches_its_nodes(name, taints):
    pool = {"name": "p", "accelerator": name, **({} if taints is None else {"taints": taints})}
    (plan,) = charts(pool).values()
    spec = node_pool(parse(PoolSet, {"pools": [pool]}, at="args").plan.pools[0])["template"]
    tolerations = plan.values.get("tolerations") or plan.values["devicePlugin"]["tolerations"]
    tolerated = {(t["key"], t.get("effect")) for t in tolerations}
    assert {(t["key"], t["effect"]) for t in spec["spec"].get("taints", [])} <= tolerated
    if ACCELERATORS[name].vendor == "nvidia":
        assert selects(plan.values["affinity"], spec["metadata"]["labels"])
    else:
        assert {i.name for i in ACCELERATORS[name].instances} <= set(plan.values["neuronInstances"])


@pytest.mark.parametrize(
    ("pools", "settings", "expected"),
    [
        ([{"name": "cpu"}], {"monitoring": True, "neuron_scheduler": True}, set()),
        ([GPU], {}, {"nvidia-device-plugin"}),
        ([GPU], {"monitoring": True}, {"nvidia-device-plugin", "dcgm-exporter"}),
        ([GPU], {"nvidia": "gpu-operator", "monitoring": True}, {"gpu-operator"}),
        ([{**GPU, "node_class": {"ami": "bottlerocket@latest"}}], {}, set()),
        ([{**GPU, "node_class": {"ami": "bottlerocket@latest"}}], {"nvidia": "gpu-operator"}, set()),
        (
            [{"name": "p", "accelerator": "h100", "efa": True}],
            {},
            {"nvidia-device-plugin", "aws-efa-k8s-device-plugin"},
        ),
        ([{"name": "p", "accelerator": "trainium2"}, GPU], {}, {"neuron", "nvidia-device-plugin"}),
    ],
    ids=lambda part: str(sorted(part)) if isinstance(part, set) else str(part),
)
def test_what_is_installed_is_what_the_pools_need(pools, settings, expected):
    assert set(charts(*pools, **settings)) == expected


def test_a_resource_never_has_two_owners():
    """The operator brings the plugin; images with a plugin of their own are labelled so that it leaves them alone."""
    bottlerocket = {"name": "b", "accelerator": "l4", "node_class": {"ami": "bottlerocket@latest"}}
    for nvidia in ("device-plugin", "gpu-operator"):
        made = charts(GPU, bottlerocket, nvidia=nvidia)
        assert len({"nvidia-device-plugin", "gpu-operator"} & set(made)) == 1
    pools = parse(PoolSet, {"pools": [GPU, bottlerocket]}, at="args").plan.pools
    labels = [node_pool(pool)["template"]["metadata"]["labels"] for pool in pools]
    assert [selects(charts(GPU)["nvidia-device-plugin"].values["affinity"], each) for each in labels] == [True, False]
    assert labels[1] == {"nvidia.com/gpu.deploy.operands": "false"}


def test_the_operator_leaves_out_what_the_image_has():
    values = charts(GPU, nvidia="gpu-operator")["gpu-operator"].values
    assert (values["driver"], values["toolkit"]) == ({"enabled": False}, {"enabled": False})
    assert values["daemonsets"]["tolerations"] == [TOLERATED]
    assert values["node-feature-discovery"]["worker"]["tolerations"] == [{"operator": "Exists"}]


def test_pools_that_share_differently_get_a_configuration_each():
    pools = [
        {**GPU, "name": "slow", "sharing": {"time_slicing": 4}},
        {**GPU, "name": "fast", "sharing": {"mps": 2}},
        {**GPU, "name": "whole"},
    ]
    values = charts(*pools)["nvidia-device-plugin"].values
    configs = {name: yaml.safe_load(text) for name, text in values["config"]["map"].items()}
    assert values["config"]["default"] == "default"
    assert configs == {
        "default": {"version": "v1"},
        "time-slicing-4": {
            "version": "v1",
            "sharing": {
                "timeSlicing": {"renameByDefault": False, "resources": [{"name": "nvidia.com/gpu", "replicas": 4}]}
            },
        },
        "mps-2": {
            "version": "v1",
            "sharing": {"mps": {"renameByDefault": False, "resources": [{"name": "nvidia.com/gpu", "replicas": 2}]}},
        },
    }
    assert values["gfd"] == {"enabled": True}
    planned = parse(PoolSet, {"pools": pools}, at="args").plan
    key = "nvidia.com/device-plugin.config"
    assert [pool.labels.get(key) for pool in planned.pools] == ["time-slicing-4", "mps-2", None]
    assert {name: o.capacity for name, o in planned.overlays.items() if name.startswith("slow")} == {
        "slow-1-gpu": {"nvidia.com/gpu": "4"},
        "slow-4-gpu": {"nvidia.com/gpu": "16"},
        "slow-8-gpu": {"nvidia.com/gpu": "32"},
    }
    assert "whole-1-gpu" not in planned.overlays


def test_mig_is_a_label_for_the_operators_manager_and_capacity_for_karpenter():
    pool = {"name": "p", "accelerator": "h100", "sharing": {"mig": "1g.10gb"}}
    planned = parse(PoolSet, {"pools": [pool]}, at="args").plan
    assert planned.pools[0].labels["nvidia.com/mig.config"] == "all-1g.10gb"
    assert planned.overlays["p-8-gpu"].capacity == {"nvidia.com/gpu": "56"}
    values = charts(pool, nvidia="gpu-operator")["gpu-operator"].values
    assert (values["migManager"], values["mig"]) == ({"enabled": True}, {"strategy": "single"})


@pytest.mark.parametrize("kubernetes", ["1.33", "1.34", "1.35"])
def test_neurons_scheduler_is_of_the_clusters_minor(kubernetes):
    pool = {"name": "p", "accelerator": "inferentia2"}
    values = charts(pool, kubernetes=kubernetes, neuron_scheduler=True)["neuron"].values
    assert values["scheduler"]["customScheduler"]["image"]["tag"].startswith(f"v{kubernetes}.")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"labels": {"nvidia.com/gpu.present": "false"}},
            "labels['nvidia.com/gpu.present'] = 'false': the device plugin",
        ),
        ({"labels": {"nvidia.com/device-plugin.config": "x"}}, "decides how GPUs are shared, which `sharing` says"),
        (
            {"raw": {"template": {"metadata": {"labels": {"nvidia.com/gpu.present": None}}}}},
            "raw.template.metadata.labels['nvidia.com/gpu.present'] = (absent): the device plugin is found by",
        ),
        (
            {"raw": {"template": {"metadata": {"labels": {"nvidia.com/gpu.present": "false"}}}}},
            "raw.template.metadata.labels['nvidia.com/gpu.present'] = 'false': the device plugin is found by",
        ),
        (
            {"node_class": {"ami": "bottlerocket@latest"}, "labels": {"nvidia.com/gpu.present": "true"}},
            "would bring a second plugin",
        ),
        ({"node_class": {"ami": "windows2022@latest"}}, "Windows2022 images have no driver for a10g"),
    ],
    ids=str,
)
def test_a_plugin_without_its_label_or_with_a_second_one_is_refused(change, expected):
    assert expected in refusal({**GPU, **change})


def test_a_second_plugin_is_refused_through_a_shared_class_too():
    pool = {**GPU, "shared_class": "shared", "labels": {"nvidia.com/gpu.present": "true"}}
    raw = {"pools": [pool], "node_classes": {"shared": {"ami": "bottlerocket@latest"}}}
    with pytest.raises(ConfigError, match=r"pools\[0\]\.labels.*would bring a second plugin"):
        parse(PoolSet, raw, at="args")


def test_a_taint_that_comes_raw_is_tolerated_too():
    raw = {"template": {"spec": {"taints": [{"key": "late", "effect": "NoSchedule"}]}}}
    values = charts({**GPU, "raw": raw})["nvidia-device-plugin"].values
    assert values["tolerations"] == [CRITICAL, {"key": "late", "operator": "Exists", "effect": "NoSchedule"}]
