"""The Kubernetes objects we write, in the API's own words: only the fields we emit, one function per kind.

Field names and constraints are those of Karpenter's CRDs (karpenter.sh/v1 and karpenter.k8s.aws/v1, release 1.14.1).
"""

from collections.abc import Sequence
from typing import Final, NotRequired, TypedDict

import pulumi

from . import labels
from .pool_plan import PoolPlan, VolumePlan
from .pools import Budget, Taint

NODE_POOL_API: Final = f"{labels.KARPENTER_GROUP}/v1"
NODE_CLASS_API: Final = f"{labels.KARPENTER_AWS_GROUP}/v1"
NODE_POOL_KIND: Final = "NodePool"
NODE_CLASS_KIND: Final = "EC2NodeClass"
_ROOT_DEVICE: Final = "/dev/xvda"
"""Of Amazon Linux 2023 images."""


class RequirementManifest(TypedDict):
    """A condition on the labels of an instance type."""

    key: str
    operator: str
    values: list[str]


class TaintManifest(TypedDict):
    """A taint; `value` is left out when there is none, since the CRD refuses an empty one."""

    key: str
    value: NotRequired[str]
    effect: str


class NodeClassReference(TypedDict):
    """Which EC2NodeClass a pool launches from."""

    group: str
    kind: str
    name: str


class TemplateMetadata(TypedDict):
    """What nodes are labelled with."""

    labels: dict[str, str]


class TemplateSpec(TypedDict):
    """What nodes are like."""

    requirements: list[RequirementManifest]
    taints: NotRequired[list[TaintManifest]]
    nodeClassRef: NodeClassReference
    expireAfter: str
    terminationGracePeriod: str


class Template(TypedDict):
    """The template of a pool's nodes."""

    metadata: NotRequired[TemplateMetadata]
    spec: TemplateSpec


class BudgetManifest(TypedDict):
    """How many nodes may be disrupted at once."""

    nodes: str
    reasons: NotRequired[list[str]]
    schedule: NotRequired[str]
    duration: NotRequired[str]


class DisruptionManifest(TypedDict):
    """When nodes are removed; the CRD demands `consolidateAfter` as soon as anything else is said."""

    consolidationPolicy: str
    consolidateAfter: str
    budgets: list[BudgetManifest]


class NodePoolSpec(TypedDict):
    """The spec of a NodePool."""

    template: Template
    disruption: DisruptionManifest
    limits: dict[str, str]
    weight: NotRequired[int]


class AmiTerm(TypedDict):
    """An image alias."""

    alias: str


class IdTerm(TypedDict):
    """A subnet or a security group by its id."""

    id: pulumi.Input[str]


class Ebs(TypedDict):
    """An EBS volume."""

    volumeSize: str
    volumeType: str
    encrypted: bool
    deleteOnTermination: bool
    iops: NotRequired[int]
    throughput: NotRequired[int]


class BlockDevice(TypedDict):
    """A volume and where it appears."""

    deviceName: str
    ebs: Ebs


class MetadataOptions(TypedDict):
    """Access to the instance metadata service."""

    httpEndpoint: str
    httpProtocolIPv6: str
    httpPutResponseHopLimit: int
    httpTokens: str


class NodeClassSpec(TypedDict):
    """The spec of an EC2NodeClass."""

    amiSelectorTerms: list[AmiTerm]
    role: pulumi.Input[str]
    subnetSelectorTerms: pulumi.Input[list[IdTerm]]
    securityGroupSelectorTerms: list[IdTerm]
    blockDeviceMappings: list[BlockDevice]
    metadataOptions: MetadataOptions
    detailedMonitoring: bool
    tags: NotRequired[dict[str, str]]


class NodePlace(TypedDict):
    """Where nodes are launched and as whom; the part of a node class that no pool decides."""

    role: pulumi.Input[str]
    """Name, not ARN, of the IAM role: with an ARN Karpenter makes a new instance profile every quarter of an hour."""
    subnet_ids: pulumi.Input[Sequence[str]]
    """Private subnets with a route out."""
    security_group_id: pulumi.Input[str]
    """The cluster's own security group."""


def node_pool_spec(plan: PoolPlan) -> NodePoolSpec:
    """The NodePool of `plan`."""
    spec: NodePoolSpec = {"template": _template(plan), "disruption": _disruption(plan), "limits": dict(plan.limits)}
    if plan.weight is not None:
        spec["weight"] = plan.weight
    return spec


def node_class_spec(plan: PoolPlan, place: NodePlace) -> NodeClassSpec:
    """The EC2NodeClass of `plan` at `place`.

    Subnets and security group are given by id, not by discovery tag: an id exists when its resource does, selects
    exactly one thing, and makes the class depend on what its nodes stand on.
    """
    spec: NodeClassSpec = {
        "amiSelectorTerms": [{"alias": plan.ami}],
        "role": place["role"],
        "subnetSelectorTerms": pulumi.Output.from_input(place["subnet_ids"]).apply(_id_terms),
        "securityGroupSelectorTerms": [{"id": place["security_group_id"]}],
        "blockDeviceMappings": [{"deviceName": _ROOT_DEVICE, "ebs": _ebs(plan.volume)}],
        # IMDSv2 only and one hop: pods get their credentials from Pod Identity, not from the node's role
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpProtocolIPv6": "disabled",
            "httpPutResponseHopLimit": 1,
            "httpTokens": "required",
        },
        "detailedMonitoring": plan.detailed_monitoring,
    }
    if plan.tags:
        spec["tags"] = dict(plan.tags)
    return spec


def _id_terms(ids: Sequence[str]) -> list[IdTerm]:
    return [{"id": identifier} for identifier in ids]


def _template(plan: PoolPlan) -> Template:
    spec: TemplateSpec = {
        "requirements": [
            {"key": requirement.key, "operator": requirement.operator, "values": list(requirement.values)}
            for requirement in plan.requirements
        ],
        "nodeClassRef": {"group": labels.KARPENTER_AWS_GROUP, "kind": NODE_CLASS_KIND, "name": plan.name},
        "expireAfter": plan.disruption.expire_after,
        "terminationGracePeriod": plan.disruption.termination_grace_period,
    }
    if plan.taints:
        spec["taints"] = [_taint(taint) for taint in plan.taints]
    return {"metadata": {"labels": dict(plan.labels)}, "spec": spec} if plan.labels else {"spec": spec}


def _taint(taint: Taint) -> TaintManifest:
    if taint.value is None:
        return {"key": taint.key, "effect": taint.effect}
    return {"key": taint.key, "value": taint.value, "effect": taint.effect}


def _disruption(plan: PoolPlan) -> DisruptionManifest:
    disruption = plan.disruption
    return {
        "consolidationPolicy": disruption.policy,
        "consolidateAfter": disruption.after,
        "budgets": [_budget(budget) for budget in disruption.budgets],
    }


def _budget(budget: Budget) -> BudgetManifest:
    manifest: BudgetManifest = {"nodes": budget.nodes}
    if budget.reasons:
        manifest["reasons"] = list(budget.reasons)
    if budget.schedule is not None:
        manifest["schedule"] = budget.schedule
    if budget.duration is not None:
        manifest["duration"] = budget.duration
    return manifest


def _ebs(volume: VolumePlan) -> Ebs:
    ebs: Ebs = {
        "volumeSize": volume.size,
        "volumeType": volume.type,
        "encrypted": volume.encrypted,
        "deleteOnTermination": True,
    }
    if volume.iops is not None:
        ebs["iops"] = volume.iops
    if volume.throughput is not None:
        ebs["throughput"] = volume.throughput
    return ebs
