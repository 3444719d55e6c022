import pulumi
import pytest
from eks_accelerators.model.parse import parse
from eks_accelerators.model.platform import PlatformConfig

from stacks.deploy import deploy


@pytest.fixture
def deployed(monkeypatch):
    """What `deploy` exports, and the arguments of the provider and the platform it makes."""

    def deployed(**changes):
        exports, made = {}, {}
        monkeypatch.setattr(pulumi, "export", exports.__setitem__)

        class Platform:
            cluster_name = cluster_endpoint = kubeconfig = node_role_name = pool_names = "known later"

            def __init__(self, name, args, opts):
                made["platform"] = (name, args)

        monkeypatch.setattr("stacks.deploy.Platform", Platform)
        monkeypatch.setattr("stacks.deploy.aws.Provider", lambda name, **args: made.update(provider=args))
        raw = {
            "network": {"zones": ["eu-west-1a", "eu-west-1b"]},
            "cluster": {"name": "c", "public_access_cidrs": []},
            "pools": [{"name": "inf2", "accelerator": "inferentia2"}],
            **changes,
        }
        deploy(parse(PlatformConfig, raw, at="platform"))
        return exports, made, raw

    return deployed


def test_the_platform_gets_what_the_stack_said_and_nothing_else(deployed):
    _, made, raw = deployed()
    assert made["platform"] == ("platform", raw)


def test_tags_reach_everything_through_the_provider_in_the_region_of_the_zones(deployed):
    _, made, _ = deployed(tags={"team": "ml"})
    assert made["provider"] == {"region": "eu-west-1", "default_tags": {"tags": {"team": "ml"}}}


def test_a_user_finds_what_to_put_into_a_pod_among_the_outputs(deployed):
    exports, _, _ = deployed()
    assert exports["placements"]["inf2"]["nodeSelector"] == {"karpenter.sh/nodepool": "inf2"}
    assert set(exports) == {
        "cluster_name",
        "cluster_endpoint",
        "kubeconfig",
        "node_role_name",
        "pool_names",
        "placements",
    }
