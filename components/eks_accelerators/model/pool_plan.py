"""What a pool becomes: every decision made. The manifests are written from this and from nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from . import labels
from .accelerators import ACCELERATORS, Accelerator, devices_of
from .ami_families import AMI_FAMILIES
from .catalogue import InstanceType
from .crds.node_pool import NODES, NodePoolDisruption, Taint
from .crds.requirements import Requirement
from .pool_types import CPU_CATEGORIES, CPU_GENERATION, efa_types, named_types, types_of
from .uses import ACCELERATED, CPU, USES, Use

if TYPE_CHECKING:
    from .node_classes import NodeClass
    from .pools import Limits, Pool

_CPU_LIMIT: Final = {"cpu": "256"}
"""A runaway deployment stops at 256 vCPUs, as in AWS's own labs, instead of at the account's quota."""
_NODES_BY_DEFAULT: Final = 2
"""Of the largest type: one to work and one to replace it with."""


@dataclass(frozen=True, kw_only=True)
class PoolPlan:
    """A pool without open ends."""

    name: str
    """Of the NodePool."""
    class_name: str
    """Of its EC2NodeClass."""
    accelerator: Accelerator | None
    """What its nodes carry."""
    use: Use
    """When its nodes go, and why then."""
    types: tuple[InstanceType, ...]
    """Instance types that its own words admit, smallest first; before `requirements` and raw fields narrow them."""
    requirements: tuple[Requirement, ...]
    """Which instance types, zones and capacity types it admits."""
    own_requirements: int
    """How many of them the user wrote; they come last."""
    labels: Mapping[str, str]
    """Of every node."""
    annotations: Mapping[str, str]
    """Of every node."""
    taints: tuple[Taint, ...]
    """Of every node, for good."""
    startup_taints: tuple[Taint, ...]
    """Of every node, at first."""
    limits: Mapping[str, str]
    """Of all nodes together, by resource."""
    disruption: NodePoolDisruption
    """When nodes go."""
    expire_after: str
    """Age at which they are replaced."""
    termination_grace_period: str
    """How long their pods may take to leave."""
    weight: int | None
    """Precedence over other pools."""
    replicas: int | None
    """Number of nodes of a static pool."""
    efa: bool
    """Whether its nodes have Elastic Fabric Adapters."""
    raw: Mapping[str, Any]
    """Merge patch over the manifest."""

    @property
    def final_taints(self) -> tuple[Taint, ...]:
        """Taints of every node once raw fields have had their say."""
        patched = self.raw.get("template", {}).get("spec", {})
        if "taints" not in patched:
            return self.taints
        said = patched["taints"] or ()
        return tuple(Taint.model_validate(taint, by_alias=True, by_name=False) for taint in said)


def plan_pool(pool: "Pool", node_class: "NodeClass") -> PoolPlan:
    """`pool` with everything it implies on nodes made from `node_class`."""
    accelerator = ACCELERATORS[pool.accelerator] if pool.accelerator is not None else None
    use = _use(pool, accelerator)
    types = types_of(pool, accelerator)
    return PoolPlan(
        name=pool.name,
        class_name=pool.name if pool.shared_class is None else pool.shared_class,
        accelerator=accelerator,
        use=use,
        types=types,
        requirements=_requirements(pool, accelerator, types),
        own_requirements=len(pool.requirements),
        labels={**implied_labels(pool, accelerator, node_class), **pool.labels},
        annotations={**_implied_annotations(pool), **pool.annotations},
        taints=_taints(pool, accelerator),
        startup_taints=pool.startup_taints,
        limits=_limits(pool, accelerator, types),
        disruption=_disruption(pool, use),
        expire_after=use.expire_after if pool.expire_after is None else pool.expire_after,
        termination_grace_period=pool.termination_grace_period,
        weight=pool.weight,
        replicas=pool.replicas,
        efa=pool.efa,
        raw=pool.raw,
    )


def implied_labels(pool: "Pool", accelerator: Accelerator | None, node_class: "NodeClass") -> dict[str, str]:
    """Labels by which the device plugins know nodes of `pool`, from their very first second."""
    if accelerator is None or accelerator.vendor != "nvidia":
        return {}
    if AMI_FAMILIES[node_class.family].own_nvidia_plugin:
        return {labels.GPU_OPERANDS: "false"}  # the image has its own plugin; a second would register everything twice
    implied = {labels.GPU_PRESENT: "true"}
    if pool.sharing is not None and pool.sharing.mig is not None:
        implied[labels.MIG_CONFIG] = f"all-{pool.sharing.mig}"
    elif pool.sharing is not None:
        implied[labels.PLUGIN_CONFIG] = sharing_name(pool)
    return implied


def sharing_name(pool: "Pool") -> str:
    """The entry of the device plugin's configuration that nodes of `pool` use."""
    sharing = pool.sharing
    if sharing is None or sharing.mig is not None:
        return "default"
    return f"mps-{sharing.mps}" if sharing.mps is not None else f"time-slicing-{sharing.time_slicing}"


