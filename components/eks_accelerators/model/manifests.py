"""The Kubernetes objects we write, in the API's own words; every one passes `crds` before it leaves."""

from collections.abc import Mapping
from typing import Any, Final, cast

from . import labels
from .class_plan import ClassPlan
from .crds.base import Wire
from .crds.node_class import NodeClassSpec
from .crds.node_overlay import NodeOverlaySpec
from .crds.node_pool import NodePoolSpec
from .layers import merged
from .parse import wire_problems
from .pool_plan import PoolPlan
from .values import Location, Problem

NODE_POOL_API: Final = f"{labels.KARPENTER_GROUP}/v1"
NODE_CLASS_API: Final = f"{labels.KARPENTER_AWS_GROUP}/v1"
NODE_OVERLAY_API: Final = f"{labels.KARPENTER_GROUP}/v1alpha1"
NODE_POOL_KIND: Final = "NodePool"
NODE_CLASS_KIND: Final = "EC2NodeClass"
NODE_OVERLAY_KIND: Final = "NodeOverlay"

Manifest = dict[str, Any]
"""The spec of an object, as JSON."""

ROLE_LATER: Final = "role-of-the-nodes"
SUBNETS_LATER: Final = [{"id": "subnet-0"}]
SECURITY_GROUPS_LATER: Final = [{"id": "sg-0"}]
PLACEMENT_GROUP_LATER: Final = {"name": "placement-group-of-the-pool"}
"""What stands for things that exist only once they are created; whoever creates them puts them in."""


def node_pool(plan: PoolPlan) -> Manifest:
    """The spec of the NodePool of `plan`."""
    template: Manifest = {"spec": _template_spec(plan)}
    metadata = {"labels": dict(plan.labels), "annotations": dict(plan.annotations)}
    if said := {key: value for key, value in metadata.items() if value}:
        template["metadata"] = said
    spec: Manifest = {"template": template, "disruption": plan.disruption.manifest()}
    if plan.limits:
        spec["limits"] = dict(plan.limits)
    if plan.weight is not None:
        spec["weight"] = plan.weight
    if plan.replicas is not None:
        spec["replicas"] = plan.replicas
    return _patched(NodePoolSpec, spec, plan.raw)


def node_class(plan: ClassPlan) -> Manifest:
    """The spec of the EC2NodeClass of `plan`, with placeholders for what does not exist yet."""
    said = plan.node_class
    spec: Manifest = {
        "amiSelectorTerms": [term.manifest() for term in said.ami_terms or ()] or [{"alias": said.alias}],
        "subnetSelectorTerms": [term.manifest() for term in said.subnets or ()] or SUBNETS_LATER,
        "securityGroupSelectorTerms": [term.manifest() for term in said.security_groups or ()] or SECURITY_GROUPS_LATER,
        "metadataOptions": said.metadata_options.manifest(),
        "detailedMonitoring": said.detailed_monitoring,
    }
    if said.instance_profile is None:
        spec["role"] = ROLE_LATER if said.role is None else said.role
    optional: Manifest = {
        "amiFamily": said.ami_family,
        "instanceProfile": said.instance_profile,
        "userData": said.user_data,
        "instanceStorePolicy": plan.instance_store_policy,
        "blockDeviceMappings": [device.manifest() for device in plan.devices],
        "networkInterfaces": [interface.manifest() for interface in plan.interfaces],
        "capacityReservationSelectorTerms": [term.manifest() for term in plan.reservations],
        "placementGroupSelector": _placement_group(plan),
        "associatePublicIPAddress": said.associate_public_ip_address,
        "ipPrefixCount": said.ip_prefix_count,
        "connectionTracking": None if said.connection_tracking is None else said.connection_tracking.manifest(),
        "cpuOptions": None if said.cpu_options is None else said.cpu_options.manifest(),
        "kubelet": None if said.kubelet is None else said.kubelet.manifest(),
        "context": said.context,
        "tags": dict(plan.tags),
    }
    spec |= {key: value for key, value in optional.items() if value is not None and value not in ([], {})}
    return _patched(NodeClassSpec, spec, said.raw)


def _patched(kind: type[Wire], spec: Manifest, raw: Mapping[str, Any]) -> Manifest:
    """`spec` with `raw` laid over it; what raw fields leave out has the defaults that words have."""
    if not raw:
        return spec
    patched = merged(spec, raw)
    if wire_problems(kind, patched):  # to be reported, by whoever parses the pool
        return patched
    return kind.model_validate(patched, by_alias=True, by_name=False).manifest()


