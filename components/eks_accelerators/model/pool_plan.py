"""What a pool becomes: every decision made. The manifests are written from this and from nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from . import labels
from .accelerators import ACCELERATORS, Accelerator
from .pool_rules import selected_instances
from .pools import Budget, Limits, Pool, Taint

_CPU_VOLUME: Final = "100Gi"
"""Room for a few multi-gigabyte images beside the logs; the image's own 20Gi fills with the first of them."""
_CPU_LIMIT: Final = {"cpu": "256"}
"""A runaway deployment stops at 256 vCPUs, as in AWS's own labs, instead of at the account's quota."""
_CPU_CATEGORIES: Final = ("c", "m", "r")
_CPU_GENERATION: Final = "4"
"""Generation 5 and newer: Nitro throughout."""
_NODES_BY_DEFAULT: Final = 2
"""Of the largest type: one to work and one to replace it with."""


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One condition that every instance type of a pool meets."""

    key: str
    """Label key."""
    operator: str
    """Such as `In`."""
    values: tuple[str, ...]
    """Compared with the label's value."""


@dataclass(frozen=True, kw_only=True)
class VolumePlan:
    """A root volume without open ends."""

    size: str
    """Such as `200Gi`."""
    type: str
    """EBS volume type."""
    encrypted: bool
    """Whether EBS encrypts it."""
    iops: int | None
    """Provisioned operations per second, or None for the type's baseline."""
    throughput: int | None
    """MiB per second, or None for the type's baseline."""


@dataclass(frozen=True, kw_only=True)
class DisruptionPlan:
    """When nodes of a pool are removed or replaced."""

    policy: str
    """Karpenter's consolidation policy."""
    after: str
    """How long a node must have been removable."""
    budgets: tuple[Budget, ...]
    """How many at once."""
    expire_after: str
    """Age at which a node is replaced."""
    termination_grace_period: str
    """How long its pods may take to leave."""


@dataclass(frozen=True, kw_only=True)
class PoolPlan:
    """A pool without open ends."""

    name: str
    """Of the NodePool and the EC2NodeClass."""
    accelerator: Accelerator | None
    """What its nodes carry."""
    requirements: tuple[Requirement, ...]
    """Which instance types it admits."""
    labels: Mapping[str, str]
    """Of every node."""
    taints: tuple[Taint, ...]
    """Of every node."""
    limits: Mapping[str, str]
    """Of all nodes together, by resource."""
    disruption: DisruptionPlan
    """When nodes go."""
    weight: int | None
    """Precedence over other pools."""
    volume: VolumePlan
    """Root volume of every node."""
    ami: str
    """Image alias."""
    detailed_monitoring: bool
    """Whether CloudWatch gets metrics every minute."""
    tags: Mapping[str, str]
    """Of instances, volumes and network interfaces."""


def plan_pool(pool: Pool, tags: Mapping[str, str]) -> PoolPlan:
    """`pool` with everything it implies, and `tags` of the platform below its own."""
    accelerator = ACCELERATORS[pool.accelerator] if pool.accelerator is not None else None
    return PoolPlan(
        name=pool.name,
        accelerator=accelerator,
        requirements=_requirements(pool, accelerator),
        labels=pool.labels,
        taints=_taints(pool, accelerator),
        limits=_limits(pool, accelerator),
        disruption=_disruption(pool, accelerator),
        weight=pool.weight,
        volume=_volume(pool, accelerator),
        ami=pool.ami,
        detailed_monitoring=pool.detailed_monitoring,
        tags={**tags, **pool.tags},
    )


def _requirements(pool: Pool, accelerator: Accelerator | None) -> tuple[Requirement, ...]:
    architecture = pool.architecture or (accelerator.architecture if accelerator else "amd64")
    return (
        *_instances(pool, accelerator),
        _is_in(labels.ARCHITECTURE, architecture),
        _is_in(labels.CAPACITY_TYPE, *pool.capacity_types),
    )


def _instances(pool: Pool, accelerator: Accelerator | None) -> tuple[Requirement, ...]:
    if pool.instance_types:
        return (_is_in(labels.INSTANCE_TYPE, *pool.instance_types),)
    if pool.instance_families:
        return (_is_in(labels.INSTANCE_FAMILY, *pool.instance_families),)
    if accelerator is not None:
        # no rule on the generation: the usual `Gt 2` silently removes every Inferentia and Trainium family
        return (_is_in(labels.INSTANCE_FAMILY, *accelerator.families),)
    return (
        _is_in(labels.INSTANCE_CATEGORY, *_CPU_CATEGORIES),
        Requirement(key=labels.INSTANCE_GENERATION, operator="Gt", values=(_CPU_GENERATION,)),
    )


def _is_in(key: str, *values: str) -> Requirement:
    return Requirement(key=key, operator="In", values=values)


def _taints(pool: Pool, accelerator: Accelerator | None) -> tuple[Taint, ...]:
    if pool.taints is not None:
        return pool.taints
    # EKS adds the toleration of this key to every pod that requests the resource (ExtendedResourceToleration)
    return (Taint(key=accelerator.resource, value="true"),) if accelerator is not None else ()


def _limits(pool: Pool, accelerator: Accelerator | None) -> dict[str, str]:
    if pool.limits is not None:
        return _given(pool.limits)
    if accelerator is None:
        return dict(_CPU_LIMIT)
    largest = selected_instances(pool, accelerator)[-1]
    devices = accelerator.resources_of(largest)[accelerator.resource]
    return {"cpu": str(_NODES_BY_DEFAULT * largest.vcpus), accelerator.resource: str(_NODES_BY_DEFAULT * devices)}


def _given(limits: Limits) -> dict[str, str]:
    named = {"cpu": limits.cpu, "memory": limits.memory, **limits.extended}
    return {resource: limit for resource, limit in named.items() if limit is not None}


def _disruption(pool: Pool, accelerator: Accelerator | None) -> DisruptionPlan:
    preset = "WhenEmptyOrUnderutilized" if accelerator is None else "WhenEmpty"
    return DisruptionPlan(
        policy=preset if pool.disruption.policy is None else pool.disruption.policy,
        after=pool.disruption.after,
        budgets=pool.disruption.budgets,
        expire_after=pool.expire_after,
        termination_grace_period=pool.termination_grace_period,
    )


def _volume(pool: Pool, accelerator: Accelerator | None) -> VolumePlan:
    preset = _CPU_VOLUME if accelerator is None else accelerator.volume_size
    volume = pool.volume
    return VolumePlan(
        size=preset if volume.size is None else volume.size,
        type=volume.type,
        encrypted=volume.encrypted,
        iops=volume.iops,
        throughput=volume.throughput,
    )
