"""What makes a pool impossible: refused by Karpenter or EC2, or accepted and never satisfied."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from . import instance_families as catalogue
from .accelerators import ACCELERATORS, Accelerator, InstanceType, accelerator_of_family
from .labels import is_restricted_label, is_restricted_tag
from .parse import one_of
from .quantities import amount
from .values import Location, Problem

if TYPE_CHECKING:
    from .pools import Budget, Pool, Volume

_SIZE: Final = re.compile(r"^(nano|micro|small|medium|large|(?P<count>\d*)xlarge|metal(-\d+xl)?)$")
_AMI: Final = re.compile(r"^al2023@(latest|v\d{8})$")
_SCHEDULE: Final = re.compile(r"^(@(annually|yearly|monthly|weekly|daily|midnight|hourly)|\S+( \S+){4})$")
_IOPS_TYPES: Final = ("gp3", "io1", "io2")
_GIB_MAX: Final = 16384
"""Largest volume of gp2, gp3 and io1. https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html"""
_GIB: Final = 1024**3


def pool_problems(pool: "Pool") -> Iterator[Problem]:
    """Every problem of `pool`."""
    if pool.accelerator is not None and pool.accelerator not in ACCELERATORS:
        fix = one_of(pool.accelerator, ACCELERATORS)
        yield Problem(at=("accelerator",), value=pool.accelerator, rule="no such accelerator", fix=fix)
        return
    accelerator = ACCELERATORS[pool.accelerator] if pool.accelerator is not None else None
    instances = list(_instance_problems(pool, accelerator))
    yield from instances
    if not instances:  # the rules below read the tables at what the rules above found to exist
        yield from _architecture_problems(pool, accelerator)
        yield from _spot_problems(pool)
        yield from _limit_problems(pool, accelerator)
    yield from _metadata_problems(pool)
    yield from _ami_problems(pool)


def selected_families(pool: "Pool") -> tuple[str, ...]:
    """Families that `pool` names or its accelerator implies; none when a CPU pool leaves the choice to us."""
    if pool.instance_types:
        return tuple(dict.fromkeys(name.partition(".")[0] for name in pool.instance_types))
    if pool.instance_families or pool.accelerator is None:
        return pool.instance_families
    return ACCELERATORS[pool.accelerator].families


def selected_instances(pool: "Pool", accelerator: Accelerator) -> tuple[InstanceType, ...]:
    """Types of `accelerator` that `pool` admits, smallest first."""
    if pool.instance_types:
        return tuple(i for i in accelerator.instances if i.name in pool.instance_types)
    families = selected_families(pool)
    return tuple(i for i in accelerator.instances if i.family in families)


def volume_problems(volume: "Volume") -> Iterator[Problem]:
    """What EC2 would refuse of `volume`."""
    if volume.size is not None and amount(volume.size) > _GIB_MAX * _GIB:
        yield Problem(at=("size",), value=volume.size, rule="EBS volumes end at 16Ti", fix="use at most 16Ti")
    if volume.iops is not None and volume.type not in _IOPS_TYPES:
        rule = f"{volume.type} has no provisioned iops"
        yield Problem(at=("iops",), value=volume.iops, rule=rule, fix=f"type: {' or '.join(_IOPS_TYPES)}")
    if volume.iops is None and volume.type in ("io1", "io2"):
        yield Problem(at=("iops",), value=None, rule=f"{volume.type} needs iops", fix="give iops, or type: gp3")
    if volume.throughput is not None and volume.type != "gp3":
        rule = "only gp3 has a provisioned throughput"
        yield Problem(at=("throughput",), value=volume.throughput, rule=rule, fix="type: gp3, or leave it out")


def budget_problems(budget: "Budget") -> Iterator[Problem]:
    """What Karpenter would refuse of `budget`."""
    if (budget.schedule is None) != (budget.duration is None):
        missing = "duration" if budget.duration is None else "schedule"
        yield Problem(at=(missing,), value=None, rule="schedule and duration go together", fix="give both or neither")
    if budget.schedule is not None and not _SCHEDULE.match(budget.schedule):
        yield Problem(at=("schedule",), value=budget.schedule, rule="not a cron expression", fix='e.g. "0 9 * * 1-5"')


def _instance_problems(pool: "Pool", accelerator: Accelerator | None) -> Iterator[Problem]:
    if pool.instance_types and pool.instance_families:
        rule = "exact types leave nothing for families to decide"
        yield Problem(at=("instance_families",), value=pool.instance_families, rule=rule, fix="give one of the two")
    for i, family in enumerate(pool.instance_families):
        yield from _family_problems(("instance_families", i), family, family, accelerator)
    for i, name in enumerate(pool.instance_types):
        at, (family, _, size) = ("instance_types", i), name.partition(".")
        if accelerator is not None and family in accelerator.families:
            known = [instance.name for instance in accelerator.instances]
            if name not in known:
                yield Problem(at=at, value=name, rule=f"no {accelerator.name} instance type", fix=one_of(name, known))
        elif not _SIZE.match(size):
            yield Problem(at=at, value=name, rule="not an instance type", fix="family.size, e.g. m5.2xlarge")
        else:
            yield from _family_problems(at, name, family, accelerator)


def _family_problems(at: Location, value: str, family: str, accelerator: Accelerator | None) -> Iterator[Problem]:
    if family not in catalogue.FAMILIES:
        fix = one_of(family, catalogue.FAMILIES)
        yield Problem(at=at, value=value, rule=f"no instance family {family!r}", fix=fix)
    elif accelerator is not None and family not in accelerator.families:
        fix = f"use one of: {', '.join(accelerator.families)}"
        yield Problem(at=at, value=value, rule=f"{family} does not carry {accelerator.name}", fix=fix)
    elif accelerator is None and family in catalogue.ACCELERATED:
        carried = accelerator_of_family(family)
        rule = f"{family} carries accelerators, and without `accelerator` no device plugin would serve them"
        fix = f"say accelerator: {carried.name}" if carried else f"known ones: {', '.join(ACCELERATORS)}"
        yield Problem(at=at, value=value, rule=rule, fix=fix)


def _architecture_problems(pool: "Pool", accelerator: Accelerator | None) -> Iterator[Problem]:
    default = accelerator.architecture if accelerator else "amd64"
    wanted = pool.architecture if pool.architecture is not None else default
    wrong = [family for family in selected_families(pool) if catalogue.architecture_of(family) != wanted]
    if wrong:
        rule = f"{', '.join(wrong)} are not {wanted}, so these requirements contradict one another"
        at: Location = ("instance_types",) if pool.instance_types else ("instance_families",)
        fix = f"architecture: {catalogue.architecture_of(wrong[0])}, and families of that architecture only"
        yield Problem(at=at, value=selected_families(pool), rule=rule, fix=fix)


def _spot_problems(pool: "Pool") -> Iterator[Problem]:
    families = selected_families(pool)
    if "spot" in pool.capacity_types and families and catalogue.NOT_SPOT.issuperset(families):
        rule = f"EC2 does not sell {', '.join(families)} as Spot"
        yield Problem(at=("capacity_types",), value=pool.capacity_types, rule=rule, fix="[on-demand]")


def _limit_problems(pool: "Pool", accelerator: Accelerator | None) -> Iterator[Problem]:
    limits = pool.limits
    if limits is None:
        return
    if limits.cpu is None and limits.memory is None and not limits.extended:
        yield Problem(
            at=("limits",), value=limits, rule="limits nothing", fix="give cpu, memory or extended; or leave it out"
        )
    if accelerator is None:
        yield from _cpu_pool_limit_problems(pool)
        return
    instances = selected_instances(pool, accelerator)
    smallest = instances[0]
    least = {"cpu": smallest.vcpus, "memory": min(i.memory_capacity for i in instances)}
    for key, limit in (("cpu", limits.cpu), ("memory", limits.memory)):
        if limit is not None and amount(limit) < least[key]:
            yield _below(("limits", key), limit, f"the smallest type, {smallest.name}, has {_human(key, least[key])}")
    resources = accelerator.resources_of(smallest)
    for key, limit in limits.extended.items():
        if key not in resources:
            rule = f"no node of {accelerator.name} has this resource, so it limits nothing"
            yield Problem(at=("limits", "extended", key), value=limit, rule=rule, fix=one_of(key, resources))
        elif amount(limit) < resources[key]:
            yield _below(("limits", "extended", key), limit, f"{smallest.name} has {resources[key]}")


def _cpu_pool_limit_problems(pool: "Pool") -> Iterator[Problem]:
    limits = pool.limits
    if limits is None:
        return
    for key, limit in limits.extended.items():
        rule = "no node of a CPU pool has this resource, so it limits nothing"
        yield Problem(
            at=("limits", "extended", key), value=limit, rule=rule, fix="name the accelerator, or leave it out"
        )
    least = min((_vcpus(name) for name in pool.instance_types), default=1)
    if limits.cpu is not None and amount(limits.cpu) < least:
        yield _below(("limits", "cpu"), limits.cpu, f"the smallest type has {least} vCPU")


def _below(at: Location, limit: str, what: str) -> Problem:
    return Problem(at=at, value=limit, rule=f"below one node: {what}; Karpenter would launch nothing", fix="raise it")


def _human(key: str, least: int) -> str:
    return f"{least} vCPU" if key == "cpu" else f"{least / _GIB:.1f}Gi (7.5% are the hypervisor's)"


def _vcpus(name: str) -> int:
    """A lower bound from the size's name: 2xlarge has 8, or 4 where hyper-threading is off; xlarge has 2 at least."""
    size = _SIZE.match(name.partition(".")[2])
    if size is None or size["count"] is None:
        return 1
    return 2 * int(size["count"]) if size["count"] else 2


