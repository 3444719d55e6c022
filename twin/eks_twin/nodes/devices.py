"""The device side of one node: which resources its plugins register, and which labels its discovery pods set.

Two plugins for one resource: the kubelet keeps one list of devices per resource and the later registration replaces
the earlier; when that plugin ends, the resource counts as unhealthy although the first one still runs
(kubernetes 1.35, pkg/kubelet/cm/devicemanager: PluginConnected, PluginDisconnected).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from eks_twin.nodes import features, sharing
from eks_twin.nodes.drivers import EFA, NEURON, drives, own_nvidia_plugin
from eks_twin.nodes.gpus import Gpu, Layout, MigError, layout
from eks_twin.nodes.node import Member
from eks_twin.nodes.plugins import Part, Pod, Role, parts, runs
from eks_twin.nodes.sharing import ConfigError, PluginConfig

CONFIGS: Final = "available-configs"
"""Volume of NVIDIA's charts with the plugin's configurations."""
OWN: Final = "the machine's own device plugin"
ConfigMaps = Callable[[str, str], Mapping[str, str] | None]
"""Namespace and name → data of a ConfigMap; None where it does not exist."""


@dataclass(frozen=True)
class Sight:
    """What there is to see of one node at this moment."""

    pods: Sequence[Pod]
    """Its pods."""
    labels: Mapping[str, str]
    """Its labels."""
    cluster: Mapping[Role, Part]
    """What runs for all nodes, wherever in the cluster."""
    config_maps: ConfigMaps


@dataclass(frozen=True)
class Found:
    """What the pods of a node make of it."""

    resources: Mapping[str, str]
    """Extended resources that are registered; "0" for one whose plugin left although it is still wanted."""
    labels: Mapping[str, str | None]
    """Labels to change; None removes one."""
    faults: Sequence[str] = field(default=())
    """What is wrong with plugins or their configuration, and with which pod."""


class NodeDevices:
    """Remembers of one node what its API objects do not show."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self._image = member.instance.image_name
        self._gpu = member.hardware.gpu
        self._layout: Layout = None
        self._overtaken: set[str] = set()

    def look(self, sight: Sight) -> Found:
        """What follows from `sight`."""
        faults: list[str] = []
        running = [part for pod in sight.pods if runs(pod) for part in parts(pod)]
        running.sort(key=lambda part: part.pod["status"].get("startTime") or "")
        labels: dict[str, str | None] = {**sight.labels}
        for change in self._labels(sight, running, labels, faults):
            labels.update(change)
        resources = self._simple(running, faults) | self._nvidia(sight, running, faults)
        changed = {key: value for key, value in labels.items() if sight.labels.get(key) != value}
        return Found({name: str(count) for name, count in sorted(resources.items())}, changed, tuple(faults))

    # --- labels -----------------------------------------------------------------------------------------------------

    def _labels(
        self, sight: Sight, running: Sequence[Part], labels: dict[str, str | None], faults: list[str]
    ) -> Iterator[features.Changes]:
        """Each one's changes in turn; `labels` holds those of the ones before."""
        by_role = {part.role: part for part in running}
        labelled = Role.FEATURE_LABELS in sight.cluster  # NFD's master makes labels of what discovery pods report
        if labelled and Role.NODE_FEATURES in by_role:
            yield features.of_node(self._gpu)
        operator = sight.cluster.get(Role.GPU_OPERATOR)
        if operator:
            met = any(part.role is Role.DRIVER for pod in sight.pods for part in parts(pod))
            found = met and drives(self._image, sharing.GPU)
            told = {key: value for key, value in labels.items() if value is not None}
            yield features.of_operator(told, operator.variable("MIG_CONFIG_DEFAULT"), driver_found=found)
        if Role.MIG_MANAGER in by_role and labels.get(features.MIG_CONFIG):
            yield self._partition(by_role[Role.MIG_MANAGER], str(labels[features.MIG_CONFIG]), faults)
        discovery = by_role.get(Role.GPU_FEATURES)
        if labelled and discovery and self._gpu and self._driven(running):
            try:
                yield features.of_gpu(labels, self._gpu, _config(discovery, sight), self._layout)
            except ConfigError as error:
                faults.append(f"{discovery.name}: {error}")

    def _partition(self, manager: Part, config: str, faults: list[str]) -> features.Changes:
        if self._gpu is None:
            return {}
        try:
            self._layout = layout(self._gpu.model, config)
        except MigError as error:
            faults.append(f"{manager.name}: label {features.MIG_CONFIG}: {error}")
            return {features.MIG_STATE: "failed"}
        return {features.MIG_STATE: "success"}

    # --- resources --------------------------------------------------------------------------------------------------

    def _driven(self, running: Sequence[Part]) -> bool:
        return drives(self._image, sharing.GPU) or any(part.role is Role.DRIVER for part in running)

    def _simple(self, running: Sequence[Part], faults: list[str]) -> dict[str, int]:
        """Resources of plugins that register what the machine has."""
        has = {**self._member.hardware.devices, EFA[0]: self._member.instance.efa_interfaces}
        found: dict[str, int] = {}
        for part in running:
            for name in {Role.NEURON_PLUGIN: NEURON, Role.EFA_PLUGIN: EFA}.get(part.role, ()):
                if not has.get(name):
                    continue
                if drives(self._image, name):
                    found[name] = has[name]
                else:
                    faults.append(f"{part.name}: {self._undriven(name)}")
        return found

    def _nvidia(self, sight: Sight, running: Sequence[Part], faults: list[str]) -> dict[str, int]:
        """Resources of NVIDIA's plugins in the order in which they register: the machine's own is the first."""
        gpu = self._gpu
        if gpu is None:
            return {}
        own = self._own(gpu, faults)
        found = {**own, **dict.fromkeys(self._overtaken, 0)}
        plugins = [part for part in running if part.role is Role.NVIDIA_PLUGIN]
        for part in plugins:
            try:
                registered = self._registered(gpu, part, sight, running)
            except ConfigError as error:
                faults.append(f"{part.name}: {error}")
                continue
            self._overtaken |= set(own) & set(registered)
            found |= registered
        names = [*([OWN] if own else []), *(part.name for part in plugins)]
        if len(names) > 1:
            faults.append(
                f"{self._member.name}: {' and '.join(names)} register the same GPUs: per resource the last one counts, "
                f"and it is lost when that one ends; keep one plugin per node"
            )
        return found

    def _own(self, gpu: Gpu, faults: list[str]) -> dict[str, int]:
        """What a host service of the machine registers."""
        if not own_nvidia_plugin(self._image):
            return {}
        try:
            return sharing.registered(self._member.bootstrap.nvidia, gpu, None)
        except ConfigError as error:
            faults.append(f"{self._member.name}: {OWN}: {error}")
            return {}

    def _registered(self, gpu: Gpu, plugin: Part, sight: Sight, running: Sequence[Part]) -> dict[str, int]:
        if not self._driven(running):
            raise ConfigError(self._undriven(sharing.GPU))
        config = _config(plugin, sight)
        if config.sharing == sharing.MPS and not any(part.role is Role.MPS_DAEMON for part in running):
            raise ConfigError("sharing.mps: waiting for the MPS daemon, of which no pod runs on this node")
        return sharing.registered(config, gpu, self._layout)

    def _undriven(self, resource: str) -> str:
        return f"no driver for {resource} on {self._image}; choose the variant of the image that has it"


def _config(part: Part, sight: Sight) -> PluginConfig:
    """The configuration that a pod of NVIDIA's charts works with; its own command line wins."""
    strategy = part.variable("MIG_STRATEGY") or None
    if strategy not in (None, *sharing.MIG_STRATEGIES):
        raise ConfigError(f"MIG_STRATEGY: {strategy!r} is none of {', '.join(sharing.MIG_STRATEGIES)}")
    volume = part.config_map(CONFIGS)
    if volume is None:
        return PluginConfig(mig_strategy=strategy)
    entries = sight.config_maps(*volume)
    if entries is None:
        raise ConfigError(f"ConfigMap {'/'.join(volume)} does not exist")
    fallbacks = part.beside("FALLBACK_STRATEGIES").split(",")
    text = sharing.chosen(entries, sight.labels.get(sharing.LABEL), part.beside("DEFAULT_CONFIG"), fallbacks)
    config = sharing.parse(text)
    return replace(config, mig_strategy=strategy or config.mig_strategy)
