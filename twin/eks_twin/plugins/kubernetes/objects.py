"""Create, update, read and delete of API objects."""

from collections.abc import Callable
from typing import Any, Final

from eks_twin.kube import Kube, KubeError, NoMatchError, Object
from eks_twin.plugins.base import InitError, PluginError, Request
from eks_twin.plugins.wire import has_unknown

from . import annotations, ownership
from .checking import SERVER_OWNED, with_secrets
from .kinds import Target
from .session import Session, from_wire, identity, to_wire
from .trees import lookup, parts, pruned
from .waiting import DELETE_SECONDS, SKIPS_DELETE_WAIT, NotReadyError, find, unready_now, until_gone, until_ready

RETRY_SECONDS: Final = (1, 2, 4, 8, 16, 32)
"""Pauses while a namespace or a CRD is not there yet (await.go Creation)."""
DRY_RUN: Final = {"dryRun": "All"}
EXISTS_HINT: Final = (
    "The resource already exists in the cluster. This can happen when: a previous run created it and did not save it; "
    "another program or person created it. Import it, delete it, or choose another name."
)
CRD: Final = ("apiextensions.k8s.io", "CustomResourceDefinition")


def create(session: Session, target: Target, request: Request) -> tuple[str, Object]:
    """The object exists and is ready; in preview, what the API server says it would be."""
    if request.preview:
        return "", _previewed(session, target, request)
    own = ownership.manager(request.inputs, {})
    body = _body(session, target, request.inputs)
    try:
        live = _retried(session, lambda kube: _submit(session, target, kube, body, own))
    except KubeError as error:
        raise _not_created(target, request, error) from error
    if target.is_(*CRD):
        session.require().forget_kinds()
    try:
        live = until_ready(session, target, live, request.inputs, timeout=request.timeout)
    except NotReadyError as error:
        heading = (
            f'resource "{request.urn}" was successfully created, but the Kubernetes API server reported that it '
            f"failed to fully initialize or become live: {error.reasons[0]}"
        )
        raise InitError(identity(error.live), _state(target, error.live, own), [heading, *error.reasons[1:]]) from error
    return identity(live), _state(target, live, own)


def _submit(session: Session, target: Target, kube: Kube, body: Object, own: str, **params: Any) -> Object:
    """POST a new object, or apply it where the resource means to share one that may exist."""
    if target.patch or session.settings.on("upsertExistingObjects"):
        force = ownership.forced(session.settings.on("enablePatchForce"), body, None)
        return kube.apply(body, own, force=force, **params)
    return kube.create(body, fieldManager=ownership.CREATOR, **params)


def _retried(session: Session, attempt: Callable[[Kube], Object]) -> Object:
    """`attempt`, again after each of `RETRY_SECONDS` while what it needs is not found."""
    kube = session.require()
    for pause in RETRY_SECONDS:
        try:
            return attempt(kube)
        except KubeError as error:
            if error.status != 404 or session.cancelled.wait(pause):
                raise
    return attempt(kube)


def _not_created(target: Target, request: Request, error: KubeError) -> PluginError:
    if isinstance(error, NoMatchError):
        return PluginError(
            f'creation of resource "{request.urn}" with kind {target.api_version}/{target.kind} failed because the '
            f"Kubernetes API server reported that the apiVersion for this resource does not exist. "
            f"Verify that any required CRDs have been created: {error.message}"
        )
    reason = f"{error.message}\n{EXISTS_HINT}" if error.reason == "AlreadyExists" else error.message
    if target.patch and error.status == 409:
        reason = str(ownership.explain_conflict(error, ownership.CREATOR))
    return PluginError(f'resource "{request.urn}" was not successfully created by the Kubernetes API server: {reason}')


def _previewed(session: Session, target: Target, request: Request) -> Object:
    """A dry run of the create, or the inputs where none is possible."""
    inputs = request.inputs
    if has_unknown(inputs) or session.kube is None or target.patch:
        return with_secrets(target, inputs)
    try:
        live = _submit(session, target, session.kube, _body(session, target, inputs), "preview", **DRY_RUN)
    except KubeError as error:
        if _only_in_preview(error):
            return with_secrets(target, inputs)
        raise PluginError(error.message) from error
    return _shown(target, live)


