"""Field managers: whose a field is on the server, and how this plugin takes over what it created itself."""

import secrets
from collections.abc import Mapping
from typing import Any, Final

from eks_twin.kube import JSON_PATCH, Kube, KubeError, Object
from eks_twin.plugins.base import PluginError

from . import annotations
from .settings import Settings
from .trees import parts

CREATOR: Final = "pulumi-kubernetes"
"""Manager of a plain POST; later updates are applied under the resource's own manager."""

TAKEN_OVER: Final = frozenset(
    {
        ("kubectl", "Apply"),
        ("kubectl", "Update"),
        ("before-first-apply", "Update"),
        (CREATOR, "Update"),
        ("pulumi-kubernetes.exe", "Update"),
        ("pulumi-resource-kubernetes", "Update"),
    }
)
"""(Manager, operation) whose fields become ours before an apply (await.go ssaUpdate)."""

CONFLICT: Final = (
    "server-side apply field conflict detected, see "
    "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/"
    "#handle-field-conflicts-on-existing-resources for troubleshooting help"
)


def manager(inputs: Mapping[str, Any], state: Mapping[str, Any]) -> str:
    """The resource's field manager: named by annotation, kept in state, or new and random."""
    named = annotations.value(inputs, annotations.FIELD_MANAGER)
    return named or state.get("__fieldManager") or f"{CREATOR}-{secrets.token_hex(4)}"


def take_over(kube: Kube, live: Object, own: str) -> Object:
    """`live` after its fields of `TAKEN_OVER` have become `own`'s; unchanged when there are none."""
    meta = live["metadata"]
    entries = transferred(meta.get("managedFields") or [], own)
    if entries == meta.get("managedFields"):
        return live
    patch = [
        {"op": "replace", "path": "/metadata/managedFields", "value": entries},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": meta["resourceVersion"]},
    ]
    return kube.patch(live, patch, content_type=JSON_PATCH)


def transferred(entries: list[Object], own: str) -> list[Object]:
    """ManagedFields with the entries of `TAKEN_OVER` merged into the Apply entry of `own`; subresources stay."""
    taken = [
        entry for entry in entries
        if (entry["manager"], entry["operation"]) in TAKEN_OVER and not entry.get("subresource")
    ]  # fmt: skip
    if not taken:
        return entries
    mine = [
        entry for entry in entries
        if (entry["manager"], entry["operation"]) == (own, "Apply") and not entry.get("subresource")
    ]  # fmt: skip
    merged = {**taken[0], "manager": own, "operation": "Apply"}
    for entry in [*taken, *mine]:
        merged["fieldsV1"] = _union(merged.get("fieldsV1") or {}, entry.get("fieldsV1") or {})
    return [merged, *(entry for entry in entries if entry not in taken and entry not in mine)]


def _union(left: Object, right: Object) -> Object:
    return {key: _union(left.get(key, {}), right.get(key, {})) for key in {**left, **right}}


def owned_by_others_only(live: Object, path: str, own: str) -> bool:
    """Whether field `path` has owners and none is `own`; inside lists nobody is told apart."""
    owners = set()
    for entry in live["metadata"].get("managedFields") or []:
        fields: Any = entry.get("fieldsV1") or {}
        for part in parts(path):
            fields = fields.get(f"f:{part}") if isinstance(fields, dict) else None
        if fields is not None:
            owners.add(entry["manager"])
    return bool(owners) and own not in owners


def forced(settings: Settings, inputs: Object, live: Object | None) -> bool:
    """Whether an apply may take fields from other managers; `live` is what is there, if anything."""
    if settings.on("enablePatchForce") or annotations.on(inputs, annotations.FORCE):
        return True
    return live is not None and not live["metadata"].get("managedFields")


def relinquish(kube: Kube, body: Object, manager: str) -> None:
    """Apply nothing as `manager`, so that it owns nothing; values that no one else owns go away."""
    meta = {key: value for key, value in body["metadata"].items() if key in ("name", "namespace")}
    kube.apply({"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": meta}, manager)


def modified_meanwhile(error: KubeError) -> bool:
    """Whether a write lost against another one, and not against another manager's field."""
    causes = (error.body.get("details") or {}).get("causes") or []
    return error.status == 409 and not any(cause.get("reason") == "FieldManagerConflict" for cause in causes)


def explain_conflict(error: KubeError, own: str) -> PluginError:
    """The user's message for a refused apply by manager `own`."""
    if error.status != 409:
        return PluginError(error.message)
    return PluginError(
        f'{CONFLICT}\nThe resource managed by field manager "{own}" had an apply conflict: {error.message}'
    )
