"""One object in its forms: the program's, the API server's, and the engine's state."""

from eks_twin.kube import Object
from eks_twin.plugins.wire import Secret

from .kinds import Target
from .session import Session
from .trees import dashed, renamed, underscored


def to_wire(target: Target, inputs: Object) -> Object:
    """`inputs` as the API server takes them."""
    wire = renamed(inputs, dashed) if target.kind == "CustomResourceDefinition" else dict(inputs)
    return {**wire, "apiVersion": target.api_version, "kind": target.kind}


def from_wire(target: Target, live: Object) -> Object:
    """`live` as the SDK reads it."""
    return renamed(live, underscored) if target.kind == "CustomResourceDefinition" else live


def identity(obj: Object) -> str:
    """The resource id: `namespace/name`, or the name alone."""
    meta = obj["metadata"]
    return f"{meta['namespace']}/{meta['name']}" if meta.get("namespace") else meta["name"]


def body(session: Session, target: Target, inputs: Object) -> Object:
    """`inputs` for the API server, without a namespace where the kind has none."""
    wire = to_wire(target, inputs)
    meta = dict(wire.get("metadata") or {})
    if not session.namespaced(target):
        meta.pop("namespace", None)
    elif not meta.get("namespace"):
        meta["namespace"] = session.namespace()
    return {**wire, "metadata": meta}


def with_secrets(target: Target, obj: Object) -> Object:
    """`obj` with the contents of a Secret marked as such, whatever the program said."""
    if not target.is_("", "Secret"):
        return obj
    return {key: Secret(value) if key in ("data", "stringData") else value for key, value in obj.items()}


def state(target: Target, live: Object, own: str) -> Object:
    """What the engine keeps: the live object and the manager that owns it."""
    return {**with_secrets(target, from_wire(target, live)), "__fieldManager": own}


def foreseen(target: Target, live: Object) -> Object:
    """A dry run's answer; its status would only be a guess."""
    sdk = from_wire(target, live)
    return with_secrets(target, {key: value for key, value in sdk.items() if key != "status"})
