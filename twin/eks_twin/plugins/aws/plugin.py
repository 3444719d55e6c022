"""The plugin: the protocol's calls, each in terms of the type's facts and its table entry."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from eks_twin.plugins.base import UNKNOWN, Difference, Failure, InitError, Plugin, PluginError, Request
from eks_twin.plugins.checking import DEFAULTS, checked
from eks_twin.plugins.wire import has_unknown

from . import lifecycle, schema
from .defaults import filled, given, plain
from .diffing import Planner
from .functions import FUNCTIONS
from .kinds import Kind
from .meaning import empty, same
from .schema import ResourceType
from .scope import Scope
from .session import Session, config_failures, structured
from .tables import KINDS


class AwsPlugin(Plugin):
    """pulumi-aws, as far as `tables/` and `functions/` go."""

    name = "aws"
    version = schema.version()

    def __init__(self) -> None:
        super().__init__()
        self.session = Session()

    def check_config(self, config: dict[str, Any]) -> tuple[dict[str, Any], list[Failure]]:
        known = {key: value for key, value in config.items() if not has_unknown(value)}
        return config, [] if len(known) < len(config) else config_failures(structured(known))

    def configure(self, config: Mapping[str, Any]) -> None:
        if has_unknown(config):
            raise PluginError("the aws provider's own inputs must be known before a preview")
        self.session = Session(structured(config))

    def _type(self, request: Request) -> tuple[Kind, ResourceType]:
        if request.type not in KINDS:
            served = ", ".join(sorted(KINDS))
            raise PluginError(f"{request.type}: the twin's aws plugin does not model this type; modelled: {served}")
        return KINDS[request.type], schema.resource_types()[request.type]

    def check(self, request: Request) -> tuple[dict[str, Any], list[Failure]]:
        kind, facts = self._type(request)
        good, errors = checked(request.inputs, facts.inputs, request.type)
        failures = [Failure(error.path, f"{request.type}: {error}") for error in errors]
        failures += _unmodelled(good, kind, facts) + _conflicting(good, kind) + _misplaced(good, kind)
        inputs, unnamed = filled(good, facts, request, kind.naming)
        return inputs, failures + unnamed

    def diff(self, request: Request) -> Difference:
        return Planner(self.session, *self._type(request)).difference(request)

    def _scope(self, request: Request) -> Scope:
        return lifecycle.scope_of(self, self.session, self._type(request)[0], request)

    def create(self, request: Request) -> tuple[str, dict[str, Any]]:
        scope = self._scope(request)
        if request.preview:
            return "", lifecycle.planned(scope)
        id_, state = lifecycle.create(scope)
        if ignored := self._ignored(request, state):
            raise InitError(id_, state, [f"creating {scope.label}: {ignored}"])
        return id_, state

    def _ignored(self, request: Request, state: dict[str, Any]) -> str:
        """Which inputs AWS took and did not act on, as a gap in the twin's AWS would have it; "" when none."""
        paths = sorted(self.diff(replace(request, state=state, old_inputs=request.inputs)).changes)
        return f"AWS accepted {', '.join(paths)} but reports other values" if paths else ""

    def read(self, request: Request) -> tuple[str, dict[str, Any], dict[str, Any]]:
        scope = self._scope(request)
        id_, state = lifecycle.read(scope)
        if not id_:
            return "", {}, {}
        known = request.old_inputs
        if not known:
            return id_, state, _imported(state, scope.facts)
        own = {n: p for n, p in scope.facts.inputs.items() if p.as_reported and n in known}
        kept = {name: known[name] for name, rule in own.items() if same(known[name], state.get(name), rule)}
        return id_, state, {**_narrowed(state, known), **kept}

    def update(self, request: Request) -> dict[str, Any]:
        scope = self._scope(request)
        if request.preview:
            return {**lifecycle.updated(scope), **dict.fromkeys(scope.kind.volatile, UNKNOWN)}
        changes = self.diff(request).changes
        state = lifecycle.update(scope, frozenset(path.split(".")[0] for path in changes))
        if ignored := self._ignored(request, state):
            raise PluginError(f"updating {scope.label}: {ignored}")
        return state

    def delete(self, request: Request) -> None:
        lifecycle.delete(self._scope(request))

    def invoke(self, token: str, args: dict[str, Any]) -> tuple[dict[str, Any], list[Failure]]:
        if token not in FUNCTIONS:
            served = ", ".join(sorted(FUNCTIONS))
            raise PluginError(f"{token}: the twin's aws plugin does not model this function; modelled: {served}")
        facts = schema.functions()[token]
        good, errors = checked(args, facts.inputs, token)
        if errors:
            return {}, [Failure(error.path, f"{token}: {error}") for error in errors]
        return FUNCTIONS[token](self.session, good), []


def _unmodelled(inputs: Mapping[str, Any], kind: Kind, facts: ResourceType) -> list[Failure]:
    """Inputs that pulumi-aws has and no step here would send; one that says what its absence says is let through."""
    names = (
        name
        for name, value in inputs.items()
        if name not in kind.modelled and not empty(value) and value != facts.inputs[name].default
    )
    return [
        Failure(name, f"{kind.type}: {name} is not modelled by the twin; modelled: {', '.join(sorted(kind.modelled))}")
        for name in names
    ]


def _conflicting(inputs: Mapping[str, Any], kind: Kind) -> list[Failure]:
    failures: list[Failure] = []
    for group in (*kind.conflicts, *kind.one_of):
        found = [name for name in sorted(group) if given(inputs, name)]
        if len(found) > 1:
            reason = f"{kind.type}: {' and '.join(found)} are mutually exclusive; set one of them"
            failures.append(Failure(found[0], reason))
        elif not found and group in kind.one_of:
            names = sorted(group)
            failures.append(Failure(names[0], f"{kind.type}: one of {', '.join(names)} is required"))
    return failures


def _misplaced(inputs: Mapping[str, Any], kind: Kind) -> list[Failure]:
    """Values outside the few that there are, and inputs that mean nothing beside the value of another."""
    failures: list[Failure] = []
    for name, value in inputs.items():
        if value is UNKNOWN or empty(value):
            continue
        allowed, (other, wanted) = kind.allowed.get(name), kind.only_with.get(name, ("", None))
        if allowed is not None and value not in allowed:
            options = ", ".join(map(str, allowed))
            failures.append(Failure(name, f"{kind.type}: {name}: expected one of {options}, got {value!r}"))
        if inputs.get(other) not in (wanted, UNKNOWN):
            reason = f"{kind.type}: {name} must not be set when {other} = {inputs.get(other)!r}; it needs {wanted!r}"
            failures.append(Failure(name, reason))
    return failures


def _narrowed(state: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as they are now: what the program set, with the values found."""
    result: dict[str, Any] = {}
    for name, value in inputs.items():
        if name == DEFAULTS:
            result[name] = value
        elif isinstance(value, Mapping) and isinstance(state.get(name), Mapping) and name != "tags":
            result[name] = _narrowed(state[name], value)
        elif name in state:
            result[name] = state[name]
    return result


def _imported(state: Mapping[str, Any], facts: ResourceType) -> dict[str, Any]:
    """Inputs for a resource that no program has described yet: whatever is not at its default."""
    inputs = {name: value for name, value in plain(state).items() if name in facts.inputs and not empty(value)}
    return {name: value for name, value in inputs.items() if value != facts.inputs[name].default} | {DEFAULTS: []}
