"""What a program gave a component: checked against surface.json, and read without asking Python what is an Output."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.errors import InputPropertiesError, InputPropertyErrorDetails

from eks_twin.plugins.checking import checked
from eks_twin.plugins.facts import package, properties


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
        good, errors = checked(whole(values), properties(package("eks")["components"][component]), component)
        if errors:
            raise refuse(component, *((error.path, error.reason) for error in errors))
        return cls(component, good)

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
