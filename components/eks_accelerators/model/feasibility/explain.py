"""Which pools and instance types can take a pod, and which single constraint fails where none can."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from . import obstacles
from .index import Types
from .pod import Attempt, attempts, pod_of, requests, spread_keys, tolerates, tolerations, unjudged
from .pool import SOUND, Pool, Step, prepared
from .quantities import text
from .refusals import refusal
from .report import Excluded, Obstacle, PodReport, PoolReport, Verdict
from .requirement import Requirement, conflicts, merged, undefined
from .view import WELL_KNOWN, ZONE_ID, Place, PoolView
from .volumes import alternatives
from .wire import Manifest

_FIRST: Final = ("cpu", "memory", "ephemeral-storage", "pods")
"""Resources that are looked at after devices, which say more about what a pod is for."""


def explain_pool(view: PoolView, place: Place) -> PoolReport:
    """What the pool can launch at `place`, cheapest first, and why every other type is out."""
    pool = prepared(view, place)
    choices = tuple(pool.choice(each, pool.requirements) for each in pool.ordered(pool.launchable, pool.requirements))
    short = obstacles.min_values(pool, pool.requirements, pool.admitted)
    notes = [*pool.notes, *([short.rule] if short else [])]
    return PoolReport(view.name, choices, tuple(pool.excluded()), tuple(notes))


def dead_end(view: PoolView, place: Place) -> Excluded | None:
    """What leaves the pool without a single type to launch at `place`: the last demand that none met; None if one is
    left. Much quicker than `explain_pool`, since nothing is priced.
    """
    pool = prepared(view, place)
    return None if pool.launchable else tuple(pool.excluded())[-1]


@dataclass(frozen=True)
class _Pod:
    """What all pools are asked about one pod."""

    spec: Manifest
    """Its spec."""
    needs: Mapping[str, Fraction]
    """What it requests, devices first."""
    tolerations: Sequence[Manifest]
    """Its own and those that EKS adds."""
    volumes: Sequence[Mapping[str, Requirement]]
    """Demands of its volumes, any of which will do; none: no demand."""
    refused: Obstacle | None
    """Why Karpenter does not look at it at all; None: it does."""


def explain_pod(
    manifest: Manifest, views: Sequence[PoolView], place: Place, beside: Iterable[Manifest] = ()
) -> PodReport:
    """Which of the pools can take the pod in `manifest` at `place`, and why the others cannot.

    `beside` may hold the volume claims, volumes and storage classes that the pod names. A pool gets the answer of the
    least relaxed form of the pod that fits it; Karpenter launches from the first pool that takes the least relaxed form
    that any pool takes.
    """
    name, spec = pod_of(manifest)
    needs = requests(spec)
    volumes, unknown = alternatives(spec, beside)
    pod = _Pod(spec, _devices_first(needs), tolerations(spec, needs), volumes, refusal(spec))
    stages = attempts(spec, respects_preferences=place.controller.respects_preferences)
    pools = [prepared(view, place) for view in _ordered(views)]
    answers = [_best(pod, pool, stages) for pool in pools]
    fitting = [(stage, i) for i, (stage, verdict) in enumerate(answers) if verdict.fits]
    takers = [(stage, i) for stage, i in fitting if "replicas" not in pools[i].view.node_pool]
    chosen = pools[min(takers)[1]].view.name if takers else None
    shown = {resource: text(resource, need) for resource, need in pod.needs.items()}
    notes = [*unknown, *unjudged(spec)]
    if not place.daemons:
        notes.append("DaemonSets: none were given, so nothing is kept for them on a node")
    if any(ZONE_ID in attempt.demands for attempt in stages):
        notes.append(f"{ZONE_ID}: zone ids differ from account to account")
    return PodReport(name, shown, tuple(verdict for _, verdict in answers), chosen, tuple(notes))


def _ordered(views: Sequence[PoolView]) -> list[PoolView]:
    """Pools as Karpenter tries them: by weight, and of equal weight by name from Z to A (nodepool.OrderByWeight)."""
    return sorted(views, key=lambda view: (view.node_pool.get("weight") or 0, view.name), reverse=True)


def _devices_first(needs: Mapping[str, Fraction]) -> dict[str, Fraction]:
    order = sorted(needs, key=lambda name: (_FIRST.index(name) if name in _FIRST else -1, name))
    return {name: needs[name] for name in order if needs[name]}


def _best(pod: _Pod, pool: Pool, stages: Sequence[Attempt]) -> tuple[int, Verdict]:
    """The answer at the first stage that fits, otherwise at the one that got furthest."""
    if pod.refused is not None:
        return 0, Verdict(pool.view.name, obstacle=pod.refused, notes=tuple(pool.notes))
    failed: list[tuple[int, int, Verdict]] = []
    for stage, attempt in enumerate(stages):
        reached, verdict = _judge(pod, pool, attempt)
        if verdict.fits:
            return stage, replace(verdict, relaxed=attempt.given_up)
        failed.append((reached, -stage, verdict))
    reached, stage, verdict = max(failed, key=lambda each: each[:2])
    return -stage, verdict


_TAINT, _LABEL, _TOPOLOGY, _TYPES = range(4)
"""How far a pod got with a pool."""


def _judge(pod: _Pod, pool: Pool, attempt: Attempt) -> tuple[int, Verdict]:
    """How far the pod gets with the pool in one of its forms, and the answer.

    A taint comes first, but where the pool lacks the hardware as well, that is said: tolerating would not help.
    """
    volumes = pod.volumes or ({},)
    demands = [merged(attempt.demands.values(), volume.values()) for volume in volumes]
    reached, verdict = max((_place(pod, pool, each) for each in demands), key=lambda each: (each[1].fits, each[0]))
    hopeless = verdict.obstacle is not None and verdict.obstacle.kind == "resource"
    for taint in () if hopeless else pool.taints:
        spared = attempt.tolerates_preferred and taint["effect"] == "PreferNoSchedule"
        if not spared and not any(tolerates(each, taint) for each in pod.tolerations):
            return _TAINT, Verdict(pool.view.name, obstacle=obstacles.taint(taint), notes=tuple(pool.notes))
    return reached, verdict


def _place(pod: _Pod, pool: Pool, demands: Mapping[str, Requirement]) -> tuple[int, Verdict]:
    name, notes = pool.view.name, tuple(pool.notes)
    if obstacle := _label_obstacle(pool, demands):
        return _LABEL, Verdict(name, obstacle=obstacle, notes=notes)
    if obstacle := _topology_obstacle(pod, pool, demands):
        return _TOPOLOGY, Verdict(name, obstacle=obstacle, notes=notes)
    return _TYPES, _types(pod, pool, merged(pool.requirements.values(), demands.values()))


def _label_obstacle(pool: Pool, demands: Mapping[str, Requirement]) -> Obstacle | None:
    if (missing := next(undefined(pool.requirements, demands, WELL_KNOWN), None)) is not None:
        return obstacles.undefined_label(missing, pool.requirements)
    for existing, incoming in conflicts({**pool.common, **pool.requirements}, demands):
        return obstacles.label(existing, incoming)
    return None


def _topology_obstacle(pod: _Pod, pool: Pool, demands: Mapping[str, Requirement]) -> Obstacle | None:
    known = {**pool.common, **pool.requirements, **demands}
    for field, key in spread_keys(pod.spec):
        if key not in known and key not in pool.index.by_label and key not in WELL_KNOWN:
            return obstacles.topology(field, key)
    return None


def _types(pod: _Pod, pool: Pool, demands: Mapping[str, Requirement]) -> Verdict:
    """The types of a pool whose labels suit the pod, with room for it; or the constraint that leaves none."""
    name, notes, base = pool.view.name, tuple(pool.notes), pool.admitted
    if not base:
        return Verdict(name, obstacle=obstacles.empty_pool(pool), notes=notes)
    steps, types = list(_steps(pod, pool, demands)), base
    for step in steps:
        if not types & step.types:
            alone = next((each for each in steps if not base & each.types), None)
            culprit, left = (step, types) if alone is None else (alone, base)
            failure = obstacles.Failure(culprit, left, demands, pod.needs)
            return Verdict(name, obstacle=obstacles.step(pool, failure), notes=notes)
        types &= step.types
    if obstacle := obstacles.min_values(pool, demands, types):
        return Verdict(name, obstacle=obstacle, notes=notes)
    ordered = pool.ordered(types, demands)
    names = pool.index.names
    zones = tuple(zone for zone in pool.zones(demands) if pool.index.zones.get(zone, 0) & types)
    cheapest = pool.choice(_launched(pool, types, ordered, demands), demands)
    return Verdict(name, tuple(names[each] for each in ordered), zones, cheapest, notes=notes)


def _launched(pool: Pool, types: Types, ordered: Sequence[int], demands: Mapping[str, Requirement]) -> int:
    """The cheapest type, of those without devices if there are any (ExoticInstanceTypeFilter)."""
    plain = types & ~pool.exotic
    if not plain or any(each.min_values for each in demands.values()):
        return ordered[0]
    return next(position for position in ordered if plain >> position & 1)


def _steps(pod: _Pod, pool: Pool, demands: Mapping[str, Requirement]) -> Iterator[Step]:
    """What narrows the pool's types for the pod: its labels, offerings that are left, limits, then resources."""
    for key, demand in demands.items():
        if key in pool.index.by_label and demand != pool.requirements.get(key):
            yield Step("requirement", str(demand), pool.index.admitted(demand))
    yield from (step for step in pool.offering_steps(demands) if step.kind != "price")
    yield from pool.limit_steps
    yield Step("resource", SOUND, pool.shelf.sound)
    for resource, need in pod.needs.items():
        yield Step("resource", resource, pool.shelf.at_least(resource, need + pool.daemon(resource)))
    for resource in pool.place.daemons:
        if resource not in pod.needs:
            yield Step("resource", resource, pool.shelf.at_least(resource, pool.daemon(resource)))
