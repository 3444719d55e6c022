"""What a rendered chart contains."""

from collections.abc import Iterator
from typing import Any

import yaml


def objects(manifest: str) -> Iterator[dict[str, Any]]:
    """The Kubernetes objects of `manifest`."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for document in yaml.load_all(manifest, Loader=loader):
        if isinstance(document, dict) and "kind" in document:
            yield document


def resource_names(manifest: str) -> dict[str, list[str]]:
    """`<Kind[.group]>/<apiVersion>` → sorted names, with the namespace where the manifest gives one."""
    names: dict[str, list[str]] = {}
    for item in objects(manifest):
        group, _, _ = item["apiVersion"].rpartition("/")
        kind = f"{item['kind']}.{group}" if group else item["kind"]
        meta = item["metadata"]
        name = f"{meta['namespace']}/{meta['name']}" if meta.get("namespace") else meta["name"]
        names.setdefault(f"{kind}/{item['apiVersion']}", []).append(name)
    return {key: sorted(value) for key, value in names.items()}


def definitions(manifest: str) -> list[dict[str, Any]]:
    """The CustomResourceDefinitions of `manifest`."""
    return [item for item in objects(manifest) if item["kind"] == "CustomResourceDefinition"]
