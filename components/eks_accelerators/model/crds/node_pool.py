"""NodePool karpenter.sh/v1, field by field. https://karpenter.sh/docs/concepts/nodepools/"""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from .. import forms, labels
from ..quantities import Quantity
from ..times import Time
from ..values import Location, Problem
from .base import Wire
from .requirements import Key, LabelValue, Requirement, key_problems

Effect = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]
ConsolidationPolicy = Literal["WhenEmpty", "WhenEmptyOrUnderutilized", "Balanced"]
Reason = Literal["Underutilized", "Empty", "Drifted"]
Duration = Annotated[str, StringConstraints(pattern=forms.DURATION)]
"""Such as `300s` or `1h30m`; days are written as hours."""
DurationOrNever = Annotated[str, StringConstraints(pattern=forms.DURATION_OR_NEVER)]
NODES: Final = "nodes"
"""The limit that counts nodes, and the only one a static pool may have."""


class Taint(Wire):
    """A taint of every node of the pool: pods that do not tolerate it stay away."""

    key: Annotated[str, StringConstraints(pattern=forms.QUALIFIED_NAME)]
    """Such as `aws.amazon.com/neuron`."""
    value: Annotated[str, StringConstraints(pattern=forms.QUALIFIED_NAME)] | None = None
    """Such as `true`; absent: no value (Karpenter refuses an empty one)."""
    effect: Effect = "NoSchedule"
    """What happens to pods that do not tolerate it."""
    time_added: Time | None = None
    """When it was added, as RFC 3339; Kubernetes writes it for `NoExecute`, and hardly anybody else does."""


class Budget(Wire):
    """How many nodes Karpenter may disrupt at once."""

    nodes: Annotated[str, StringConstraints(pattern=forms.NODE_COUNT)] = "10%"
    """A share or a number; a share rounds up, so 10% of nine nodes is one."""
    reasons: Annotated[tuple[Reason, ...], Field(max_length=50)] | None = None
    """Kinds of disruption it is about; absent: all."""
    schedule: Annotated[str, StringConstraints(pattern=forms.SCHEDULE)] | None = None
    """When it begins to hold, as a UTC cron expression; absent: always."""
    duration: Annotated[str, StringConstraints(pattern=forms.BUDGET_DURATION)] | None = None
    """How long it holds from then, in hours and minutes; goes with `schedule`."""

    def problems(self) -> Iterator[Problem]:
        """A schedule and a duration go together; a reason stands once."""
        if (self.schedule is None) != (self.duration is None):
            missing = "duration" if self.duration is None else "schedule"
            yield Problem(
                at=(missing,), value=None, rule="schedule and duration go together", fix="give both or neither"
            )
        for reason, count in Counter(self.reasons or ()).items():
            if count > 1:
                yield Problem(at=("reasons",), value=reason, rule="stands more than once", fix="keep one")


class NodePoolDisruption(Wire):
    """When Karpenter removes nodes of its own accord."""

    consolidation_policy: ConsolidationPolicy = "WhenEmptyOrUnderutilized"
    """Which nodes count as removable; `Balanced` from Karpenter 1.14."""
    consolidate_after: DurationOrNever
    """How long a node must have been removable; `Never` switches consolidation off."""
    budgets: Annotated[tuple[Budget, ...], Field(max_length=50)] = (Budget(),)
    """All must allow a disruption."""


class NodeClassRef(Wire):
    """Which class a pool launches from."""

    group: Annotated[str, StringConstraints(pattern=r"^[^/]+$")]
    """API group of the class."""
    kind: Annotated[str, StringConstraints(min_length=1)]
    """Its kind."""
    name: Annotated[str, StringConstraints(min_length=1)]
    """Its name."""


class TemplateMetadata(Wire):
    """What nodes are labelled and annotated with."""

    labels: Annotated[dict[Key, LabelValue], Field(max_length=100)] | None = None
    """Labels of every node."""
    annotations: dict[str, str] | None = None
    """Annotations of every node."""

    def problems(self) -> Iterator[Problem]:
        """Labels that are ours to set."""
        for key, value in (self.labels or {}).items():
            if labels.is_restricted_label(key):
                rule = "Karpenter sets this label, or reserves its domain, and refuses it in a NodePool"
                yield Problem(at=("labels", key), value=value, rule=rule, fix="use a domain of your own")


class TemplateSpec(Wire):
    """What nodes are like."""

    requirements: Annotated[tuple[Requirement, ...], Field(max_length=100)]
    """Which instance types, zones and capacity types are admitted: all conditions hold."""
    taints: tuple[Taint, ...] | None = None
    """Of every node, for good."""
    startup_taints: tuple[Taint, ...] | None = None
    """Of every node until whoever waits for them removes them."""
    node_class_ref: NodeClassRef
    """Where the rest is said."""
    expire_after: DurationOrNever | None = None
    """Age at which a node is replaced; absent: 720h."""
    termination_grace_period: Duration | None = None
    """How long pods may take to leave; absent: as long as they like."""

    def problems(self) -> Iterator[Problem]:
        """Keys that are ours to ask for, and taints that differ from one another."""
        for problem in key_problems(self.requirements):
            yield problem.below("requirements")
        seen: set[tuple[str, str]] = set()
        for field, taints in (("taints", self.taints or ()), ("startup_taints", self.startup_taints or ())):
            for i, taint in enumerate(taints):
                if (taint.key, taint.effect) in seen:
                    rule = f"{taint.key}:{taint.effect} stands more than once, which Karpenter's controller refuses"
                    at: Location = (field, i, "key")
                    yield Problem(at=at, value=taint.key, rule=rule, fix="keep one")
                seen.add((taint.key, taint.effect))


class Template(Wire):
    """The template of a pool's nodes."""

    metadata: TemplateMetadata | None = None
    """Labels and annotations."""
    spec: TemplateSpec
    """The rest."""


class NodePoolSpec(Wire):
    """The spec of a NodePool."""

    template: Template
    """What its nodes are like."""
    disruption: NodePoolDisruption
    """When they go; left out, Karpenter removes them at once, so it never is."""
    limits: dict[Key, Quantity] | None = None
    """What all of them together may have, by resource; `nodes` counts them."""
    replicas: Annotated[int, Field(ge=0)] | None = None
    """How many nodes there are, whatever pods ask for (a static pool); absent: as many as pods need."""
    weight: Annotated[int, Field(ge=1, le=100)] | None = None
    """Pools with more weight are tried first; absent: 0."""

    def problems(self) -> Iterator[Problem]:
        """A static pool has a number of nodes and nothing that decides it otherwise."""
        if self.replicas is None:
            return
        for key in self.limits or {}:
            if key != NODES:
                rule = "a static pool (replicas) is limited by `nodes` only"
                yield Problem(at=("limits", key), value=(self.limits or {})[key], rule=rule, fix="leave it out")
        if self.weight is not None:
            rule = "a static pool (replicas) is not chosen, so it has no weight"
            yield Problem(at=("weight",), value=self.weight, rule=rule, fix="leave it out")
