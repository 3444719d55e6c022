"""Create, read, update and delete as a kind's table entry says."""

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from eks_twin.plugins.base import UNKNOWN, InitError, Plugin, PluginError, Request
from eks_twin.plugins.facts import members

from . import schema
from .defaults import plain
from .kinds import Kind, Ready
from .meaning import same
from .scope import Scope, retried
from .session import Session, is_gone
from .shapes import UnmodelledError, dig, from_aws

FAILED = (ClientError, BotoCoreError)
UNREAD = ("tags", "tagsAll", "region")
"""Properties that are no part of the object which a read finds."""
DEPENDANTS = ("DependencyViolation", "DeleteConflict", "ResourceInUseException", "InvalidIPAddress.InUse")
"""Why AWS refuses a delete that will succeed once something else is gone."""


def with_tags(session: Session, kind: Kind, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """`inputs` and, for a taggable kind, `tagsAll`: the provider's default tags under the resource's own."""
    if kind.tags is None:
        return dict(inputs)
    own = inputs.get("tags") or {}
    return {**inputs, "tagsAll": UNKNOWN if own is UNKNOWN else {**session.default_tags, **own}}


def scope_of(plugin: Plugin, session: Session, kind: Kind, request: Request) -> Scope:
    """What the steps of one operation see."""
    inputs = plain(request.inputs)
    state = plain(request.state)
    facts = schema.resource_types()[kind.type]
    seconds = request.timeout or (kind.ready.seconds if kind.ready else 1200)
    return Scope(
        session=session,
        kind=kind,
        facts=facts,
        region=inputs.get("region") or state.get("region") or session.region,
        id=request.id,
        values={**_known(facts, state), **with_tags(session, kind, inputs)} if inputs else state,
        old=state,
        deadline=time.monotonic() + seconds,
        plugin=plugin,
        urn=request.urn,
    )


def _known(facts: schema.ResourceType, state: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a state that the program does not decide: outputs, and inputs it may leave to AWS."""
    return {name: value for name, value in state.items() if name in facts.outputs or facts.at(name).computed}


def planned(scope: Scope) -> dict[str, Any]:
    """The state after a create that has not happened: inputs known, what AWS decides unknown."""
    state = {**scope.values, "region": scope.region} if "region" in scope.facts.inputs else dict(scope.values)
    for name, facts in scope.facts.inputs.items():
        if facts.as_reported or (name not in state and facts.computed):
            state[name] = UNKNOWN
    return {**dict.fromkeys(scope.facts.outputs, UNKNOWN), **_with_nested(scope, state, {})}


def _with_nested(scope: Scope, state: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """`state` with what stands inside objects unsaid: defaults, and what AWS decides, as it was or unknown."""
    result = dict(state)
    for name, value in state.items():
        if not isinstance(value, Mapping) or name not in scope.facts.inputs:
            continue
        before = old.get(name) or {}
        for inner, facts in members(scope.facts.inputs[name].type).items():
            unsaid = UNKNOWN if facts.computed else facts.default
            if inner not in value and unsaid is not None:
                result[name] = {**result[name], inner: before.get(inner, unsaid)}
    return result


def updated(scope: Scope) -> dict[str, Any]:
    """The state after an update that has not happened."""
    kept = {name: value for name, value in scope.old.items() if scope.facts.at(name).local or name == "region"}
    return {**kept, **_with_nested(scope, scope.values, scope.old)}


def create(scope: Scope) -> tuple[str, dict[str, Any]]:
    """Make the resource; a failure after AWS has given it an id keeps what exists."""
    try:
        answer = scope.kind.create.run(scope)
    except (*FAILED, UnmodelledError) as error:
        raise scope.error("creating", error) from error
    id_ = scope.kind.id_of(scope.values) or str(dig(answer, str(scope.kind.id)))
    scope = replace(scope, id=id_)
    sent = scope.kind.create.properties
    try:
        if scope.kind.tags and not scope.kind.tags.create:
            _retag(replace(scope, values={**_state(scope), **scope.values}))
        for step in scope.kind.changes:
            if any(name not in sent and scope.values.get(name) is not None for name in step.properties):
                step.run(scope)
        _settle(scope, scope.kind.ready)
        return id_, _state(scope)
    except (*FAILED, PluginError, UnmodelledError) as error:
        reason = str(error) if isinstance(error, PluginError) else str(scope.error("creating", error))
        raise InitError(id_, _half_made(scope), [reason]) from error


def _half_made(scope: Scope) -> dict[str, Any]:
    """What can be said of an object whose creation failed midway."""
    try:
        return look(scope) or dict(scope.values)
    except FAILED:
        return dict(scope.values)


def _settle(scope: Scope, ready: Ready | None) -> None:
    """Wait until the object has the status that means done."""
    if ready is None:
        return
    seen: list[str] = []

    def probe() -> bool:
        found = _object(scope)
        status = str(dig(found, ready.status)) if found else "gone"
        if status in ready.bad:
            raise PluginError(f"waiting for {scope.label}: unexpected state '{status}'. {ready.reason(found or {})}")
        if status not in seen:
            seen.append(status)
            scope.progress(f"status {status}")
        return status in ready.good

    scope.wait(probe, f"to become {' or '.join(ready.good)}")


def _object(scope: Scope) -> Mapping[str, Any] | None:
    read = scope.kind.read
    try:
        found = dig(read.step.run(scope), read.at)
    except FAILED as error:
        if is_gone(error):
            return None
        raise
    return None if not found or (read.gone and read.gone(found)) else found


def look(scope: Scope) -> dict[str, Any] | None:
    """The resource's properties as AWS reports them now; None when it is gone."""
    kind = scope.kind
    found = _object(scope)
    if found is None:
        return None
    wanted = {
        name: facts
        for name, facts in scope.facts.properties.items()
        if name not in UNREAD
        and not facts.local
        and (name in kind.modelled or name in scope.facts.outputs or facts.computed)
    }
    state = from_aws(found, wanted)
    if kind.read.more:
        state.update(kind.read.more(scope, found))
    if kind.arn and "arn" in scope.facts.outputs:
        state["arn"] = scope.arn(kind.arn.format(id=scope.id))
    if "region" in scope.facts.inputs:
        state["region"] = scope.region
    state.update(_tags(scope, found))
    state.update({name: value for name, value in scope.values.items() if scope.facts.at(name).local})
    return {name: _kept(scope, name, value) for name, value in state.items() if value is not None}


def _tags(scope: Scope, found: Mapping[str, Any]) -> dict[str, Any]:
    if scope.kind.tags is None:
        return {}
    answer = scope.kind.tags.read.run(scope) if scope.kind.tags.read else found
    every = from_aws(answer, {"tags": scope.facts.inputs["tags"]}).get("tags", {})
    every = {key: value for key, value in every.items() if not scope.session.ignored(key)}
    defaults = scope.session.default_tags
    program = scope.values.get("tags") or {}
    own = {k: v for k, v in every.items() if k in program or defaults.get(k) != v}
    return {"tags": own, "tagsAll": every} if own else {"tagsAll": every}


def _kept(scope: Scope, name: str, value: Any) -> Any:
    """The known value of a property where AWS only writes the same in other words."""
    known, facts = scope.values.get(name), scope.facts.at(name)
    return value if known is None or facts.as_reported or not same(known, value, facts) else known


def _state(scope: Scope) -> dict[str, Any]:
    state = look(scope)
    if state is None:
        raise PluginError(f"reading {scope.label}: it does not exist any more")
    return state


def read(scope: Scope) -> tuple[str, dict[str, Any]]:
    """Id and state as they are now; both empty when the resource is gone."""
    kind = scope.kind
    imported = not scope.values
    if imported:
        scope = replace(scope, values=id_parts(kind, scope.id))
    try:
        state = look(scope)
    except FAILED as error:
        raise scope.error("reading", error) from error
    if state is None:
        return "", {}
    if not imported:
        return scope.id, state
    return kind.id_of(state) or (kind.identify(scope, state) if kind.identify else scope.id), state


def id_parts(kind: Kind, id_: str) -> dict[str, str]:
    """The properties that the id of an import spells out; the last one takes the rest."""
    form = kind.import_id or str(kind.id)
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(form))
    if "(?P<" not in pattern:
        return {}
    found = re.fullmatch(pattern, id_)
    if found is None:
        raise PluginError(f"importing {kind.noun}: unexpected format of id {id_!r}, expected {form}")
    return found.groupdict()


def update(scope: Scope, changed: frozenset[str]) -> dict[str, Any]:
    """Change `changed` in place."""
    try:
        _retag(scope)
        for step in scope.kind.changes:
            if step.properties & changed:
                step.run(scope)
                _settle(scope, scope.kind.ready)
        return _state(scope)
    except (*FAILED, UnmodelledError) as error:
        raise scope.error("updating", error) from error


def _retag(scope: Scope) -> None:
    tags = scope.kind.tags
    if tags is None:
        return
    old, new = scope.old.get("tagsAll") or {}, scope.values["tagsAll"]
    if removed := [key for key in old if key not in new]:
        gone = {"tagKeys": removed, "tags": [{"key": key} for key in removed]}
        tags.untag.run(replace(scope, values={**scope.values, **gone}))
    if added := {key: value for key, value in new.items() if old.get(key) != value}:
        tags.tag.run(replace(scope, values={**scope.values, "tags": added}))


def delete(scope: Scope) -> None:
    """Remove the resource and wait until it is gone."""
    try:
        retried(scope, scope.kind.delete, *DEPENDANTS)
    except FAILED as error:
        # "not found" may be about something else that the call touches
        if not is_gone(error) or _object(scope) is not None:
            raise scope.error("deleting", error) from error
    if scope.kind.gone_after_delete:
        scope.wait(lambda: _deleted(scope), "to be deleted")


def _deleted(scope: Scope) -> bool:
    found = _object(scope)
    ready = scope.kind.ready
    status = str(dig(found, ready.status)) if found and ready else ""
    if found and ready and status in ready.bad and "DELETE" in status:
        raise PluginError(f"deleting {scope.label}: unexpected state '{status}'. {ready.reason(found)}")
    return found is None
