"""What an environment's `stacks/Pulumi.<env>.yaml` says, as one typed value."""

from pathlib import Path
from typing import Any, Final

import pulumi
import yaml
from eks_accelerators.model.layers import combined
from eks_accelerators.model.parse import ConfigError, one_of, parse
from eks_accelerators.model.platform import PlatformConfig
from eks_accelerators.model.values import Problem

SHARED: Final = Path(__file__).parent / "shared"
"""Where `shared: <name>` of a stack's configuration finds what it has in common with others."""


def load() -> PlatformConfig:
    """The `platform` object of the stack's configuration, complete and consistent, or a `ConfigError`.

    With `shared: <name>` it is laid over `stacks/shared/<name>.yaml`.
    """
    config = pulumi.Config()
    platform = parse(PlatformConfig, _platform(config), at="platform")
    region = pulumi.Config("aws").require("region")
    elsewhere = [zone for zone in platform.network.zones if zone[:-1] != region]
    if elsewhere:
        rule = f"not in {region}, which aws:region names"
        at = ("network", "zones")
        raise ConfigError([Problem(at=at, value=elsewhere, rule=rule, fix="make the two agree")], at="platform")
    return platform


def _platform(config: pulumi.Config) -> Any:
    name = config.get("shared")
    if name is None:
        return config.require_object("platform")
    known = {path.stem: path for path in SHARED.glob("*.yaml")}
    if name not in known:
        fix = one_of(name, known)
        raise ConfigError([Problem(at=(), value=name, rule="no such file in stacks/shared", fix=fix)], at="shared")
    return combined(yaml.safe_load(known[name].read_text()), config.get_object("platform", {}))
