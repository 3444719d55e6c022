"""Which device plugins the pools need, and the values of their charts: tolerations and selectors made from the pools.

Nothing here can be set by hand, so that no plugin can be left without the toleration or the label of its own nodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from . import catalogue, labels, versions
from .ami_families import AMI_FAMILIES
from .placements import Toleration, tolerations
from .pool_plan import PoolPlan, sharing_name
from .pool_set import PoolSet
from .pools import Pool, Sharing
from .values import Value

NAMESPACE: Final = "kube-system"
OPERATOR_NAMESPACE: Final = "gpu-operator"
_EVERYTHING: Final[Toleration] = {"operator": "Exists"}


class DevicePluginSettings(Value):
    """What serves the devices of the pools."""

    nvidia: Literal["device-plugin", "gpu-operator"] = "device-plugin"
    """Who registers NVIDIA GPUs: the device plugin alone, which is all that images with a driver need, or the GPU
    operator without its driver and toolkit, which parts GPUs (MIG), too."""
    monitoring: bool = False
    """Whether the devices' metrics are published for Prometheus: by DCGM's exporter and by Neuron's monitor."""
    neuron_scheduler: bool = False
    """Whether to install Neuron's scheduler extension, which pods need that take a part of a node's devices and more
    than one."""


@dataclass(frozen=True, kw_only=True)
class ChartPlan:
    """A Helm release."""

    name: str
    """Of the release."""
    chart: str
    """OCI reference, or the chart's name in `repo`."""
    repo: str | None = None
    """URL of a classic repository."""
    version: str
    """Exact version."""
    namespace: str
    """Where it is installed."""
    values: dict[str, Any]
    """What differs from the chart's defaults."""

    @property
    def own_namespace(self) -> bool:
        """Whether the namespace is the release's own, and so created with it."""
        return self.namespace != NAMESPACE


def chart_plans(pools: PoolSet, settings: DevicePluginSettings, kubernetes: str) -> tuple[ChartPlan, ...]:
    """Every chart that `pools` need, and no other."""
    plans = pools.plan.pools
    nvidia = [(pool, plan) for pool, plan in zip(pools.pools, plans, strict=True) if _vendor(plan) == "nvidia"]
    served = [(pool, plan) for pool, plan in nvidia if not AMI_FAMILIES[pools.class_of(pool).family].own_nvidia_plugin]
    neuron = [plan for plan in plans if _vendor(plan) == "neuron"]
    fabric = [plan for plan in plans if plan.efa]
    found: list[ChartPlan] = []
    if served and settings.nvidia == "device-plugin":
        found.append(_nvidia_plugin(served))
    if served and settings.nvidia == "gpu-operator":
        found.append(_gpu_operator(served, settings))
    if nvidia and settings.monitoring and (settings.nvidia == "device-plugin" or not served):
        found.append(_dcgm_exporter([plan for _, plan in nvidia]))
    if neuron:
        found.append(_neuron(neuron, settings, kubernetes))
    if fabric:
        found.append(_efa(fabric))
    return tuple(found)


def _vendor(plan: PoolPlan) -> str | None:
    return None if plan.accelerator is None else plan.accelerator.vendor


def _nvidia_plugin(served: Sequence[tuple[Pool, PoolPlan]]) -> ChartPlan:
    pools = [pool for pool, _ in served]
    plans = [plan for _, plan in served]
    tolerated = [_critical(), *tolerations(plans)]
    values: dict[str, Any] = {
        # ours set the label on the pool; the chart's other two selectors would also find images with their own plugin
        "affinity": _on_nodes_with(labels.GPU_PRESENT, "In", "true"),
        "tolerations": tolerated,
    }
    if any(pool.sharing is not None for pool in pools):
        values["config"] = {"map": _sharing_configs(pools), "default": "default"}
    if any(pool.sharing is not None and pool.sharing.mps is not None for pool in pools):
        # its daemon waits for a label of GPU feature discovery, which in turn needs node feature discovery, whose
        # worker tolerates nvidia.com/gpu=present and nothing else: https://github.com/NVIDIA/k8s-device-plugin/issues/1934
        values["gfd"] = {"enabled": True}
        values["nfd"] = {"worker": {"tolerations": [_EVERYTHING]}}
    return ChartPlan(
        name="nvidia-device-plugin",
        chart="nvidia-device-plugin",
        repo=versions.NVIDIA_PLUGIN_REPO,
        version=versions.NVIDIA_PLUGIN_VERSION,
        namespace=NAMESPACE,
        values=values,
    )


