"""The pool language: what a user may say about a pool. Only a name is required; the rest is derived (`pool_plan.py`).

What nodes are made from stands in `node_classes.py`, what they are for in `uses.py`.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from . import forms, pool_rules
from .crds.node_pool import Budget, ConsolidationPolicy, Duration, DurationOrNever, Taint
from .crds.requirements import Key, LabelValue, Requirement
from .node_classes import NodeClass
from .quantities import Quantity
from .times import Time
from .values import Problem, Value

Architecture = Literal["amd64", "arm64"]
CapacityType = Literal["on-demand", "spot", "reserved"]
Replicas = Annotated[int, Field(ge=2, le=48)]
"""Shares of one GPU; 48 is the most that MPS has clients for on any of them."""


class Limits(Value):
    """What all nodes of the pool together may have. Karpenter launches nothing beyond it."""

    cpu: Quantity | None = None
    """vCPUs; absent: not limited."""
    memory: Quantity | None = None
    """Such as `500Gi`; absent: not limited."""
    nodes: Annotated[int, Field(ge=0)] | None = None
    """Nodes; absent: not limited. The only limit that a static pool may have."""
    accelerators: Annotated[int, Field(ge=0)] | None = None
    """Devices of the pool's accelerator; absent: not limited."""
    extended: dict[Key, Quantity] = Field(default_factory=dict[str, str])
    """Other resources by their key, such as `aws.amazon.com/neuroncore: 24`."""


class Disruption(Value):
    """When Karpenter removes nodes of its own accord; what is absent comes with the pool's `use`."""

    policy: ConsolidationPolicy | None = None
    """Which nodes count as removable."""
    after: DurationOrNever | None = None
    """How long a node must have been removable; `Never` switches consolidation off."""
    budgets: Annotated[tuple[Budget, ...], Field(max_length=50)] | None = None
    """How many at once; all must allow a disruption."""


class Sharing(Value):
    """How several pods share one GPU: one of the three. Pods still ask for `nvidia.com/gpu`, and get a share."""

    time_slicing: Replicas | None = None
    """Pods that take turns on each GPU, without any wall between their memory."""
    mps: Replicas | None = None
    """Pods that run at once on each GPU (Multi-Process Service), each with its part of memory and threads."""
    mig: str | None = None
    """Profile of the instances that each GPU is parted into in hardware, such as `1g.10gb`; needs the GPU operator."""

    def problems(self) -> Iterator[Problem]:
        """One way to share."""
        said = [field for field in ("time_slicing", "mps", "mig") if getattr(self, field) is not None]
        if len(said) != 1:
            rule = "one of time_slicing, mps and mig"
            yield Problem(at=(), value=self, rule=rule, fix="give one, or leave sharing out")


class Reservation(Value):
    """Capacity that was reserved for this pool: an On-Demand Capacity Reservation or a Capacity Block."""

    id: Annotated[str, StringConstraints(pattern=forms.RESERVATION_ID)]
    """Its id."""
    instance_type: str
    """What is reserved, such as `p5.48xlarge`."""
    zone: str
    """Availability zone that it is in, such as `us-west-2a`."""
    count: Annotated[int, Field(ge=1)]
    """Instances reserved; the pool launches no more."""
    ends: Time | None = None
    """When it ends, in UTC, such as `2026-12-24T11:30:00Z`; absent: it is open-ended, as a Capacity Block never is.
    EC2 begins to take a block's instances away half an hour before."""


class Pool(Value):
    """One kind of node: a NodePool, and an EC2NodeClass of the same name unless it shares one."""

    name: Annotated[str, StringConstraints(pattern=forms.DNS_LABEL)]
    """Unique; also the value of the label `karpenter.sh/nodepool` on its nodes."""
    accelerator: str | None = None
    """Such as `h100` or `inferentia2`: decides families, architecture, taint, labels, volume, limits and plugin.
    Absent: a CPU pool."""
    use: Literal["training", "inference", "batch", "interactive"] | None = None
    """What its nodes are for, which decides when they may go; absent: empty nodes go after five minutes, those without
    accelerators when their pods fit elsewhere, too."""
    instance_families: tuple[str, ...] = ()
    """Such as `[c5, m5, r5]`; none: the accelerator's, or current c, m and r families."""
    instance_types: tuple[str, ...] = ()
    """Exact types instead of families."""
    architecture: Architecture | None = None
    """Absent: the accelerator's, otherwise `amd64`."""
    capacity_types: Annotated[tuple[CapacityType, ...], Field(min_length=1)] | None = None
    """With several, Karpenter takes reserved before Spot before On-Demand; absent: `[on-demand]`, or `[reserved]` with
    a reservation."""
    zones: tuple[str, ...] = ()
    """Availability zones; none: wherever the node class has subnets, or the reservation's."""
    requirements: tuple[Requirement, ...] = ()
    """Further conditions on instance types; a key that Karpenter does not know becomes a label of the nodes."""
    labels: dict[Key, LabelValue] = Field(default_factory=dict[str, str])
    """Labels of every node, for selectors of your own."""
    annotations: dict[str, str] = Field(default_factory=dict[str, str])
    """Annotations of every node."""
    taints: tuple[Taint, ...] | None = None
    """Absent: with an accelerator its resource key with the value `true`, otherwise none; `[]`: none."""
    startup_taints: tuple[Taint, ...] = ()
    """Taints that something on the node takes away once it is ready, such as `ebs.csi.aws.com/agent-not-ready`."""
    limits: Limits | None = None
    """Absent: two of the largest node with an accelerator, otherwise 256 vCPUs; with a reservation or as a static pool
    the number of nodes. Given, it replaces those entirely."""
    expire_after: DurationOrNever | None = None
    """Age at which a node is replaced; absent: the use's, 720h or `Never`."""
    termination_grace_period: Duration = "24h"
    """How long pods may take to leave a node that is being replaced. Without one, a pod marked do-not-disrupt keeps an
    expired node, and its bill, for ever."""
    disruption: Disruption = Disruption()
    """When nodes are removed."""
    weight: Annotated[int, Field(ge=1, le=100)] | None = None
    """Pools with more weight are tried first; absent: 0."""
    replicas: Annotated[int, Field(ge=0)] | None = None
    """Nodes that are there whatever pods ask for (a static pool, alpha in Karpenter); absent: as many as pods need."""
    efa: bool = False
    """Whether nodes get an Elastic Fabric Adapter on every network card that has one, and the plugin for it."""
    placement: Literal["cluster", "partition", "spread"] | None = None
    """Strategy of a placement group to be created for the pool's nodes; absent: none. `cluster` needs one zone."""
    sharing: Sharing | None = None
    """How pods share GPUs; absent: each pod has its own."""
    reservation: Reservation | None = None
    """Reserved capacity to launch into; it decides type, zone, capacity type and number of nodes. Absent: none."""
    node_class: NodeClass = NodeClass()
    """What its nodes are made from."""
    shared_class: str | None = None
    """Name of an entry of `node_classes` to be used in place of one of its own; absent: its own."""
    raw: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    """Fields of the NodePool in the API's own words, laid over all the above as a JSON merge patch; they pass the same
    checks."""

    def problems(self) -> Iterator[Problem]:
        """What Karpenter or EC2 would refuse, or accept and never satisfy."""
        yield from pool_rules.pool_problems(self)
