"""aws:iam Policy, RolePolicy and RolePolicyAttachment."""

from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Kind, Read, call
from eks_twin.plugins.aws.scope import Scope

from .iam import text

VERSIONS: Final = 5
"""Versions that IAM keeps of a managed policy (AWS: "IAM and STS quotas"); the oldest goes before a sixth comes."""


def _new_version(scope: Scope) -> None:
    versions = scope.every("list_policy_versions", PolicyArn=scope.id)
    if len(versions) >= VERSIONS:
        oldest = min((v for v in versions if not v["IsDefaultVersion"]), key=lambda v: v["CreateDate"])
        scope.call("delete_policy_version", PolicyArn=scope.id, VersionId=oldest["VersionId"])
    scope.call("create_policy_version", PolicyArn=scope.id, PolicyDocument=scope.values["policy"], SetAsDefault=True)


def _document(scope: Scope, found: Mapping[str, Any]) -> dict[str, Any]:
    version = scope.call("get_policy_version", PolicyArn=scope.id, VersionId=found["DefaultVersionId"])
    return {"policy": text(version["PolicyVersion"]["Document"])}


def _delete_policy(scope: Scope) -> None:
    for version in scope.every("list_policy_versions", PolicyArn=scope.id):
        if not version["IsDefaultVersion"]:
            scope.call("delete_policy_version", PolicyArn=scope.id, VersionId=version["VersionId"])
    scope.call("delete_policy", PolicyArn=scope.id)


POLICY: Final = Kind(
    type="aws:iam/policy:Policy",
    noun="IAM Policy",
    service="iam",
    create=call("create_policy", "name path description policy"),
    id="Policy.Arn",
    read=Read(call("get_policy", PolicyArn="$id"), "Policy", _document),
    changes=(Custom(_new_version, "policy"),),
    delete=Custom(_delete_policy),
    tags=tags.of("policy", PolicyArn="$id"),
)

_PUT: Final = call("put_role_policy", "role name policy")

ROLE_POLICY: Final = Kind(
    type="aws:iam/rolePolicy:RolePolicy",
    noun="IAM Role Policy",
    service="iam",
    create=_PUT,
    id="{role}:{name}",
    read=Read(call("get_role_policy", "role name")),
    changes=(_PUT,),
    delete=call("delete_role_policy", "role name"),
)


def _read_attachment(scope: Scope) -> dict[str, str] | None:
    attached = scope.every("list_attached_role_policies", RoleName=scope.values["role"])
    arn = scope.values["policyArn"]
    found = any(item["PolicyArn"] == arn for item in attached)
    return {"RoleName": scope.values["role"], "PolicyArn": arn} if found else None


ROLE_POLICY_ATTACHMENT: Final = Kind(
    type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    noun="IAM Role Policy Attachment",
    service="iam",
    create=call("attach_role_policy", "role policyArn"),
    id="{role}/{policyArn}",
    read=Read(Custom(_read_attachment)),
    delete=call("detach_role_policy", "role policyArn"),
    label="role",
)

KINDS: Final = (POLICY, ROLE_POLICY, ROLE_POLICY_ATTACHMENT)
