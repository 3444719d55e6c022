"""The pulumi.com/* annotations that steer the plugin, read with their documented defaults."""

from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.base import PluginError

AUTONAMED: Final = "pulumi.com/autonamed"
FIELD_MANAGER: Final = "pulumi.com/patchFieldManager"
FORCE: Final = "pulumi.com/patchForce"
PROPAGATION: Final = "pulumi.com/deletionPropagationPolicy"
REPLACE_UNREADY: Final = "pulumi.com/replaceUnready"
SKIP_AWAIT: Final = "pulumi.com/skipAwait"
TIMEOUT: Final = "pulumi.com/timeoutSeconds"
WAIT_FOR: Final = "pulumi.com/waitFor"

POLICIES: Final = {"background": "Background", "foreground": "Foreground", "orphan": "Orphan"}


def value(obj: Mapping[str, Any], name: str) -> str:
    """Annotation `name` of `obj`, empty when it is not set."""
    meta = obj.get("metadata")
    annotations = meta.get("annotations") if isinstance(meta, dict) else None
    found = annotations.get(name) if isinstance(annotations, dict) else None
    return found if isinstance(found, str) else ""


def on(obj: Mapping[str, Any], name: str) -> bool:
    """Whether annotation `name` of `obj` says true."""
    return value(obj, name).lower() == "true"


def seconds(obj: Mapping[str, Any], given: float, default: float) -> float:
    """How long to wait: customTimeouts (`given`), else the annotation, else `default`."""
    written = value(obj, TIMEOUT)
    if given or not written:
        return given or default
    if not written.isdigit():
        raise PluginError(f"annotation {TIMEOUT}: {written!r} is not a number of seconds")
    return float(written)


def propagation(obj: Mapping[str, Any]) -> str:
    """The propagationPolicy of a delete."""
    written = value(obj, PROPAGATION)
    if written and written.lower() not in POLICIES:
        raise PluginError(f"annotation {PROPAGATION}: {written!r} is none of {', '.join(POLICIES)}")
    return POLICIES[written.lower()] if written else "Foreground"
