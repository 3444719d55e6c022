"""Access entries and access policies: which IAM identities the cluster knows, and as whom."""

import re
from typing import Any

from eks_twin.aws.calls import Call
from eks_twin.aws.eks.kinds import ACCESS_ENTRY
from eks_twin.aws.eks.store import (
    Cluster,
    Record,
    arn,
    cluster_of,
    in_use,
    invalid_parameter,
    invalid_request,
    new_id,
    not_found,
    now,
    page,
    part,
    refuse_others,
)
from eks_twin.aws.iam import identity_exists
from eks_twin.aws.principals import PARTITION

NODE_USERNAMES: dict[str, str] = {
    "EC2_LINUX": "system:node:{{EC2PrivateDNSName}}",
    "EC2_WINDOWS": "system:node:{{EC2PrivateDNSName}}",
    "FARGATE_LINUX": "system:node:{{SessionName}}",
}
"""Types of entries for nodes; EKS sets username and groups of these itself."""
NODE_GROUPS = ["system:nodes"]
STANDARD = "STANDARD"
POLICIES = tuple(
    f"AmazonEKS{name}Policy"
    for name in (
        "ClusterAdmin", "Admin", "AdminView", "Edit", "View", "SecretReader", "ArgoCDCluster", "HybridNode",
        "Cluster", "ClusterInsights", "BlockStorageCluster", "NetworkingCluster", "LoadBalancingCluster",
        "ComputeCluster", "AutoNode",
    )
)  # fmt: skip
"""Access policies by name, from the EKS user guide's list of access policy permissions."""
_PRINCIPAL = re.compile(r"arn:aws[\w-]*:iam::\d{12}:(role|user)/.+")
_RESERVED = ("system:", "eks:", "aws:", "amazon:", "iam:")
"""Prefixes that EKS keeps for itself in usernames and groups."""


def policy_arn(name: str) -> str:
    """Return the ARN of an access policy."""
    return f"arn:{PARTITION}:eks::aws:cluster-access-policy/{name}"


