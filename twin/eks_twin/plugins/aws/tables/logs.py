"""aws:cloudwatch LogGroup."""

from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Kind, Read, call
from eks_twin.plugins.aws.scope import Scope


def _find(scope: Scope) -> Any:
    answer = scope.call("describe_log_groups", logGroupNamePrefix=scope.id)
    found = next((item for item in answer["logGroups"] if item["logGroupName"] == scope.id), None)
    return {**found, "arn": found["arn"].removesuffix(":*")} if found else None


def _set_retention(scope: Scope) -> None:
    """0 days means for ever, which CloudWatch calls having no policy."""
    if days := scope.values.get("retentionInDays"):
        scope.call("put_retention_policy", logGroupName=scope.id, retentionInDays=days)
    else:
        scope.call("delete_retention_policy", logGroupName=scope.id)


def _set_key(scope: Scope) -> None:
    if key := scope.values.get("kmsKeyId"):
        scope.call("associate_kms_key", logGroupName=scope.id, kmsKeyId=key)
    else:
        scope.call("disassociate_kms_key", logGroupName=scope.id)


def _delete(scope: Scope) -> None:
    if not scope.values.get("skipDestroy"):
        scope.call("delete_log_group", logGroupName=scope.id)


_ARN: Final = {"resourceArn": "$arn"}

LOG_GROUP: Final = Kind(
    type="aws:cloudwatch/logGroup:LogGroup",
    noun="CloudWatch Logs Log Group",
    service="logs",
    create=call("create_log_group", "kmsKeyId logGroupClass", logGroupName="$name", tags="$tags"),
    id="{name}",
    read=Read(Custom(_find), names={"name": "logGroupName"}),
    changes=(Custom(_set_retention, "retentionInDays"), Custom(_set_key, "kmsKeyId")),
    delete=Custom(_delete),
    tags=tags.mapped(
        _ARN,
        read=Custom(lambda scope: scope.call("list_tags_for_resource", resourceArn=_find(scope)["arn"])),
    ),
    local=frozenset({"skipDestroy"}),
)

KINDS: Final = (LOG_GROUP,)
