import pytest
from eks_accelerators.model import versions


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"karpenter": {"version": "1.12.6"}},
            "platform.karpenter.version = '1.12.6': Karpenter 1.13 to 1.15 can be installed; e.g. 1.14.1",
        ),
        ({"karpenter": {"version": "0.37.0"}}, "version = '0.37.0': Karpenter 1.13 to 1.15 can be installed"),
        ({"karpenter": {"version": "1.16.0"}}, "version = '1.16.0': Karpenter 1.13 to 1.15 can be installed"),
        ({"karpenter": {"version": "1.14"}}, "version = '1.14': not a version of three numbers; e.g. 1.14.1"),
        ({"karpenter": {"replicas": 3}}, "no two replicas share a node and there are 2 system nodes"),
        ({"tags": {"karpenter.sh/nodepool": "x"}}, "Karpenter or EC2 sets this tag itself"),
        ({"tags": {"aws:owner": "x"}}, "platform.tags['aws:owner'] = 'x'"),
        ({"pools": [{"name": "a"}, {"name": "a"}]}, "platform.pools = 'a': 2 pools have this name; rename one"),
        (
            {"karpenter": {"version": "1.13.0"}, "pools": [{"name": "a", "disruption": {"policy": "Balanced"}}]},
            "platform.pools[0].disruption.policy = 'Balanced': needs Karpenter 1.14 or newer",
        ),
    ],
)
def test_what_fits_each_part_and_not_the_whole_is_refused(raw, refusal, change, expected):
    assert expected in refusal(raw(**change))


@pytest.mark.parametrize("kubernetes", sorted(versions.ADDON_VERSIONS))
def test_the_defaults_go_together_on_every_known_minor(platform, kubernetes):
    config = platform(cluster={"name": "c", "public_access_cidrs": [], "kubernetes": kubernetes})
    assert set(config.cluster.addon_versions) == set(versions.ADDONS)


@pytest.mark.parametrize(
    ("kubernetes", "karpenter", "accepted"),
    [("1.33", "1.13.0", True), ("1.34", "1.9.9", False), ("1.35", "1.15.1", True), ("1.35", "1.2.0", False)],
)
def test_karpenter_is_compared_with_kubernetes_as_numbers(kubernetes, karpenter, accepted):
    assert (versions.karpenter_problem(karpenter, kubernetes) is None) == accepted


@pytest.mark.parametrize(
    ("pool", "rule"),
    [
        (
            {"requirements": [{"key": "karpenter.k8s.aws/instance-cpu", "operator": "Gt", "values": [1000]}]},
            "no instance type is left by karpenter.k8s.aws/instance-cpu >= 1001",
        ),
        (
            {
                "accelerator": "t4",
                "requirements": [{"key": "kubernetes.io/arch", "operator": "In", "values": ["arm64"]}],
            },
            "no instance type is left by kubernetes.io/arch",
        ),
        (
            {
                "raw": {
                    "template": {"spec": {"requirements": [{"key": "kubernetes.io/os", "operator": "DoesNotExist"}]}}
                }
            },
            "no instance type is left by",
        ),
    ],
)
def test_a_pool_that_could_never_launch_anything_is_refused(raw, refusal, pool, rule):
    assert rule in refusal(raw(pools=[{"name": "p", **pool}]))
