"""The facts of types.json as values: what a resource type or function takes, and what it gives."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

FILE: Final = Path(__file__).with_name("types.json")
SCALARS: Final = ("string", "boolean", "integer", "number")
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True)
class Property:
    """One property of an input, an output or a nested object; README.md beside this file says what each key means."""

    type: str
    required: bool = False
    replace: bool | str = False
    default: Any = None
    computed: bool = False
    json: bool = False
    local: bool = False
    means: str = ""
    source: str = ""
    """The key `from`."""
    as_reported: bool = False


@dataclass(frozen=True)
class AutoName:
    """The property that gets a generated name."""

    property: str
    max_length: int


@dataclass(frozen=True)
class ResourceType:
    """Inputs, outputs and rules of one type or function."""

    inputs: Mapping[str, Property]
    outputs: Mapping[str, Property]
    """Only what is not an input; every input is an output too."""
    auto_name: AutoName | None = None
    delete_before_replace: bool = False

    @property
    def properties(self) -> dict[str, Property]:
        """Inputs and outputs."""
        return {**self.inputs, **self.outputs}

    def at(self, path: str) -> Property:
        """The property at a dotted path; what has no facts, such as a tag, is of any type."""
        inside, facts = self.properties, Property("any")
        for name in path.split("."):
            facts = inside.get(name, Property("any"))
            inside = members(facts.type)
        return facts


def _property(facts: str | Mapping[str, Any]) -> Property:
    if isinstance(facts, str):
        return Property(facts)
    known = {"from": "source", "asReported": "as_reported"}
    return Property(**{known.get(key, key): value for key, value in facts.items()})


def _properties(facts: Mapping[str, Any]) -> dict[str, Property]:
    return {name: _property(value) for name, value in facts.items()}


@cache
def _facts() -> dict[str, Any]:
    return json.loads(FILE.read_text())


@cache
def version() -> str:
    """The pulumi-aws version whose surface is served."""
    return _facts()["version"]


@cache
def resource_types() -> Mapping[str, ResourceType]:
    """Every resource type of types.json by token."""
    return {token: _resource(facts) for token, facts in _facts()["resources"].items()}


def _resource(facts: Mapping[str, Any]) -> ResourceType:
    naming = facts.get("autoName")
    return ResourceType(
        inputs=_properties(facts["inputs"]),
        outputs=_properties(facts["outputs"]),
        auto_name=AutoName(naming["property"], naming["maxLength"]) if naming else None,
        delete_before_replace=facts.get("deleteBeforeReplace", False),
    )


@cache
def functions() -> Mapping[str, ResourceType]:
    """Every function of types.json by token; none has the rules of a resource."""
    return {token: _resource(facts) for token, facts in _facts()["functions"].items()}


@cache
def object_type(token: str) -> Mapping[str, Property]:
    """The properties of the nested type `token`; empty for an enumeration."""
    facts = _facts()["types"][token]
    return {} if "enum" in facts else _properties(facts)


@cache
def enumeration(token: str) -> tuple[str, ...]:
    """The values of the enumeration `token`; empty for an object type."""
    return tuple(_facts()["types"][token].get("enum", ()))


def members(type_: str) -> Mapping[str, Property]:
    """The properties of the objects that a value of `type_` is or lists; empty where it holds none."""
    token = reference(type_.removesuffix("[]"))
    return object_type(token) if token else {}


def alternatives(type_: str) -> list[str]:
    """The types that a value of `type_` may have, each without a `|` at its own level."""
    return re.split(r"\|(?![^<]*>)", type_)


def element(type_: str) -> str | None:
    """T of `T[]`, else None."""
    return type_[:-2] if type_.endswith("[]") else None


def values_of(type_: str) -> str | None:
    """T of `map<T>`, else None."""
    return type_[4:-1] if type_.startswith("map<") and type_.endswith(">") else None


def reference(type_: str) -> str | None:
    """The token of `#token`, else None."""
    return type_[1:] if type_.startswith("#") and element(type_) is None else None
