"""aws:sqs Queue and QueuePolicy; aws:cloudwatch EventRule and EventTarget."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Call, Custom, Kind, Read, Tags, call
from eks_twin.plugins.aws.scope import Scope, ignoring_gone
from eks_twin.plugins.aws.shapes import to_aws
from eks_twin.plugins.base import PluginError

QUEUE_ATTRIBUTES: Final[Mapping[str, str]] = {
    # property → SQS attribute; all travel as text
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "delaySeconds": "DelaySeconds",
    "fifoQueue": "FifoQueue",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
FIFO_ONLY: Final = ("contentBasedDeduplication", "fifoQueue")
"""Attributes that SQS refuses on a standard queue even when false."""


def _attribute(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _attributes(values: Mapping[str, Any]) -> dict[str, str]:
    given = {name: values[name] for name in QUEUE_ATTRIBUTES if values.get(name) is not None}
    return {QUEUE_ATTRIBUTES[k]: _attribute(v) for k, v in given.items() if v is not False or k not in FIFO_ONLY}


def _create_queue(scope: Scope) -> Any:
    return scope.call(
        "create_queue",
        QueueName=scope.values["name"],
        Attributes=_attributes(scope.values),
        tags=scope.kind.tags.written(scope.values["tagsAll"]) if scope.kind.tags else None,
    )


def _set_attributes(scope: Scope) -> None:
    """What the program no longer sets goes back to nothing, as far as SQS has that."""
    changed = {k: scope.values.get(k) for k in QUEUE_ATTRIBUTES if scope.values.get(k) != scope.old.get(k)}
    cleared = {QUEUE_ATTRIBUTES[name]: "" for name, value in changed.items() if value is None and scope.old.get(name)}
    attributes = {**cleared, **_attributes(changed)}
    if attributes:
        scope.call("set_queue_attributes", QueueUrl=scope.id, Attributes=attributes)


def _queue(scope: Scope, found: Mapping[str, Any]) -> dict[str, Any]:
    arn = found["QueueArn"]
    return {"url": scope.id, "arn": arn, "name": arn.rpartition(":")[2], "policy": found.get("Policy") or None}


QUEUE: Final = Kind(
    type="aws:sqs/queue:Queue",
    noun="SQS Queue",
    service="sqs",
    create=Custom(_create_queue, " ".join(["name", *QUEUE_ATTRIBUTES])),
    id="QueueUrl",
    read=Read(
        call("get_queue_attributes", QueueUrl="$id", AttributeNames=["All"]),
        "Attributes",
        {name: None if name == "policy" else attribute for name, attribute in QUEUE_ATTRIBUTES.items()},
        _queue,
    ),
    changes=(Custom(_set_attributes, " ".join(QUEUE_ATTRIBUTES)),),
    delete=call("delete_queue", QueueUrl="$id"),
    tags=Tags(
        form=dict,
        tag=Call("tag_queue", params={"QueueUrl": "$id"}),
        untag=Call("untag_queue", params={"QueueUrl": "$id"}),
        read=call("list_queue_tags", QueueUrl="$id"),
    ),
    documents=frozenset({"policy", "redrivePolicy", "redriveAllowPolicy"}),
    naming=lambda name, inputs: f"{name}.fifo" if inputs.get("fifoQueue") else name,
)


def _queue_policy(scope: Scope) -> Any:
    found = scope.call("get_queue_attributes", QueueUrl=scope.id, AttributeNames=["Policy"]).get("Attributes", {})
    return {"Policy": found["Policy"], "QueueUrl": scope.id} if found.get("Policy") else None


_PUT_POLICY: Final = call("set_queue_attributes", QueueUrl="$queueUrl", Attributes={"Policy": "$policy"})

QUEUE_POLICY: Final = Kind(
    type="aws:sqs/queuePolicy:QueuePolicy",
    noun="SQS Queue Policy",
    service="sqs",
    create=_PUT_POLICY,
    id="{queueUrl}",
    read=Read(Custom(_queue_policy)),
    changes=(_PUT_POLICY,),
    delete=call("set_queue_attributes", QueueUrl="$id", Attributes={"Policy": ""}),
    label="queueUrl",
)


def _bus_rule(id_: str) -> dict[str, str]:
    """Rule and bus of an EventRule's id, which names the bus unless it is the default one."""
    bus, _, rule = id_.rpartition("/")
    return {"Name": rule, **({"EventBusName": bus} if bus else {})}


def _rule_id(scope: Scope) -> str:
    bus, name = scope.values.get("eventBusName", "default"), scope.values["name"]
    return name if bus == "default" else f"{bus}/{name}"


_RULE: Final = call(
    "put_rule",
    "name description eventBusName eventPattern roleArn scheduleExpression state",
    {"Description": ""},
    Tags="$tags",
)


