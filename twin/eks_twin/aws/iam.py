"""IAM: what AWS refuses and moto accepts, and questions about roles that other services ask.

Limits: IAM user guide, "IAM and STS quotas"; whitespace does not count against a policy's size.
"""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from moto.iam.models import IAMBackend, iam_backends
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator

from eks_twin.aws.calls import AwsError, Call, MotoResult
from eks_twin.aws.principals import ACCOUNT, PARTITION

MANAGED_POLICY_MAX = 6_144
INLINE_POLICIES_OF_A_ROLE_MAX = 10_240
TRUST_POLICY_MAX = 2_048
MANAGED_POLICIES_PER_ROLE_MAX = 10
NAME_MAX: dict[str, int] = {"RoleName": 64, "PolicyName": 128, "InstanceProfileName": 128}
_NAME = re.compile(r"[\w+=,.@-]+")

LINKED_ROLES: dict[str, str] = {
    "spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
    "eks.amazonaws.com": "AWSServiceRoleForAmazonEKS",
    "eks-nodegroup.amazonaws.com": "AWSServiceRoleForAmazonEKSNodegroup",
    "eks-fargate.amazonaws.com": "AWSServiceRoleForAmazonEKSForFargate",
    "spotfleet.amazonaws.com": "AWSServiceRoleForEC2SpotFleet",
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
    "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
}
"""Service → role name; AWS's names follow no rule, moto's guess is wrong for spot."""


def backend() -> IAMBackend:
    """Return moto's IAM of the account."""
    return iam_backends[ACCOUNT][PARTITION]


def role_by_arn(arn: str) -> Any | None:
    """Return the role with this ARN, or None."""
    return next((role for role in backend().roles.values() if role.arn == arn), None)


def identity_exists(arn: str) -> bool:
    """Tell whether a role or user has this ARN."""
    return role_by_arn(arn) is not None or any(user.arn == arn for user in backend().users.values())


def trusts(role_arn: str, service: str, action: str) -> bool:
    """Tell whether a role exists and its trust policy lets a service do an action such as sts:AssumeRole."""
    role = role_by_arn(role_arn)
    if role is None:
        return False
    document = json.loads(role.assume_role_policy_document)
    return any(
        statement.get("Effect") == "Allow"
        and service in _as_list(statement.get("Principal", {}).get("Service"))
        and any(fnmatchcase(action.lower(), pattern.lower()) for pattern in _as_list(statement.get("Action")))
        for statement in _as_list(document.get("Statement"))
        if isinstance(statement.get("Principal"), dict)
    )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def size(document: str) -> int:
    """Return the size of a policy as IAM counts it: characters without whitespace."""
    return len(re.sub(r"\s", "", document))


def _check_size(what: str, characters: int, limit: int) -> None:
    if characters > limit:
        raise AwsError(
            "LimitExceeded", f"Cannot exceed quota for {what}: {limit} (it has {characters} characters)", 409
        )


def _check_names(call: Call) -> None:
    for key, limit in NAME_MAX.items():
        name = call.get(key)
        if name is not None and (len(name) > limit or not _NAME.fullmatch(name)):
            rule = f"at most {limit} characters of letters, digits and +=,.@_-"
            raise AwsError("ValidationError", f"{key} '{name}' ({len(name)} characters) must have {rule}")


def check_trust(call: Call) -> None:
    """Refuse a trust policy that AWS calls malformed: moto looks at it on update only, and not at its principal."""
    _check_names(call)
    document = call.get("AssumeRolePolicyDocument") or call.parameters["PolicyDocument"]
    IAMTrustPolicyDocumentValidator(document).validate()
    _check_size("ACLSizePerRole", size(document), TRUST_POLICY_MAX)
    for problem in _principal_problems(json.loads(document)):
        raise AwsError("MalformedPolicyDocument", problem)


def _principal_problems(document: dict[str, Any]) -> Iterator[str]:
    for statement in _as_list(document["Statement"]):
        principal = statement.get("Principal", statement.get("NotPrincipal"))
        if principal is None:
            yield "Missing required field Principal"
        elif principal != "*" and not isinstance(principal, dict):
            yield f"Invalid principal in policy: {principal}"
        elif isinstance(principal, dict):
            yield from _dangling(principal)