def _gpu_operator(served: Sequence[tuple[Pool, PoolPlan]], settings: DevicePluginSettings) -> ChartPlan:
    pools = [pool for pool, _ in served]
    tolerated = tolerations([plan for _, plan in served])
    shared = any(pool.sharing is not None and pool.sharing.mig is None for pool in pools)
    parted = any(pool.sharing is not None and pool.sharing.mig is not None for pool in pools)
    plugin: dict[str, Any] = {"enabled": True}
    if shared:
        data = _sharing_configs(pools)
        plugin["config"] = {"create": True, "name": "device-plugin-config", "default": "default", "data": data}
    return ChartPlan(
        name="gpu-operator",
        chart="gpu-operator",
        repo=versions.GPU_OPERATOR_REPO,
        version=versions.GPU_OPERATOR_VERSION,
        namespace=OPERATOR_NAMESPACE,
        values={
            # the images have both, and NVIDIA has no driver container for Amazon Linux:
            # https://github.com/NVIDIA/gpu-operator/issues/686
            "driver": {"enabled": False},
            "toolkit": {"enabled": False},
            "daemonsets": {"tolerations": tolerated},
            "node-feature-discovery": {"worker": {"tolerations": [_EVERYTHING]}},
            "devicePlugin": plugin,
            "migManager": {"enabled": parted},
            "mig": {"strategy": "single"},
            # without Prometheus' CRDs a ServiceMonitor cannot be created, and the release fails
            "dcgmExporter": {"enabled": settings.monitoring, "serviceMonitor": {"enabled": False}},
        },
    )


def _sharing_configs(pools: Sequence[Pool]) -> dict[str, str]:
    """Entries of the plugin's configuration by name; the label nvidia.com/device-plugin.config picks one per node.

    Written by hand because it is a document in a document: https://github.com/NVIDIA/k8s-device-plugin#configuration-file
    """
    configs = {"default": "version: v1\n"}
    for pool in pools:
        if pool.sharing is not None and pool.sharing.mig is None:
            configs[sharing_name(pool)] = _sharing_config(pool.sharing)
    return configs


def _sharing_config(sharing: Sharing) -> str:
    kind, replicas = ("mps", sharing.mps) if sharing.mps is not None else ("timeSlicing", sharing.time_slicing)
    # not renamed to nvidia.com/gpu.shared, which no pool would offer
    return (
        f"version: v1\nsharing:\n  {kind}:\n    renameByDefault: false\n    resources:\n"
        f"    - name: {labels.NVIDIA_GPU}\n      replicas: {replicas}\n"
    )


def _dcgm_exporter(plans: list[PoolPlan]) -> ChartPlan:
    return ChartPlan(
        name="dcgm-exporter",
        chart="dcgm-exporter",
        repo=versions.DCGM_EXPORTER_REPO,
        version=versions.DCGM_EXPORTER_VERSION,
        namespace=NAMESPACE,
        values={
            # by default it runs on every node without a taint, and on none with a GPU
            "affinity": _on_nodes_with(labels.GPU_COUNT, "Exists"),
            "tolerations": tolerations(plans),
            "serviceMonitor": {"enabled": False},  # its CRD is Prometheus', which may not be there
        },
    )


def _neuron(plans: list[PoolPlan], settings: DevicePluginSettings, kubernetes: str) -> ChartPlan:
    values: dict[str, Any] = {
        "neuronInstances": sorted({*_neuron_types(), *_CHARTS_OTHER_TYPES}),
        "devicePlugin": {"tolerations": [_critical(), *tolerations(plans)]},
        # the chart does not create its namespace, and its recovery acts on Auto Scaling groups, of which we have none
        "npd": {"enabled": False},
    }
    if settings.neuron_scheduler:
        # the chart pins 1.31 for every cluster; a scheduler speaks to API servers of its own minor
        image = {"repository": versions.KUBE_SCHEDULER_IMAGE, "tag": versions.KUBE_SCHEDULER_TAGS[kubernetes]}
        values["scheduler"] = {"enabled": True, "customScheduler": {"image": image}}
    return ChartPlan(
        name="neuron",
        chart=versions.NEURON_CHART,
        version=versions.NEURON_CHART_VERSION,
        namespace=NAMESPACE,
        values=values,
    )


_CHARTS_OTHER_TYPES: Final = frozenset(
    {"trn2u.48xlarge", "trn3.48xlarge", "trn3n.48xlarge", "trn3en.24xlarge", "trn3s-es.48xlarge"}
)
"""What chart 1.10.0 lists besides, for nodes that are not ours. We always give the list: older charts lack trn2, and a
type that is missing there gets no plugin, without a word."""


def _neuron_types() -> set[str]:
    return {instance.name for instance in catalogue.instance_types().values() if instance.neuron}


def _efa(plans: list[PoolPlan]) -> ChartPlan:
    return ChartPlan(
        name="aws-efa-k8s-device-plugin",
        chart="aws-efa-k8s-device-plugin",
        repo=versions.EKS_CHARTS_REPO,
        version=versions.EFA_PLUGIN_VERSION,
        namespace=NAMESPACE,
        # appended to CriticalAddonsOnly, the chart's one; without them it runs on no node with a taint
        values={"tolerations": tolerations(plans)},
    )


def _critical() -> Toleration:
    return {"key": labels.CRITICAL_ADDONS_ONLY, "operator": "Exists"}


def _on_nodes_with(key: str, operator: str, *values: str) -> dict[str, Any]:
    expression: dict[str, Any] = {"key": key, "operator": operator}
    if values:
        expression["values"] = list(values)
    terms = [{"matchExpressions": [expression]}]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