def _put_rule(scope: Scope) -> dict[str, Any]:
    """State comes from `state`, or from `isEnabled`, which pulumi-aws still takes."""
    values = dict(scope.values)
    if "isEnabled" in values and "state" not in values:
        values["state"] = "ENABLED" if values["isEnabled"] else "DISABLED"
    parameters = _RULE.parameters(replace(scope, values=values))
    if scope.id:
        parameters.pop("Tags", None)  # PutRule takes tags only when it creates
    return {**scope.call("put_rule", **parameters), "Id": _rule_id(scope)}


def _rule_more(_: Scope, found: Mapping[str, Any]) -> dict[str, Any]:
    return {"isEnabled": found["State"] == "ENABLED"}


_RULE_INPUTS: Final = "name description eventBusName eventPattern roleArn scheduleExpression state isEnabled"

EVENT_RULE: Final = Kind(
    type="aws:cloudwatch/eventRule:EventRule",
    noun="EventBridge Rule",
    service="events",
    create=Custom(_put_rule, _RULE_INPUTS),
    id="Id",
    read=Read(Custom(lambda scope: scope.call("describe_rule", **_bus_rule(scope.id))), more=_rule_more),
    changes=(Custom(_put_rule, _RULE_INPUTS),),
    delete=Custom(lambda scope: scope.call("delete_rule", **_bus_rule(scope.id))),
    tags=Tags(
        form=tags.pairs,
        tag=Call("tag_resource", params={"ResourceARN": "$arn"}),
        untag=Call("untag_resource", params={"ResourceARN": "$arn"}),
        read=Custom(
            lambda scope: scope.call(
                "list_tags_for_resource",
                ResourceARN=scope.call("describe_rule", **_bus_rule(scope.id))["Arn"],
            )
        ),
    ),
    computed=frozenset({"state", "isEnabled"}),
    documents=frozenset({"eventPattern"}),
    conflicts=(frozenset({"state", "isEnabled"}),),
)

TARGET_INPUTS: Final = ("arn", "roleArn", "input", "inputPath", "inputTransformer", "deadLetterConfig", "retryPolicy")
"""Properties of a target under EventBridge's own names; sqsTarget is SqsParameters there."""


def _put_target(scope: Scope) -> dict[str, str]:
    shape = scope.client().meta.service_model.shape_for("Target")
    values = {name: scope.values[name] for name in TARGET_INPUTS if scope.values.get(name) is not None}
    target = {**to_aws(values, shape, "target"), "Id": scope.values["targetId"]}
    if sqs := scope.values.get("sqsTarget"):
        target["SqsParameters"] = {"MessageGroupId": sqs["messageGroupId"]}
    bus = scope.values.get("eventBusName", "default")
    answer = scope.call("put_targets", Rule=scope.values["rule"], EventBusName=bus, Targets=[target])
    _refuse_failures(scope, answer)
    rule = scope.values["rule"]
    return {"Id": f"{'' if bus == 'default' else bus + '-'}{rule}-{target['Id']}"}


def _refuse_failures(scope: Scope, answer: Mapping[str, Any]) -> None:
    """EventBridge reports failed entries in a successful answer."""
    for entry in answer.get("FailedEntries", ()):
        raise PluginError(f"creating {scope.label}: {entry['ErrorCode']}: {entry['ErrorMessage']}")


def _read_target(scope: Scope) -> dict[str, Any] | None:
    bus = scope.values.get("eventBusName", "default")
    answer = scope.call("list_targets_by_rule", Rule=scope.values["rule"], EventBusName=bus)
    found = next((item for item in answer["Targets"] if item["Id"] == scope.values["targetId"]), None)
    return {**found, "Rule": scope.values["rule"], "EventBusName": bus} if found else None


def _remove_target(scope: Scope) -> None:
    bus = scope.values.get("eventBusName", "default")
    ignoring_gone(
        scope.client().remove_targets, Rule=scope.values["rule"], EventBusName=bus, Ids=[scope.values["targetId"]]
    )


_TARGET_ALL: Final = " ".join(["rule", "eventBusName", "targetId", "sqsTarget", *TARGET_INPUTS])

EVENT_TARGET: Final = Kind(
    type="aws:cloudwatch/eventTarget:EventTarget",
    noun="EventBridge Target",
    service="events",
    create=Custom(_put_target, _TARGET_ALL),
    id="Id",
    read=Read(Custom(_read_target), names={"targetId": "Id", "sqsTarget": "SqsParameters"}),
    changes=(Custom(_put_target, _TARGET_ALL),),
    delete=Custom(_remove_target),
    documents=frozenset({"input"}),
    import_id="{rule}/{targetId}",
    label="targetId",
    conflicts=(frozenset({"input", "inputPath", "inputTransformer"}),),
)

KINDS: Final = (QUEUE, QUEUE_POLICY, EVENT_RULE, EVENT_TARGET)
