"""The whole configuration, and the rules that span its parts."""

from collections import Counter
from collections.abc import Iterator

from pydantic import Field

from . import versions
from .cluster import ClusterSettings
from .karpenter import KarpenterSettings
from .labels import is_restricted_tag
from .network import NetworkSettings
from .pool_plan import PoolPlan, plan_pool
from .pools import Pool
from .values import Problem, Value


class PlatformConfig(Value):
    """A network, a cluster, Karpenter, and pools of nodes."""

    network: NetworkSettings
    """Where it stands."""
    cluster: ClusterSettings
    """The cluster and the nodes that are there before Karpenter."""
    pools: tuple[Pool, ...] = Field(min_length=1)
    """The kinds of node that workloads can ask for."""
    karpenter: KarpenterSettings = KarpenterSettings()
    """The controller that launches them."""
    tags: dict[str, str] = Field(default_factory=dict[str, str])
    """Tags of everything, what Karpenter launches included."""

    @property
    def plans(self) -> tuple[PoolPlan, ...]:
        """The pools without open ends."""
        return tuple(plan_pool(pool, self.tags) for pool in self.pools)

    def problems(self) -> Iterator[Problem]:
        """What fits each part and not the whole."""
        yield from self._version_problems()
        yield from self._pool_problems()
        if self.network.nat == "none":
            rule = "nodes in private subnets would have no route to EKS, ECR and STS"
            yield Problem(at=("network", "nat"), value="none", rule=rule, fix="single, or per_zone")
        if self.karpenter.replicas > self.cluster.system_nodes.count:
            rule = f"no two replicas share a node and there are {self.cluster.system_nodes.count} system nodes"
            at, value = ("karpenter", "replicas"), self.karpenter.replicas
            yield Problem(at=at, value=value, rule=rule, fix="fewer replicas, or a higher cluster.system_nodes.count")
        for key, value in self.tags.items():
            if is_restricted_tag(key):
                rule = "Karpenter or EC2 sets this tag itself and refuses it on nodes"
                yield Problem(at=("tags", key), value=value, rule=rule, fix="leave it out")

    def _version_problems(self) -> Iterator[Problem]:
        version = self.karpenter.version
        if found := versions.karpenter_problem(version, self.cluster.kubernetes):
            yield Problem(at=("karpenter", "version"), value=version, rule=found[0], fix=found[1])

    def _pool_problems(self) -> Iterator[Problem]:
        for name, count in Counter(pool.name for pool in self.pools).items():
            if count > 1:
                yield Problem(at=("pools",), value=name, rule=f"{count} pools have this name", fix="rename one")
        too_old = versions.minor_of(self.karpenter.version) < versions.BALANCED_CONSOLIDATION
        for i, pool in enumerate(self.pools):
            if pool.disruption.policy == "Balanced" and too_old:
                at = ("pools", i, "disruption", "policy")
                yield Problem(
                    at=at, value="Balanced", rule="needs Karpenter 1.14 or newer", fix="WhenEmptyOrUnderutilized"
                )
