"""aws:cloudwatch LogGroup."""

from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Either, Kind, Read, call
from eks_twin.plugins.aws.scope import Scope


def _find(scope: Scope) -> Any:
    answer = scope.call("describe_log_groups", logGroupNamePrefix=scope.id)
    found = next((item for item in answer["logGroups"] if item["logGroupName"] == scope.id), None)
    return {**found, "arn": found["arn"].removesuffix(":*")} if found else None


def _delete(scope: Scope) -> None:
    if not scope.values.get("skipDestroy"):
        scope.call("delete_log_group", logGroupName=scope.id)


LOG_GROUP: Final = Kind(
    type="aws:cloudwatch/logGroup:LogGroup",
    noun="CloudWatch Logs Log Group",
    service="logs",
    create=call("create_log_group", "name kmsKeyId logGroupClass"),
    id="{name}",
    read=Read(Custom(_find)),
    changes=(
        Either(  # 0 days means for ever, which CloudWatch calls having no policy
            "retentionInDays",
            call("put_retention_policy", "name retentionInDays"),
            call("delete_retention_policy", "name"),
        ),
        Either(
            "kmsKeyId",
            call("associate_kms_key", "name kmsKeyId"),
            call("disassociate_kms_key", "name"),
        ),
    ),
    delete=Custom(_delete),
    tags=tags.of(
        "resource",
        "tags",
        Custom(lambda scope: scope.call("list_tags_for_resource", resourceArn=_find(scope)["arn"])),
        resourceArn="$arn",
    ),
)

KINDS: Final = (LOG_GROUP,)