def _metadata_problems(pool: "Pool") -> Iterator[Problem]:
    for key in pool.labels:
        if is_restricted_label(key):
            rule = "Karpenter sets this label, or reserves its domain, and refuses it in a NodePool"
            yield Problem(at=("labels", key), value=pool.labels[key], rule=rule, fix="use a domain of your own")
    for key in pool.tags:
        if is_restricted_tag(key):
            rule = "Karpenter or EC2 sets this tag itself and refuses it in an EC2NodeClass"
            yield Problem(at=("tags", key), value=pool.tags[key], rule=rule, fix="leave it out")
        elif not key:
            yield Problem(at=("tags",), value=pool.tags, rule="a tag needs a key", fix="name it")
    for (key, effect), count in Counter((t.key, t.effect) for t in pool.taints or ()).items():
        if count > 1:
            rule = f"key and effect {key}:{effect} stand more than once, which the NodePool controller refuses"
            yield Problem(at=("taints",), value=key, rule=rule, fix="keep one")


def _ami_problems(pool: "Pool") -> Iterator[Problem]:
    if _AMI.match(pool.ami):
        return
    if pool.ami.startswith("al2@"):
        rule = "AL2 images end with Kubernetes 1.32; Karpenter refuses the alias on newer clusters"
    else:
        rule = "not an image alias of Amazon Linux 2023"
    yield Problem(
        at=("ami",), value=pool.ami, rule=rule, fix="al2023@latest, or a dated release such as al2023@v20260724"
    )
