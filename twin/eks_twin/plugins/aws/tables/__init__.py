"""Every resource type that the plugin serves, by token."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from eks_twin.plugins.aws.kinds import Kind

from . import (
    addressing,
    eks,
    eks_access,
    eks_compute,
    encryption,
    endpoints,
    iam,
    launch_template,
    logs,
    messaging,
    policies,
    routing,
    security_group_rules,
    security_groups,
    vpc,
)

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        kind.type: kind
        for module in (
            vpc,
            addressing,
            routing,
            security_groups,
            security_group_rules,
            endpoints,
            launch_template,
            iam,
            policies,
            messaging,
            logs,
            encryption,
            eks,
            eks_compute,
            eks_access,
        )
        for kind in module.KINDS
    }
)

__all__ = ["KINDS"]