def _only_in_preview(error: KubeError) -> bool:
    """Whether a dry run fails for something that the update itself may well bring or be allowed."""
    return error.status in (403, 404) or error.reason == "AlreadyExists" or "dry run" in error.message.lower()


def update(session: Session, target: Target, request: Request) -> Object:
    """The object has the new inputs and is ready."""
    if request.preview and (has_unknown(request.inputs) or session.kube is None):
        return with_secrets(target, request.inputs)
    kube = session.require()
    own = ownership.manager(request.inputs, request.state)
    body = _body(session, target, request.inputs)
    try:
        before = find(kube, body)
        if before is None:
            raise PluginError(f"{target.kind} {identity(body)} not found; run `pulumi refresh`")
        live = _written(session, target, request, before, own)
    except NoMatchError as error:
        if request.preview:
            return with_secrets(target, request.inputs)
        raise PluginError(error.message) from error
    except KubeError as error:
        if request.preview and error.status == 403:
            return with_secrets(target, request.inputs)
        raise ownership.explain_conflict(error, own) from error
    if request.preview:
        return _shown(target, live)
    _release_former_manager(kube, body, request, own)
    try:
        live = until_ready(session, target, live, request.inputs, timeout=request.timeout, previous=before)
    except NotReadyError as error:
        heading = (
            f'the Kubernetes API server reported that "{identity(error.live)}" failed to fully initialize '
            f"or become live: {error.reasons[0]}"
        )
        raise InitError(identity(error.live), _state(target, error.live, own), [heading, *error.reasons[1:]]) from error
    return _state(target, live, own)


def _written(session: Session, target: Target, request: Request, before: Object, own: str) -> Object:
    """The object after the write: CRDs are replaced, everything else is applied."""
    kube, params = session.require(), DRY_RUN if request.preview else {}
    body = _body(session, target, request.inputs)
    if target.is_(*CRD):
        body["metadata"] = {**body["metadata"], "resourceVersion": before["metadata"]["resourceVersion"]}
        live = kube.replace(body, fieldManager=own, **params)
        kube.forget_kinds()
        return live
    force = ownership.forced(session.settings.on("enablePatchForce"), body, before)
    if not target.patch and request.preview:
        force = force or _created_by_us(before)
    elif not target.patch:
        before = ownership.take_over(kube, before, own)
    _respect_ignored(body, before, request.ignore_changes, own)
    return kube.apply(body, own, force=force, **params)


def _created_by_us(live: Object) -> bool:
    """Whether fields are still a plain POST's: the real update would take them over first, a dry run cannot."""
    entries = live["metadata"].get("managedFields") or []
    return any(entry["operation"] == "Update" and entry["manager"].startswith("pulumi-") for entry in entries)


def _respect_ignored(body: Object, live: Object, paths: tuple[str, ...], own: str) -> None:
    """Leave ignored fields to their owners, or send them back as they are."""
    for path in paths:
        *above, last = parts(path)
        parent, current = lookup(body, above), lookup(live, parts(path))
        if not isinstance(parent, dict) or last not in parent:
            continue
        if current is None or ownership.owned_by_others_only(live, path, own):
            del parent[last]
        else:
            parent[last] = current


def _release_former_manager(kube: Kube, body: Object, request: Request, own: str) -> None:
    """Give up what an earlier field manager of this resource owns, when it was renamed."""
    former = request.state.get("__fieldManager")
    if former and former != own:
        relinquish(kube, body, former)


def relinquish(kube: Kube, body: Object, manager: str) -> None:
    """Apply nothing as `manager`, so that it owns nothing; values that no one else owns go away."""
    meta = {key: value for key, value in body["metadata"].items() if key in ("name", "namespace")}
    kube.apply({"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": meta}, manager)


