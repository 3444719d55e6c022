"""What every environment deploys, and what it hands to people and to other stacks."""

from typing import cast

import pulumi
import pulumi_aws as aws
from eks_accelerators.args import PlatformArgs
from eks_accelerators.model.placements import placement
from eks_accelerators.model.platform import PlatformConfig
from eks_accelerators.platform import Platform


def deploy(config: PlatformConfig) -> None:
    """The platform of `config` in its region, with its tags on everything; exports what a user needs next."""
    region = config.network.zones[0][:-1]
    # default_tags reach what Pulumi creates; what Karpenter launches gets the same tags through the pools
    provider = aws.Provider("aws", region=region, default_tags={"tags": dict(config.tags)} if config.tags else None)
    # wire() dumps what PlatformArgs describes; the component parses it again, so a slip is refused and not believed
    args = cast("PlatformArgs", config.wire())
    platform = Platform("platform", args, pulumi.ResourceOptions(providers=[provider]))
    pulumi.export("cluster_name", platform.cluster_name)
    pulumi.export("cluster_endpoint", platform.cluster_endpoint)
    pulumi.export("kubeconfig", platform.kubeconfig)
    pulumi.export("node_role_name", platform.node_role_name)
    pulumi.export("pool_names", platform.pool_names)
    pulumi.export("placements", {plan.name: placement(plan) for plan in config.plan.pools})