def _dangling(principal: dict[str, Any]) -> Iterator[str]:
    for kind, values in principal.items():
        if kind not in {"Service", "AWS", "Federated", "CanonicalUser"}:
            yield f'Invalid principal in policy: "{kind}":"{values}"'
        for value in _as_list(values):
            if kind == "Service" and not re.fullmatch(r"[\w.-]+\.amazonaws\.com(\.cn)?", str(value)):
                yield f'Invalid principal in policy: "SERVICE":"{value}"'
            if kind == "Federated" and str(value).startswith("arn:") and value not in backend().open_id_providers:
                yield f'Invalid principal in policy: "FEDERATED":"{value}" does not exist'
            if (
                kind == "AWS"
                and re.fullmatch(r"arn:[\w-]+:iam::\d+:(role|user)/.+", str(value))
                and not identity_exists(value)
            ):
                yield f'Invalid principal in policy: "AWS":"{value}" does not exist'


def check_policy(call: Call) -> None:
    """Refuse a customer-managed policy above the quota, or one that names a principal."""
    _check_names(call)
    document = call.parameters["PolicyDocument"]
    _check_size("PolicySize", size(document), MANAGED_POLICY_MAX)
    _refuse_principal(document)


def check_inline_policy(call: Call) -> None:
    """Refuse an inline policy that takes the role's sum above the quota, or one that names a principal."""
    _check_names(call)
    name, document = call.parameters["RoleName"], call.parameters["PolicyDocument"]
    role = _role(name)
    others = [text for key, text in (role.policies if role else {}).items() if key != call.parameters["PolicyName"]]
    _check_size("InlinePolicySize", sum(map(size, [document, *others])), INLINE_POLICIES_OF_A_ROLE_MAX)
    _refuse_principal(document)


def _role(name: str) -> Any | None:
    return next((role for role in backend().roles.values() if role.name == name), None)


def _refuse_principal(document: str) -> None:
    try:
        statements = _as_list(json.loads(document).get("Statement"))
    except (AttributeError, json.JSONDecodeError):
        return  # moto says what is malformed
    if any(
        "Principal" in statement or "NotPrincipal" in statement
        for statement in statements
        if isinstance(statement, dict)
    ):
        raise AwsError("MalformedPolicyDocument", "Policy document should not specify a principal.")


def check_attachment(call: Call) -> None:
    """Refuse the eleventh managed policy of a role."""
    role = _role(call.parameters["RoleName"])
    attached = set(role.managed_policies) if role else set()
    if call.parameters["PolicyArn"] not in attached and len(attached) >= MANAGED_POLICIES_PER_ROLE_MAX:
        raise AwsError(
            "LimitExceeded", f"Cannot exceed quota for PoliciesPerRole: {MANAGED_POLICIES_PER_ROLE_MAX}", 409
        )


def create_service_linked_role(call: Call) -> MotoResult:
    """Create the role that a service keeps for itself, under AWS's name for it; a second one is refused."""
    service = call.parameters["AWSServiceName"]
    if service not in LINKED_ROLES:
        message = f"the twin knows the service-linked roles of {', '.join(LINKED_ROLES)}, not of {service}"
        raise AwsError("InvalidInput", message)
    name = LINKED_ROLES[service]
    if call.get("CustomSuffix"):
        raise AwsError("InvalidInput", f"Custom suffix is not allowed for {service}")
    if _role(name):
        raise AwsError(
            "InvalidInput", f"Service role name {name} has been taken in this account, please try a different suffix."
        )
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    role = backend().create_role(
        role_name=name,
        assume_role_policy_document=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        path=f"/aws-service-role/{service}/",
        permissions_boundary=None,
        description=call.get("Description", ""),
        tags=[],
        max_session_duration="3600",
        linked_service=service,
    )
    return MotoResult({"Role": role})


def check_assume_role(call: Call) -> None:
    """Refuse to assume a role that does not exist; moto invents it."""
    arn = call.parameters["RoleArn"]
    if role_by_arn(arn) is None:
        message = f"User: {call.principal.arn} is not authorized to perform: sts:{call.action} on resource: {arn}"
        raise AwsError("AccessDenied", message, 403)


def list_instance_profiles(call: Call) -> MotoResult:
    """List the profiles under a path; moto ignores the path, and Karpenter deletes what it finds under its own."""
    prefix = call.get("PathPrefix", "/")
    profiles = [profile for profile in backend().instance_profiles.values() if profile.path.startswith(prefix)]
    return MotoResult({"InstanceProfiles": profiles, "IsTruncated": False})


HANDLERS = {
    "CreateServiceLinkedRole": create_service_linked_role,
    "ListInstanceProfiles": list_instance_profiles,
}
CHECKS = {
    "CreateRole": check_trust,
    "UpdateAssumeRolePolicy": check_trust,
    "CreatePolicy": check_policy,
    "CreatePolicyVersion": check_policy,
    "PutRolePolicy": check_inline_policy,
    "AttachRolePolicy": check_attachment,
    "CreateInstanceProfile": _check_names,
}
STS_CHECKS = {"AssumeRole": check_assume_role, "AssumeRoleWithWebIdentity": check_assume_role}
