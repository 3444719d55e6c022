"""Which cluster the provider talks to: the kubeconfig with the provider's overrides applied."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

DEFAULT_PATH: Final = "~/.kube/config"


@dataclass(frozen=True)
class Access:
    """One resolved kubeconfig."""

    document: str
    """The kubeconfig with its current context already the one to use."""
    cluster: Mapping[str, Any]
    """Its active cluster stanza (server, CA, …), which decides whether resources must move."""
    namespace: str
    """For objects that name none."""


def resolve(texts: Mapping[str, str]) -> Access:
    """The cluster that the provider's `texts` mean; ValueError or OSError saying why there is none."""
    document = _load(texts.get("kubeconfig", os.environ.get("KUBECONFIG", DEFAULT_PATH)))
    name = texts.get("context", document.get("current-context", ""))
    context = dict(_entry(document, "contexts", name)["context"])
    if "cluster" in texts:
        context["cluster"] = texts["cluster"]
    cluster = _entry(document, "clusters", context["cluster"])["cluster"]
    user = _entry(document, "users", context["user"])
    effective = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": context}],
        "clusters": [{"name": context["cluster"], "cluster": cluster}],
        "users": [user],
    }
    namespace = texts.get("namespace", context.get("namespace", "default"))
    return Access(yaml.safe_dump(effective), cluster, namespace)


def active_cluster(texts: Mapping[str, str]) -> Mapping[str, Any] | None:
    """The active cluster stanza, or None where the kubeconfig cannot be understood."""
    try:
        return resolve(texts).cluster
    except (ValueError, OSError):
        return None


def _load(text: str) -> dict[str, Any]:
    """The kubeconfig in `text`, which is a path or the document itself (YAML or JSON)."""
    parsed = _yaml(text)
    if isinstance(parsed, str):
        parsed = _yaml(Path(parsed).expanduser().read_text())
    if isinstance(parsed, dict):
        return parsed
    raise ValueError("kubeconfig: neither a path nor a kubeconfig document")


def _yaml(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"kubeconfig: not YAML: {error}") from error


def _entry(document: Mapping[str, Any], section: str, name: str) -> Mapping[str, Any]:
    entries = document.get(section) or []
    for entry in entries:
        if entry["name"] == name:
            return entry
    raise ValueError(f"kubeconfig: no {name!r} under {section}; it has {[entry['name'] for entry in entries]}")
