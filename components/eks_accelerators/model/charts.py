"""Helm values of Karpenter's chart."""

from collections.abc import Sequence
from typing import Any, Final, TypedDict

import pulumi

from . import labels
from .karpenter import KarpenterSettings

KARPENTER_NAMESPACE: Final = "kube-system"
"""Karpenter's guide: there, the API server's priority levels already favour it."""
KARPENTER_SERVICE_ACCOUNT: Final = "karpenter"


class ControllerPlace(TypedDict):
    """What the controller is told about its cluster."""

    cluster_name: str
    """Name of the cluster."""
    cluster_endpoint: pulumi.Input[str]
    """URL of the API server."""
    queue_name: pulumi.Input[str]
    """Name of the interruption queue."""
    node_group: pulumi.Input[str]
    """Managed node group that its pods run on."""
    needed_gates: Sequence[str]
    """Feature gates without which the pools would not work."""


def karpenter_values(settings: KarpenterSettings, place: ControllerPlace) -> dict[str, Any]:
    """Values of chart karpenter."""
    resources = {"cpu": settings.cpu, "memory": settings.memory}
    controller: dict[str, Any] = {"resources": {"requests": resources, "limits": resources}}
    if settings.image is not None:
        controller["image"] = {"repository": settings.image.repository, "tag": settings.image.tag, "digest": ""}
    values: dict[str, Any] = {
        "replicas": settings.replicas,
        "logLevel": settings.log_level,
        # the VPC's resolver: the controller can then start before CoreDNS has a node to run on
        "dnsPolicy": "Default",
        "nodeSelector": {labels.OPERATING_SYSTEM: "linux", labels.NODE_GROUP: place["node_group"]},
        "serviceAccount": {"name": KARPENTER_SERVICE_ACCOUNT},
        "controller": controller,
        "settings": {
            "clusterName": place["cluster_name"],
            "clusterEndpoint": place["cluster_endpoint"],
            "interruptionQueue": place["queue_name"],
        },
    }
    if gates := settings.gates(place["needed_gates"]):
        values["settings"]["featureGates"] = gates
    if settings.role_rules:
        values["additionalClusterRoleRules"] = [
            {"apiGroups": list(rule.api_groups), "resources": list(rule.resources), "verbs": list(rule.verbs)}
            for rule in settings.role_rules
        ]
    return values
