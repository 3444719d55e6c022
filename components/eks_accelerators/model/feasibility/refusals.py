"""Pods that Karpenter passes over before it looks at any pool (Provisioner.Validate, Scheduler.add of 1.14.1).

Every term of the required node affinity counts here, those that are only alternatives included; of preferences only the
heaviest one, and only with what it leaves of the pools' names.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from ..labels import CAPACITY_TYPE, HOSTNAME, KARPENTER_AWS_GROUP, KARPENTER_GROUP, NODE_POOL
from .pod import REQUIRED, attempts
from .report import Obstacle
from .requirement import SYNONYMS
from .view import TENANCY, WELL_KNOWN
from .wire import Manifest, child, items

_RESERVED_DOMAINS: Final = (KARPENTER_GROUP, KARPENTER_AWS_GROUP)
"""Domains of whose keys a pod may name the well-known ones only (RestrictedLabelDomains)."""
_VALUES: Final = {CAPACITY_TYPE: {"on-demand", "spot", "reserved"}, TENANCY: {"default", "dedicated"}}
"""Label → values of which `In` names one at least (WellKnownValuesForRequirements)."""


def refusal(spec: Manifest) -> Obstacle | None:
    """Why Karpenter does not look at the pod at all; None: it does."""
    return next(_refusals(spec), None)


def _refusals(spec: Manifest) -> Iterator[Obstacle]:
    demand = attempts(spec, respects_preferences=True)[0].demands.get(NODE_POOL)
    if demand is not None and demand.operator == "DoesNotExist":
        rule = (
            f"no value of {NODE_POOL} meets the pod's selector, first term and heaviest preference together; Karpenter"
        )
        fix = f"let them agree on {NODE_POOL}; a preference counts like a demand here"
        yield Obstacle("label", f"{rule} takes the pod for one that must not run on its nodes", fix)
    if any(term.get("matchFields") for term in _terms(spec)):
        rule = "a required node affinity term has matchFields; Karpenter passes over such pods"
        yield Obstacle("label", rule, "say it with matchExpressions")
    if spec.get("resourceClaims"):
        rule = "pod has resource claims, and Karpenter launches nothing for such pods (settings.ignoreDRARequests)"
        yield Obstacle("resource", rule, "request the device plugin's resource, or run the pod on nodes that stand")
    for key, operator, values in _said(spec):
        if _is_reserved(key):
            rule = (
                f"pod names the label {key}, which Karpenter reserves; it passes over such pods, whatever else they say"
            )
            yield Obstacle("label", rule, f"select {NODE_POOL} or a label of your own")
        elif operator == "In" and key in _VALUES and not _VALUES[key] & {*values}:
            known = ", ".join(sorted(_VALUES[key]))
            rule = f"pod demands {key} In [{', '.join(values)}], none of which exists; Karpenter passes over such pods"
            yield Obstacle("label", rule, f"use {known}")
        elif operator in ("Gt", "Lt") and any(value.startswith("-") for value in values):
            rule = f"pod demands {key} {operator} {values[0]}; Karpenter passes over pods that compare with less than 0"
            yield Obstacle("label", rule, "compare with 0 or more")


def _said(spec: Manifest) -> Iterator[tuple[str, str, list[str]]]:
    """Key, operator and values of every demand on a label, alternatives included."""
    for key, value in child(spec, "nodeSelector").items():
        yield SYNONYMS.get(key, key), "In", [str(value)]
    for term in _terms(spec):
        for each in items(term, "matchExpressions"):
            key, values = str(each["key"]), each.get("values") or ()
            yield SYNONYMS.get(key, key), str(each["operator"]), [str(value) for value in values]


def _terms(spec: Manifest) -> Sequence[Manifest]:
    return items(child(spec, "affinity", "nodeAffinity", REQUIRED), "nodeSelectorTerms")


def _is_reserved(key: str) -> bool:
    domain = f".{key.partition('/')[0]}" if "/" in key else ""
    return key not in WELL_KNOWN and (
        key == HOSTNAME or domain.endswith(tuple(f".{each}" for each in _RESERVED_DOMAINS))
    )
