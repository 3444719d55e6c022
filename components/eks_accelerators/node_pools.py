"""NodePools: the kinds of node that workloads can ask for."""

from typing import Final, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from .model import labels, manifests
from .model.parse import parse
from .model.pool_plan import PoolPlan, plan_pool
from .model.pools import Pool
from .ordering import once

_DRAIN_TIMEOUT: Final = "30m"
"""Deleting a pool waits until its last node is drained and terminated; the provider's ten minutes are too short for
nodes whose pods leave slowly."""


class TaintArgs(TypedDict):
    """A taint of every node of the pool: pods that do not tolerate it stay away."""

    key: str
    """Such as `aws.amazon.com/neuron`."""
    value: NotRequired[str]
    """Such as `true`; absent: no value (Karpenter refuses an empty one)."""
    effect: NotRequired[str]
    """What happens to pods that do not tolerate it."""


class VolumeArgs(TypedDict):
    """The root volume of every node of the pool."""

    size: NotRequired[str]
    """Such as `200Gi`; absent: 100Gi, with an accelerator 500Gi."""
    type: NotRequired[str]
    """EBS volume type."""
    iops: NotRequired[int]
    """Provisioned operations per second; absent: the type's baseline (gp3: 3,000)."""
    throughput: NotRequired[int]
    """MiB per second, gp3 only; absent: 125."""
    encrypted: NotRequired[bool]
    """Whether EBS encrypts it, with the account's default key."""


class LimitsArgs(TypedDict):
    """What all nodes of the pool together may have. Karpenter launches nothing beyond it."""

    cpu: NotRequired[str]
    """vCPUs; absent: not limited."""
    memory: NotRequired[str]
    """Such as `500Gi`; absent: not limited."""
    extended: NotRequired[dict[str, str]]
    """Accelerator devices or cores by resource key, such as `aws.amazon.com/neuron: 12`."""


class BudgetArgs(TypedDict):
    """How many nodes Karpenter may disrupt at once."""

    nodes: NotRequired[str]
    """A share or a number; a share rounds up, so 10% of nine nodes is one."""
    reasons: NotRequired[list[str]]
    """Kinds of disruption it is about; none means all."""
    schedule: NotRequired[str]
    """When it begins to hold, as a UTC cron expression; absent: always."""
    duration: NotRequired[str]
    """How long it holds from then; goes with `schedule`."""


class DisruptionArgs(TypedDict):
    """When Karpenter removes nodes of its own accord."""

    policy: NotRequired[str]
    """Absent: `WhenEmptyOrUnderutilized`; with an accelerator `WhenEmpty`, since a moved training job loses work."""
    after: NotRequired[str]
    """How long a node must have been idle or underused; `Never` switches consolidation off."""
    budgets: NotRequired[list[BudgetArgs]]
    """All must allow a disruption; Karpenter's own default is one of 10%."""


