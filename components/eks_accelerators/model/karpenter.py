"""Karpenter's settings."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from . import forms, versions
from .quantities import Quantity
from .values import Problem, Value

FeatureGate = Literal[
    "nodeRepair", "nodeOverlay", "reservedCapacity", "spotToSpotConsolidation", "staticCapacity", "capacityBuffer"
]
STATIC_CAPACITY: Final[FeatureGate] = "staticCapacity"
NODE_OVERLAY: Final[FeatureGate] = "nodeOverlay"


class ControllerImage(Value):
    """A controller built by somebody else, in place of the chart's."""

    repository: Annotated[str, StringConstraints(min_length=1)]
    """Such as `inftyai/karpenter-provider-aws`."""
    tag: Annotated[str, StringConstraints(min_length=1)]
    """Its tag; the chart's digest, which would win over it, is emptied."""


class RoleRule(Value):
    """Something that the controller may do in the cluster besides what its chart lets it."""

    api_groups: Annotated[tuple[str, ...], Field(min_length=1)]
    """API groups; `""` is the core one."""
    resources: Annotated[tuple[str, ...], Field(min_length=1)]
    """Resources of those groups, in the plural."""
    verbs: Annotated[tuple[str, ...], Field(min_length=1)]
    """Such as `[get, list, watch]`."""

    def problems(self) -> Iterator[Problem]:
        """No right over everything."""
        for field in ("api_groups", "resources", "verbs"):
            if "*" in getattr(self, field):
                rule = "would let the controller do more than anybody meant"
                yield Problem(at=(field,), value=getattr(self, field), rule=rule, fix="name each")


class KarpenterSettings(Value):
    """The controller that launches and removes the pools' nodes."""

    version: str = Field(default=versions.DEFAULT_KARPENTER, pattern=forms.SEMANTIC_VERSION)
    """Version of both charts, controller and CRDs, such as `1.14.1`."""
    replicas: int = Field(default=2, ge=1, le=5)
    """Controller pods; one leads, others stand by. No two share a node, so the system nodes bound it."""
    cpu: Quantity = "1"
    """CPU request and limit of each; Karpenter's guide's own figure."""
    memory: Quantity = "1Gi"
    """Memory request and limit of each; Karpenter's guide's own figure."""
    log_level: Literal["debug", "info", "error"] = "info"
    """Verbosity of the controller's log."""
    create_spot_role: bool = False
    """Whether to create EC2 Spot's service-linked role. An account has it once Spot was used there, and a second one is
    refused; a new account lacks it and then every Spot launch fails, because Karpenter may not create roles."""
    image: ControllerImage | None = None
    """Controller image of your own; absent: the chart's, by digest."""
    role_rules: tuple[RoleRule, ...] = ()
    """Further rights in the cluster, for an image that reads more than Karpenter does."""
    feature_gates: dict[FeatureGate, bool] = Field(default_factory=dict[FeatureGate, bool])
    """Alpha and beta features by name; those that the pools need (`staticCapacity` for `replicas`, `nodeOverlay` for
    overlays, sharing and fractional GPUs) are on without saying. Absent: Karpenter's default."""

    def gates(self, needed: Sequence[str]) -> dict[str, bool]:
        """Feature gates as the chart takes them, with those that pools need."""
        return {**dict.fromkeys(needed, True), **self.feature_gates}
