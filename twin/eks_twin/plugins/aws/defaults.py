"""What Check fills in: generated names and defaults, remembered so that an update keeps them."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from eks_twin.plugins.base import Failure, Request
from eks_twin.plugins.checking import DEFAULTS
from eks_twin.plugins.facts import Property, members, reference

from .schema import AutoName, ResourceType

SUFFIX_LENGTH: Final = 7
"""Hex digits after the URN's name (pulumi-terraform-bridge: info/autonaming.go)."""
PREFIX_PROPERTY: Final = "namePrefix"
"""Its presence, like that of `nodeGroupNamePrefix`, turns name generation off."""

Naming = Callable[[str, Mapping[str, Any]], str]
"""Generated name and inputs → the name as the service wants it."""


def plain(value: Any) -> Any:
    """`value` without the `__defaults` lists at any level."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items() if key != DEFAULTS}
    return [plain(item) for item in value] if isinstance(value, list) else value


def given(inputs: Mapping[str, Any], name: str) -> bool:
    """Whether the program itself set `name`."""
    return inputs.get(name) is not None and name not in inputs.get(DEFAULTS, ())


def filled(
    inputs: dict[str, Any], facts: ResourceType, request: Request, naming: Naming
) -> tuple[dict[str, Any], list[Failure]]:
    """`inputs` with defaults and a name, and why no name can be generated."""
    result = dict(inputs)
    failures: list[Failure] = []
    added = {
        name: property_.default
        for name, property_ in facts.inputs.items()
        if property_.default and inputs.get(name) is None  # false, 0 and "" are not written (bridge #2618)
    }
    if facts.auto_name and _wants_name(inputs, facts.auto_name):
        added[facts.auto_name.property] = _name(facts.auto_name, request, naming, inputs, failures)
    kept = {name: value for name, value in request.old_inputs.items() if name in request.old_inputs.get(DEFAULTS, ())}
    result.update({name: kept.get(name, value) for name, value in added.items()})
    result[DEFAULTS] = sorted(added)
    for name, property_ in facts.inputs.items():
        if isinstance(result.get(name), Mapping) and reference(property_.type):
            result[name] = _filled_inside(result[name], members(property_.type))
    return result, failures


def _wants_name(inputs: Mapping[str, Any], rule: AutoName) -> bool:
    prefixes = (PREFIX_PROPERTY, f"{rule.property}Prefix")
    return inputs.get(rule.property) is None and not any(inputs.get(prefix) is not None for prefix in prefixes)


def _name(
    rule: AutoName, request: Request, naming: Naming, inputs: Mapping[str, Any], failures: list[Failure]
) -> str | None:
    seed = request.seed or secrets.token_bytes(32)
    suffix = hashlib.sha256(seed + request.urn.encode()).hexdigest()[:SUFFIX_LENGTH]
    name = naming(f"{request.name}-{suffix}", inputs)
    kept = request.old_inputs.get(rule.property)
    if kept is None and len(name) > rule.max_length:
        reason = (
            f"name '{request.name}' plus {SUFFIX_LENGTH} random chars is longer than maximum length {rule.max_length}"
        )
        failures.append(
            Failure(rule.property, f"{reason}; set {rule.property} yourself or shorten the resource's name")
        )
    return name


def _filled_inside(value: Mapping[str, Any], properties: Mapping[str, Property]) -> Mapping[str, Any]:
    added = {name: facts.default for name, facts in properties.items() if facts.default and value.get(name) is None}
    return {**value, **added, DEFAULTS: sorted([*value.get(DEFAULTS, ()), *added])} if added else value
