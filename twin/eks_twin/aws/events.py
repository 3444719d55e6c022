"""EventBridge: what AWS refuses and moto accepts, and deliveries that AWS would not make.

moto delivers from disabled rules and into queues whose policy does not let EventBridge in; `make_deliveries_honest`
replaces the two methods of moto's Rule that do so. It is the only patch of moto's events package.
"""

import json
import re
from typing import Any

from moto.events.models import Rule, events_backends
from moto.sqs.models import sqs_backends

from eks_twin.aws.calls import AwsError, Call
from eks_twin.aws.principals import ACCOUNT
from eks_twin.aws.sqs import lets_in

TARGETS_PER_RULE_MAX = 5
"""Quota "Targets per rule" (EventBridge user guide)."""
TARGET_SERVICES = ("sqs", "logs")
"""Services whose ARNs can be targets here; moto delivers to these."""
_ARN = re.compile(r"arn:aws:(?P<service>\w+):(?P<region>[\w-]+):(?P<account>\d{12}):(?P<resource>.+)")


def emit(region: str, detail_type: str, detail: dict[str, Any], resources: list[str]) -> None:
    """Put an event of EC2's own on the default bus; customers may not use the source aws.*."""
    put(region, {"Source": "aws.ec2", "DetailType": detail_type, "Detail": json.dumps(detail), "Resources": resources})


def put(region: str, event: dict[str, Any]) -> None:
    """Put an event of an AWS service on the default bus."""
    events_backends[ACCOUNT][region].put_events([event])


def check_put_events(call: Call) -> None:
    """Refuse events in AWS's own name."""
    for entry in call.parameters["Entries"]:
        if str(entry.get("Source", "")).startswith("aws."):
            why = "only AWS services send it (in the twin: POST /_twin/events)"
            message = f"Not authorized for the source {entry['Source']}: {why}."
            raise AwsError("NotAuthorizedForSourceException", message)


def check_put_targets(call: Call) -> None:
    """Refuse targets that do not exist or that the twin cannot deliver to, and more of them than the quota."""
    backend = events_backends[ACCOUNT][call.region]
    bus = backend.describe_event_bus(call.get("EventBusName") or "default")
    rule = bus.rules.get(call.parameters["Rule"])
    ids = {target["Id"] for target in rule.targets} if rule else set()
    ids |= {target["Id"] for target in call.parameters["Targets"]}
    if len(ids) > TARGETS_PER_RULE_MAX:
        raise AwsError("LimitExceededException", f"A rule has at most {TARGETS_PER_RULE_MAX} targets, not {len(ids)}")
    for target in call.parameters["Targets"]:
        _check_target(target)


def _check_target(target: dict[str, Any]) -> None:
    match = _ARN.fullmatch(target["Arn"])
    if match is None:
        raise AwsError("ValidationException", f"Parameter {target['Arn']} is not valid. Reason: it is no ARN.")
    if match["service"] not in TARGET_SERVICES:
        raise AwsError(
            "ValidationException", f"the twin delivers to {', '.join(TARGET_SERVICES)}, not to {target['Arn']}"
        )
    if match["service"] == "sqs" and match["resource"] not in sqs_backends[ACCOUNT][match["region"]].queues:
        raise AwsError("ResourceNotFoundException", f"The target queue {target['Arn']} does not exist")
    unread = sorted({"Input", "InputPath", "InputTransformer"} & {k for k, v in target.items() if v is not None})
    if unread:
        raise AwsError("ValidationException", f"the twin does not model {', '.join(unread)} of a target; leave it out")


def make_deliveries_honest() -> None:
    """Let moto's rules deliver only when they are enabled and the queue lets EventBridge in."""
    send, send_to_queue = Rule.send_to_targets, Rule._send_to_sqs_queue  # noqa: SLF001  the method that delivers

    def send_to_targets(self: Rule, original_event: Any, transform_input: bool = True) -> None:  # noqa: FBT001, FBT002  moto's signature
        if self.state != "DISABLED":
            send(self, original_event, transform_input)

    def send_if_let_in(self: Rule, resource_id: str, event: dict[str, Any], group_id: str | None = None) -> None:
        if lets_in(self.region_name, resource_id, "events.amazonaws.com", self.arn):
            send_to_queue(self, resource_id, {**event, "account": ACCOUNT}, group_id)  # moto leaves the account out

    Rule.send_to_targets = send_to_targets  # type: ignore[method-assign]
    Rule._send_to_sqs_queue = send_if_let_in  # type: ignore[method-assign]  # noqa: SLF001  as above


CHECKS = {"PutEvents": check_put_events, "PutTargets": check_put_targets}