def read(session: Session, target: Target, request: Request) -> tuple[str, Object, Object]:
    """The object's id, state and inputs as they are; an empty id when it is gone."""
    if session.kube is None:
        if session.settings.on("deleteUnreachable"):
            return "", {}, {}
        if session.settings.on("skipUpdateUnreachable"):
            return request.id, request.state, request.old_inputs
    kube = session.require()
    namespace, _, name = request.id.rpartition("/")
    body = {"apiVersion": target.api_version, "kind": target.kind, "metadata": {"name": name, "namespace": namespace}}
    if not namespace and session.namespaced(target):
        body["metadata"]["namespace"] = session.namespace()
    try:
        live = find(kube, body)
    except KubeError as error:
        raise PluginError(error.message) from error
    if live is None:
        return "", {}, {}
    own = request.state.get("__fieldManager") or ownership.manager(request.old_inputs, {})
    state, inputs = _state(target, live, own), _live_inputs(target, live, request.old_inputs)
    if reasons := unready_now(kube, target, live, request.old_inputs):
        heading = f"Resource '{name}' was created but failed to initialize"
        raise InitError(request.id, state, [heading, *reasons], inputs)
    return identity(live), state, inputs


def _live_inputs(target: Target, live: Object, old_inputs: Object) -> Object:
    """`live` in the shape of the program's inputs; for an import, what a program would have to say."""
    shown = from_wire(target, live)
    if old_inputs:
        return with_secrets(target, pruned(shown, old_inputs))
    meta = {key: value for key, value in shown["metadata"].items() if key not in SERVER_OWNED}
    if not target.built_in:
        meta = {key: value for key, value in meta.items() if key in ("name", "namespace")}
        return {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": meta}
    dropped = ("deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration")
    if "annotations" in meta:
        meta["annotations"] = {key: value for key, value in meta["annotations"].items() if key not in dropped}
    return with_secrets(target, {**{k: v for k, v in shown.items() if k != "status"}, "metadata": meta})


def delete(session: Session, target: Target, request: Request) -> None:
    """The object is gone; a Patch resource owns nothing any more."""
    if session.kube is None and session.settings.on("deleteUnreachable"):
        return
    if session.kube is None:
        raise PluginError(
            f"configured Kubernetes cluster is unreachable: {session.unreachable}. If the cluster was deleted, set the "
            f"environment variable PULUMI_K8S_DELETE_UNREACHABLE to true to drop its resources from the state"
        )
    inputs = request.old_inputs or request.state
    body = _body(session, target, inputs)
    try:
        live = find(session.kube, body)
        if live is None:
            return
        if target.patch:
            _delete_patch(session.kube, live, str(request.state.get("__fieldManager")))
            return
        session.kube.delete(live, {"propagationPolicy": annotations.propagation(inputs)})
    except KubeError as error:
        if error.status == 404:
            return
        raise PluginError(error.message) from error
    if target.kind not in SKIPS_DELETE_WAIT or not annotations.on(inputs, annotations.SKIP_AWAIT):
        until_gone(session, live, seconds=annotations.seconds(inputs, request.timeout, DELETE_SECONDS))
    if target.is_(*CRD):
        session.kube.forget_kinds()


def _delete_patch(kube: Kube, live: Object, manager: str) -> None:
    try:
        relinquish(kube, live, manager)
    except KubeError as error:
        if error.status != 422:
            raise
        raise PluginError(
            "this Patch resource is currently managing a required field, so it can't be deleted directly. Either set "
            "the `retainOnDelete` resource option, or transfer ownership of the field before deleting: "
            f"{error.message}"
        ) from error


def _body(session: Session, target: Target, inputs: Object) -> Object:
    """`inputs` for the API server, without a namespace where the kind has none."""
    body = to_wire(target, inputs)
    meta = dict(body.get("metadata") or {})
    if not session.namespaced(target):
        meta.pop("namespace", None)
    elif not meta.get("namespace"):
        meta["namespace"] = session.namespace()
    return {**body, "metadata": meta}


def _state(target: Target, live: Object, own: str) -> Object:
    """What the engine keeps: the live object and the manager that owns it."""
    return {**with_secrets(target, from_wire(target, live)), "__fieldManager": own}


def _shown(target: Target, live: Object) -> Object:
    """A dry run's answer; its status would only be a guess."""
    shown = from_wire(target, live)
    return with_secrets(target, {key: value for key, value in shown.items() if key != "status"})
