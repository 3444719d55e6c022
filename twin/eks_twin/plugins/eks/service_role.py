"""`eks:index:ServiceRole`: the IAM role that EKS assumes for a cluster, with managed policies attached."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi
import pulumi_aws as aws

ACTIONS: Final = ("sts:AssumeRole", "sts:TagSession")
POLICIES: Final = ("AmazonEKSClusterPolicy",)
"""Names of AWS managed policies."""


def attachment_suffix(policy: str) -> str:
    """What pulumi-eks puts after an attachment's name: the start of a hash of the policy's ARN in partition `aws`."""
    arn = f"arn:aws:iam::aws:policy/{policy}"
    return hashlib.sha1(arn.encode(), usedforsecurity=False).hexdigest()[:8]


class ServiceRole(pulumi.ComponentResource):
    """A role and its attachments; `ready` are the resources that whoever uses the role waits for."""

    def __init__(self, name: str, tags: Mapping[str, Any] | None, opts: pulumi.ResourceOptions) -> None:
        super().__init__("eks:index:ServiceRole", name, None, opts)
        children = pulumi.ResourceOptions(parent=self)
        statement = {"Action": list(ACTIONS), "Effect": "Allow", "Principal": {"Service": ["eks.amazonaws.com"]}}
        trust = {"Version": "2012-10-17", "Statement": [statement]}
        self.role = aws.iam.Role(
            f"{name}-role",
            assume_role_policy=json.dumps(trust, separators=(",", ":")),
            description="Allows EKS to manage clusters on your behalf.",
            tags=tags,
            opts=children,
        )
        partition = aws.get_partition_output(opts=pulumi.InvokeOptions(parent=self)).partition
        attachments = [
            aws.iam.RolePolicyAttachment(
                f"{name}-{attachment_suffix(policy)}",
                policy_arn=pulumi.Output.concat("arn:", partition, ":iam::aws:policy/", policy),
                role=self.role.name,
                opts=children,
            )
            for policy in POLICIES
        ]
        self.ready: list[pulumi.Resource] = [self.role, *attachments]
        self.register_outputs({"role": self.role})