def _open_cluster(call: Call) -> Cluster:
    cluster = cluster_of(call)
    if cluster.record["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        modes = "[API, API_AND_CONFIG_MAP]"
        raise invalid_request(
            f"The cluster's authentication mode must be set to one of {modes} to perform this operation."
        )
    return cluster


def add_entry(cluster: Cluster, call: Call, principal_arn: str, kind: str = STANDARD) -> Record:
    """Record an access entry with EKS's own values; the caller refines it."""
    kind_of, name = principal_arn.split(":", 5)[5].split("/", 1)
    path = (kind_of, principal_arn.split(":")[4], name, new_id())
    entry = ACCESS_ENTRY.record(cluster, call, principal_arn) | {
        "accessEntryArn": arn(call, "access-entry", cluster.name, *path),
        "type": kind,
        "username": NODE_USERNAMES.get(kind, principal_arn),
        "kubernetesGroups": list(NODE_GROUPS) if kind in NODE_USERNAMES else [],
        "tags": {},
    }
    cluster.access_entries[principal_arn] = entry
    return entry


def ensure_entry(cluster: Cluster, call: Call, role_arn: str, kind: str) -> None:
    """Give a role of nodes its entry, as EKS does where the authentication mode has entries."""
    if cluster.record["accessConfig"]["authenticationMode"] != "CONFIG_MAP" and role_arn not in cluster.access_entries:
        add_entry(cluster, call, role_arn, kind)


def grant_creator(cluster: Cluster, call: Call) -> None:
    """Give the creator's identity an entry with AmazonEKSClusterAdminPolicy."""
    if cluster.record["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        return  # there the creator is an administrator without an entry
    principal = call.principal.identity_arn
    add_entry(cluster, call, principal)
    _associate(cluster, principal, policy_arn("AmazonEKSClusterAdminPolicy"), {"type": "cluster"})


def create_access_entry(call: Call) -> dict[str, Any]:
    """Record an access entry."""
    refuse_others(call, frozenset({"clusterName", "principalArn", "type", "kubernetesGroups", "username", "tags"}))
    cluster, principal = _open_cluster(call), call.parameters["principalArn"]
    kind = call.get("type", STANDARD)
    if kind != STANDARD and kind not in NODE_USERNAMES:
        raise invalid_parameter(f"the twin models the types {', '.join([STANDARD, *NODE_USERNAMES])}, not {kind}")
    if not _PRINCIPAL.fullmatch(principal):
        raise invalid_parameter("The principalArn parameter format is not valid")
    if not identity_exists(principal):
        raise invalid_parameter(f"The specified principalArn is invalid: invalid principal. {principal} does not exist")
    if principal in cluster.access_entries:
        raise in_use("The specified access entry resource is already in use on this cluster.")
    _check_names(call, kind)
    entry = add_entry(cluster, call, principal, kind)
    entry["tags"] = dict(call.get("tags", {}))
    _set_names(entry, call)
    return {"accessEntry": entry}


def _check_names(call: Call, kind: str) -> None:
    username, groups = call.get("username"), call.get("kubernetesGroups", [])
    if kind != STANDARD and (username or groups):
        raise invalid_parameter(f"username and kubernetesGroups cannot be set for type {kind}: EKS sets them")
    if kind == STANDARD:
        for name in [username, *groups]:
            if name and name.startswith(_RESERVED):
                what = "username" if name == username else "kubernetes group"
                raise invalid_parameter(
                    f"The {what} name '{name}' is invalid, it cannot start with {', '.join(_RESERVED)}"
                )


def _set_names(entry: Record, call: Call) -> None:
    for key in ("username", "kubernetesGroups"):
        if call.get(key) is not None:
            entry[key] = call.parameters[key]


def _entry(call: Call) -> tuple[Cluster, Record]:
    cluster, principal = _open_cluster(call), call.parameters["principalArn"]
    if principal not in cluster.access_entries:
        raise not_found(f"The specified principalArn could not be found: {principal}")
    return cluster, cluster.access_entries[principal]


def describe_access_entry(call: Call) -> dict[str, Any]:
    """Answer DescribeAccessEntry."""
    return {"accessEntry": _entry(call)[1]}


def list_access_entries(call: Call) -> dict[str, Any]:
    """Answer ListAccessEntries, by associated policy when asked."""
    cluster, wanted = _open_cluster(call), call.get("associatedPolicyArn")
    names = [p for p in cluster.access_entries if wanted is None or wanted in cluster.policies.get(p, {})]
    return page(call, "accessEntries", names)


def update_access_entry(call: Call) -> dict[str, Any]:
    """Change groups or username of an entry of type STANDARD."""
    refuse_others(call, frozenset({"clusterName", "principalArn", "kubernetesGroups", "username"}))
    _, entry = _entry(call)
    _check_names(call, entry["type"])
    _set_names(entry, call)
    entry["modifiedAt"] = now()
    return {"accessEntry": entry}


def delete_access_entry(call: Call) -> dict[str, Any]:
    """Forget an entry and its policies."""
    cluster, entry = _entry(call)
    del cluster.access_entries[entry["principalArn"]]
    cluster.policies.pop(entry["principalArn"], None)
    return {}


def list_access_policies(call: Call) -> dict[str, Any]:
    """Answer ListAccessPolicies."""
    return page(call, "accessPolicies", [{"name": name, "arn": policy_arn(name)} for name in POLICIES])


def _associate(cluster: Cluster, principal: str, policy: str, scope: Record) -> Record:
    before = cluster.policies.setdefault(principal, {}).get(policy, {})
    association = {
        "policyArn": policy,
        "accessScope": scope,
        "associatedAt": before.get("associatedAt", now()),
        "modifiedAt": now(),
    }
    cluster.policies[principal][policy] = association
    return association


def associate_access_policy(call: Call) -> dict[str, Any]:
    """Attach an access policy to an entry, for the cluster or for namespaces."""
    cluster, entry = _entry(call)
    policy, scope = call.parameters["policyArn"], dict(call.parameters["accessScope"])
    if policy not in {policy_arn(name) for name in POLICIES}:
        raise invalid_parameter(f"The specified policyArn is invalid: {policy}; see ListAccessPolicies")
    if entry["type"] != STANDARD:
        raise invalid_request("Access policies can only be associated with access entries of type STANDARD.")
    if (scope.get("type") == "namespace") != bool(scope.get("namespaces")):
        raise invalid_parameter("accessScope: type namespace needs namespaces, type cluster takes none")
    association = _associate(cluster, entry["principalArn"], policy, scope)
    return {"clusterName": cluster.name, "principalArn": entry["principalArn"], "associatedAccessPolicy": association}


def disassociate_access_policy(call: Call) -> dict[str, Any]:
    """Detach an access policy."""
    cluster, entry = _entry(call)
    attached = cluster.policies.get(entry["principalArn"], {})
    part(attached, call.parameters["policyArn"], "associated access policy")
    del attached[call.parameters["policyArn"]]
    return {}


def list_associated_access_policies(call: Call) -> dict[str, Any]:
    """Answer ListAssociatedAccessPolicies."""
    cluster, entry = _entry(call)
    attached = list(cluster.policies.get(entry["principalArn"], {}).values())
    names = {"clusterName": cluster.name, "principalArn": entry["principalArn"]}
    return {**names, **page(call, "associatedAccessPolicies", attached)}


HANDLERS = {
    "CreateAccessEntry": create_access_entry,
    "DescribeAccessEntry": describe_access_entry,
    "ListAccessEntries": list_access_entries,
    "UpdateAccessEntry": update_access_entry,
    "DeleteAccessEntry": delete_access_entry,
    "ListAccessPolicies": list_access_policies,
    "AssociateAccessPolicy": associate_access_policy,
    "DisassociateAccessPolicy": disassociate_access_policy,
    "ListAssociatedAccessPolicies": list_associated_access_policies,
}
