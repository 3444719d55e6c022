import pulumi
import pytest
from eks_accelerators.model.parse import ConfigError, parse
from eks_accelerators.model.platform import PlatformConfig
from eks_accelerators.model.pools import Pool


def test_all_problems_are_reported_at_once_each_with_path_value_rule_and_fix(raw, refusal):
    message = refusal(
        raw(
            network={"zones": ["us-west-2a", "us-west-2b"], "nat": "nine"},
            cluster={"name": "eks-workshop", "kubernetes": 1.35},
            pools=[{"name": "a", "accelerator": "inferentia3"}, {"name": "b", "lables": {}}],
        )
    )
    assert message.splitlines() == [
        "5 problems in the configuration:",
        "  platform.pools[0].accelerator = 'inferentia3': no such accelerator; did you mean 'inferentia'?",
        "  platform.network.nat = 'nine': input should be 'none', 'single' or 'per_zone'; use one of those",
        "  platform.cluster.public_access_cidrs = (absent): required; add it",
        "  platform.cluster.kubernetes = 1.35: input should be a valid string; write a string; quote versions",
        "  platform.pools[1].lables = {}: unknown key; did you mean 'labels'?",
    ]


def test_a_misspelt_key_does_not_hide_what_else_is_wrong_around_it(with_cpu_pool, refusal):
    assert refusal(with_cpu_pool(lables={}, instance_families=["c55"])).splitlines() == [
        "2 problems in the configuration:",
        "  platform.pools[0].instance_families[0] = 'c55': no instance family 'c55'; did you mean 'c5'?",
        "  platform.pools[0].lables = {}: unknown key; did you mean 'labels'?",
    ]


def test_a_key_that_is_near_to_none_gets_the_whole_list(raw, refusal):
    assert "unknown key; use one of: cluster, device_plugins, karpenter, network, node_classes, overlays" in refusal(
        raw(zzz=1)
    )


@pytest.mark.parametrize(
    ("change", "path", "meant"),
    [
        ({"pool": []}, "platform.pool ", "pools"),
        ({"pools": [{"name": "a", "lable": {}}]}, "platform.pools[0].lable ", "labels"),
        (
            {"pools": [{"name": "a", "node_class": {"volume": {"sise": "1"}}}]},
            "platform.pools[0].node_class.volume.sise ",
            "size",
        ),
        ({"pools": [{"name": "a", "taints": [{"keys": "x"}]}]}, "platform.pools[0].taints[0].keys ", "key"),
        (
            {"pools": [{"name": "a", "disruption": {"budgets": [{"node": "1"}]}}]},
            "platform.pools[0].disruption.budgets[0].node ",
            "nodes",
        ),
        (
            {"cluster": {"name": "c", "public_access_cidrs": [], "access": {"ops": {"polcy": "x"}}}},
            "platform.cluster.access.ops.polcy ",
            "policy",
        ),
        (
            {"cluster": {"name": "c", "public_access_cidrs": [], "addons": {"coredns": {"verson": "x"}}}},
            "platform.cluster.addons.coredns.verson ",
            "version",
        ),
    ],
)
def test_a_misspelt_key_names_the_nearest_one_at_any_depth(raw, refusal, change, path, meant):
    message = refusal(raw(**change))
    assert f"{path}= " in message.replace("  =", " =")
    assert f"unknown key; did you mean '{meant}'?" in message


def test_one_problem_is_not_announced_as_several(raw, refusal):
    assert refusal(raw(pool=1)).startswith("1 problem in the configuration:")


def test_a_refused_item_is_not_reported_again_as_a_list_that_is_too_short(raw, refusal):
    message = refusal(raw(pools=[{"name": "a", "wieght": 3}]))
    assert message.startswith("1 problem in")


def test_an_empty_list_of_pools_is_refused(raw, refusal):
    assert "platform.pools = []" in refusal(raw(pools=[]))


def test_a_key_that_is_no_identifier_is_quoted_in_the_path(with_pool, refusal):
    message = refusal(with_pool(labels={"karpenter.sh/nodepool": "x"}))
    assert "platform.pools[0].labels['karpenter.sh/nodepool'] = 'x'" in message


def test_a_long_value_is_shortened(with_pool, refusal):
    line = refusal(with_pool(labels={"a": "b" * 80})).splitlines()[1]
    assert "…:" in line
    assert len(line) < 180


def test_the_error_is_one_that_pulumi_shows_without_a_traceback():
    assert issubclass(ConfigError, pulumi.RunError)


def test_problems_are_there_as_data():
    with pytest.raises(ConfigError, match="unknown key") as caught:
        parse(Pool, {"name": "a", "wieght": 3}, at="pools[0]")
    assert [(p.at, p.value, p.rule) for p in caught.value.problems] == [(("wieght",), 3, "unknown key")]


def test_numbers_that_a_component_host_sends_as_floats_become_whole_again():
    pool = parse(Pool, {"name": "a", "weight": 10.0, "limits": {"cpu": 256.0}}, at="pool")
    assert (type(pool.weight), pool.limits.cpu) == (int, "256")


def test_values_do_not_change(platform):
    with pytest.raises(ValueError, match="frozen"):
        platform().pools[0].name = "other"


def test_what_the_user_said_survives_the_way_through_component_arguments(raw):
    said = raw(karpenter={"replicas": 1}, tags={"team": "ml"})
    config = parse(PlatformConfig, said, at="platform")
    assert config.wire() == said
    assert parse(PlatformConfig, config.wire(), at="platform") == config
