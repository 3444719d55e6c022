"""Reading manifests: parts that are absent or null are empty."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

Manifest = Mapping[str, Any]
"""An object, or a part of one, as it stands in YAML."""


class ManifestError(ValueError):
    """A manifest that cannot be read; the message names the part, its value, the rule and the fix."""


def child(manifest: Manifest, *keys: str) -> Manifest:
    """The mapping at `keys`; empty where any of them is absent or null."""
    found = manifest
    for key in keys:
        found = cast("Manifest | None", found.get(key)) or {}
    return found


def items(manifest: Manifest, key: str) -> Sequence[Manifest]:
    """The list of mappings under `key`; empty where it is absent or null."""
    return cast("Sequence[Manifest] | None", manifest.get(key)) or ()
