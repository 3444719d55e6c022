"""One platform in two environments: what they share, and that each differs where it says so."""

import json
from pathlib import Path

import pulumi
import pytest
import yaml
from eks_accelerators.model.parse import ConfigError

from stacks import config

STACKS = Path(__file__).parents[2] / "stacks"


@pytest.fixture
def load():
    """The platform that an environment's file makes, as `pulumi` would hand it over."""

    def load(name, **changes):
        said = yaml.safe_load((STACKS / f"Pulumi.{name}.yaml").read_text())["config"]
        project = pulumi.get_project()
        own = {key.replace("eks-accelerators", project): value for key, value in said.items()} | {
            f"{project}:{key}": value for key, value in changes.items()
        }
        pulumi.runtime.set_all_config({k: v if isinstance(v, str) else json.dumps(v) for k, v in own.items()})
        return config.load()

    yield load
    pulumi.runtime.set_all_config({})


def test_both_environments_have_the_same_pools_in_the_same_order(load):
    dev, prod = load("dev"), load("prod")
    assert [(p.name, p.accelerator) for p in dev.pools] == [(p.name, p.accelerator) for p in prod.pools]
    assert dev.cluster.kubernetes == prod.cluster.kubernetes


def test_each_differs_where_it_says_so(load):
    dev, prod = load("dev"), load("prod")
    assert (dev.network.nat, prod.network.nat) == ("single", "per_zone")
    assert (len(dev.network.zones), len(prod.network.zones)) == (2, 3)
    assert (dev.cluster.deletion_protection, prod.cluster.deletion_protection) == (False, True)
    assert [p.limits.accelerators for p in dev.pools if p.limits] == [None, 2, 2]
    assert [p.limits.accelerators for p in prod.pools if p.limits] == [None, 32, 16]
    assert dev.pools[1].capacity_types == ("spot", "on-demand")
    assert prod.pools[1].capacity_types is None


def test_no_environment_repeats_what_both_share():
    shared = (STACKS / "shared" / "serving.yaml").read_text()
    for name in ("dev", "prod"):
        own = (STACKS / f"Pulumi.{name}.yaml").read_text()
        assert "accelerator:" not in own
        assert "kubernetes:" not in own
    assert shared.count("accelerator:") == 2


def test_a_shared_file_that_is_not_there_is_named(load):
    with pytest.raises(ConfigError, match=r"shared = 'servin': no such file in stacks/shared; did you mean 'serving'"):
        load("dev", shared="servin")
