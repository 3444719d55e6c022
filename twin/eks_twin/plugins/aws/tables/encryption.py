"""aws:kms Key and Alias."""

from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Either, Kind, Read, call
from eks_twin.plugins.aws.scope import Scope


def _key(scope: Scope, found: Mapping[str, Any]) -> dict[str, Any]:
    rotation: dict[str, Any] = {}
    if found["KeySpec"] == "SYMMETRIC_DEFAULT":
        rotation = scope.call("get_key_rotation_status", KeyId=scope.id)
    return {
        "policy": scope.call("get_key_policy", KeyId=scope.id, PolicyName="default")["Policy"],
        "enableKeyRotation": rotation.get("KeyRotationEnabled", False),
        "rotationPeriodInDays": rotation.get("RotationPeriodInDays") or scope.values.get("rotationPeriodInDays"),
    }


KEY: Final = Kind(
    type="aws:kms/key:Key",
    noun="KMS Key",
    service="kms",
    create=call(
        "create_key",
        "bypassPolicyLockoutSafetyCheck customerMasterKeySpec description keyUsage multiRegion policy",
    ),
    id="KeyMetadata.KeyId",
    read=Read(
        call("describe_key", KeyId="$id"),
        "KeyMetadata",
        _key,
        lambda found: found["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion"),
    ),
    changes=(
        call("update_key_description", "description", {"Description": ""}, KeyId="$id"),
        call("put_key_policy", "policy bypassPolicyLockoutSafetyCheck", KeyId="$id", PolicyName="default"),
        Either(
            "enableKeyRotation",
            call("enable_key_rotation", "rotationPeriodInDays", KeyId="$id"),
            call("disable_key_rotation", KeyId="$id"),
        ),
        Either("isEnabled", call("enable_key", KeyId="$id"), call("disable_key", KeyId="$id")),
    ),
    delete=call("schedule_key_deletion", KeyId="$id", PendingWindowInDays="$deletionWindowInDays"),
    tags=tags.of("resource", read=call("list_resource_tags", KeyId="$id"), KeyId="$id"),
    label="description",
)


def _find(scope: Scope) -> Any:
    return next((item for item in scope.every("list_aliases") if item["AliasName"] == scope.id), None)


def _targets(scope: Scope, found: Mapping[str, Any]) -> dict[str, Any]:
    """The key by the id or the ARN, whichever the program used."""
    id_ = found.get("TargetKeyId")
    arn = scope.arn(f"key/{id_}")
    given = scope.values.get("targetKeyId")
    return {"targetKeyArn": arn, "targetKeyId": given if given in (id_, arn) else id_}


ALIAS: Final = Kind(
    type="aws:kms/alias:Alias",
    noun="KMS Alias",
    service="kms",
    create=call("create_alias", "name targetKeyId"),
    id="{name}",
    read=Read(Custom(_find), more=_targets),
    changes=(call("update_alias", "name targetKeyId"),),
    delete=call("delete_alias", AliasName="$id"),
    naming=lambda name, _: f"alias/{name}",
)

KINDS: Final = (KEY, ALIAS)
