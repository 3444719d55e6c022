"""The constraint that fails, in words: what is demanded, the nearest that there is, and what would have to change."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from ..labels import CAPACITY_TYPE
from .index import Types
from .pool import SOUND, Pool, Step
from .quantities import text
from .report import Kind, Obstacle
from .requirement import Requirement
from .view import PLACEMENT, ZONE

_KINDS: Final[Mapping[str, Kind]] = {ZONE: "zone", CAPACITY_TYPE: "capacity type"}
"""Key → kind of the obstacle, where it is not just a requirement."""


def taint(found: Mapping[str, Any]) -> Obstacle:
    """A taint that the pod does not tolerate."""
    value = f"={found['value']}" if found.get("value") else ""
    fix = f"add the toleration {{key: {found['key']}, operator: Exists, effect: {found['effect']}}}"
    return Obstacle("taint", f"taint {found['key']}{value}:{found['effect']} is not tolerated", fix)


def undefined_label(demand: Requirement, existing: Mapping[str, Requirement]) -> Obstacle:
    """A label that the pool's nodes do not have."""
    name = demand.key.rpartition("/")[2]
    like = next((key for key in sorted(existing) if key.rpartition("/")[2] == name), None)
    meant = f"select {like}, which they have, or " if like else ""
    fix = f"{meant}add {demand.key} to the pool's labels, or drop it from the pod"
    return Obstacle("label", f"pod demands {demand}; the pool's nodes have no such label", fix)


def label(existing: Requirement, demand: Requirement) -> Obstacle:
    """A label with other values than the pod demands."""
    if existing.key in PLACEMENT:
        rule = f"pod demands {demand}; the class selects no placement group, and Karpenter would launch nodes in vain"
        return Obstacle("label", rule, "give the node class a placementGroupSelector, or drop the demand from the pod")
    kind: Kind = _KINDS.get(existing.key, "requirement")
    fix = f"change {existing.key} in the pod or in the pool so that they share a value"
    return Obstacle(kind, f"pod demands {demand}; the pool has {existing}", fix)


def topology(field: str, key: str) -> Obstacle:
    """A topology rule on a label that the pool's nodes do not have."""
    fix = f"spread over a label that nodes have, such as {ZONE}, or add {key} to the pool's requirements"
    return Obstacle("topology", f"{field} over {key}; the pool's nodes have no such label", fix)


def empty_pool(pool: Pool) -> Obstacle:
    """A pool that admits no instance type at all."""
    left = pool.index.everything
    for each in pool.steps:
        if not left & each.types:
            fix = "widen the pool; `accel explain --pool` lists what each constraint excludes"
            return Obstacle("pool", f"the pool admits no instance type: none is left for `{each.rule}`", fix)
        left &= each.types
    raise AssertionError("a pool without types has a step that takes the last one")


def min_values(pool: Pool, demands: Mapping[str, Requirement], types: Types) -> Obstacle | None:
    """A minValues that the types left do not reach; None if all are reached, or the policy is BestEffort."""
    strict = pool.place.controller.strict_min_values
    for demand in demands.values() if strict else ():
        if demand.min_values is not None and (count := _values(pool, demand, types)) < demand.min_values:
            rule = f"minValues {demand.min_values} of {demand.key}; the types left have {count}"
            return Obstacle("minValues", rule, "lower minValues, or widen the pool's requirements or the pod's")
    return None


