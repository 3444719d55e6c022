"""The CRDs that the pinned Karpenter publishes, as data: fields, constraints and rules."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from eks_twin.binaries import karpenter_source

FILES = {
    "NodePool": "karpenter.sh_nodepools.yaml",
    "EC2NodeClass": "karpenter.k8s.aws_ec2nodeclasses.yaml",
    "NodeOverlay": "karpenter.sh_nodeoverlays.yaml",
}
Path = tuple[str, ...]
"""Keys down to a field; `[]` is an item of a list, `{}` a value of a map."""


@dataclass(frozen=True)
class Constraint:
    """One thing that a field may not be."""

    kind: str
    path: Path
    name: str
    bad: Any
    """A value that violates it."""

    def __str__(self) -> str:
        return f"{self.kind}.{'.'.join(self.path)}: {self.name}"


@dataclass(frozen=True)
class Rule:
    """One CEL rule."""

    kind: str
    path: Path
    rule: str
    message: str


@functools.cache
def spec_schema(kind: str) -> dict[str, Any]:
    document = yaml.safe_load((karpenter_source() / "pkg" / "apis" / "crds" / FILES[kind]).read_text())
    (version,) = [v for v in document["spec"]["versions"] if v["storage"]]
    return version["schema"]["openAPIV3Schema"]["properties"]["spec"]


def walk(schema: dict[str, Any], path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every field with its schema, the spec itself first."""
    yield path, schema
    for key, below in schema.get("properties", {}).items():
        yield from walk(below, (*path, key))
    if "items" in schema:
        yield from walk(schema["items"], (*path, "[]"))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from walk(schema["additionalProperties"], (*path, "{}"))


def field_paths(kind: str) -> set[Path]:
    """Paths of all named fields."""
    return {path for path, _ in walk(spec_schema(kind)) if path and path[-1] not in ("[]", "{}")}


def rules(kind: str) -> list[Rule]:
    return [
        Rule(kind, path, " ".join(rule["rule"].split()), rule["message"])
        for path, schema in walk(spec_schema(kind))
        for rule in schema.get("x-kubernetes-validations", ())
    ]


def constraints(kind: str) -> Iterator[Constraint]:
    """Everything the schema demands, each with a value that breaks it."""
    for path, schema in walk(spec_schema(kind)):
        for name, bad in _violations(schema):
            yield Constraint(kind, path, name, bad)
        for key in schema.get("required", ()):
            if path:
                yield Constraint(kind, (*path, key), "required", None)


def _violations(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    kind = schema.get("type")
    if kind is not None:
        yield f"type {kind}", ["no object"] if kind == "object" else {"never": "this"}
    for keyword, bad in BROKEN.items():
        if keyword in schema and (schema[keyword] or keyword == "minimum"):
            yield f"{keyword} {str(schema[keyword])[:30]}", bad(schema[keyword], schema)


BROKEN = {
    "enum": lambda *_: "none of these",
    "pattern": lambda *_: " /?!",
    "format": lambda *_: "2026-13-01T00:00:00Z",
    "minimum": lambda least, _: least - 1,
    "maximum": lambda most, _: most + 1,
    "maxLength": lambda most, _: "al2023@" + "x" * most,
    "minLength": lambda *_: "",
    "maxItems": lambda most, schema: [sample(schema["items"])] * (most + 1),
    "minItems": lambda *_: [],
    "maxProperties": lambda most, _: {f"k{i}": "v" for i in range(most + 1)},
}
"""How each keyword of a schema is broken, from its value and the schema."""


def sample(schema: dict[str, Any]) -> Any:
    """A value of about the right shape."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {key: sample(schema["properties"][key]) for key in schema.get("required", ())}
    return {"string": "1", "integer": 1, "boolean": True, "array": []}.get(schema.get("type", ""), "1")
