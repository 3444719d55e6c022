"""WorkloadRole: AWS permissions for the pods of one service account."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from .model import iam
from .model.parse import parse
from .model.workload import Workload


class WorkloadRoleArgs(TypedDict):
    """Who gets which permissions."""

    cluster_name: pulumi.Input[str]
    """Cluster the service account is in."""
    namespace: str
    """Its namespace."""
    service_account: str
    """Its name; it may be created later."""
    policies: NotRequired[dict[str, pulumi.Input[str]]]
    """Policy documents by a name that is part of the policy's resource name."""
    managed_policies: NotRequired[dict[str, str]]
    """Policies of AWS by a name of yours, each with its path: `service-role/AmazonEFSCSIDriverPolicy`."""
    identity: NotRequired[str]
    """`pod_identity` (the default), or `irsa` where no agent can run: on Fargate, outside EKS."""
    oidc_provider_arn: NotRequired[pulumi.Input[str]]
    """IAM OIDC provider of the cluster; for `irsa` only."""
    oidc_issuer: NotRequired[pulumi.Input[str]]
    """Its issuer without `https://`; for `irsa` only."""


class WorkloadRole(pulumi.ComponentResource):
    """An IAM role that the pods of one service account, and nobody else, can assume."""

    role_arn: pulumi.Output[str]
    """ARN of the role; with `irsa` the service account's annotation eks.amazonaws.com/role-arn."""

    def __init__(self, name: str, args: WorkloadRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("accel:index:WorkloadRole", name, None, opts)
        self._name, self._children = name, pulumi.ResourceOptions(parent=self)
        workload = parse(Workload, _plain(args), at="workload")
        self._role = aws.iam.Role(f"{name}-role", assume_role_policy=_trust(workload, args), opts=self._children)
        # what must exist before a pod can use the role, and outlive it; for depends_on within this program
        self.grants: list[pulumi.Resource] = [*self._own(args), *self._managed(workload)]
        if workload.identity == "pod_identity":
            association = aws.eks.PodIdentityAssociation(
                f"{name}-association",
                cluster_name=args["cluster_name"],
                namespace=workload.namespace,
                service_account=workload.service_account,
                role_arn=self._role.arn,
                opts=self._children,
            )
            self.grants.append(association)
        self.role_arn = self._role.arn
        self.register_outputs({"role_arn": self.role_arn})

    def _own(self, args: WorkloadRoleArgs) -> list[pulumi.Resource]:
        attachments: list[pulumi.Resource] = []
        for key, text in args.get("policies", {}).items():
            policy = aws.iam.Policy(f"{self._name}-{key}", policy=text, opts=self._children)
            attachments.append(self._attach(key, policy.arn))
        return attachments

    def _managed(self, workload: Workload) -> list[pulumi.Resource]:
        if not workload.managed_policies:
            return []
        partition = aws.get_partition_output(opts=pulumi.InvokeOptions(parent=self)).partition
        return [
            self._attach(key, pulumi.Output.concat("arn:", partition, ":iam::aws:policy/", path))
            for key, path in workload.managed_policies.items()
        ]

    def _attach(self, key: str, policy_arn: pulumi.Input[str]) -> pulumi.Resource:
        return aws.iam.RolePolicyAttachment(
            f"{self._name}-{key}", role=self._role.name, policy_arn=policy_arn, opts=self._children
        )


def _plain(args: WorkloadRoleArgs) -> dict[str, object]:
    """The part of `args` that decides what exists."""
    inputs = ("cluster_name", "policies", "oidc_provider_arn", "oidc_issuer")
    plain = {key: value for key, value in args.items() if key not in inputs}
    given = "oidc_provider_arn" in args and "oidc_issuer" in args
    return {**plain, "policies": list(args.get("policies", {})), "has_oidc_provider": given}


def _trust(workload: Workload, args: WorkloadRoleArgs) -> pulumi.Output[str]:
    if workload.identity == "pod_identity" or "oidc_provider_arn" not in args or "oidc_issuer" not in args:
        return iam.pod_identity_trust()
    return iam.irsa_trust(args["oidc_provider_arn"], args["oidc_issuer"], workload.namespace, workload.service_account)
