"""aws:iam Role, InstanceProfile, OpenIdConnectProvider and ServiceLinkedRole."""

import json
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Either, Kind, Read, call
from eks_twin.plugins.aws.scope import Scope, ignoring_gone, parted


def _inline(scope: Scope, role: str) -> list[dict[str, str]]:
    names = scope.every("list_role_policies", RoleName=role)
    answers = (scope.call("get_role_policy", RoleName=role, PolicyName=name) for name in names)
    return [{"name": answer["PolicyName"], "policy": text(answer["PolicyDocument"])} for answer in answers]


def _attached(scope: Scope, role: str) -> list[str]:
    return [item["PolicyArn"] for item in scope.every("list_attached_role_policies", RoleName=role)]


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
    changes = parted(_attached(scope, scope.id), scope.values.get("managedPolicyArns") or [])
    for verb, arns in zip(("detach", "attach"), changes, strict=True):
        for arn in arns:
            scope.call(f"{verb}_role_policy", RoleName=scope.id, PolicyArn=arn)


def _delete_role(scope: Scope) -> None:
    """The role leaves its instance profiles; with forceDetachPolicies, or if the program listed them, policies go."""
    for profile in scope.every("list_instance_profiles_for_role", RoleName=scope.id):
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
        "name path description maxSessionDuration permissionsBoundary assumeRolePolicy",
    ),
    id="Role.RoleName",
    read=Read(
        call("get_role", RoleName="$id"),
        "Role",
        lambda scope, _: {
            "inlinePolicies": _inline(scope, scope.id),
            "managedPolicyArns": _attached(scope, scope.id),
        },
    ),
    changes=(
        call("update_assume_role_policy", RoleName="$id", PolicyDocument="$assumeRolePolicy"),
        call("update_role", "description maxSessionDuration", {"Description": ""}, RoleName="$id"),
        Either(
            "permissionsBoundary",
            call("put_role_permissions_boundary", "permissionsBoundary", RoleName="$id"),
            call("delete_role_permissions_boundary", RoleName="$id"),
        ),
        Custom(_set_inline, "inlinePolicies"),
        Custom(_set_managed, "managedPolicyArns"),
    ),
    delete=Custom(_delete_role),
    tags=tags.of("role", RoleName="$id"),
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
    create=call("create_instance_profile", "name path"),
    id="InstanceProfile.InstanceProfileName",
    read=Read(call("get_instance_profile", InstanceProfileName="$id"), "InstanceProfile"),
    changes=(Custom(_set_profile_role, "role"),),
    delete=Custom(_delete_profile),
    tags=tags.of("instance_profile", InstanceProfileName="$id"),
)


def _set_clients(scope: Scope) -> None:
    changes = parted(scope.old.get("clientIdLists") or [], scope.values["clientIdLists"])
    for verb, ids in zip(("remove_client_id_from", "add_client_id_to"), changes, strict=True):
        for id_ in ids:
            scope.call(f"{verb}_open_id_connect_provider", OpenIDConnectProviderArn=scope.id, ClientID=id_)


OIDC_PROVIDER: Final = Kind(
    type="aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    noun="IAM OIDC Provider",
    service="iam",
    create=call("create_open_id_connect_provider", "url clientIdLists thumbprintLists"),
    id="OpenIDConnectProviderArn",
    read=Read(
        call("get_open_id_connect_provider", OpenIDConnectProviderArn="$id"),
        more=lambda scope, found: {"arn": scope.id, "url": found["Url"].removeprefix("https://")},
    ),
    changes=(
        Custom(_set_clients, "clientIdLists"),
        call(
            "update_open_id_connect_provider_thumbprint",
            "thumbprintLists",
            {"ThumbprintList": []},
            OpenIDConnectProviderArn="$id",
        ),
    ),
    delete=call("delete_open_id_connect_provider", OpenIDConnectProviderArn="$id"),
    tags=tags.of("open_id_connect_provider", OpenIDConnectProviderArn="$id"),
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


SERVICE_LINKED_ROLE: Final = Kind(
    type="aws:iam/serviceLinkedRole:ServiceLinkedRole",
    noun="IAM Service Linked Role",
    service="iam",
    create=call("create_service_linked_role", "awsServiceName description customSuffix"),
    id="Role.Arn",
    read=Read(Custom(_read_linked)),
    changes=(call("update_role", "description", {"Description": ""}, RoleName="$name"),),
    delete=Custom(_delete_linked),
    tags=tags.of("role", "", RoleName="$name"),
    label="awsServiceName",
)

KINDS: Final = (ROLE, INSTANCE_PROFILE, OIDC_PROVIDER, SERVICE_LINKED_ROLE)
