"""The kubelet's settings on launched nodes. https://karpenter.sh/docs/concepts/nodeclasses/#speckubelet"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .. import forms
from ..quantities import Quantity
from ..values import Problem
from .base import Wire

Signal = Literal[
    "memory.available",
    "nodefs.available",
    "nodefs.inodesFree",
    "imagefs.available",
    "imagefs.inodesFree",
    "pid.available",
]
"""What the kubelet evicts pods for."""
Reservable = Literal["cpu", "memory", "ephemeral-storage", "pid"]
Threshold = Annotated[str, StringConstraints(pattern=forms.SHARE_OR_QUANTITY)]
Percent = Annotated[int, Field(ge=0, le=100)]


class Kubelet(Wire):
    """How the kubelet of every node is set; what is absent stays as the image and Karpenter choose it."""

    cluster_dns: tuple[str, ...] | None = None
    """Addresses of the name servers that pods get."""
    max_pods: Annotated[int, Field(ge=0)] | None = None
    """Pods per node; absent: as many as the type has addresses for."""
    pods_per_core: Annotated[int, Field(ge=0)] | None = None
    """Pods per vCPU, an upper bound beside `max_pods`; 0: none. Bottlerocket ignores it."""
    system_reserved: dict[Reservable, Quantity] | None = None
    """What the operating system keeps."""
    kube_reserved: dict[Reservable, Quantity] | None = None
    """What the kubelet and the runtime keep; absent: by the number of pods and vCPUs."""
    eviction_hard: dict[Signal, Threshold] | None = None
    """What must stay free, or pods go at once; a share or an amount."""
    eviction_soft: dict[Signal, Threshold] | None = None
    """What should stay free, or pods go after a grace period."""
    eviction_soft_grace_period: dict[Signal, str] | None = None
    """How long each soft threshold may be crossed, such as `90s`; one for each of them."""
    eviction_max_pod_grace_period: int | None = None
    """The longest a pod may take to end at a soft threshold, in seconds."""
    image_gc_high_threshold_percent: Percent | None = None
    """How full the disk gets before images go."""
    image_gc_low_threshold_percent: Percent | None = None
    """How full it is when no more of them go."""
    cpu_cfs_quota: bool | None = None
    """Whether CPU limits are enforced; absent: yes."""

    def problems(self) -> Iterator[Problem]:
        """Thresholds that have a grace period, and collection that begins above where it ends."""
        high, low = self.image_gc_high_threshold_percent, self.image_gc_low_threshold_percent
        if high is not None and low is not None and high <= low:
            rule = f"must be above image_gc_low_threshold_percent = {low}"
            yield Problem(at=("image_gc_high_threshold_percent",), value=high, rule=rule, fix="raise it")
        soft, grace = self.eviction_soft or {}, self.eviction_soft_grace_period or {}
        for signal in soft.keys() - grace.keys():
            rule = "a soft threshold needs a grace period"
            at = ("eviction_soft", signal)
            yield Problem(at=at, value=soft[signal], rule=rule, fix="add it to eviction_soft_grace_period")
        for signal in grace.keys() - soft.keys():
            rule = "a grace period for no soft threshold"
            at = ("eviction_soft_grace_period", signal)
            yield Problem(at=at, value=grace[signal], rule=rule, fix="add it to eviction_soft, or leave it out")
