"""Diff: the new inputs against the live state as last seen, without asking the API server."""

from eks_twin.kube import Object
from eks_twin.plugins.base import Difference, Request

from . import annotations, trees
from .kinds import FORCE_NEW, IDENTITY, Target
from .session import DEFAULT_NAMESPACE, Session

MUTABLE_FLAGS = {"ConfigMap": "enableConfigMapMutable", "Secret": "enableSecretMutable"}
"""Core kind → setting under which its contents change in place, unless the object is immutable."""


def diff(session: Session, target: Target, request: Request) -> Difference:
    """What an update would change; drift of a field that the program sets is a change too."""
    base = _with_identity(trees.pruned(request.state, request.old_inputs), request.old_inputs)
    new = request.inputs
    if session.namespaced(target):
        base, new = _with_namespace(base), _with_namespace(new)
    changes = trees.changed(base, new, request.ignore_changes, force_new(session, target, new))
    if "metadata" in changes:  # all of it came or went
        changes["metadata"] += "-replace"
    if changes and _unready_job(target, request):
        changes["status"] = "update-replace"
    replaces = tuple(path for path, kind in changes.items() if kind.endswith("-replace"))
    return Difference(changes, replaces, bool(replaces) and _must_go_first(base, new))


def force_new(session: Session, target: Target, new: Object) -> tuple[str, ...]:
    """Paths whose change replaces `target`."""
    paths = FORCE_NEW.get((target.group, target.kind), ())
    flag = MUTABLE_FLAGS.get(target.kind) if target.group == "" else None
    if target.patch or (flag == "enableConfigMapMutable" and session.settings.on(flag) and not new.get("immutable")):
        paths = ()
    elif flag == "enableSecretMutable" and session.settings.on(flag) and not new.get("immutable"):
        paths = (".type",)
    return (*IDENTITY, *paths)


def _with_identity(base: Object, old: Object) -> Object:
    """State does not carry apiVersion and kind for every kind of resource; inputs do."""
    return {"apiVersion": old.get("apiVersion"), "kind": old.get("kind"), **base}


def _with_namespace(obj: Object) -> Object:
    meta = obj.get("metadata") or {}
    return {**obj, "metadata": {**meta, "namespace": meta.get("namespace") or DEFAULT_NAMESPACE}}


def _must_go_first(old: Object, new: Object) -> bool:
    """Whether old and new cannot exist together: the user chose a name that stays the same."""
    before, after = old.get("metadata") or {}, new.get("metadata") or {}
    same = all(before.get(key) == after.get(key) for key in ("name", "namespace"))
    return same and not annotations.on(new, annotations.AUTONAMED)


def _unready_job(target: Target, request: Request) -> bool:
    if not (target.is_("batch", "Job") and annotations.on(request.inputs, annotations.REPLACE_UNREADY)):
        return False
    conditions = (request.state.get("status") or {}).get("conditions") or []
    return not any(item["type"] == "Complete" and item["status"] == "True" for item in conditions)
