"""The EC2 and Health events that Karpenter acts on before a node is gone."""

from dataclasses import dataclass
from typing import Final

QUEUE_RETENTION_SECONDS: Final = 300
"""A notice older than five minutes is about a node that is gone."""
TARGET_ID: Final = "KarpenterInterruptionQueueTarget"


@dataclass(frozen=True, kw_only=True)
class EventPattern:
    """Which events a rule forwards."""

    source: str
    """Service that emits them."""
    detail_type: str
    """Their kind, letter for letter as EventBridge matches it."""


EVENTS: Final = {
    "health": EventPattern(source="aws.health", detail_type="AWS Health Event"),
    "spot": EventPattern(source="aws.ec2", detail_type="EC2 Spot Instance Interruption Warning"),
    "rebalance": EventPattern(source="aws.ec2", detail_type="EC2 Instance Rebalance Recommendation"),
    "state-change": EventPattern(source="aws.ec2", detail_type="EC2 Instance State-change Notification"),
    "reservation": EventPattern(source="aws.ec2", detail_type="EC2 Capacity Reservation Instance Interruption Warning"),
}
"""The five rules of Karpenter's own template since 1.10, by a short name of ours."""
