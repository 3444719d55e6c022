"""The pool language: what a user may say about a pool. Only a name is required; `pool_plan.py` derives the rest."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from . import forms, pool_rules, versions
from .quantities import Quantity
from .values import Problem, Value

Architecture = Literal["amd64", "arm64"]
CapacityType = Literal["on-demand", "spot"]
Effect = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]
ConsolidationPolicy = Literal["WhenEmpty", "WhenEmptyOrUnderutilized", "Balanced"]
VolumeType = Literal["gp3", "gp2", "io1", "io2"]
Reason = Literal["Underutilized", "Empty", "Drifted"]
Key = Annotated[str, StringConstraints(pattern=forms.QUALIFIED_NAME, max_length=316)]
LabelValue = Annotated[str, StringConstraints(pattern=forms.LABEL_VALUE)]
Duration = Annotated[str, StringConstraints(pattern=forms.DURATION)]
"""Such as `300s` or `1h30m`; days are written as hours (pattern of Karpenter's CRDs)."""
DurationOrNever = Annotated[str, StringConstraints(pattern=forms.DURATION_OR_NEVER)]


class Taint(Value):
    """A taint of every node of the pool: pods that do not tolerate it stay away."""

    key: Key
    """Such as `aws.amazon.com/neuron`."""
    value: Annotated[str, StringConstraints(pattern=forms.QUALIFIED_NAME)] | None = None
    """Such as `true`; absent: no value (Karpenter refuses an empty one)."""
    effect: Effect = "NoSchedule"
    """What happens to pods that do not tolerate it."""


class Volume(Value):
    """The root volume of every node of the pool."""

    size: Annotated[str, StringConstraints(pattern=forms.VOLUME_SIZE)] | None = None
    """Such as `200Gi`; absent: 100Gi, with an accelerator 500Gi."""
    type: VolumeType = "gp3"
    """EBS volume type."""
    iops: int | None = Field(default=None, ge=100)
    """Provisioned operations per second; absent: the type's baseline (gp3: 3,000)."""
    throughput: int | None = Field(default=None, ge=125, le=2000)
    """MiB per second, gp3 only; absent: 125."""
    encrypted: bool = True
    """Whether EBS encrypts it, with the account's default key."""

    def problems(self) -> Iterator[Problem]:
        """What EC2 would refuse at the first launch."""
        yield from pool_rules.volume_problems(self)


class Limits(Value):
    """What all nodes of the pool together may have. Karpenter launches nothing beyond it."""

    cpu: Quantity | None = None
    """vCPUs; absent: not limited."""
    memory: Quantity | None = None
    """Such as `500Gi`; absent: not limited."""
    extended: dict[Key, Quantity] = Field(default_factory=dict[str, str])
    """Accelerator devices or cores by resource key, such as `aws.amazon.com/neuron: 12`."""


class Budget(Value):
    """How many nodes Karpenter may disrupt at once."""

    nodes: Annotated[str, StringConstraints(pattern=forms.NODE_COUNT)] = "10%"
    """A share or a number; a share rounds up, so 10% of nine nodes is one."""
    reasons: tuple[Reason, ...] = ()
    """Kinds of disruption it is about; none means all."""
    schedule: str | None = None
    """When it begins to hold, as a UTC cron expression; absent: always."""
    duration: Duration | None = None
    """How long it holds from then; goes with `schedule`."""

    def problems(self) -> Iterator[Problem]:
        """A schedule and a duration go together."""
        yield from pool_rules.budget_problems(self)


class Disruption(Value):
    """When Karpenter removes nodes of its own accord."""

    policy: ConsolidationPolicy | None = None
    """Absent: `WhenEmptyOrUnderutilized`; with an accelerator `WhenEmpty`, since a moved training job loses work."""
    after: DurationOrNever = "300s"
    """How long a node must have been idle or underused; `Never` switches consolidation off."""
    budgets: tuple[Budget, ...] = Field(default=(Budget(),), max_length=50)
    """All must allow a disruption; Karpenter's own default is one of 10%."""


class Pool(Value):
    """One kind of node: an EC2NodeClass and a NodePool of the same name."""

    name: Annotated[str, StringConstraints(pattern=forms.DNS_LABEL)]
    """Unique; also the value of the label `karpenter.sh/nodepool` on its nodes."""
    accelerator: str | None = None
    """Such as `inferentia2`: decides families, architecture, taint, volume, limits and plugin. Absent: a CPU pool."""
    instance_families: tuple[str, ...] = ()
    """Such as `[c5, m5, r5]`; none: the accelerator's, or current c, m and r families."""
    instance_types: tuple[str, ...] = ()
    """Exact types instead of families."""
    architecture: Architecture | None = None
    """Absent: the accelerator's, otherwise `amd64`."""
    capacity_types: tuple[CapacityType, ...] = Field(default=("on-demand",), min_length=1)
    """With both, Karpenter takes Spot while there is any."""
    labels: dict[Key, LabelValue] = Field(default_factory=dict[str, str])
    """Labels of every node, for selectors of your own."""
    taints: tuple[Taint, ...] | None = None
    """Absent: with an accelerator its resource key with the value `true`, otherwise none; `[]`: none."""
    volume: Volume = Volume()
    """Root volume."""
    limits: Limits | None = None
    """Absent: two of the largest node with an accelerator, otherwise 256 vCPUs. Given, it replaces those entirely."""
    expire_after: DurationOrNever = "720h"
    """Age at which a node is replaced; 30 days bounds how old its image and its certificates get."""
    termination_grace_period: Duration = "24h"
    """How long pods may take to leave a node that is being replaced. Without one, a pod marked do-not-disrupt keeps an
    expired node, and its bill, for ever."""
    disruption: Disruption = Disruption()
    """When nodes are removed."""
    weight: int | None = Field(default=None, ge=1, le=100)
    """Pools with more weight are tried first; absent: 0."""
    ami: str = versions.DEFAULT_AMI
    """Image alias, pinned by default; `al2023@latest` replaces every node on the day of each release."""
    detailed_monitoring: bool = False
    """Whether CloudWatch gets metrics every minute, at a price for each instance."""
    tags: dict[str, str] = Field(default_factory=dict[str, str])
    """Tags of instances, volumes and network interfaces; added to the platform's."""

    def problems(self) -> Iterator[Problem]:
        """What Karpenter's CRDs would refuse, or accept and never satisfy."""
        yield from pool_rules.pool_problems(self)
