"""Read and delete of API objects."""

from eks_twin.kube import Kube, KubeError, Object
from eks_twin.plugins.base import InitError, PluginError, Request

from . import annotations, forms, ownership
from .checking import SERVER_OWNED
from .kinds import CRD, Target
from .session import Session
from .trees import pruned
from .waiting import DELETE_SECONDS, SKIPS_DELETE_WAIT, find, unready_now, until_gone


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
    state, inputs = forms.state(target, live, own), _live_inputs(target, live, request.old_inputs)
    if reasons := unready_now(kube, target, live, request.old_inputs):
        heading = f"Resource '{name}' was created but failed to initialize"
        raise InitError(request.id, state, [heading, *reasons], inputs)
    return forms.identity(live), state, inputs


def _live_inputs(target: Target, live: Object, old_inputs: Object) -> Object:
    """`live` in the shape of the program's inputs; for an import, what a program would have to say."""
    shown = forms.from_wire(target, live)
    if old_inputs:
        return forms.with_secrets(target, pruned(shown, old_inputs))
    meta = {key: value for key, value in shown["metadata"].items() if key not in SERVER_OWNED}
    if not target.built_in:
        meta = {key: value for key, value in meta.items() if key in ("name", "namespace")}
        return {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": meta}
    dropped = ("deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration")
    if "annotations" in meta:
        meta["annotations"] = {key: value for key, value in meta["annotations"].items() if key not in dropped}
    return forms.with_secrets(target, {**{k: v for k, v in shown.items() if k != "status"}, "metadata": meta})


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
    body = forms.body(session, target, inputs)
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
        ownership.relinquish(kube, live, manager)
    except KubeError as error:
        if error.status != 422:
            raise
        raise PluginError(
            "this Patch resource is currently managing a required field, so it can't be deleted directly. Either set "
            "the `retainOnDelete` resource option, or transfer ownership of the field before deleting: "
            f"{error.message}"
        ) from error