def node_pool_problems(plan: PoolPlan) -> list[Problem]:
    """What the API server or the controller would refuse of the NodePool of `plan`, by the keys of the pool."""
    derived = len(plan.requirements) - plan.own_requirements
    found = wire_problems(NodePoolSpec, node_pool(plan))
    return [_as_said(problem, plan.raw, _NODE_POOL_ORIGINS, derived) for problem in found]


def node_class_problems(plan: ClassPlan) -> list[Problem]:
    """What the API server would refuse of the EC2NodeClass of `plan`, by the keys of the node class."""
    found = wire_problems(NodeClassSpec, node_class(plan))
    return [_as_said(problem, plan.node_class.raw, _NODE_CLASS_ORIGINS, 0) for problem in found]


def node_overlay(overlay: NodeOverlaySpec) -> Manifest:
    """The spec of a NodeOverlay."""
    return overlay.manifest()


def _template_spec(plan: PoolPlan) -> Manifest:
    spec: Manifest = {
        "requirements": [requirement.manifest() for requirement in plan.requirements],
        "nodeClassRef": {"group": labels.KARPENTER_AWS_GROUP, "kind": NODE_CLASS_KIND, "name": plan.class_name},
        "expireAfter": plan.expire_after,
        "terminationGracePeriod": plan.termination_grace_period,
    }
    if plan.taints:
        spec["taints"] = [taint.manifest() for taint in plan.taints]
    if plan.startup_taints:
        spec["startupTaints"] = [taint.manifest() for taint in plan.startup_taints]
    return spec


def _placement_group(plan: ClassPlan) -> Manifest | None:
    if plan.node_class.placement_group is not None:
        return plan.node_class.placement_group.manifest()
    return PLACEMENT_GROUP_LATER if plan.placement is not None else None


_NODE_POOL_ORIGINS: Final[Mapping[Location, Location]] = {
    ("template", "metadata", "labels"): ("labels",),
    ("template", "metadata", "annotations"): ("annotations",),
    ("template", "spec", "requirements"): ("requirements",),
    ("template", "spec", "taints"): ("taints",),
    ("template", "spec", "startupTaints"): ("startup_taints",),
    ("template", "spec", "expireAfter"): ("expire_after",),
    ("template", "spec", "terminationGracePeriod"): ("termination_grace_period",),
    ("disruption", "consolidationPolicy"): ("disruption", "policy"),
    ("disruption", "consolidateAfter"): ("disruption", "after"),
    ("disruption", "budgets"): ("disruption", "budgets"),
    ("limits",): ("limits",),
    ("weight",): ("weight",),
    ("replicas",): ("replicas",),
}
_NODE_CLASS_ORIGINS: Final[Mapping[Location, Location]] = {
    ("amiSelectorTerms",): ("ami_terms",),
    ("amiFamily",): ("ami_family",),
    ("subnetSelectorTerms",): ("subnets",),
    ("securityGroupSelectorTerms",): ("security_groups",),
    ("capacityReservationSelectorTerms",): ("capacity_reservations",),
    ("placementGroupSelector",): ("placement_group",),
    ("blockDeviceMappings",): ("volumes",),
    ("networkInterfaces",): ("network_interfaces",),
    ("tags",): ("tags",),
    ("role",): ("role",),
}
"""Where the language says what stands at a place of the manifest."""


def _as_said(problem: Problem, raw: Mapping[str, Any], origins: Mapping[Location, Location], derived: int) -> Problem:
    """`problem` of a manifest as one of the words it was made from; what no words made came raw."""
    at = problem.at
    if not _stands_in(raw, at):
        for wire, said in origins.items():
            if at[: len(wire)] == wire:
                rest = at[len(wire) :]
                if said == ("requirements",) and rest and isinstance(rest[0], int):
                    rest = (rest[0] - derived, *rest[1:])
                return Problem(at=(*said, *rest), value=problem.value, rule=problem.rule, fix=problem.fix)
    return problem.below("raw")


def _stands_in(raw: object, at: Location) -> bool:
    """Whether the merge patch `raw` says something at `at` or above it."""
    current = raw
    for part in at:
        if isinstance(current, Mapping):
            mapping = cast("Mapping[object, object]", current)
            if part not in mapping:
                return False
            current = mapping[part]
        else:  # a list or a leaf: the patch replaced everything from here on
            return True
    return True
