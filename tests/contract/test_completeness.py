"""Every field of the CRDs can be said, and everything they refuse is refused by us first, with path, rule and fix.

The lists come from the CRDs of the pinned Karpenter: a new field, constraint or rule fails here until it is served.
"""

import json
import re
from typing import Any, get_args, get_origin

import pytest
from eks_accelerators.model.crds.node_class import NodeClassSpec
from eks_accelerators.model.crds.node_overlay import NodeOverlaySpec
from eks_accelerators.model.crds.node_pool import NodePoolSpec
from eks_accelerators.model.manifests import node_pool
from eks_accelerators.model.parse import ConfigError, parse, wire_problems
from eks_accelerators.model.pool_set import PoolSet
from eks_accelerators.model.values import Value

from tests.contract.crds import FILES, Constraint, Path, Rule, constraints, field_paths, rules
from tests.contract.violations import VIOLATIONS
from tests.fields import put
from tests.model.test_every_field import ALTERNATIVES, base_of, made

pytestmark = pytest.mark.twin
VALUES = {"NodePool": NodePoolSpec, "EC2NodeClass": NodeClassSpec, "NodeOverlay": NodeOverlaySpec}


def value_paths(kind: Any, path: Path = ()) -> set[Path]:
    """The fields of our values, by the names of the wire."""
    if isinstance(kind, type) and issubclass(kind, Value):
        found: set[Path] = set()
        for field in kind.model_fields.values():
            found |= {(*path, field.alias), *value_paths(field.annotation, (*path, field.alias))}
        return found
    step = {tuple: ("[]",), dict: ("{}",)}.get(get_origin(kind), ())
    return {below for argument in get_args(kind) for below in value_paths(argument, (*path, *step))}


@pytest.mark.parametrize("kind", FILES)
def test_our_values_have_the_fields_of_the_crd_and_no_others(kind):
    assert value_paths(VALUES[kind]) == field_paths(kind)


def paths_in(manifest: Any, path: Path = ()) -> set[Path]:
    if isinstance(manifest, dict):
        return {p for key, value in manifest.items() for p in ({(*path, key)} | paths_in(value, (*path, key)))}
    if isinstance(manifest, list):
        return {p for value in manifest for p in paths_in(value, (*path, "[]"))}
    return set()


def test_every_field_of_the_crds_is_written_by_some_words_of_the_pool_language():
    written: dict[str, set[Path]] = {kind: set() for kind in FILES}
    for path, value in ALTERNATIVES.items():
        if not path.endswith("raw"):
            for config in (base_of(path), put(base_of(path), path, value)):
                result = json.loads(made(config))
                written["NodePool"] |= {p for _, spec, _ in result["pools"] for p in paths_in(spec)}
                written["EC2NodeClass"] |= {p for _, _, spec in result["classes"] for p in paths_in(spec)}
                written["NodeOverlay"] |= {p for spec in result["overlays"].values() for p in paths_in(spec)}
    assert {kind: field_paths(kind) - written[kind] for kind in FILES} == {kind: set() for kind in FILES}


def nested(path: Path, value: Any) -> Any:
    """`value` at `path` of an otherwise empty object."""
    if not path:
        return value
    head, *rest = path
    below = nested(tuple(rest), value)
    return {"[]": [below], "{}": {"cpu": below}}.get(head, {head: below})


def refusal(kind: str, patch: Any) -> str:
    """With what words the object is refused that has `patch` laid over it; empty if it is not."""
    if kind == "NodeOverlay":
        return "\n".join(f"{p.at} {p.rule}; {p.fix}" for p in wire_problems(NodeOverlaySpec, patch))
    pool = {"name": "p", "raw": patch} if kind == "NodePool" else {"name": "p", "node_class": {"raw": patch}}
    try:
        parse(PoolSet, {"pools": [pool]}, at="args")
    except ConfigError as error:
        return str(error)
    return ""


FILLED = {"NodePool.disruption.budgets.[].nodes", "NodePool.template.spec.taints.[].effect"}
FILLED |= {"NodePool.template.spec.startupTaints.[].effect"}
"""Required by the CRD, and given a default by us."""


ALL = [
    constraint
    for kind in FILES
    for constraint in constraints(kind)
    if constraint.name != "required" or str(constraint).partition(":")[0] not in FILLED
]


def broken(constraint: Constraint) -> Any:
    if constraint.name == "required":
        return nested(constraint.path[:-1], {"never": "this"} if constraint.path[-2:-1] != ("[]",) else {})
    return nested(constraint.path, constraint.bad)


def where(constraint: Constraint) -> str:
    """The last names on the way to it, as a message has them."""
    names = [step for step in constraint.path if step not in ("[]", "{}")]
    return names[-1] if names else ""


@pytest.mark.parametrize("constraint", ALL, ids=str)
def test_every_constraint_of_the_schemas_is_ours_too(constraint):
    message = refusal(constraint.kind, broken(constraint))
    assert where(constraint) in message
    assert re.search(r".+; .+", message)


TRANSITIONS = 3
"""Rules about a change of an object, which no single configuration can break: they compare with `oldSelf`."""
RULES = [rule for kind in FILES for rule in rules(kind) if "oldSelf" not in rule.rule]


def violation(rule: Rule) -> tuple[Any, str]:
    """What breaks `rule`, and our words for it."""
    place = ".".join(rule.path)
    (found,) = (case for (at, text), case in VIOLATIONS[rule.kind].items() if at == place and begins(rule, text))
    return found


def begins(rule: Rule, text: str) -> bool:
    return rule.message.startswith((f"{text} ", text)) and not (text.endswith("AL2'") and "AL2023" in rule.message)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.kind}.{'.'.join(rule.path)}: {rule.message[:50]}")
def test_every_rule_of_the_crds_is_ours_too(rule):
    patch, words = violation(rule)
    assert words in refusal(rule.kind, patch)


def test_no_violation_is_left_of_a_rule_that_is_gone():
    assert len(RULES) == sum(len(cases) for cases in VIOLATIONS.values())
    assert sum("oldSelf" in rule.rule for kind in FILES for rule in rules(kind)) == TRANSITIONS


def test_what_raw_fields_leave_out_is_filled_in():
    raw = {"template": {"spec": {"taints": [{"key": "a"}], "startupTaints": [{"key": "b"}]}}}
    raw["disruption"] = {"budgets": [{"reasons": ["Empty"]}]}
    spec = node_pool(parse(PoolSet, {"pools": [{"name": "p", "raw": raw}]}, at="args").plan.pools[0])
    assert spec["template"]["spec"]["taints"] == [{"key": "a", "effect": "NoSchedule"}]
    assert spec["template"]["spec"]["startupTaints"] == [{"key": "b", "effect": "NoSchedule"}]
    assert spec["disruption"]["budgets"] == [{"reasons": ["Empty"], "nodes": "10%"}]


def test_the_constraints_are_all_there_are():
    assert len(ALL) > 250
