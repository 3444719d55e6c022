"""aws:iam Role, InstanceProfile, OpenIdConnectProvider and ServiceLinkedRole."""

import json
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Call, Custom, Kind, Read, Tags, call
from eks_twin.plugins.aws.meaning import document
from eks_twin.plugins.aws.scope import Scope, ignoring_gone


def every(scope: Scope, operation: str, at: str, **parameters: Any) -> list[Any]:
    """All pages of a listing."""
    pages = scope.client("iam").get_paginator(operation).paginate(**parameters)
    return [item for page in pages for item in page[at]]


def _inline(scope: Scope, role: str) -> list[dict[str, str]]:
    names = every(scope, "list_role_policies", "PolicyNames", RoleName=role)
    answers = (scope.call("get_role_policy", RoleName=role, PolicyName=name) for name in names)
    return [{"name": answer["PolicyName"], "policy": text(answer["PolicyDocument"])} for answer in answers]


def _attached(scope: Scope, role: str) -> list[str]:
    found = every(scope, "list_attached_role_policies", "AttachedPolicies", RoleName=role)
    return [item["PolicyArn"] for item in found]


def text(content: Any) -> str:
    """An IAM document, which boto3 decodes, as the text that Pulumi keeps."""
    return content if isinstance(content, str) else json.dumps(content, separators=(",", ":"))


def _set_inline(scope: Scope) -> None:
    wanted = {item["name"]: item["policy"] for item in scope.values.get("inlinePolicies") or () if item.get("name")}
    for item in _inline(scope, scope.id):
        if item["name"] not in wanted:
            scope.call("delete_role_policy", RoleName=scope.id, PolicyName=item["name"])
    for name, policy in wanted.items():
        scope.call("put_role_policy", RoleName=scope.id, PolicyName=name, PolicyDocument=policy)


def _set_managed(scope: Scope) -> None:
    wanted, present = scope.values.get("managedPolicyArns") or [], _attached(scope, scope.id)
    for arn in present:
        if arn not in wanted:
            scope.call("detach_role_policy", RoleName=scope.id, PolicyArn=arn)
    for arn in wanted:
        if arn not in present:
            scope.call("attach_role_policy", RoleName=scope.id, PolicyArn=arn)


def _set_boundary(scope: Scope) -> None:
    if boundary := scope.values.get("permissionsBoundary"):
        scope.call("put_role_permissions_boundary", RoleName=scope.id, PermissionsBoundary=boundary)
    else:
        scope.call("delete_role_permissions_boundary", RoleName=scope.id)


def _by_name(policies: list[dict[str, str]] | None) -> dict[str, Any]:
    """Inline policies by name, each as the content of its document."""
    return {item.get("name", ""): document(item.get("policy")) for item in policies or ()}


def _delete_role(scope: Scope) -> None:
    """The role leaves its instance profiles; with forceDetachPolicies, or if the program listed them, policies go."""
    for profile in every(scope, "list_instance_profiles_for_role", "InstanceProfiles", RoleName=scope.id):
        scope.call(
            "remove_role_from_instance_profile", InstanceProfileName=profile["InstanceProfileName"], RoleName=scope.id
        )
    force = scope.values.get("forceDetachPolicies")
    if force or "managedPolicyArns" in scope.values:
        for arn in _attached(scope, scope.id) if force else scope.values["managedPolicyArns"]:
            ignoring_gone(scope.client().detach_role_policy, RoleName=scope.id, PolicyArn=arn)
    if force or "inlinePolicies" in scope.values:
        for item in _inline(scope, scope.id) if force else scope.values["inlinePolicies"]:
            ignoring_gone(scope.client().delete_role_policy, RoleName=scope.id, PolicyName=item["name"])
    scope.call("delete_role", RoleName=scope.id)


ROLE: Final = Kind(
    type="aws:iam/role:Role",
    noun="IAM Role",
    service="iam",
    create=call(
        "create_role",
        "path description maxSessionDuration permissionsBoundary",
        RoleName="$name",
        AssumeRolePolicyDocument="$assumeRolePolicy",
        Tags="$tags",
    ),
    id="Role.RoleName",
    read=Read(
        call("get_role", RoleName="$id"),
        "Role",
        {
            "name": "RoleName",
            "assumeRolePolicy": "AssumeRolePolicyDocument",
            "permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn",
            "uniqueId": "RoleId",
        },
        lambda scope, _: {
            "inlinePolicies": _inline(scope, scope.id),
            "managedPolicyArns": _attached(scope, scope.id),
        },
    ),
    changes=(
        call("update_assume_role_policy", RoleName="$id", PolicyDocument="$assumeRolePolicy"),
        call("update_role", "description maxSessionDuration", {"Description": ""}, RoleName="$id"),
        Custom(_set_boundary, "permissionsBoundary"),
        Custom(_set_inline, "inlinePolicies"),
        Custom(_set_managed, "managedPolicyArns"),
    ),
    delete=Custom(_delete_role),
    tags=tags.iam("role", "RoleName", "$id"),
    local=frozenset({"forceDetachPolicies"}),
    equal={"inlinePolicies": lambda old, new: _by_name(old) == _by_name(new)},
)


