"""The whole configuration, and the rules that span its parts."""

from collections.abc import Iterator

from . import catalogue, versions
from .cluster import ClusterSettings
from .device_plugins import DevicePluginSettings
from .feasibility import dead_end
from .feasibility.configured import place, views
from .karpenter import KarpenterSettings
from .network import NetworkSettings
from .pool_plan import zones_of
from .pool_set import PoolSet
from .pools import Pool
from .values import Location, Problem


class PlatformConfig(PoolSet):
    """A network, a cluster, Karpenter, and pools of nodes."""

    network: NetworkSettings
    """Where it stands."""
    cluster: ClusterSettings
    """The cluster and the nodes that are there before Karpenter."""
    karpenter: KarpenterSettings = KarpenterSettings()
    """The controller that launches the pools' nodes."""
    device_plugins: DevicePluginSettings = DevicePluginSettings()
    """What serves the devices of the pools."""

    def problems(self) -> Iterator[Problem]:
        """What fits each part and not the whole."""
        found = [*super().problems(), *self._version_problems()]
        if all(pool.shared_class in (None, *self.node_classes) for pool in self.pools):
            found += [*self._gate_problems(), *self._pool_problems()]
        found += self._part_problems()
        yield from found
        if not found:
            yield from self._dead_end_problems()

    def _part_problems(self) -> Iterator[Problem]:
        if self.network.nat == "none":
            rule = "nodes in private subnets would have no route to EKS, ECR and STS"
            yield Problem(at=("network", "nat"), value="none", rule=rule, fix="single, or per_zone")
        if self.karpenter.replicas > self.cluster.system_nodes.count:
            rule = f"no two replicas share a node and there are {self.cluster.system_nodes.count} system nodes"
            at, value = ("karpenter", "replicas"), self.karpenter.replicas
            yield Problem(at=at, value=value, rule=rule, fix="fewer replicas, or a higher cluster.system_nodes.count")

    def _dead_end_problems(self) -> Iterator[Problem]:
        """Pools that would be accepted and never launch anything, judged as Karpenter judges them."""
        region = self.network.zones[0][:-1]
        if region not in catalogue.current().offered:  # a region newer than the catalogue cannot be judged
            return
        here = place(self, region, {})
        for i, view in enumerate(views(self)):
            if found := dead_end(view, here):
                rule = f"no instance type is left by {found.rule}"
                fix = "`accel explain` says what each demand leaves"
                yield Problem(at=("pools", i), value=view.name, rule=rule, fix=fix)

    def _version_problems(self) -> Iterator[Problem]:
        version = self.karpenter.version
        if found := versions.karpenter_problem(version, self.cluster.kubernetes):
            yield Problem(at=("karpenter", "version"), value=version, rule=found[0], fix=found[1])
        for at, alias in self._aliases():
            if found := versions.image_problem(alias, self.cluster.kubernetes):
                yield Problem(at=at, value=alias, rule=found[0], fix=found[1])

    def _aliases(self) -> Iterator[tuple[Location, str]]:
        classes = [(("pools", i, "node_class"), p.node_class) for i, p in enumerate(self.pools) if not p.shared_class]
        shared = [(("node_classes", name), node_class) for name, node_class in self.node_classes.items()]
        for at, node_class in (*classes, *shared):
            if node_class.alias is not None:
                yield (*at, "ami"), node_class.alias

    def _gate_problems(self) -> Iterator[Problem]:
        for gate in self.needed_gates:
            if self.karpenter.feature_gates.get(gate) is False:
                at = ("karpenter", "feature_gates", gate)
                yield Problem(at=at, value=False, rule="the pools need it", fix="leave it out")

    def _pool_problems(self) -> Iterator[Problem]:
        for i, pool in enumerate(self.pools):
            for problem in (*self._age_problems(pool), *self._sharing_problems(pool), *self._zone_problems(pool)):
                yield problem.below("pools", i)

    def _age_problems(self, pool: Pool) -> Iterator[Problem]:
        too_old = versions.minor_of(self.karpenter.version) < versions.BALANCED_CONSOLIDATION
        if pool.disruption.policy == "Balanced" and too_old:
            rule, fix = "needs Karpenter 1.14 or newer", "WhenEmptyOrUnderutilized"
            yield Problem(at=("disruption", "policy"), value="Balanced", rule=rule, fix=fix)

    def _sharing_problems(self, pool: Pool) -> Iterator[Problem]:
        if pool.sharing is None:
            return
        if pool.sharing.mig is not None and self.device_plugins.nvidia != "gpu-operator":
            rule = "only the GPU operator's MIG manager parts GPUs"
            fix = "device_plugins: {nvidia: gpu-operator}"
            yield Problem(at=("sharing", "mig"), value=pool.sharing.mig, rule=rule, fix=fix)
        if pool.sharing.mps is not None and self.device_plugins.nvidia == "gpu-operator":
            rule = "the GPU operator has no daemon for MPS"
            yield Problem(at=("sharing", "mps"), value=pool.sharing.mps, rule=rule, fix="time_slicing, or mig")

    def _zone_problems(self, pool: Pool) -> Iterator[Problem]:
        if self.class_of(pool).subnets is not None:
            return
        named: Location = ("zones",) if pool.reservation is None else ("reservation", "zone")
        elsewhere = [zone for zone in zones_of(pool) if zone not in self.network.zones]
        if elsewhere:
            rule = f"the network has no subnet there, but in {', '.join(self.network.zones)}"
            yield Problem(at=named, value=elsewhere, rule=rule, fix="use one of those, or add it to network.zones")
