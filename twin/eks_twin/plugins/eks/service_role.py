"""`eks:index:ServiceRole`: an IAM role for an AWS service, with managed policies attached."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True)
class Service:
    """Who assumes the role, and what it may do."""

    principal: str
    """Such as `eks.amazonaws.com`."""
    actions: tuple[str, ...]
    policies: tuple[str, ...]
    """Names of AWS managed policies."""
    description: str | None = None


def attachment_suffix(policy: str) -> str:
    """What pulumi-eks puts after an attachment's name: the start of a hash of the policy's ARN in partition `aws`."""
    arn = f"arn:aws:iam::aws:policy/{policy}"
    return hashlib.sha1(arn.encode(), usedforsecurity=False).hexdigest()[:8]


class ServiceRole(pulumi.ComponentResource):
    """A role and its attachments; `ready` are the resources that whoever uses the role waits for."""

    def __init__(
        self, name: str, service: Service, tags: Mapping[str, Any] | None, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("eks:index:ServiceRole", name, None, opts)
        children = pulumi.ResourceOptions(parent=self)
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {"Action": list(service.actions), "Effect": "Allow", "Principal": {"Service": [service.principal]}}
            ],
        }
        self.role = aws.iam.Role(
            f"{name}-role",
            assume_role_policy=json.dumps(trust, separators=(",", ":")),
            description=service.description,
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
            for policy in service.policies
        ]
        self.ready: list[pulumi.Resource] = [self.role, *attachments]
        self.register_outputs({"role": self.role})
