"""What the published SDKs say of properties and nested types, from the JSON files beside the plugins.

The files share one notation, which aws/README.md explains; a token names its package, and the package its file.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

FILES: Final[Mapping[str, str]] = {"aws": "aws/types.json", "eks": "eks/surface.json"}


@dataclass(frozen=True)
class Property:
    """One property of an input, an output or a nested object; the keys mean what aws/README.md says."""

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


@cache
def package(name: str) -> dict[str, Any]:
    """The whole file of a package; empty for one without a file."""
    return json.loads((Path(__file__).parent / FILES[name]).read_text()) if name in FILES else {}


def properties(facts: Mapping[str, Any]) -> dict[str, Property]:
    """Name → property for an object of such a file."""
    return {name: _property(value) for name, value in facts.items()}


def _property(facts: str | Mapping[str, Any]) -> Property:
    if isinstance(facts, str):
        return Property(facts)
    known = {"from": "source", "asReported": "as_reported"}
    return Property(**{known.get(key, key): value for key, value in facts.items()})


def _type(token: str) -> Mapping[str, Any] | None:
    return package(token.partition(":")[0]).get("types", {}).get(token)


@cache
def object_type(token: str) -> Mapping[str, Property] | None:
    """The properties of the nested type `token`; empty for an enumeration, None where no file knows it."""
    facts = _type(token)
    return None if facts is None else {} if "enum" in facts else properties(facts)


@cache
def enumeration(token: str) -> tuple[str, ...]:
    """The values of the enumeration `token`; empty for an object type."""
    return tuple((_type(token) or {}).get("enum", ()))


def members(type_: str) -> Mapping[str, Property]:
    """The properties of the objects that a value of `type_` is or lists; empty where it holds none."""
    token = reference(type_.removesuffix("[]"))
    return (object_type(token) or {}) if token else {}


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
