"""Check: the program's inputs as they will be stored, with name and namespace filled in."""

import base64
import hashlib
from typing import Any, Final

from eks_twin.kube import Object
from eks_twin.plugins.base import Failure, Request
from eks_twin.plugins.wire import has_unknown

from . import annotations, quantities
from .forms import to_wire, with_secrets
from .kinds import CRD, Target
from .session import Session

SERVER_OWNED: Final = (
    "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields",
    "resourceVersion", "uid",
)  # fmt: skip
"""Fields of metadata that only the API server sets; inputs that carry them lose them."""

PATCH_WITHOUT_NAME: Final = "patch resources require the `.metadata.name` field to be set"
GENERATE_NAME: Final = "the `.metadata.generateName` field is not supported in Server-Side Apply mode"


def check(session: Session, target: Target, request: Request) -> tuple[Object, list[Failure]]:
    """The inputs to store, and why any is refused."""
    inputs = _normalised(target, request.inputs)
    meta = inputs["metadata"] = dict(inputs.get("metadata") or {})
    if target.patch and "name" not in meta:
        return inputs, [Failure("metadata.name", PATCH_WITHOUT_NAME)]
    if "generateName" in meta:
        return inputs, [Failure("metadata.generateName", GENERATE_NAME)]
    _name(inputs, request)
    if not meta.get("namespace"):
        meta.pop("namespace", None)
        if session.namespaced(target):
            meta["namespace"] = session.namespace()
    if target.is_(*CRD):
        session.learn(to_wire(target, inputs))
    return with_secrets(target, inputs), []


def _normalised(target: Target, inputs: Object) -> Object:
    """A built-in kind as the API server would give it back: canonical quantities, stringData as data.

    CRDs are left alone: their schemas have fields named like those that hold quantities.
    """
    result: Any = {**inputs, "apiVersion": target.api_version, "kind": target.kind}
    if not target.built_in or target.group == "apiextensions.k8s.io" or has_unknown(inputs):
        return result
    result = quantities.normalised(target.kind, result)
    if target.is_("", "Secret") and result.get("stringData"):
        encoded = {key: base64.b64encode(str(text).encode()).decode() for key, text in result["stringData"].items()}
        result = {key: value for key, value in result.items() if key != "stringData"}
        result["data"] = {**(result.get("data") or {}), **encoded}
    if isinstance(result.get("metadata"), dict):
        result["metadata"] = {key: value for key, value in result["metadata"].items() if key not in SERVER_OWNED}
    return result


def _name(inputs: Object, request: Request) -> None:
    """Give the object a name: its own, the one it was given before, or `<logical name>-<8 hex>`."""
    meta = inputs["metadata"]
    old = request.old_inputs
    if meta.get("name") or (old and not annotations.on(old, annotations.AUTONAMED)):
        return
    meta["name"] = old["metadata"]["name"] if old else f"{request.name}-{suffix(request)}"
    meta["annotations"] = {**(meta.get("annotations") or {}), annotations.AUTONAMED: "true"}


def suffix(request: Request) -> str:
    """Eight hex digits, the same in preview and up because they come from the engine's seed."""
    return hashlib.sha256(request.seed + request.urn.encode()).hexdigest()[:8]
