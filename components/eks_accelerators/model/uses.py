"""What nodes are for decides when they may go. One closed table of presets."""

from dataclasses import dataclass
from typing import Final

from .crds.node_pool import Budget

_A_TENTH: Final = (Budget(nodes="10%"),)
"""Karpenter's own default."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """When nodes of a use are removed or replaced, and why so."""

    reason: str
    """In a sentence, for `accel explain` and the documentation."""
    policy: str
    """Karpenter's consolidation policy."""
    after: str
    """How long a node must have been removable."""
    budgets: tuple[Budget, ...] = _A_TENTH
    """How many at once."""
    expire_after: str = "720h"
    """Age at which a node is replaced; 30 days bounds how old its image and its certificates get."""


CPU: Final = Use(
    reason="pods without accelerators are moved to where they cost least",
    policy="WhenEmptyOrUnderutilized",
    after="300s",
)
ACCELERATED: Final = Use(
    reason="a moved job loses its work, and a moved server its loaded model, so only empty nodes go",
    policy="WhenEmpty",
    after="300s",
)
USES: Final = {
    "training": Use(
        reason="a job runs for days on many nodes and losing one loses the step of all: only empty nodes go, "
        "none for its age or because its image changed",
        policy="WhenEmpty",
        after="300s",
        budgets=(Budget(nodes="100%", reasons=("Empty",)), Budget(nodes="0", reasons=("Drifted", "Underutilized"))),
        expire_after="Never",
    ),
    "inference": Use(
        reason="servers have replicas, so nodes are packed and replaced one by one; ten minutes outlast the dips of "
        "an autoscaler and the loading of a model",
        policy="WhenEmptyOrUnderutilized",
        after="600s",
        budgets=(Budget(nodes="1"),),
    ),
    "batch": Use(
        reason="jobs come in waves and end by themselves: a node goes a minute after its last one",
        policy="WhenEmpty",
        after="60s",
        budgets=(Budget(nodes="100%", reasons=("Empty",)), Budget(nodes="10%", reasons=("Drifted", "Underutilized"))),
    ),
    "interactive": Use(
        reason="people come back after lunch: a node stays an hour, and is not replaced on weekdays before 20:00 UTC",
        policy="WhenEmpty",
        after="1h",
        budgets=(
            Budget(nodes="10%"),
            Budget(nodes="0", reasons=("Drifted", "Underutilized"), schedule="0 6 * * 1-5", duration="14h"),
        ),
    ),
}
"""Presets by the word of the pool language."""
