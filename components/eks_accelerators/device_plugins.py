"""DevicePlugins: what turns hardware on a node into a resource that pods can request."""

from typing import TypedDict

import pulumi
import pulumi_kubernetes as k8s

from .model import charts, versions
from .model.parse import parse
from .model.pool_plan import plan_pool
from .model.pools import Pool
from .node_pools import PoolArgs


class DevicePluginsArgs(TypedDict):
    """What decides which plugins there are."""

    pools: list[PoolArgs]
    """The pools to serve: a plugin is installed if one of them has its devices, and tolerates the taints of those
    that do."""


class DevicePlugins(pulumi.ComponentResource):
    """The device plugins that the pools need, and no others.

    Without its plugin a node never reports the resource, Karpenter never counts it as initialized, and it is neither
    used nor removed, but paid for.
    """

    charts: pulumi.Output[list[str]]
    """Names of the Helm releases; empty when no pool has an accelerator."""

    def __init__(self, name: str, args: DevicePluginsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("accel:index:DevicePlugins", name, None, opts)
        pools = [parse(Pool, raw, at=f"pools[{i}]") for i, raw in enumerate(args["pools"])]
        releases: list[k8s.helm.v3.Release] = []
        values = charts.neuron_values([plan_pool(pool, {}) for pool in pools])
        if values is not None:
            neuron = k8s.helm.v3.Release(
                f"{name}-neuron",
                name="neuron",
                chart=versions.NEURON_CHART,
                version=versions.NEURON_CHART_VERSION,
                namespace=charts.DEVICE_PLUGIN_NAMESPACE,
                values=values,
                opts=pulumi.ResourceOptions(parent=self),
            )
            releases.append(neuron)
        self.charts = pulumi.Output.all(*(release.name for release in releases)).apply(list[str])
        self.register_outputs({"charts": self.charts})
