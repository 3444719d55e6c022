"""aws:sqs Queue and QueuePolicy; aws:cloudwatch EventRule and EventTarget."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Kind, Read, call
from eks_twin.plugins.aws.schema import resource_types
from eks_twin.plugins.aws.scope import Scope, ignoring_gone
from eks_twin.plugins.aws.shapes import to_aws
from eks_twin.plugins.base import PluginError
from eks_twin.plugins.checking import scalar

QUEUE_TYPE: Final = "aws:sqs/queue:Queue"
QUEUE_ATTRIBUTES: Final[Mapping[str, str]] = {
    # property → SQS attribute; all travel as text
    name: facts.source or name[0].upper() + name[1:]
    for name, facts in resource_types()[QUEUE_TYPE].inputs.items()
    if name not in ("name", "namePrefix", "region", "tags")
}
FIFO_ONLY: Final = ("contentBasedDeduplication", "fifoQueue")
"""Attributes that SQS refuses on a standard queue even when false."""


def _attributes(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        attribute: scalar(values[name], name, "string")
        for name, attribute in QUEUE_ATTRIBUTES.items()
        if values.get(name) is not None and (values[name] is not False or name not in FIFO_ONLY)
    }


def _create_queue(scope: Scope) -> Any:
    name, attributes = scope.values["name"], _attributes(scope.values)
    return scope.call("create_queue", QueueName=name, Attributes=attributes, **scope.tagging)


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
    type=QUEUE_TYPE,
    noun="SQS Queue",
    service="sqs",
    create=Custom(_create_queue, " ".join(["name", *QUEUE_ATTRIBUTES])),
    id="QueueUrl",
    read=Read(
        call("get_queue_attributes", QueueUrl="$id", AttributeNames=["All"]),
        "Attributes",
        _queue,
    ),
    changes=(Custom(_set_attributes, " ".join(QUEUE_ATTRIBUTES)),),
    delete=call("delete_queue", QueueUrl="$id"),
    tags=tags.of("queue", "tags", call("list_queue_tags", QueueUrl="$id"), QueueUrl="$id"),
    naming=lambda name, inputs: f"{name}.fifo" if inputs.get("fifoQueue") else name,
)


def _queue_policy(scope: Scope) -> Any:
    found = scope.call("get_queue_attributes", QueueUrl=scope.id, AttributeNames=["Policy"]).get("Attributes", {})
    return {"Policy": found["Policy"], "QueueUrl": scope.id} if found.get("Policy") else None


_PUT_POLICY: Final = call("set_queue_attributes", "queueUrl", Attributes={"Policy": "$policy"})

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


def _rule_id(values: Mapping[str, Any]) -> str:
    bus, name = values.get("eventBusName", "default"), values["name"]
    return name if bus == "default" else f"{bus}/{name}"


_RULE: Final = call(
    "put_rule",
    "name description eventBusName eventPattern roleArn scheduleExpression state",
    {"Description": ""},
)


def _put_rule(scope: Scope) -> None:
    """State comes from `state`, or from `isEnabled`, which pulumi-aws still takes; only a new rule takes tags."""
    values = dict(scope.values)
    if "isEnabled" in values and "state" not in values:
        values["state"] = "ENABLED" if values["isEnabled"] else "DISABLED"
    scope.call("put_rule", **_RULE.parameters(replace(scope, values=values)), **({} if scope.id else scope.tagging))


def _read_rule(scope: Scope) -> Any:
    return scope.call("describe_rule", **_bus_rule(scope.id))


_PUT_RULE: Final = Custom(_put_rule, " ".join([*_RULE.same, "isEnabled"]))

EVENT_RULE: Final = Kind(
    type="aws:cloudwatch/eventRule:EventRule",
    noun="EventBridge Rule",
    service="events",
    create=_PUT_RULE,
    id=_rule_id,
    read=Read(Custom(_read_rule), more=lambda _, found: {"isEnabled": found["State"] == "ENABLED"}),
    changes=(_PUT_RULE,),
    delete=Custom(lambda scope: scope.call("delete_rule", **_bus_rule(scope.id))),
    tags=tags.of(
        "resource",
        read=Custom(lambda scope: scope.call("list_tags_for_resource", ResourceARN=_read_rule(scope)["Arn"])),
        ResourceARN="$arn",
    ),
    conflicts=(frozenset({"state", "isEnabled"}),),
)

TARGET_INPUTS: Final = "targetId arn roleArn input inputPath inputTransformer deadLetterConfig retryPolicy sqsTarget"
"""Properties of the target itself."""


def _of_rule(scope: Scope) -> dict[str, str]:
    return {"Rule": scope.values["rule"], "EventBusName": scope.values.get("eventBusName", "default")}


def _target_id(values: Mapping[str, Any]) -> str:
    bus = values.get("eventBusName", "default")
    return f"{'' if bus == 'default' else bus + '-'}{values['rule']}-{values['targetId']}"


def _put_target(scope: Scope) -> None:
    """EventBridge reports failed entries in a successful answer."""
    shape = scope.client().meta.service_model.shape_for("Target")
    values = {name: scope.values[name] for name in TARGET_INPUTS.split() if scope.values.get(name) is not None}
    answer = scope.call("put_targets", **_of_rule(scope), Targets=[to_aws(values, shape, scope.facts.inputs)])
    for entry in answer.get("FailedEntries", ()):
        raise PluginError(f"creating {scope.label}: {entry['ErrorCode']}: {entry['ErrorMessage']}")


def _read_target(scope: Scope) -> dict[str, Any] | None:
    rule = _of_rule(scope)
    targets = scope.call("list_targets_by_rule", **rule)["Targets"]
    return next(({**item, **rule} for item in targets if item["Id"] == scope.values["targetId"]), None)


def _remove_target(scope: Scope) -> None:
    ignoring_gone(scope.client().remove_targets, **_of_rule(scope), Ids=[scope.values["targetId"]])


_PUT_TARGET: Final = Custom(_put_target, f"rule eventBusName {TARGET_INPUTS}")

EVENT_TARGET: Final = Kind(
    type="aws:cloudwatch/eventTarget:EventTarget",
    noun="EventBridge Target",
    service="events",
    create=_PUT_TARGET,
    id=_target_id,
    read=Read(Custom(_read_target)),
    changes=(_PUT_TARGET,),
    delete=Custom(_remove_target),
    import_id="{rule}/{targetId}",
    label="targetId",
    conflicts=(frozenset({"input", "inputPath", "inputTransformer"}),),
)

KINDS: Final = (QUEUE, QUEUE_POLICY, EVENT_RULE, EVENT_TARGET)
