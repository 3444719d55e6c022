"""Validation of a program's inputs against the facts of its SDK, with the coercions that Pulumi's bridge allows."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi import Output

from . import facts
from .facts import Property
from .wire import UNKNOWN, has_unknown

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
) -> tuple[dict[str, Any], list[InvalidValueError]]:
    """`inputs` without nulls and with scalars in their declared type, and an error for each that does not fit."""
    good: dict[str, Any] = {}
    errors: list[InvalidValueError] = []
    for name, value in inputs.items():
        if name == DEFAULTS or value is None:
            continue
        try:
            good[name] = _property(value, name, properties, owner)
        except InvalidValueError as error:
            errors.append(error)
    return good, [*_missing(inputs, properties, ""), *errors]


def _missing(inputs: Mapping[str, Any], properties: Mapping[str, Property], path: str) -> Iterator[InvalidValueError]:
    for name, rule in properties.items():
        if rule.required and inputs.get(name) is None:
            yield InvalidValueError(f"{path}{name}", "a value is required")


def _property(value: Any, path: str, properties: Mapping[str, Property], owner: str) -> Any:
    name = path.rpartition(".")[2]
    if name not in properties:
        near = difflib.get_close_matches(name, properties, 1)
        raise InvalidValueError(path, f"{owner} has no such property" + (f"; did you mean {near[0]}?" if near else ""))
    rule = properties[name]
    if rule.json and not isinstance(value, str):
        return UNKNOWN if has_unknown(value) else json.dumps(value, separators=(",", ":"))
    return _value(value, path, rule.type)


def _value(value: Any, path: str, type_: str) -> Any:
    if value is UNKNOWN or isinstance(value, Output) or type_ == "any" or type_.startswith("@"):  # @ is a resource
        return value
    options = facts.alternatives(type_)
    if len(options) > 1:
        return _either(value, path, options)
    if item := facts.element(type_):
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise InvalidValueError(path, f"expected a list, got {value!r}")
        return [_value(entry, f"{path}[{i}]", item) for i, entry in enumerate(value) if entry is not None]
    if item := facts.values_of(type_):
        entries = _mapping(value, path)
        return {k: _value(v, f"{path}.{k}", item) for k, v in entries.items() if v is not None and k != DEFAULTS}
    if token := facts.reference(type_):
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
    properties = facts.object_type(token)
    if properties is None:
        return value
    if allowed := facts.enumeration(token):
        if value not in allowed:
            raise InvalidValueError(path, f"expected one of {', '.join(allowed)}, got {value!r}")
        return value
    owner = token.rpartition(":")[2]
    entries = {k: v for k, v in _mapping(value, path).items() if v is not None and k != DEFAULTS}
    result = {name: _property(item, f"{path}.{name}", properties, owner) for name, item in entries.items()}
    for error in _missing(entries, properties, f"{path}."):
        raise error
    return result


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
