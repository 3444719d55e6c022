"""Fargate profiles. They are ACTIVE at once; whether pods of a profile run is the cluster room's matter."""

from typing import Any

from eks_twin.aws.calls import Call
from eks_twin.aws.eks import access
from eks_twin.aws.eks.store import (
    active_cluster_of,
    arn,
    cluster_of,
    in_use,
    invalid_parameter,
    new_id,
    now,
    page,
    part,
    refuse_others,
)
from eks_twin.aws.eks.vpc import private_subnets
from eks_twin.aws.iam import trusts

SELECTORS_MAX, LABELS_MAX = 5, 5
"""Quotas of a profile (EKS user guide, Fargate profile components)."""


def create_fargate_profile(call: Call) -> dict[str, Any]:
    """Record a profile and the access entry of its pod execution role."""
    refuse_others(
        call, frozenset({"clusterName", "fargateProfileName", "podExecutionRoleArn", "subnets", "selectors", "tags"})
    )
    cluster, name = active_cluster_of(call), call.parameters["fargateProfileName"]
    if name in cluster.fargate_profiles:
        raise in_use("A Fargate Profile already exists with this name in this cluster.")
    if name.startswith("eks-"):
        raise invalid_parameter("The fargateProfileName must not start with the reserved prefix 'eks-'")
    _check_selectors(call.get("selectors", []))
    role_arn = call.parameters["podExecutionRoleArn"]
    if not trusts(role_arn, "eks-fargate-pods.amazonaws.com", "sts:AssumeRole"):
        raise invalid_parameter(
            f"podExecutionRoleArn: role {role_arn} does not exist or does not trust eks-fargate-pods.amazonaws.com"
        )
    profile = {
        "fargateProfileName": name,
        "fargateProfileArn": arn(call, "fargateprofile", cluster.name, name, new_id()),
        "clusterName": cluster.name,
        "createdAt": now(),
        "podExecutionRoleArn": role_arn,
        "subnets": private_subnets(
            call.region, call.get("subnets") or cluster.record["resourcesVpcConfig"]["subnetIds"]
        ),
        "selectors": call.parameters["selectors"],
        "status": "ACTIVE",
        "tags": dict(call.get("tags", {})),
        "health": {"issues": []},
    }
    cluster.fargate_profiles[name] = profile
    if cluster.record["accessConfig"]["authenticationMode"] != "CONFIG_MAP" and role_arn not in cluster.access_entries:
        access.add_entry(cluster, call, role_arn, "FARGATE_LINUX")
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


def describe_fargate_profile(call: Call) -> dict[str, Any]:
    """Answer DescribeFargateProfile."""
    profiles = cluster_of(call).fargate_profiles
    return {"fargateProfile": part(profiles, call.parameters["fargateProfileName"], "Fargate Profile")}


def list_fargate_profiles(call: Call) -> dict[str, Any]:
    """Answer ListFargateProfiles."""
    return page(call, "fargateProfileNames", sorted(cluster_of(call).fargate_profiles))


def delete_fargate_profile(call: Call) -> dict[str, Any]:
    """Forget a profile."""
    profiles = cluster_of(call).fargate_profiles
    profile = part(profiles, call.parameters["fargateProfileName"], "Fargate Profile")
    del profiles[profile["fargateProfileName"]]
    return {"fargateProfile": {**profile, "status": "DELETING"}}


HANDLERS = {
    "CreateFargateProfile": create_fargate_profile,
    "DescribeFargateProfile": describe_fargate_profile,
    "ListFargateProfiles": list_fargate_profiles,
    "DeleteFargateProfile": delete_fargate_profile,
}
