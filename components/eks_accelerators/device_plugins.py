"""DevicePlugins: what turns hardware on a node into a resource that pods can request."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from .args import DevicePluginSettingsArgs, NodeClassArgs, PoolArgs
from .model.device_plugins import NAMESPACE, ChartPlan, DevicePluginSettings, chart_plans
from .model.neuron_monitor import NAME as NEURON_MONITOR
from .model.neuron_monitor import neuron_monitor
from .model.parse import parse
from .model.pool_set import PoolSet


class DevicePluginsArgs(TypedDict):
    """What decides which plugins there are."""

    pools: list[PoolArgs]
    """The pools to serve: a plugin is installed if one of them has its devices, and tolerates the taints of those
    that do."""
    node_classes: NotRequired[dict[str, NodeClassArgs]]
    """What nodes of several pools are made from: some images bring a plugin of their own."""
    kubernetes: str
    """Minor version of the cluster, such as `1.35`; Neuron's scheduler must be of the same."""
    settings: NotRequired[DevicePluginSettingsArgs]
    """Which of the ways there are."""


class DevicePlugins(pulumi.ComponentResource):
    """The device plugins that the pools need, and no others.

    Without its plugin a node never reports the resource, Karpenter never counts it as initialized, and it is neither
    used nor removed, but paid for.
    """

    charts: pulumi.Output[list[str]]
    """Names of the Helm releases; empty when no pool has an accelerator."""

    def __init__(self, name: str, args: DevicePluginsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("accel:index:DevicePlugins", name, None, opts)
        self._name = name
        pools = parse(PoolSet, {key: value for key, value in args.items() if key in PoolSet.model_fields}, at="args")
        settings = parse(DevicePluginSettings, args.get("settings", {}), at="device_plugins")
        releases = [self._release(plan) for plan in chart_plans(pools, settings, args["kubernetes"])]
        spec: Any = neuron_monitor(pools, settings)  # the SDK's own type of it is a thousand lines that say the same
        if spec is not None:
            k8s.apps.v1.DaemonSet(
                f"{name}-{NEURON_MONITOR}",
                metadata={"name": NEURON_MONITOR, "namespace": NAMESPACE},
                spec=spec,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.charts = pulumi.Output.all(*(release.name for release in releases)).apply(list[str])
        self.register_outputs({"charts": self.charts})

    def _release(self, plan: ChartPlan) -> "k8s.helm.v3.Release":
        return k8s.helm.v3.Release(
            f"{self._name}-{plan.name}",
            name=plan.name,
            chart=plan.chart,
            repository_opts=None if plan.repo is None else {"repo": plan.repo},
            version=plan.version,
            namespace=plan.namespace,
            create_namespace=plan.own_namespace or None,
            values=plan.values,
            opts=pulumi.ResourceOptions(parent=self),
        )
