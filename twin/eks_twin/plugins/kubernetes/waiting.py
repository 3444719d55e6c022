"""Waiting for an object to be ready, or to be gone."""

import os
import time
from typing import Final

from eks_twin.kube import Kube, Object
from eks_twin.plugins.base import PluginError

from . import annotations
from .conditions import named
from .kinds import Target
from .readiness import TABLE, NeverReadyError, Readiness, View
from .session import Session

POLL_SECONDS: Final = 0.25
DELETE_SECONDS: Final = 600
"""Default time for a deletion (await.go Deletion)."""
SKIPS_DELETE_WAIT: Final = frozenset(
    {"DaemonSet", "Deployment", "Job", "Namespace", "Pod", "ReplicationController", "StatefulSet"}
)
"""Kinds whose deletion is not waited for under skipAwait; every other kind always is."""


class NotReadyError(Exception):
    """The wait ended without success; `live` is the object as last seen."""

    def __init__(self, live: Object, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.live = live
        self.reasons = reasons


def awaited(target: Target, inputs: Object) -> Readiness | None:
    """What a create or update of `inputs` waits for, or None."""
    if annotations.on(inputs, annotations.SKIP_AWAIT) or target.patch:
        return None
    if wanted := named(inputs):
        return wanted
    if os.environ.get("PULUMI_K8S_AWAIT_ALL", "").lower() == "true" and (target.group, target.kind) not in TABLE:
        raise PluginError("PULUMI_K8S_AWAIT_ALL: the twin's kubernetes plugin does not model generic readiness")
    return TABLE.get((target.group, target.kind))


def until_ready(
    session: Session, target: Target, live: Object, inputs: Object, *, timeout: float, previous: Object | None = None
) -> Object:
    """`live` once it is ready; NotReadyError at the timeout, on cancellation, or when it never can be."""
    readiness = awaited(target, inputs)
    if readiness is None:
        return live
    kube = session.require()
    view = View(kube, previous)
    name = live["metadata"]["name"]
    deadline = time.monotonic() + annotations.seconds(inputs, timeout, readiness.seconds)
    while True:
        try:
            reasons = readiness.check(live, view)
        except NeverReadyError as error:
            raise NotReadyError(live, [str(error)]) from error
        if not reasons:
            return live
        if session.cancelled.wait(POLL_SECONDS):
            raise NotReadyError(live, [f'Resource operation was cancelled for "{name}"', *reasons])
        if time.monotonic() > deadline:
            raise NotReadyError(live, [f"'{name}' timed out waiting to be Ready", *reasons])
        found = find(kube, live)
        if found is None:
            raise NotReadyError(live, [f"'{name}' was deleted while waiting for it"])
        live = found


def unready_now(kube: Kube, target: Target, live: Object, inputs: Object) -> list[str]:
    """Why `live` is not ready at this moment; nothing is waited for."""
    readiness = awaited(target, inputs)
    if readiness is None:
        return []
    try:
        return readiness.check(live, View(kube, settle=0))
    except NeverReadyError as error:
        return [str(error)]


def until_gone(session: Session, live: Object, *, seconds: float) -> None:
    """The object is gone, or replaced by a namesake; PluginError naming its finalizers when that takes too long."""
    kube = session.require()
    name, deadline = live["metadata"]["name"], time.monotonic() + seconds
    while (found := find(kube, live)) is not None and found["metadata"]["uid"] == live["metadata"]["uid"]:
        if session.cancelled.wait(POLL_SECONDS):
            raise PluginError(f'Resource operation was cancelled for "{name}"')
        if time.monotonic() > deadline:
            finalizers = ", ".join(found["metadata"].get("finalizers") or []) or "none"
            raise PluginError(
                f"'{name}' timed out waiting to be deleted: finalizers might be preventing deletion ({finalizers})"
            )


def find(kube: Kube, obj: Object) -> Object | None:
    """`obj` as it is now; None when it, or its whole kind, is gone."""
    meta = obj["metadata"]
    return kube.find(obj["apiVersion"], obj["kind"], meta["name"], meta.get("namespace"))
