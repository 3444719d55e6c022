"""Input rules that AWS checks on its side and botocore leaves to it: enum, maximum, pattern, length.

botocore's own models carry them; its client checks names, types, required members and minimums only.
"""

import re
from collections.abc import Iterator
from typing import Any

from eks_twin.aws.calls import AwsError, Call
from eks_twin.aws.protocol import input_shape

STRICT: dict[str, str] = {
    "ec2": "InvalidParameterValue",
    "eks": "InvalidParameterException",
    "events": "ValidationException",
    "iam": "ValidationError",
    "kms": "ValidationException",
    "logs": "InvalidParameterException",
    "ssm": "ValidationException",
}
"""Service → the code with which it refuses input outside of its model.

Not SQS: its service takes message attribute names where its model lists queue attribute names only.
"""


LOOSE = frozenset({"InstanceType", "PlacementGroupArn"})
"""Shapes whose rule is not applied: EC2 has a code of its own for an unknown type, and the ARN's pattern fits none."""


def validate(call: Call) -> None:
    """Refuse input outside of the service's model, all problems at once, each with its path and rule."""
    code = STRICT.get(call.service)
    shape = input_shape(call.service, call.action) if code else None
    if code is None or shape is None:
        return
    problems = list(_problems(shape, call.parameters, call.action))
    if problems:
        raise AwsError(code, f"{len(problems)} validation error(s) detected: {'; '.join(problems)}")


def _problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    if value is None:
        return
    yield from _missing(shape, value, path)
    children = {"structure": _structure, "list": _list, "map": _map}.get(shape.type_name)
    if children:
        yield from children(shape, value, path)
    else:
        yield from _scalar(shape, value, path)


def _missing(shape: Any, value: Any, path: str) -> Iterator[str]:
    for name in getattr(shape, "required_members", ()):
        if name not in value:
            yield f"{path}.{name}: is required"


def _structure(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    for key, item in value.items():
        if key in shape.members:
            yield from _problems(shape.members[key], item, f"{path}.{key}")


def _list(shape: Any, value: list[Any], path: str) -> Iterator[str]:
    if len(value) > shape.metadata.get("max", len(value)):
        yield f"{path}: {len(value)} items, at most {shape.metadata['max']} are allowed"
    for index, item in enumerate(value):
        yield from _problems(shape.member, item, f"{path}[{index}]")


def _map(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    for key, item in value.items():
        yield from _problems(shape.key, key, f"{path}.<key {key}>")
        yield from _problems(shape.value, item, f"{path}.{key}")


def _scalar(shape: Any, value: Any, path: str) -> Iterator[str]:
    rules = shape.metadata
    if shape.name in LOOSE:
        return
    if isinstance(value, str):
        enum = getattr(shape, "enum", None)
        if enum and value not in enum:
            yield f"{path}: '{value}' is not one of {', '.join(enum)}"
        if not rules.get("min", 0) <= len(value) <= rules.get("max", len(value)):
            yield f"{path}: length {len(value)} is outside of {rules.get('min', 0)}..{rules.get('max')}"
        if "pattern" in rules and not _matches(rules["pattern"], value):
            yield f"{path}: '{value}' does not match {rules['pattern']}"
    elif not isinstance(value, int | float) or isinstance(value, bool):
        return
    elif not rules.get("min", value) <= value <= rules.get("max", value):
        yield f"{path}: {value} is outside of {rules.get('min')}..{rules.get('max')}"


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value, re.DOTALL) is not None
    except re.error:  # Java-only syntax such as \p{L}: Python cannot tell, so the rule is not applied
        return True
