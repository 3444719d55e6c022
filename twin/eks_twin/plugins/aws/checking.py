"""Validation of a program's inputs against types.json, with the coercions that Pulumi's bridge allows."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eks_twin.plugins.base import UNKNOWN, Failure
from eks_twin.plugins.wire import has_unknown

from . import schema
from .schema import Property

DEFAULTS = "__defaults"
"""Key under which the bridge keeps, at every object level, the names of the properties that Check filled in."""


class InvalidValueError(ValueError):
    """A value does not fit its type; `path` names it inside the inputs."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def checked(
    inputs: Mapping[str, Any], properties: Mapping[str, Property], owner: str
) -> tuple[dict[str, Any], list[Failure]]:
    """`inputs` without nulls and with scalars in their declared type, and a failure for each that does not fit."""
    good: dict[str, Any] = {}
    failures = list(_missing(inputs, properties, owner))
    for name, value in inputs.items():
        if name == DEFAULTS or value is None:
            continue
        try:
            good[name] = _property(value, name, properties, owner)
        except InvalidValueError as error:
            failures.append(Failure(error.path, f"{owner}: {error}"))
    return good, failures


def _missing(inputs: Mapping[str, Any], properties: Mapping[str, Property], owner: str) -> Iterator[Failure]:
    for name, facts in properties.items():
        if facts.required and inputs.get(name) is None:
            yield Failure(name, f"{owner}: {name}: a value is required")


def _property(value: Any, path: str, properties: Mapping[str, Property], owner: str) -> Any:
    name = path.rpartition(".")[2]
    if name not in properties:
        near = difflib.get_close_matches(name, properties, 1)
        raise InvalidValueError(path, f"{owner} has no such property" + (f"; did you mean {near[0]}?" if near else ""))
    facts = properties[name]
    if facts.json and not isinstance(value, str):
        return UNKNOWN if has_unknown(value) else json.dumps(value, separators=(",", ":"))
    return _value(value, path, facts.type)


def _value(value: Any, path: str, type_: str) -> Any:
    if value is UNKNOWN or type_ == "any":
        return value
    options = schema.alternatives(type_)
    if len(options) > 1:
        return _either(value, path, options)
    if item := schema.element(type_):
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise InvalidValueError(path, f"expected a list, got {value!r}")
        return [_value(entry, f"{path}[{i}]", item) for i, entry in enumerate(value) if entry is not None]
    if item := schema.values_of(type_):
        entries = _mapping(value, path)
        return {k: _value(v, f"{path}.{k}", item) for k, v in entries.items() if v is not None and k != DEFAULTS}
    if token := schema.reference(type_):
        return _object(value, path, token)
    return scalar(value, path, type_)


def _either(value: Any, path: str, options: Sequence[str]) -> Any:
    trouble: list[str] = []
    for option in options:
        try:
            return _value(value, path, option)
        except InvalidValueError as error:
            trouble.append(error.reason)
    raise InvalidValueError(path, " or ".join(dict.fromkeys(trouble)))


def _mapping(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidValueError(path, f"expected an object, got {value!r}")
    return value


def _object(value: Any, path: str, token: str) -> Any:
    if allowed := schema.enumeration(token):
        if value not in allowed:
            raise InvalidValueError(path, f"expected one of {', '.join(allowed)}, got {value!r}")
        return value
    properties = schema.object_type(token)
    entries = _mapping(value, path)
    for name, facts in properties.items():
        if facts.required and entries.get(name) is None:
            raise InvalidValueError(f"{path}.{name}", "a value is required")
    owner = token.rpartition(":")[2]
    return {
        k: _property(v, f"{path}.{k}", properties, owner) for k, v in entries.items() if v is not None and k != DEFAULTS
    }


def scalar(value: Any, path: str, type_: str) -> Any:
    """`value` as `type_`, converted between text and the other scalars where nothing is lost, as the bridge does."""
    if isinstance(value, bool):
        result = {"boolean": value, "string": "true" if value else "false"}.get(type_)
    elif isinstance(value, int | float):
        whole = float(value).is_integer()
        result = {"string": str(value), "number": value, "integer": int(value) if whole else None}.get(type_)
    elif isinstance(value, str):
        result = _parsed(value, type_)
    else:
        result = None
    if result is None:
        raise InvalidValueError(path, f"expected {type_}, got {value!r}")
    return result


def _parsed(text: str, type_: str) -> Any:
    if type_ == "string":
        return text
    if type_ == "boolean":
        return {"true": True, "false": False}.get(text)
    try:
        return int(text) if type_ == "integer" else float(text)
    except ValueError:
        return None
