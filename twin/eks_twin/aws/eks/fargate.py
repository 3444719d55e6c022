"""Fargate profiles. They are ACTIVE at once; whether pods of a profile run is the cluster room's matter."""

from typing import Any

from eks_twin.aws.calls import Call
from eks_twin.aws.eks import access
from eks_twin.aws.eks.kinds import FARGATE
from eks_twin.aws.eks.store import active_cluster_of, check_trust, invalid_parameter, refuse_others
from eks_twin.aws.eks.vpc import private_subnets

SELECTORS_MAX, LABELS_MAX = 5, 5
"""Quotas of a profile (EKS user guide, Fargate profile components)."""


def create_fargate_profile(call: Call) -> dict[str, Any]:
    """Record a profile and the access entry of its pod execution role."""
    refuse_others(
        call, frozenset({"clusterName", "fargateProfileName", "podExecutionRoleArn", "subnets", "selectors", "tags"})
    )
    cluster = active_cluster_of(call)
    profile = FARGATE.new(cluster, call)
    if profile["fargateProfileName"].startswith("eks-"):
        raise invalid_parameter("The fargateProfileName must not start with the reserved prefix 'eks-'")
    _check_selectors(call.get("selectors", []))
    role_arn = call.parameters["podExecutionRoleArn"]
    check_trust("podExecutionRoleArn", role_arn, "eks-fargate-pods.amazonaws.com")
    subnets = call.get("subnets") or cluster.record["resourcesVpcConfig"]["subnetIds"]
    profile |= {
        "podExecutionRoleArn": role_arn,
        "subnets": private_subnets(call.region, subnets),
        "selectors": call.parameters["selectors"],
        "status": "ACTIVE",
    }
    cluster.fargate_profiles[profile["fargateProfileName"]] = profile
    access.ensure_entry(cluster, call, role_arn, "FARGATE_LINUX")
    return {"fargateProfile": profile}


def _check_selectors(selectors: list[dict[str, Any]]) -> None:
    if not 1 <= len(selectors) <= SELECTORS_MAX:
        raise invalid_parameter(f"A Fargate profile needs 1 to {SELECTORS_MAX} selectors, got {len(selectors)}")
    for selector in selectors:
        if not selector.get("namespace"):
            raise invalid_parameter(
                "Fargate Profile must have at least one selector with at least one namespace value."
            )
        if len(selector.get("labels") or {}) > LABELS_MAX:
            raise invalid_parameter(f"Request contains Selector with more than {LABELS_MAX} Label pairs")


def delete_fargate_profile(call: Call) -> dict[str, Any]:
    """Forget a profile."""
    cluster, profile = FARGATE.found(call)
    del cluster.fargate_profiles[profile["fargateProfileName"]]
    return {"fargateProfile": {**profile, "status": "DELETING"}}


HANDLERS = {
    "CreateFargateProfile": create_fargate_profile,
    "DescribeFargateProfile": FARGATE.describe,
    "ListFargateProfiles": FARGATE.names,
    "DeleteFargateProfile": delete_fargate_profile,
}
