"""IAM policies as values, serialized once.

Not pulumi_aws's typed policy documents: their serializer dies on a list of actions (pulumi 3.272), and under mocks a
test would see an object where AWS sees text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal

import pulumi

MANAGED_POLICY_MAX: Final = 6144
"""Characters of a managed policy, without white space.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

Operator = Literal[
    "StringEquals",
    "StringLike",
    "StringEqualsIfExists",
    "ForAllValues:StringEquals",
    "ForAnyValue:StringEquals",
    "Bool",
    "ArnLike",
    "ArnEquals",
]
Conditions = Mapping[Operator, Mapping[str, pulumi.Input[str] | Sequence[str]]]
"""Tests by operator and key; all must hold."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a policy."""

    sid: str
    """Unique in its document; what a denied call's message and our tests name it by."""
    actions: Sequence[str]
    """Such as `sqs:SendMessage`."""
    resources: Sequence[pulumi.Input[str]] = ()
    """ARNs; none in a trust policy."""
    conditions: Conditions = field(default_factory=dict[Operator, Mapping[str, pulumi.Input[str] | Sequence[str]]])
    """When it applies; none: always."""
    principal: Mapping[str, pulumi.Input[str] | Sequence[str]] | Literal["*"] | None = None
    """Who, in a resource or trust policy."""
    effect: Literal["Allow", "Deny"] = "Allow"
    """What happens."""

    def wire(self) -> dict[str, object]:
        """The statement in IAM's words, without what it leaves out."""
        parts: dict[str, object] = {
            "Sid": self.sid,
            "Effect": self.effect,
            "Principal": self.principal,
            "Action": list(self.actions),
            "Resource": list(self.resources),
            "Condition": {operator: dict(keys) for operator, keys in self.conditions.items()},
        }
        return {key: part for key, part in parts.items() if part}


def document(statements: Sequence[Statement]) -> pulumi.Output[str]:
    """The policy document of `statements` as JSON, known once every ARN in it is."""
    return pulumi.Output.json_dumps(
        {"Version": "2012-10-17", "Statement": [statement.wire() for statement in statements]}, separators=(",", ":")
    )


def service_trust(sid: str, service: str, *actions: str) -> pulumi.Output[str]:
    """A trust policy for an AWS service."""
    return document([Statement(sid=sid, actions=actions or ("sts:AssumeRole",), principal={"Service": service})])


def pod_identity_trust() -> pulumi.Output[str]:
    """Trust in EKS Pod Identity, which also tags the session with cluster, namespace and service account."""
    return service_trust("AllowPodIdentity", "pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession")


def irsa_trust(
    provider_arn: pulumi.Input[str], issuer: pulumi.Input[str], namespace: str, service_account: str
) -> pulumi.Output[str]:
    """Trust in one service account's token, signed by the cluster's OIDC `issuer` (without `https://`)."""
    subject = f"system:serviceaccount:{namespace}:{service_account}"
    statement = pulumi.Output.from_input(issuer).apply(partial(_irsa_statement, subject, provider_arn))
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def _irsa_statement(subject: str, provider_arn: pulumi.Input[str], issuer: str) -> dict[str, object]:
    return Statement(
        sid="AllowServiceAccount",
        actions=("sts:AssumeRoleWithWebIdentity",),
        principal={"Federated": provider_arn},
        conditions={"StringEquals": {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": subject}},
    ).wire()
