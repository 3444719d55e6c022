"""All pools of a cluster together, with the classes they share and the overlays over their instance types."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from pydantic import Field, StringConstraints

from . import forms, labels
from .accelerators import devices_of
from .class_plan import ClassPlan, plan_class
from .crds.node_overlay import NodeOverlaySpec
from .crds.requirements import OverlayRequirement
from .karpenter import NODE_OVERLAY, STATIC_CAPACITY, FeatureGate
from .manifests import node_class as class_manifest
from .manifests import node_class_problems
from .node_classes import NodeClass
from .pool_plan import PoolPlan, plan_pool, shares
from .pool_rules import image_problems
from .pools import Pool
from .values import Location, Problem, Value

ObjectName = Annotated[str, StringConstraints(pattern=forms.DNS_LABEL)]


@dataclass(frozen=True, kw_only=True)
class PoolSetPlan:
    """What all pools become together."""

    pools: tuple[PoolPlan, ...]
    """NodePools, in the order of the configuration."""
    classes: tuple[ClassPlan, ...]
    """EC2NodeClasses: the pools' own, then shared ones."""
    overlays: Mapping[str, NodeOverlaySpec]
    """NodeOverlays by name."""


class PoolSet(Value):
    """The kinds of node that workloads can ask for."""

    pools: Annotated[tuple[Pool, ...], Field(min_length=1)]
    """The kinds of node that workloads can ask for."""
    node_classes: dict[ObjectName, NodeClass] = Field(default_factory=dict[str, NodeClass])
    """What nodes of several pools are made from, by name; a pool says `shared_class`."""
    overlays: dict[ObjectName, NodeOverlaySpec] = Field(default_factory=dict[str, NodeOverlaySpec])
    """What Karpenter takes some instance types for, by name (NodeOverlay, alpha in Karpenter); those that the pools'
    sharing and fractional GPUs need are there without saying."""
    tags: dict[str, str] = Field(default_factory=dict[str, str])
    """Tags of everything, what Karpenter launches included."""

    def class_of(self, pool: Pool) -> NodeClass:
        """What nodes of `pool` are made from."""
        return pool.node_class if pool.shared_class is None else self.node_classes[pool.shared_class]

    @cached_property
    def plan(self) -> PoolSetPlan:
        """Everything without open ends; worked out once, since many ask and nothing in here changes."""
        planned = [(pool, plan_pool(pool, self.class_of(pool))) for pool in self.pools]
        own = [(pool.name, pool.node_class, [(pool, plan)]) for pool, plan in planned if pool.shared_class is None]
        shared = [
            (name, node_class, [(pool, plan) for pool, plan in planned if pool.shared_class == name])
            for name, node_class in self.node_classes.items()
        ]
        return PoolSetPlan(
            pools=tuple(plan for _, plan in planned),
            classes=tuple(
                plan_class(name, node_class, users, self.tags) for name, node_class, users in (*own, *shared)
            ),
            overlays={**_implied_overlays(planned), **self.overlays},
        )

    @property
    def image_parameters(self) -> tuple[str, ...]:
        """SSM parameters that node classes find images by, and that are not AWS's public ones."""
        terms = (term for plan in self.plan.classes for term in class_manifest(plan)["amiSelectorTerms"])
        named = (str(term["ssmParameter"]) for term in terms if "ssmParameter" in term)
        return tuple(dict.fromkeys(name for name in named if not name.startswith("/aws/service/")))

    @property
    def volume_keys(self) -> tuple[str, ...]:
        """KMS keys of the account that encrypt volumes of node classes."""
        devices = (each for plan in self.plan.classes for each in class_manifest(plan).get("blockDeviceMappings", ()))
        return tuple(dict.fromkeys(str(each["ebs"]["kmsKeyID"]) for each in devices if "kmsKeyID" in each["ebs"]))

    @property
    def needed_gates(self) -> tuple[FeatureGate, ...]:
        """Karpenter's feature gates without which the pools would not work."""
        static = any(pool.replicas is not None for pool in self.pools)
        return (*((STATIC_CAPACITY,) if static else ()), *((NODE_OVERLAY,) if self.plan.overlays else ()))

    def problems(self) -> Iterator[Problem]:
        """What fits each pool and not all of them."""
        yield from self._name_problems()
        for key, value in self.tags.items():
            if labels.is_restricted_tag(key) or not key:
                rule = "Karpenter or EC2 sets this tag itself and refuses it on nodes"
                yield Problem(at=("tags", key), value=value, rule=rule, fix="leave it out")
        missing = list(self._class_name_problems())
        yield from missing
        if missing:
            return
        for i, pool in enumerate(self.pools):
            for problem in image_problems(pool, self.class_of(pool)):
                yield problem.below("pools", i)
        yield from self._shared_class_problems()
        yield from self._class_problems()

    def _name_problems(self) -> Iterator[Problem]:
        for name, count in Counter(pool.name for pool in self.pools).items():
            if count > 1:
                yield Problem(at=("pools",), value=name, rule=f"{count} pools have this name", fix="rename one")
        own = {pool.name for pool in self.pools if pool.shared_class is None}
        for name in own & self.node_classes.keys():
            rule = "the class of a pool of this name has it already"
            yield Problem(at=("node_classes", name), value=name, rule=rule, fix="rename one")

    def _class_name_problems(self) -> Iterator[Problem]:
        used = {pool.shared_class for pool in self.pools}
        for i, pool in enumerate(self.pools):
            if pool.shared_class is not None and pool.shared_class not in self.node_classes:
                known = ", ".join(self.node_classes) or "none"
                at: Location = ("pools", i, "shared_class")
                fix = f"define it; known: {known}"
                yield Problem(at=at, value=pool.shared_class, rule="not in node_classes", fix=fix)
        for name, node_class in self.node_classes.items():
            if name not in used:
                rule = "no pool uses it"
                yield Problem(at=("node_classes", name), value=node_class, rule=rule, fix="leave it out")

    def _shared_class_problems(self) -> Iterator[Problem]:
        for i, pool in enumerate(self.pools):
            peers = [other for other in self.pools if other.shared_class == pool.shared_class is not None]
            if pool.efa and any(not other.efa or other.accelerator != pool.accelerator for other in peers):
                rule = "one class has one layout of interfaces, and other pools of this class have other machines"
                at: Location = ("pools", i, "shared_class")
                yield Problem(at=at, value=pool.shared_class, rule=rule, fix="give the pool a class of its own")

    def _class_problems(self) -> Iterator[Problem]:
        positions = {pool.name: i for i, pool in enumerate(self.pools) if pool.shared_class is None}
        for plan in self.plan.classes:
            own = plan.name in positions
            at: Location = ("pools", positions[plan.name], "node_class") if own else ("node_classes", plan.name)
            for problem in node_class_problems(plan):
                yield problem.below(*at)


def _implied_overlays(planned: Iterable[tuple[Pool, PoolPlan]]) -> dict[str, NodeOverlaySpec]:
    """Resources that Karpenter does not see by itself: shares of a GPU. One overlay per pool and number of GPUs."""
    found: dict[str, NodeOverlaySpec] = {}
    for pool, plan in planned:
        accelerator = plan.accelerator
        if accelerator is None or not (accelerator.fractional or shares(pool, accelerator) > 1):
            continue
        counts: dict[int, list[str]] = {}
        for instance in plan.types:
            counts.setdefault(devices_of(instance, accelerator), []).append(instance.name)
        for count, names in counts.items():
            capacity = {accelerator.resource: str(count * shares(pool, accelerator))}
            where = (_is_in(labels.NODE_POOL, pool.name), _is_in(labels.INSTANCE_TYPE, *names))
            found[f"{pool.name}-{count}-gpu"] = NodeOverlaySpec(requirements=where, capacity=capacity)
    return found


def _is_in(key: str, *values: str) -> OverlayRequirement:
    return OverlayRequirement(key=key, operator="In", values=values)
