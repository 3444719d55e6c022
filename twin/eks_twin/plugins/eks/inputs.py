"""What a program gave a component: checked against surface.json, and read without asking Python what is an Output."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pulumi
from pulumi.errors import InputPropertiesError, InputPropertyErrorDetails

FILE: Final = Path(__file__).with_name("surface.json")


@cache
def surface() -> dict[str, Any]:
    """The facts of surface.json."""
    return json.loads(FILE.read_text())


def refuse(component: str, *problems: tuple[str, str]) -> InputPropertiesError:
    """The error to raise for (path, reason) pairs."""
    details: list[InputPropertyErrorDetails] = [{"property_path": path, "reason": reason} for path, reason in problems]
    text = "; ".join(f"{path}: {reason}" for path, reason in problems)
    return InputPropertiesError(f"{component}: {text}", details)


@dataclass(frozen=True)
class Inputs:
    """The inputs of one component; absent and null are the same."""

    component: str
    """Its token."""
    values: Mapping[str, Any]

    @classmethod
    def checked(cls, component: str, values: Mapping[str, Any]) -> "Inputs":
        """The inputs, or an error that names all which the component does not have."""
        given = {name: value for name, value in values.items() if value is not None}
        problems = list(_unknown(given, surface()["components"][component], ""))
        problems += [
            (name, "a value is required")
            for name, facts in surface()["components"][component].items()
            if facts.get("required") and name not in given
        ]
        if problems:
            raise refuse(component, *problems)
        return cls(component, {name: whole(value) for name, value in given.items()})

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def get(self, name: str, default: Any = None) -> Any:
        """The value of `name`, which may be an Output."""
        return self.values.get(name, default)

    def plain(self, name: str, default: Any = None) -> Any:
        """The value of `name`, which decides what exists and so cannot be an Output."""
        value = self.values.get(name, default)
        if isinstance(value, pulumi.Output):
            raise refuse(self.component, (name, "this input must be a plain value, not an Output"))
        return value

    def only(self, *names: str) -> dict[str, Any]:
        """Those of `names` that are set."""
        return {name: self.values[name] for name in names if name in self.values}


def whole(value: Any) -> Any:
    """`value` with whole numbers as integers: the protocol has floats only."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, pulumi.Output):
        return value.apply(whole)
    if isinstance(value, Mapping):
        return {key: whole(item) for key, item in value.items()}
    return [whole(item) for item in value] if isinstance(value, list) else value


def _unknown(value: Mapping[str, Any], facts: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name, item in value.items():
        if name not in facts:
            near = difflib.get_close_matches(name, facts, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield path + name, f"there is no such property{hint}"
        elif item is not None:
            yield from _nested(item, facts[name]["type"], path + name)


def _nested(value: Any, type_: str, path: str) -> Iterator[tuple[str, str]]:
    """Problems inside a plain value; what is an Output is checked by the aws plugin once it is known."""
    tokens = re.findall(r"#([^\[\]<>|]+)", type_)
    facts = surface()["types"].get(tokens[0]) if len(tokens) == 1 else None
    if facts is None:
        return
    if "enum" in facts:
        if isinstance(value, str) and value not in facts["enum"]:
            yield path, f"{value!r} is none of {', '.join(facts['enum'])}"
        return
    for place, item in _items(value, type_, path):
        if isinstance(item, Mapping):
            yield from _unknown(item, facts, f"{place}.")


def _items(value: Any, type_: str, path: str) -> list[tuple[str, Any]]:
    """The objects inside a value, each with its path."""
    if type_.startswith("map<") and isinstance(value, Mapping):
        return [(f"{path}.{key}", item) for key, item in value.items()]
    if type_.endswith("[]") and isinstance(value, list):
        return [(f"{path}[{i}]", item) for i, item in enumerate(value)]
    return [(path, value)]
