"""What an environment's `stacks/Pulumi.<env>.yaml` says, as one typed value."""

import pulumi
from eks_accelerators.model.parse import ConfigError, parse
from eks_accelerators.model.platform import PlatformConfig
from eks_accelerators.model.values import Problem


def load() -> PlatformConfig:
    """The `platform` object of the stack's configuration, complete and consistent, or a `ConfigError`."""
    platform = parse(PlatformConfig, pulumi.Config().require_object("platform"), at="platform")
    region = pulumi.Config("aws").require("region")
    elsewhere = [zone for zone in platform.network.zones if zone[:-1] != region]
    if elsewhere:
        rule = f"not in {region}, which aws:region names"
        at = ("network", "zones")
        raise ConfigError([Problem(at=at, value=elsewhere, rule=rule, fix="make the two agree")], at="platform")
    return platform
