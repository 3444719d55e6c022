"""Between Pulumi's values and AWS's parameters, guided by botocore's shapes on one side and types.json on the other.

The two differ in the case of names, in plurals (Pulumi's lists end in s), in single objects that are lists of one in
AWS, and in maps that are lists of Key and Value. What still differs is named by `from` in types.json.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from botocore.model import ListShape, MapShape, Shape, StructureShape

from eks_twin.plugins import facts
from eks_twin.plugins.checking import InvalidValueError, scalar
from eks_twin.plugins.facts import Property

ANY: Final = Property("any")
PAIRS: Final = (("Key", "Value"), ("TagKey", "TagValue"))
"""Members of the items where AWS writes a map as a list; KMS has names of its own."""


class UnmodelledError(ValueError):
    """A value has no place in the AWS call that would carry it."""


def member_name(shape: StructureShape, name: str, rule: Property) -> str | None:
    """The member of `shape` that carries the Pulumi property `name`."""
    known: Any = shape.members  # a cached property, which the type checker does not see through
    return rule.source if rule.source in known else _match(name, known)


def _match(name: str, candidates: Iterable[str]) -> str | None:
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    return next((by_lower[s] for s in spellings(name) if s in by_lower), None)


def spellings(name: str) -> list[str]:
    """The lower-case names under which AWS may know the Pulumi property `name`, most likely first."""
    low = name.lower()
    singular = [f"{low[:-3]}y"] if low.endswith("ies") else [low[:-1]] if low.endswith("s") else []
    return [low, *singular, f"{low}s"]


def to_aws(values: Mapping[str, Any], shape: StructureShape, properties: Mapping[str, Property], path: str = "") -> Any:
    """`values` of `properties` as members of `shape`; raises UnmodelledError for what `shape` has no place for."""
    known: Any = shape.members
    result: dict[str, Any] = {}
    for name, value in values.items():
        rule = properties.get(name, ANY)
        member = member_name(shape, name, rule)
        if member is None:
            raise UnmodelledError(f"{path}{name}: {shape.name} of AWS has no place for it")
        result[member] = _aws(value, known[member], rule.type, f"{path}{name}")
    return result


def _aws(value: Any, shape: Shape, type_: str, path: str) -> Any:
    if isinstance(shape, StructureShape):
        members: Any = shape.members
        if list(members) == ["Value"] and not isinstance(value, Mapping):  # EC2's AttributeBooleanValue
            return {"Value": value}
        return to_aws(value, shape, facts.members(type_), f"{path}.")
    if isinstance(shape, ListShape):
        return _list(value, shape, type_, path)
    if isinstance(shape, MapShape):
        inner: Any = shape.value
        return {key: _aws(item, inner, "any", f"{path}.{key}") for key, item in value.items()}
    if shape.type_name == "blob":
        return base64.b64decode(value)
    kind = {"integer": "integer", "long": "integer", "boolean": "boolean", "double": "number", "float": "number"}
    return scalar(value, path, kind.get(shape.type_name, "string"))


def _list(value: Any, shape: ListShape, type_: str, path: str) -> list[Any]:
    element: Any = shape.member
    pair = next((pair for pair in PAIRS if set(pair) <= set(getattr(element, "members", ()))), None)
    if pair and isinstance(value, Mapping):
        return [dict(zip(pair, entry, strict=True)) for entry in value.items()]
    items = value if isinstance(value, list) else [value]  # Pulumi turns lists of at most one into objects
    return [_aws(item, element, type_.removesuffix("[]"), f"{path}[{i}]") for i, item in enumerate(items)]


def from_aws(answer: Mapping[str, Any], properties: Mapping[str, Property]) -> dict[str, Any]:
    """What `answer` says of `properties`."""
    result: dict[str, Any] = {}
    for name, rule in properties.items():
        path = rule.source or _match(name, answer)
        value = dig(answer, path) if path else None
        block = facts.reference(facts.alternatives(rule.type)[0])
        if value is not None and not (block and value == []):  # an empty list is an object that is not there
            result[name] = _pulumi(value, rule.type, name)
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
    option = facts.alternatives(type_)[0]
    if item := facts.element(option):
        items = value if isinstance(value, list) else [value]
        return [_pulumi(entry, item, f"{path}[{i}]") for i, entry in enumerate(items)]
    if item := facts.values_of(option):
        return {key: _pulumi(entry, item, f"{path}.{key}") for key, entry in _entries(value).items()}
    if facts.reference(option):
        return from_aws(value[0] if isinstance(value, list) else value, facts.members(option))
    return _scalar(value, option, path)


def _entries(value: Any) -> Mapping[str, Any]:
    """A map, also where AWS writes a list of pairs."""
    if isinstance(value, Mapping):
        return value
    return {item[key]: item.get(text) for item in value for key, text in PAIRS if key in item}


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