def _values(pool: Pool, demand: Requirement, types: Types) -> int:
    """How many values of a label the types have between them."""
    if demand.key in pool.index.by_label:
        return sum(bool(types & having) for having in pool.index.by_label[demand.key].values())
    if demand.key == ZONE:
        return sum(bool(types & pool.index.zones.get(zone, 0)) for zone in pool.place.zones)
    if demand.key == CAPACITY_TYPE:
        return sum(bool(types & pool.sold((kind,))) for kind in pool.sold_as)
    return len(pool.common[demand.key].values) if demand.key in pool.common else 0


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that no type takes, and what led to it."""

    step: Step
    """The step."""
    left: Types
    """The types that got there."""
    demands: Mapping[str, Requirement]
    """On labels, of pool and pod together."""
    needs: Mapping[str, Fraction]
    """What the pod requests."""


def step(pool: Pool, failure: Failure) -> Obstacle:
    """The step that fails, in words."""
    failed, left = failure.step, failure.left
    if failed.kind in ("zone", "capacity type"):
        return _offering(pool, failure)
    if failed.rule == SOUND:
        fix = "lower kubeReserved, systemReserved and evictionHard of the node class"
        return Obstacle("resource", f"{SOUND}: true of none of {_some(pool, left)}", fix)
    if failed.kind == "resource":
        return _resource(pool, failed.rule, left, failure.needs)
    if failed.kind == "limit":
        return _limit(pool, failed, left)
    key = failed.rule.partition(" ")[0]
    own = pool.requirements.get(key)
    rule = f"{failed.rule}: none of the pool's types that suit the pod otherwise ({_some(pool, left)})"
    fix = f"change {key} in the pod" if own is None else f"change {key} in the pod, or in the pool, which has {own}"
    return Obstacle("requirement", rule, fix)


def _offering(pool: Pool, failure: Failure) -> Obstacle:
    """A zone or a capacity type in which none of the types is offered."""
    kind, key = ("zone", ZONE) if failure.step.kind == "zone" else ("capacity type", CAPACITY_TYPE)
    if kind == "zone":
        offered = sorted(zone for zone, types in pool.index.zones.items() if types & failure.left)
    else:
        offered = [each for each in pool.sold_as if pool.sold((each,)) & failure.left]
    rule = failure.step.rule
    if rule.startswith(("offered", "sold")):
        rule = f"{_some(pool, failure.left)}: not {rule}"
    demand = failure.demands.get(key)
    suitable = [each for each in offered if demand is None or demand.admits(each)]
    if kind == "zone" and suitable:
        return Obstacle("zone", rule, f"add subnets in {', '.join(suitable)}")
    fix = f"allow {' or '.join(offered)}" if offered else f"choose a type that is offered in {pool.place.region}"
    return Obstacle(kind, rule, fix)


def _resource(pool: Pool, resource: str, left: Types, needs: Mapping[str, Fraction]) -> Obstacle:
    need, daemons = needs.get(resource, Fraction(0)), pool.daemon(resource)
    largest, most = pool.shelf.largest(resource, left)
    asked = f"{resource} {text(resource, need)}"
    if not largest:
        return _unknown_resource(pool, resource, asked, left)
    also = f" and DaemonSets take {text(resource, daemons)}" if daemons else ""
    name = pool.index.named(largest)[0]
    rule = f"{asked}; the largest that suits it otherwise, {name}, offers {text(resource, most)}{also}"
    fix = f"request at most {text(resource, max(most - daemons, 0))}, or admit larger types to the pool"
    return Obstacle("resource", rule, fix)


def _unknown_resource(pool: Pool, resource: str, asked: str, left: Types) -> Obstacle:
    """A resource that no type left has: another kind of hardware, or one that only a device plugin makes up."""
    offers = pool.index.offers(pool.index.everything, pool.settings)
    having = [pool.index.names[position] for position, offer in offers.items() if resource in offer.capacity]
    if having:
        families = sorted({name.partition(".")[0] for name in having})
        shown = ", ".join(families[:6]) + (" …" if len(families) > 6 else "")
        return Obstacle("resource", f"{asked}; none of {_some(pool, left)} has any", f"use a pool of {shown}")
    rule = f"{asked}; Karpenter knows of no instance type with it, since a device plugin makes it up on the node"
    fix = f"add a NodeOverlay with `capacity: {{{resource}: …}}` (settings.featureGates.nodeOverlay)"
    return Obstacle("resource", rule, fix)


def _limit(pool: Pool, failed: Step, left: Types) -> Obstacle:
    resource = failed.rule.partition(":")[0].removeprefix("limits.")
    amounts = [(pool.shelf.capacity(position).get(resource, 0), position) for position in pool.index.listed(left)]
    least, position = min(amounts)
    name = pool.index.names[position]
    rule = f"{failed.rule}, and one {name}, the smallest that suits the pod, has {text(resource, least)}"
    return Obstacle("limit", rule, f"raise limits.{resource} to {text(resource, least)} or more")


def _some(pool: Pool, types: Types) -> str:
    names = pool.index.named(types)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