class PoolArgs(TypedDict):
    """One kind of node: an EC2NodeClass and a NodePool of the same name."""

    name: str
    """Unique; also the value of the label `karpenter.sh/nodepool` on its nodes."""
    accelerator: NotRequired[str]
    """Such as `inferentia2`: decides families, architecture, taint, volume, limits and plugin. Absent: a CPU pool."""
    instance_families: NotRequired[list[str]]
    """Such as `[c5, m5, r5]`; none: the accelerator's, or current c, m and r families."""
    instance_types: NotRequired[list[str]]
    """Exact types instead of families."""
    architecture: NotRequired[str]
    """Absent: the accelerator's, otherwise `amd64`."""
    capacity_types: NotRequired[list[str]]
    """With both, Karpenter takes Spot while there is any."""
    labels: NotRequired[dict[str, str]]
    """Labels of every node, for selectors of your own."""
    taints: NotRequired[list[TaintArgs]]
    """Absent: with an accelerator its resource key with the value `true`, otherwise none; `[]`: none."""
    volume: NotRequired[VolumeArgs]
    """Root volume."""
    limits: NotRequired[LimitsArgs]
    """Absent: two of the largest node with an accelerator, otherwise 256 vCPUs. Given, it replaces those entirely."""
    expire_after: NotRequired[str]
    """Age at which a node is replaced; 30 days bounds how old its image and its certificates get."""
    termination_grace_period: NotRequired[str]
    """How long pods may take to leave a node that is being replaced. Without one, a pod marked do-not-disrupt keeps an
    expired node, and its bill, for ever."""
    disruption: NotRequired[DisruptionArgs]
    """When nodes are removed."""
    weight: NotRequired[int]
    """Pools with more weight are tried first; absent: 0."""
    ami: NotRequired[str]
    """Image alias, pinned by default; `al2023@latest` replaces every node on the day of each release."""
    detailed_monitoring: NotRequired[bool]
    """Whether CloudWatch gets metrics every minute, at a price for each instance."""
    tags: NotRequired[dict[str, str]]
    """Tags of instances, volumes and network interfaces; added to the platform's."""


class NodePoolsArgs(TypedDict):
    """What pools are made from."""

    node_role_name: pulumi.Input[str]
    """Name, not ARN, of the role that nodes assume."""
    subnet_ids: pulumi.Input[list[str]]
    """Private subnets with a route out."""
    security_group_id: pulumi.Input[str]
    """The cluster's own security group."""
    pools: list[PoolArgs]
    """Kinds of node, by unique name."""
    tags: NotRequired[dict[str, str]]
    """Tags of everything that every pool launches."""


class NodePools(pulumi.ComponentResource):
    """One EC2NodeClass and one NodePool for each entry of `pools`.

    Deleting a pool drains its nodes. Whoever composes this component makes it depend on what nodes need until then: the
    controller, their role's policies and access entry, and name resolution for the pods that leave.
    """

    pool_names: pulumi.Output[list[str]]
    """Values for a `karpenter.sh/nodepool` node selector."""

    def __init__(self, name: str, args: NodePoolsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("accel:index:NodePools", name, None, opts)
        self._name = name
        pools = [parse(Pool, raw, at=f"pools[{i}]") for i, raw in enumerate(args["pools"])]
        place: manifests.NodePlace = {
            "role": args["node_role_name"],
            "subnet_ids": args["subnet_ids"],
            "security_group_id": args["security_group_id"],
        }
        made = [self._pool(plan_pool(pool, args.get("tags", {})), place) for pool in pools]
        self.pool_names = once([pool.name for pool in pools], *(pool.id for pool in made))
        self.register_outputs({"pool_names": self.pool_names})

    def _pool(self, plan: PoolPlan, place: manifests.NodePlace) -> "k8s.apiextensions.CustomResource":
        # Ready: image alias, subnets, role and launch were tried; without the annotation `up` ends before anybody knows
        metadata = {"name": plan.name, "annotations": {labels.WAIT_FOR: "condition=Ready"}}
        node_class = k8s.apiextensions.CustomResource(
            f"{self._name}-{plan.name}-class",
            api_version=manifests.NODE_CLASS_API,
            kind=manifests.NODE_CLASS_KIND,
            metadata=metadata,
            spec=manifests.node_class_spec(plan, place),
            opts=pulumi.ResourceOptions(parent=self),
        )
        # no value flows, as the reference is a name; and a class cannot go while a pool's nodes use it
        after_class = pulumi.ResourceOptions(
            parent=self, depends_on=[node_class], custom_timeouts=pulumi.CustomTimeouts(delete=_DRAIN_TIMEOUT)
        )
        return k8s.apiextensions.CustomResource(
            f"{self._name}-{plan.name}-pool",
            api_version=manifests.NODE_POOL_API,
            kind=manifests.NODE_POOL_KIND,
            metadata=metadata,
            spec=manifests.node_pool_spec(plan),
            opts=after_class,
        )
