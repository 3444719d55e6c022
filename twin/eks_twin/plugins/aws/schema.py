"""The facts of types.json as values: what a resource type or function takes, and what it gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from eks_twin.plugins.facts import Property, members, package, properties


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


def version() -> str:
    """The pulumi-aws version whose surface is served."""
    return package("aws")["version"]


@cache
def resource_types() -> Mapping[str, ResourceType]:
    """Every resource type of types.json by token."""
    return {token: _resource(facts) for token, facts in package("aws")["resources"].items()}


@cache
def functions() -> Mapping[str, ResourceType]:
    """Every function of types.json by token; none has the rules of a resource."""
    return {token: _resource(facts) for token, facts in package("aws")["functions"].items()}


def _resource(facts: Mapping[str, Any]) -> ResourceType:
    naming = facts.get("autoName")
    return ResourceType(
        inputs=properties(facts["inputs"]),
        outputs=properties(facts["outputs"]),
        auto_name=AutoName(naming["property"], naming["maxLength"]) if naming else None,
        delete_before_replace=facts.get("deleteBeforeReplace", False),
    )
