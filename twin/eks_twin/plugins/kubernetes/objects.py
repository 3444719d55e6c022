"""Create and update of API objects."""

from collections.abc import Callable
from typing import Any, Final

from eks_twin.kube import Kube, KubeError, NoMatchError, Object
from eks_twin.plugins.base import InitError, PluginError, Request
from eks_twin.plugins.wire import has_unknown

from . import forms, ownership
from .kinds import CRD, Target
from .session import Session
from .trees import lookup, parts
from .waiting import NotReadyError, find, until_ready

RETRY_SECONDS: Final = (1, 2, 4, 8, 16, 32)
"""Pauses while a namespace or a CRD is not there yet (await.go Creation)."""
MODIFIED_ATTEMPTS: Final = 5
"""Writes that carry a resourceVersion, before a busy controller wins (client-go retry.DefaultRetry)."""
DRY_RUN: Final = {"dryRun": "All"}
EXISTS_HINT: Final = (
    "The resource already exists in the cluster. This can happen when: a previous run created it and did not save it; "
    "another program or person created it. Import it, delete it, or choose another name."
)


def create(session: Session, target: Target, request: Request) -> tuple[str, Object]:
    """The object exists and is ready; in preview, what the API server says it would be."""
    if request.preview:
        return "", _previewed(session, target, request)
    own = ownership.manager(request.inputs, {})
    body = forms.body(session, target, request.inputs)
    try:
        live = _retried(session, lambda kube: _submit(session, target, kube, body, own))
    except KubeError as error:
        raise _not_created(target, request, error) from error
    if target.is_(*CRD):
        session.require().forget_kinds()
    try:
        live = until_ready(session, target, live, request.inputs, timeout=request.timeout)
    except NotReadyError as error:
        heading = f'resource "{request.urn}" was successfully created, but the Kubernetes API server reported that it'
        raise _partial(target, heading, error, own) from error
    return forms.identity(live), forms.state(target, live, own)


def _partial(target: Target, heading: str, error: NotReadyError, own: str) -> InitError:
    """The object exists, but is not ready: the engine keeps it and the next up tries again."""
    reasons = [f"{heading} failed to fully initialize or become live: {error.reasons[0]}", *error.reasons[1:]]
    return InitError(forms.identity(error.live), forms.state(target, error.live, own), reasons)


def _submit(session: Session, target: Target, kube: Kube, body: Object, own: str, **params: Any) -> Object:
    """POST a new object, or apply it where the resource means to share one that may exist."""
    if target.patch or session.settings.on("upsertExistingObjects"):
        force = ownership.forced(session.settings, body, None)
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
        return forms.with_secrets(target, inputs)
    try:
        live = _submit(session, target, session.kube, forms.body(session, target, inputs), "preview", **DRY_RUN)
    except KubeError as error:
        if _only_in_preview(error):
            return forms.with_secrets(target, inputs)
        raise PluginError(error.message) from error
    return forms.foreseen(target, live)


def _only_in_preview(error: KubeError) -> bool:
    """Whether a dry run fails for something that the update itself may well bring or be allowed."""
    return error.status in (403, 404) or error.reason == "AlreadyExists" or "dry run" in error.message.lower()


def update(session: Session, target: Target, request: Request) -> Object:
    """The object has the new inputs and is ready."""
    if request.preview and (has_unknown(request.inputs) or session.kube is None):
        return forms.with_secrets(target, request.inputs)
    kube = session.require()
    own = ownership.manager(request.inputs, request.state)
    body = forms.body(session, target, request.inputs)
    try:
        before, live = _written_afresh(session, target, request, own)
    except NoMatchError as error:
        if request.preview:
            return forms.with_secrets(target, request.inputs)
        raise PluginError(error.message) from error
    except KubeError as error:
        if request.preview and error.status == 403:
            return forms.with_secrets(target, request.inputs)
        raise ownership.explain_conflict(error, own) from error
    if request.preview:
        return forms.foreseen(target, live)
    _release_former_manager(kube, body, request, own)
    try:
        live = until_ready(session, target, live, request.inputs, timeout=request.timeout, previous=before)
    except NotReadyError as error:
        heading = f'the Kubernetes API server reported that "{forms.identity(error.live)}"'
        raise _partial(target, heading, error, own) from error
    return forms.state(target, live, own)


def _written_afresh(session: Session, target: Target, request: Request, own: str) -> tuple[Object, Object]:
    """The object before and after the write, which starts over when somebody else changes the object meanwhile."""
    kube, body = session.require(), forms.body(session, target, request.inputs)
    for _ in range(MODIFIED_ATTEMPTS):
        before = find(kube, body)
        if before is None:
            raise PluginError(f"{target.kind} {forms.identity(body)} not found; run `pulumi refresh`")
        try:
            return before, _written(session, target, request, before, own)
        except KubeError as error:
            if not ownership.modified_meanwhile(error):
                raise
    raise PluginError(
        f"{target.kind} {forms.identity(body)}: modified by others at each of {MODIFIED_ATTEMPTS} attempts"
    )


def _written(session: Session, target: Target, request: Request, before: Object, own: str) -> Object:
    """The object after the write: CRDs are replaced, everything else is applied."""
    kube, params = session.require(), DRY_RUN if request.preview else {}
    body = forms.body(session, target, request.inputs)
    if target.is_(*CRD):
        body["metadata"] = {**body["metadata"], "resourceVersion": before["metadata"]["resourceVersion"]}
        live = kube.replace(body, fieldManager=own, **params)
        kube.forget_kinds()
        return live
    force = ownership.forced(session.settings, body, before)
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
        ownership.relinquish(kube, body, former)
