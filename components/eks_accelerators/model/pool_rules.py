"""What makes a pool impossible: refused by Karpenter or EC2, or accepted and never satisfied."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from . import catalogue, labels
from .accelerators import ACCELERATORS, REFUSED, Accelerator, accelerator_of_family
from .ami_families import AMI_FAMILIES
from .limit_rules import limit_problems
from .manifests import node_pool, node_pool_problems
from .node_classes import NodeClass
from .parse import one_of
from .pool_plan import capacity_types, implied_labels, plan_pool, zones_of
from .pool_types import efa_types, named_families, named_types, types_of
from .values import Location, Problem

if TYPE_CHECKING:
    from .pools import Pool

_ZONE: Final = re.compile(r"^[a-z]{2,}(-[a-z]+)+-\d+[a-z]$")
_NAMED: Final = "reservation decides this"


def pool_problems(pool: "Pool") -> Iterator[Problem]:
    """Every problem of `pool`."""
    if pool.accelerator is not None and pool.accelerator not in ACCELERATORS:
        yield _unknown_accelerator(pool.accelerator)
        return
    accelerator = ACCELERATORS[pool.accelerator] if pool.accelerator is not None else None
    own = NodeClass() if pool.shared_class is not None else pool.node_class
    instances = [
        *_class_problems(pool),
        *_reservation_problems(pool, accelerator),
        *_instance_problems(pool, accelerator),
    ]
    yield from instances
    if instances:  # the rules below read the tables at what the rules above found to exist
        return
    yield from _architecture_problems(pool, accelerator)
    yield from _offer_problems(pool, accelerator)
    yield from _efa_problems(pool, accelerator)
    yield from _sharing_problems(pool, accelerator)
    yield from limit_problems(pool, accelerator)
    if not pool.efa or efa_types(types_of(pool, accelerator)):
        yield from node_pool_problems(plan_pool(pool, own))


def image_problems(pool: "Pool", node_class: NodeClass) -> Iterator[Problem]:
    """Whether images of `node_class` can use what `pool` carries."""
    accelerator = ACCELERATORS[pool.accelerator] if pool.accelerator is not None else None
    if accelerator is None:
        return
    family = AMI_FAMILIES[node_class.family]
    if not getattr(family, accelerator.vendor):
        able = ", ".join(name for name, row in AMI_FAMILIES.items() if getattr(row, accelerator.vendor))
        rule = f"{node_class.family} images have no driver for {accelerator.name}"
        yield Problem(at=("node_class", "ami"), value=node_class.alias, rule=rule, fix=f"an image of {able}")
    elif pool.sharing is not None and family.own_nvidia_plugin:
        rule = f"{node_class.family} has a device plugin of its own, which reads no label"
        fix = "node_class.user_data with settings.kubelet-device-plugins.nvidia"
        yield Problem(at=("sharing",), value=pool.sharing, rule=rule, fix=fix)
    yield from _label_problems(pool, accelerator, node_class)


def _unknown_accelerator(name: str) -> Problem:
    if name in REFUSED:
        what, why, _ = REFUSED[name]
        return Problem(at=("accelerator",), value=name, rule=f"{what}: {why}", fix="use another accelerator")
    fix = one_of(name, ACCELERATORS)
    return Problem(at=("accelerator",), value=name, rule="no such accelerator", fix=fix)


def _class_problems(pool: "Pool") -> Iterator[Problem]:
    if pool.shared_class is None:
        return
    if pool.node_class != NodeClass():
        rule = "a shared class leaves nothing for one of the pool's own to say"
        yield Problem(at=("node_class",), value=pool.node_class, rule=rule, fix="give one of the two")
    if pool.placement is not None:
        rule = "a placement group belongs to a class, and this one is shared with other pools"
        yield Problem(at=("placement",), value=pool.placement, rule=rule, fix="give the pool a class of its own")


def _reservation_problems(pool: "Pool", accelerator: Accelerator | None) -> Iterator[Problem]:
    reservation = pool.reservation
    if reservation is None:
        return
    for field in ("instance_types", "instance_families", "zones"):
        if said := getattr(pool, field):
            yield Problem(at=(field,), value=said, rule=_NAMED, fix="leave it out")
    if "reserved" not in capacity_types(pool):
        rule = "the pool would never take its reservation"
        yield Problem(at=("capacity_types",), value=pool.capacity_types, rule=rule, fix="add reserved, or leave it out")
    known = catalogue.instance_types()
    at, value = ("reservation", "instance_type"), reservation.instance_type
    found = list(_family_problems(at, value, value.partition(".")[0], accelerator))
    yield from found
    if not found and value not in known:
        yield Problem(at=at, value=value, rule="no such instance type", fix=one_of(value, known))


def _instance_problems(pool: "Pool", accelerator: Accelerator | None) -> Iterator[Problem]:
    if pool.instance_types and pool.instance_families:
        rule = "exact types leave nothing for families to decide"
        yield Problem(at=("instance_families",), value=pool.instance_families, rule=rule, fix="give one of the two")
    for i, family in enumerate(pool.instance_families):
        yield from _family_problems(("instance_families", i), family, family, accelerator)
    known = catalogue.instance_types()
    for i, name in enumerate(pool.instance_types):
        family = name.partition(".")[0]
        found = list(_family_problems(("instance_types", i), name, family, accelerator))
        yield from found
        if not found and name not in known:
            close = [instance.name for instance in catalogue.families()[family]]
            fix = one_of(name, close)
            yield Problem(at=("instance_types", i), value=name, rule=f"no {family} of this size", fix=fix)
    for i, zone in enumerate(pool.zones):
        if not _ZONE.match(zone):
            yield Problem(at=("zones", i), value=zone, rule="not an availability zone", fix="e.g. us-west-2a")


def _family_problems(at: Location, value: str, family: str, accelerator: Accelerator | None) -> Iterator[Problem]:
    if family not in catalogue.families():
        fix = one_of(family, catalogue.families())
        yield Problem(at=at, value=value, rule=f"no instance family {family!r}", fix=fix)
    elif accelerator is not None and family not in accelerator.families:
        fix = f"use one of: {', '.join(accelerator.families)}"
        yield Problem(at=at, value=value, rule=f"{family} does not carry {accelerator.name}", fix=fix)
    elif accelerator is None:
        carried = accelerator_of_family(family)
        refused = next((row for row in REFUSED.values() if family in row[2]), None)
        if carried is not None:
            rule = f"{family} carries accelerators, and without `accelerator` no device plugin would serve them"
            yield Problem(at=at, value=value, rule=rule, fix=f"say accelerator: {carried.name}")
        elif refused is not None:
            yield Problem(at=at, value=value, rule=f"{refused[0]}: {refused[1]}", fix="use another family")


def _architecture_problems(pool: "Pool", accelerator: Accelerator | None) -> Iterator[Problem]:
    default = accelerator.architecture if accelerator else "amd64"
    wanted = pool.architecture if pool.architecture is not None else default
    named = {family: catalogue.families()[family][0].architecture for family in named_families(pool, accelerator)}
    wrong = [family for family, architecture in named.items() if architecture != wanted]
    if wrong:
        rule = f"{', '.join(wrong)} are not {wanted}, so these requirements contradict one another"
        at: Location = ("instance_types",) if pool.instance_types else ("instance_families",)
        fix = f"architecture: {named[wrong[0]]}, and families of that architecture only"
        yield Problem(at=at, value=tuple(named), rule=rule, fix=fix)


def _offer_problems(pool: "Pool", accelerator: Accelerator | None) -> Iterator[Problem]:
    families, types = named_families(pool, accelerator), types_of(pool, accelerator)
    wanted = set(capacity_types(pool))
    if wanted <= {"spot", "on-demand"} and not any(wanted & set(instance.usage_classes) for instance in types):
        sold = sorted({usage for instance in types for usage in instance.usage_classes})
        rule = f"EC2 does not sell {', '.join(families)} as {' or '.join(sorted(wanted))}"
        yield Problem(at=("capacity_types",), value=pool.capacity_types, rule=rule, fix=f"what it sells: {sold}")
    elif "spot" in wanted and families and not any("spot" in instance.usage_classes for instance in types):
        rule = f"EC2 does not sell {', '.join(families)} as Spot"
        yield Problem(at=("capacity_types",), value=pool.capacity_types, rule=rule, fix="[on-demand]")
    named = pool.reservation or pool.shared_class or pool.node_class.capacity_reservations or pool.node_class.raw
    if "reserved" in wanted and not named:
        rule = "no reservation is named, so nothing is reserved"
        at = ("capacity_types",)
        yield Problem(at=at, value=pool.capacity_types, rule=rule, fix="reservation: {id: cr-…, …}")
    yield from _zone_problems(pool, types)


def _zone_problems(pool: "Pool", types: tuple[catalogue.InstanceType, ...]) -> Iterator[Problem]:
    at: Location = ("zones",) if pool.reservation is None else ("reservation", "zone")
    zones, known = zones_of(pool), catalogue.current().offered
    judged = [zone for zone in zones if zone[:-1] in known]
    offering = {zone for instance in types for zone in judged if zone in catalogue.zones(instance.name, zone[:-1])}
    if judged and types and len(judged) == len(zones) and not offering:
        names = ", ".join(named_types(pool) or dict.fromkeys(instance.family for instance in types))
        region = judged[0][:-1]
        elsewhere = sorted({zone for instance in types for zone in catalogue.zones(instance.name, region)})
        fix = f"use one of: {', '.join(elsewhere)}" if elsewhere else f"another region: {region} has none"
        yield Problem(at=at, value=zones, rule=f"{names} is not offered there", fix=fix)
    if pool.placement == "cluster" and len(zones) != 1:
        rule = "a cluster placement group lies in one zone"
        yield Problem(at=("zones",), value=pool.zones, rule=rule, fix="name one zone that offers the type")


def _efa_problems(pool: "Pool", accelerator: Accelerator | None) -> Iterator[Problem]:
    if not pool.efa:
        return
    types = types_of(pool, accelerator)
    if not (named_types(pool) or pool.instance_families or accelerator):
        rule = "nothing says which machines the interfaces are for"
        yield Problem(at=("efa",), value=True, rule=rule, fix="name accelerator or instance_types")
    elif not efa_types(types):
        names = ", ".join(dict.fromkeys(named_types(pool) or named_families(pool, accelerator)))
        rule = f"{names} has no Elastic Fabric Adapter"
        yield Problem(at=("efa",), value=True, rule=rule, fix="leave it out, or use larger instance types")
    elif named_types(pool) and len({instance.efa_interfaces for instance in types}) > 1:
        counts = ", ".join(f"{instance.name}: {instance.efa_interfaces}" for instance in types)
        rule = f"one layout of interfaces fits one number of adapters ({counts})"
        yield Problem(at=("instance_types",), value=pool.instance_types, rule=rule, fix="make it two pools")
    if pool.node_class.associate_public_ip_address and efa_types(types):
        rule = "EC2 gives no public address to instances with several interfaces"
        at = ("node_class", "associate_public_ip_address")
        yield Problem(at=at, value=True, rule=rule, fix="leave it out")


def _sharing_problems(pool: "Pool", accelerator: Accelerator | None) -> Iterator[Problem]:
    sharing = pool.sharing
    if sharing is None:
        return
    if accelerator is None or accelerator.vendor != "nvidia":
        rule = "only NVIDIA GPUs can be shared"
        yield Problem(at=("sharing",), value=sharing, rule=rule, fix="leave it out, or name an NVIDIA accelerator")
        return
    if accelerator.fractional:
        rule = f"{accelerator.name} is a share of a GPU already"
        yield Problem(at=("sharing",), value=sharing, rule=rule, fix="leave it out")
    if sharing.mig is not None and sharing.mig not in accelerator.mig:
        rule = f"{accelerator.name} has no such MIG profile" if accelerator.mig else f"{accelerator.name} has no MIG"
        fix = one_of(sharing.mig, accelerator.mig) if accelerator.mig else "time_slicing or mps"
        yield Problem(at=("sharing", "mig"), value=sharing.mig, rule=rule, fix=fix)


def _label_problems(pool: "Pool", accelerator: Accelerator, node_class: NodeClass) -> Iterator[Problem]:
    """Labels by which device plugins find their nodes, once raw fields have had their say."""
    template = node_pool(plan_pool(pool, node_class))["template"]
    final = template.get("metadata", {}).get("labels", {})
    implied = implied_labels(pool, accelerator, node_class)
    for key, value in implied.items():
        if final.get(key) != value:
            rule = f"the device plugin is found by {key}={value}, and without it the node never gets its devices"
            yield Problem(at=_label_at(pool, key), value=final.get(key), rule=rule, fix="leave it out")
    for key in sorted(final.keys() & {labels.PLUGIN_CONFIG, labels.MIG_CONFIG} - implied.keys()):
        rule = "decides how GPUs are shared, which `sharing` says"
        yield Problem(at=_label_at(pool, key), value=final[key], rule=rule, fix="sharing: {time_slicing: 4}")
    if labels.GPU_OPERANDS in implied and labels.GPU_PRESENT in final:
        rule = f"{node_class.family} has a device plugin of its own, and this label would bring a second plugin"
        at = _label_at(pool, labels.GPU_PRESENT)
        yield Problem(at=at, value=final[labels.GPU_PRESENT], rule=rule, fix="leave it out")


def _label_at(pool: "Pool", key: str) -> Location:
    """Where the label `key` was said."""
    return ("labels", key) if key in pool.labels else ("raw", "template", "metadata", "labels", key)
