"""Minimal valid values; each test changes one thing."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from eks_accelerators.model.parse import ConfigError, parse
from eks_accelerators.model.platform import PlatformConfig


def minimal(**changes: Any) -> dict[str, Any]:
    """The least that makes a platform, with `changes` on top."""
    return {
        "network": {"zones": ["us-west-2a", "us-west-2b"]},
        "cluster": {"name": "eks-workshop", "public_access_cidrs": []},
        "pools": [{"name": "inf2", "accelerator": "inferentia2"}],
        **changes,
    }


@pytest.fixture
def with_pool() -> Callable[..., dict[str, Any]]:
    """A platform whose one Inferentia2 pool has the given fields."""
    return lambda **fields: minimal(pools=[{"name": "inf2", "accelerator": "inferentia2", **fields}])


@pytest.fixture
def with_cpu_pool() -> Callable[..., dict[str, Any]]:
    """A platform whose one CPU pool has the given fields."""
    return lambda **fields: minimal(pools=[{"name": "cpu", **fields}])


@pytest.fixture
def platform() -> Callable[..., PlatformConfig]:
    """The minimal platform, parsed, with changes."""
    return lambda **changes: parse(PlatformConfig, minimal(**changes), at="platform")


@pytest.fixture
def refusal() -> Callable[[Mapping[str, Any]], str]:
    """The message with which a configuration is refused."""

    def refusal(raw: Mapping[str, Any]) -> str:
        with pytest.raises(ConfigError, match=r"problems? in the configuration") as caught:
            parse(PlatformConfig, raw, at="platform")
        return str(caught.value)

    return refusal


@pytest.fixture
def raw() -> Callable[..., dict[str, Any]]:
    """The minimal configuration as it stands in YAML, with changes."""
    return minimal
