"""Who answers which action: the table of everything that is not plain moto."""

from collections.abc import Mapping
from typing import Any

from eks_twin.aws import events, iam, logs, sqs
from eks_twin.aws.ec2 import (
    capacity_blocks,
    catalogue,
    checks,
    fleet,
    image_store,
    launch,
    placement_groups,
    reservations,
    snapshots,
    tagging,
    templates,
    user_images,
)
from eks_twin.aws.eks import access, addons, clusters, fargate, nodegroups, pod_identity, tags, updates, versions
from eks_twin.aws.gateway import Routes
from eks_twin.aws.pricing import Pricing

EKS = (access, addons, clusters, fargate, nodegroups, pod_identity, tags, updates, versions)
"""Modules that together answer all of EKS; moto's own EKS is never asked."""
EC2 = (
    capacity_blocks,
    catalogue,
    checks,
    fleet,
    image_store,
    launch,
    placement_groups,
    reservations,
    snapshots,
    user_images,
)


def _of(service: str, table: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    return {(service, action): function for action, function in table.items()}


def routes(region: str) -> Routes:
    """Return the table for a region."""
    handlers: dict[tuple[str, str], Any] = {("pricing", "GetProducts"): Pricing(region).get_products}
    for module in EKS:
        handlers |= _of("eks", module.HANDLERS)
    for module in EC2:
        handlers |= _of("ec2", module.HANDLERS)
    handlers |= _of("iam", iam.HANDLERS) | _of("logs", logs.HANDLERS) | _of("sqs", sqs.HANDLERS)
    checked = _of("ec2", checks.CHECKS | snapshots.CHECKS | tagging.CHECKS | templates.CHECKS)
    checked |= _of("iam", iam.CHECKS) | _of("sts", iam.STS_CHECKS)
    checked |= _of("events", events.CHECKS) | _of("sqs", sqs.CHECKS) | _of("logs", logs.CHECKS)
    return Routes(handlers, checked)