def shares(pool: "Pool", accelerator: Accelerator) -> int:
    """How many pods each GPU of `pool` serves."""
    sharing = pool.sharing
    if sharing is None:
        return 1
    if sharing.mig is not None:
        return accelerator.mig.get(sharing.mig, 1)
    return sharing.mps or sharing.time_slicing or 1


def _implied_annotations(pool: "Pool") -> dict[str, str]:
    if pool.reservation is None or pool.reservation.ends is None:
        return {}
    return {labels.RESERVATION_ENDS: pool.reservation.ends}


def _requirements(
    pool: "Pool", accelerator: Accelerator | None, types: tuple[InstanceType, ...]
) -> tuple[Requirement, ...]:
    architecture = pool.architecture or (accelerator.architecture if accelerator else "amd64")
    found = [
        *_instances(pool, accelerator, types),
        is_in(labels.ARCHITECTURE, architecture),
        is_in(labels.CAPACITY_TYPE, *capacity_types(pool)),
    ]
    if zones := zones_of(pool):
        found.append(is_in(labels.ZONE, *zones))
    if pool.reservation is not None and capacity_types(pool) == ("reserved",):
        found.append(is_in(labels.CAPACITY_RESERVATION_ID, pool.reservation.id))
    return (*found, *pool.requirements)


def _instances(
    pool: "Pool", accelerator: Accelerator | None, types: tuple[InstanceType, ...]
) -> tuple[Requirement, ...]:
    if names := named_types(pool):
        return (is_in(labels.INSTANCE_TYPE, *names),)
    if pool.efa:  # one layout of interfaces fits one kind of machine
        return (is_in(labels.INSTANCE_TYPE, *(instance.name for instance in efa_types(types))),)
    if pool.instance_families:
        return (is_in(labels.INSTANCE_FAMILY, *pool.instance_families),)
    if accelerator is not None:
        # no rule on the generation: the usual `Gt 2` silently removes every Inferentia and Trainium family
        return (is_in(labels.INSTANCE_FAMILY, *accelerator.families),)
    return (
        is_in(labels.INSTANCE_CATEGORY, *CPU_CATEGORIES),
        Requirement(key=labels.INSTANCE_GENERATION, operator="Gt", values=(str(CPU_GENERATION),)),
    )


def is_in(key: str, *values: str) -> Requirement:
    """The requirement that `key` has one of `values`."""
    return Requirement(key=key, operator="In", values=values)


def capacity_types(pool: "Pool") -> tuple[str, ...]:
    """Capacity types that `pool` takes."""
    if pool.capacity_types is not None:
        return pool.capacity_types
    return ("on-demand",) if pool.reservation is None else ("reserved",)


def zones_of(pool: "Pool") -> tuple[str, ...]:
    """Zones that `pool` is bound to; none: it goes wherever its subnets are."""
    return pool.zones if pool.reservation is None else (pool.reservation.zone,)


def _taints(pool: "Pool", accelerator: Accelerator | None) -> tuple[Taint, ...]:
    if pool.taints is not None:
        return pool.taints
    # EKS adds the toleration of this key to every pod that requests the resource (ExtendedResourceToleration)
    return (Taint(key=accelerator.resource, value="true"),) if accelerator is not None else ()


def _limits(pool: "Pool", accelerator: Accelerator | None, types: tuple[InstanceType, ...]) -> dict[str, str]:
    if pool.limits is not None:
        return _given(pool.limits, accelerator)
    if pool.reservation is not None and pool.replicas is None:
        return {NODES: str(pool.reservation.count)}
    if pool.replicas is not None:
        return {}
    if accelerator is None:
        return dict(_CPU_LIMIT)
    largest = efa_types(types)[-1] if pool.efa else types[-1]
    devices = devices_of(largest, accelerator) * shares(pool, accelerator)
    return {"cpu": str(_NODES_BY_DEFAULT * largest.vcpus), accelerator.resource: str(_NODES_BY_DEFAULT * devices)}


def _given(limits: "Limits", accelerator: Accelerator | None) -> dict[str, str]:
    named = {"cpu": limits.cpu, "memory": limits.memory, NODES: limits.nodes}
    if accelerator is not None:
        named[accelerator.resource] = limits.accelerators
    said = {key: str(limit) for key, limit in named.items() if limit is not None}
    return {**said, **limits.extended}


def _use(pool: "Pool", accelerator: Accelerator | None) -> Use:
    if pool.use is not None:
        return USES[pool.use]
    return CPU if accelerator is None else ACCELERATED


def _disruption(pool: "Pool", use: Use) -> NodePoolDisruption:
    said = pool.disruption
    return NodePoolDisruption.model_validate(
        {
            "consolidation_policy": use.policy if said.policy is None else said.policy,
            "consolidate_after": use.after if said.after is None else said.after,
            "budgets": use.budgets if said.budgets is None else said.budgets,
        }
    )
