"""SQS: attribute ranges that moto does not check, and whether a queue lets an AWS service send.

Ranges: SQS API reference, SetQueueAttributes.
"""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from moto.sqs.models import sqs_backends

from eks_twin.aws.calls import AwsError, Call
from eks_twin.aws.principals import ACCOUNT

RANGES: Mapping[str, tuple[int, int]] = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
}
OTHERS = frozenset(
    {
        "ContentBasedDeduplication", "DeduplicationScope", "FifoQueue", "FifoThroughputLimit", "KmsMasterKeyId",
        "Policy", "RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled",
    }
)  # fmt: skip
AWS_MANAGED_KEY = "alias/aws/sqs"
"""Its key policy lets no AWS service in, and nobody can change it."""


def check_attributes(call: Call) -> None:
    """Refuse unknown attributes, numbers out of range and a policy that is no JSON object."""
    for name, value in call.get("Attributes", {}).items():
        if name in RANGES:
            low, high = RANGES[name]
            if not (value.isdecimal() and low <= int(value) <= high):
                message = (
                    f"Invalid value for the parameter {name}: {value}; it must be an integer from {low} to {high}."
                )
                raise AwsError("InvalidAttributeValue", message)
        elif name not in OTHERS:
            raise AwsError("InvalidAttributeName", f"Unknown Attribute {name}.")
        elif name == "Policy" and value:
            _check_policy(value)


def _check_policy(text: str) -> None:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise AwsError("InvalidAttributeValue", f"Invalid value for the parameter Policy: {error}.") from error
    if not isinstance(document, dict) or not document.get("Statement"):
        raise AwsError("InvalidAttributeValue", "Invalid value for the parameter Policy: it has no Statement.")


def lets_in(region: str, queue_name: str, service: str, source_arn: str) -> bool:
    """Tell whether a queue's policy and key let an AWS service send a message on behalf of a resource."""
    queue: Any = sqs_backends[ACCOUNT][region].queues.get(queue_name)
    if queue is None or queue.kms_master_key_id == AWS_MANAGED_KEY:
        return False
    document = json.loads(queue.policy or "{}")
    context = {"aws:securetransport": "true", "aws:sourcearn": source_arn, "aws:sourceaccount": ACCOUNT}
    effects = {
        statement.get("Effect")
        for statement in _as_list(document.get("Statement"))
        if _names(statement, service) and _covers(statement, queue.queue_arn) and _holds(statement, context)
    }
    return "Allow" in effects and "Deny" not in effects


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _names(statement: Mapping[str, Any], service: str) -> bool:
    principal = statement.get("Principal")
    everyone = principal == "*" or (isinstance(principal, dict) and "*" in _as_list(principal.get("AWS")))
    return everyone or (isinstance(principal, dict) and service in _as_list(principal.get("Service")))


def _covers(statement: Mapping[str, Any], arn: str) -> bool:
    actions, resources = _as_list(statement.get("Action")), _as_list(statement.get("Resource"))
    action = any(fnmatchcase("sqs:sendmessage", pattern.lower()) for pattern in actions)
    return action and any(fnmatchcase(arn, pattern) for pattern in resources)


def _holds(statement: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """Evaluate the conditions; one with a key that EventBridge does not send is false, as in IAM."""
    return all(
        any(
            fnmatchcase(context.get(key.lower(), ""), str(pattern).lower() if operator == "Bool" else str(pattern))
            for pattern in _as_list(wanted)
        )
        for operator, pairs in (statement.get("Condition") or {}).items()
        for key, wanted in pairs.items()
    )


def set_queue_attributes(call: Call) -> dict[str, Any]:
    """Change the named attributes of a queue; moto forgets its policy when the call does not repeat it."""
    check_attributes(call)
    name = call.parameters["QueueUrl"].rsplit("/", 1)[-1]
    backend, attributes = sqs_backends[ACCOUNT][call.region], dict(call.get("Attributes", {}))
    policy = backend.get_queue(name).policy
    backend.set_queue_attributes(name, {"Policy": policy} | attributes)
    return {}


HANDLERS = {"SetQueueAttributes": set_queue_attributes}
CHECKS = {"CreateQueue": check_attributes}
