"""Between Pulumi's values and AWS's parameters, guided by botocore's shapes on one side and types.json on the other.

The two differ in the case of names, in plurals (Pulumi's lists end in s), in single objects that are lists of one in
AWS, and in maps that are lists of Key and Value. What still differs has a name in `RENAMED`.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from botocore.model import ListShape, MapShape, Shape, StructureShape

from . import schema
from .checking import InvalidValueError, scalar
from .schema import Property

RENAMED: Final[Mapping[tuple[str, str], str]] = {
    # (AWS structure, Pulumi property) → AWS member, where no rule of spelling connects them
    ("RequestLaunchTemplateData", "vpcSecurityGroupIds"): "SecurityGroupIds",
    ("ResponseLaunchTemplateData", "vpcSecurityGroupIds"): "SecurityGroupIds",
    ("RequestLaunchTemplateData", "securityGroupNames"): "SecurityGroups",
    ("ResponseLaunchTemplateData", "securityGroupNames"): "SecurityGroups",
    ("LaunchTemplateInstanceNetworkInterfaceSpecificationRequest", "securityGroups"): "Groups",
    ("LaunchTemplateInstanceNetworkInterfaceSpecification", "securityGroups"): "Groups",
    ("InputTransformer", "inputPaths"): "InputPathsMap",
}


class UnmodelledError(ValueError):
    """A value has no place in the AWS call that would carry it."""


def member_name(shape: StructureShape, name: str) -> str | None:
    """The member of `shape` that carries the Pulumi property `name`."""
    if renamed := RENAMED.get((shape.name, name)):
        return renamed
    members: Any = shape.members
    return _match(name, members)


def _match(name: str, candidates: Iterable[str]) -> str | None:
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    return next((by_lower[s] for s in spellings(name) if s in by_lower), None)


def spellings(name: str) -> list[str]:
    """The lower-case names under which AWS may know the Pulumi property `name`, most likely first."""
    low = name.lower()
    singular = [f"{low[:-3]}y"] if low.endswith("ies") else [low[:-1]] if low.endswith("s") else []
    return [low, *singular, f"{low}s"]


def to_aws(value: Any, shape: Shape, path: str) -> Any:
    """`value` as a parameter of `shape`; raises UnmodelledError for what `shape` cannot carry."""
    if isinstance(shape, StructureShape):
        return _structure(value, shape, path)
    if isinstance(shape, ListShape):
        return _list(value, shape, path)
    if isinstance(shape, MapShape):
        inner: Any = shape.value
        return {key: to_aws(item, inner, f"{path}.{key}") for key, item in value.items()}
    if shape.type_name == "blob":
        return base64.b64decode(value)
    kind = {"integer": "integer", "long": "integer", "boolean": "boolean", "double": "number", "float": "number"}
    return scalar(value, path, kind.get(shape.type_name, "string"))


def _structure(value: Any, shape: StructureShape, path: str) -> dict[str, Any]:
    members: Any = shape.members  # a cached property, which the type checker does not see through
    if list(members) == ["Value"] and not isinstance(value, Mapping):  # EC2's AttributeBooleanValue
        return {"Value": value}
    result: dict[str, Any] = {}
    for name, item in value.items():
        member = member_name(shape, name)
        if member is None:
            raise UnmodelledError(f"{path}.{name}: {shape.name} of AWS has no place for it")
        result[member] = to_aws(item, members[member], f"{path}.{name}")
    return result


def _list(value: Any, shape: ListShape, path: str) -> list[Any]:
    element: Any = shape.member
    members = getattr(element, "members", {})
    if isinstance(value, Mapping) and {"Key", "Value"} <= set(members):
        return [{"Key": key, "Value": item} for key, item in value.items()]
    items = value if isinstance(value, list) else [value]  # Pulumi turns lists of at most one into objects
    return [to_aws(item, element, f"{path}[{i}]") for i, item in enumerate(items)]


def from_aws(
    answer: Mapping[str, Any], properties: Mapping[str, Property], names: Mapping[str, str | None]
) -> dict[str, Any]:
    """What `answer` says of `properties`; `names` has the dotted paths of those that AWS calls otherwise."""
    result: dict[str, Any] = {}
    for name, facts in properties.items():
        if name in names:
            path = names[name]
            value = None if path is None else dig(answer, path)
        else:
            member = _match(name, answer)
            value = answer[member] if member else None
        empty_block = value == [] and schema.reference(
            schema.alternatives(facts.type)[0]
        )  # an object that is not there
        if value is not None and not empty_block:
            result[name] = _pulumi(value, facts.type, name)
    return result


def dig(answer: Any, path: str) -> Any:
    """The value at a dotted path such as `Attachments.0.VpcId`, None where it ends early; "" is the answer itself."""
    for step in path.split(".") if path else ():
        if isinstance(answer, list):
            answer = answer[int(step)] if int(step) < len(answer) else None
        elif isinstance(answer, Mapping):
            answer = answer.get(step)
        else:
            return None
    return answer


def _pulumi(value: Any, type_: str, path: str) -> Any:
    option = schema.alternatives(type_)[0]
    if item := schema.element(option):
        items = value if isinstance(value, list) else [value]
        return [_pulumi(entry, item, f"{path}[{i}]") for i, entry in enumerate(items)]
    if item := schema.values_of(option):
        return {key: _pulumi(entry, item, f"{path}.{key}") for key, entry in _entries(value).items()}
    if token := schema.reference(option):
        return _object(value[0] if isinstance(value, list) else value, token)
    return _scalar(value, option, path)


def _entries(value: Any) -> Mapping[str, Any]:
    """A map, also where AWS writes a list of Key and Value (KMS: TagKey and TagValue)."""
    if isinstance(value, Mapping):
        return value
    return {item.get("Key", item.get("TagKey")): item.get("Value", item.get("TagValue")) for item in value}


def _object(value: Mapping[str, Any], token: str) -> dict[str, Any]:
    names = {
        name: renamed
        for (_, name), renamed in RENAMED.items()
        if renamed in value and name in schema.object_type(token)
    }
    return from_aws(value, schema.object_type(token), names)


def _scalar(value: Any, type_: str, path: str) -> Any:
    if type_ == "any":
        return value
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Mapping) and set(value) == {"Value"}:
        return _scalar(value["Value"], type_, path)
    if isinstance(value, Mapping | list):  # boto3 decodes IAM's documents
        if type_ != "string":
            raise InvalidValueError(path, f"expected {type_}, AWS answered {value!r}")
        if isinstance(value, list):
            return _scalar(value[0], type_, path) if value else ""
        return json.dumps(value, separators=(",", ":"))
    return scalar(value, path, type_)