def _set_profile_role(scope: Scope) -> None:
    before, after = scope.old.get("role"), scope.values.get("role")
    if before and before != after:
        scope.call("remove_role_from_instance_profile", InstanceProfileName=scope.id, RoleName=before)
    if after and before != after:
        scope.call("add_role_to_instance_profile", InstanceProfileName=scope.id, RoleName=after)


def _delete_profile(scope: Scope) -> None:
    if role := scope.values.get("role"):
        ignoring_gone(scope.client().remove_role_from_instance_profile, InstanceProfileName=scope.id, RoleName=role)
    scope.call("delete_instance_profile", InstanceProfileName=scope.id)


INSTANCE_PROFILE: Final = Kind(
    type="aws:iam/instanceProfile:InstanceProfile",
    noun="IAM Instance Profile",
    service="iam",
    create=call("create_instance_profile", "path", InstanceProfileName="$name", Tags="$tags"),
    id="InstanceProfile.InstanceProfileName",
    read=Read(
        call("get_instance_profile", InstanceProfileName="$id"),
        "InstanceProfile",
        {"name": "InstanceProfileName", "role": "Roles.0.RoleName", "uniqueId": "InstanceProfileId"},
    ),
    changes=(Custom(_set_profile_role, "role"),),
    delete=Custom(_delete_profile),
    tags=tags.iam("instance_profile", "InstanceProfileName", "$id"),
)


def _set_clients(scope: Scope) -> None:
    old, new = scope.old.get("clientIdLists") or [], scope.values["clientIdLists"]
    for operation, ids in (
        ("remove_client_id_from_open_id_connect_provider", [i for i in old if i not in new]),
        ("add_client_id_to_open_id_connect_provider", [i for i in new if i not in old]),
    ):
        for id_ in ids:
            scope.call(operation, OpenIDConnectProviderArn=scope.id, ClientID=id_)


OIDC_PROVIDER: Final = Kind(
    type="aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    noun="IAM OIDC Provider",
    service="iam",
    create=call(
        "create_open_id_connect_provider",
        "url",
        ClientIDList="$clientIdLists",
        ThumbprintList="$thumbprintLists",
        Tags="$tags",
    ),
    id="OpenIDConnectProviderArn",
    read=Read(
        call("get_open_id_connect_provider", OpenIDConnectProviderArn="$id"),
        names={"clientIdLists": "ClientIDList", "thumbprintLists": "ThumbprintList"},
        more=lambda scope, found: {"arn": scope.id, "url": found["Url"].removeprefix("https://")},
    ),
    changes=(
        Custom(_set_clients, "clientIdLists"),
        call(
            "update_open_id_connect_provider_thumbprint",
            "",
            {"ThumbprintList": []},
            OpenIDConnectProviderArn="$id",
            ThumbprintList="$thumbprintLists",
        ),
    ),
    delete=call("delete_open_id_connect_provider", OpenIDConnectProviderArn="$id"),
    tags=tags.iam("open_id_connect_provider", "OpenIDConnectProviderArn", "$id"),
    equal={"url": lambda old, new: str(old).removeprefix("https://") == str(new).removeprefix("https://")},
    as_reported=frozenset({"url"}),
    label="url",
)


def _role_name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _read_linked(scope: Scope) -> Any:
    """AWS names the service in the role's path, and the suffix after an underscore."""
    role = scope.call("get_role", RoleName=_role_name(scope.id))["Role"]
    service = role["Path"].removeprefix("/aws-service-role/").rstrip("/")
    suffix = role["RoleName"].partition("_")[2]
    return {**role, "AwsServiceName": service, "CustomSuffix": suffix or None}


def _delete_linked(scope: Scope) -> None:
    answer = scope.call("delete_service_linked_role", RoleName=_role_name(scope.id))

    def done() -> bool:
        status = scope.call("get_service_linked_role_deletion_status", DeletionTaskId=answer["DeletionTaskId"])
        return status["Status"] == "SUCCEEDED"

    scope.wait(done, "to be deleted")


def _describe_linked(scope: Scope) -> None:
    name = _role_name(scope.id)
    scope.call("update_role", RoleName=name, Description=scope.values.get("description") or "")


_LINKED_TAGS: Final = Tags(
    form=tags.pairs,
    tag=Call("tag_role", params={"RoleName": "$name"}),
    untag=Call("untag_role", params={"RoleName": "$name"}),
    after_create=True,
)

SERVICE_LINKED_ROLE: Final = Kind(
    type="aws:iam/serviceLinkedRole:ServiceLinkedRole",
    noun="IAM Service Linked Role",
    service="iam",
    create=call("create_service_linked_role", "description customSuffix", AWSServiceName="$awsServiceName"),
    id="Role.Arn",
    read=Read(Custom(_read_linked), names={"name": "RoleName", "uniqueId": "RoleId"}),
    changes=(Custom(_describe_linked, "description"),),
    delete=Custom(_delete_linked),
    tags=_LINKED_TAGS,
    label="awsServiceName",
)

KINDS: Final = (ROLE, INSTANCE_PROFILE, OIDC_PROVIDER, SERVICE_LINKED_ROLE)
