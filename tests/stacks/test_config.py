import json

import pulumi
import pytest
from eks_accelerators.model.parse import ConfigError

from stacks import config

PLATFORM = {
    "network": {"zones": ["us-west-2a", "us-west-2b"]},
    "cluster": {"name": "c", "public_access_cidrs": []},
    "pools": [{"name": "cpu"}],
}


@pytest.fixture
def configure():
    """Set the stack's configuration; afterwards there is none."""

    def configure(platform, region="us-west-2"):
        project = pulumi.get_project()
        pulumi.runtime.set_all_config({f"{project}:platform": json.dumps(platform), "aws:region": region})

    yield configure
    pulumi.runtime.set_all_config({})


def test_the_platform_of_the_stack_is_loaded_as_a_value(configure):
    configure(PLATFORM)
    assert config.load().pools[0].name == "cpu"


def test_a_slip_in_the_stacks_file_is_refused_with_its_path(configure):
    configure({**PLATFORM, "pools": [{"name": "cpu", "limit": {}}]})
    with pytest.raises(ConfigError, match=r"platform\.pools\[0\]\.limit = \{\}: unknown key; did you mean 'limits'"):
        config.load()


def test_zones_of_another_region_than_the_providers_are_refused(configure):
    configure(PLATFORM, region="us-east-1")
    with pytest.raises(ConfigError, match="not in us-east-1, which aws:region names; make the two agree"):
        config.load()


def test_a_stack_without_a_platform_says_which_key_is_missing():
    with pytest.raises(pulumi.ConfigMissingError, match="platform"):
        config.load()
