"""Access entries of a cluster and the policies associated with them."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws


def access_entries(
    name: str, cluster: aws.eks.Cluster, entries: Mapping[str, Mapping[str, Any]], opts: pulumi.ResourceOptions
) -> list[aws.eks.AccessEntry]:
    """One AccessEntry per key, and under it one AccessPolicyAssociation per policy."""
    made: list[aws.eks.AccessEntry] = []
    for key, entry in entries.items():
        resource = aws.eks.AccessEntry(
            f"{name}-{key}",
            cluster_name=cluster.name,
            principal_arn=entry["principalArn"],
            kubernetes_groups=entry.get("kubernetesGroups"),
            type=entry.get("type"),
            user_name=entry.get("username"),
            tags=entry.get("tags"),
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[cluster])),
        )
        for policy_key, policy in (entry.get("accessPolicies") or {}).items():
            aws.eks.AccessPolicyAssociation(
                f"{name}-{key}-{policy_key}",
                cluster_name=cluster.name,
                principal_arn=entry["principalArn"],
                policy_arn=policy["policyArn"],
                access_scope=policy["accessScope"],
                opts=pulumi.ResourceOptions(parent=resource, depends_on=[resource]),
            )
        made.append(resource)
    return made
