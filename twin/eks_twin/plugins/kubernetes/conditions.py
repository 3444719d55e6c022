"""The annotation pulumi.com/waitFor: conditions that a program names itself, for any kind."""

import json
import re
from typing import Any, Final

from eks_twin.kube import Object
from eks_twin.plugins.base import PluginError

from . import annotations
from .readiness import Readiness, Reasons, condition

_STEP: Final = re.compile(
    r"\.([A-Za-z_][\w-]*)|\[(\d+|\*)\]|\['([^']+)'\]|\[\?\(?@\.([\w-]+)\s*==\s*[\"']([^\"']*)[\"']\)?\]"
)
"""The part of RFC 9535 that conditions are written with: names, indices, wildcards, and a filter for equality."""


def named(obj: Object) -> Readiness | None:
    """What `obj` asks to wait for, or None when it does not ask."""
    written = annotations.value(obj, annotations.WAIT_FOR)
    if not written:
        return None
    expressions = json.loads(written) if written.lstrip().startswith("[") else [written]
    for expression in expressions:
        _parse(expression)  # a mistake is an error before anything is created
    return Readiness(lambda live, _: [reason for text in expressions for reason in _missing(text, live)])


def _parse(expression: str) -> tuple[str, str, str | None]:
    """("condition", type, status) or ("jsonpath", path, value)."""
    if expression.startswith("condition="):
        kind, _, status = expression.removeprefix("condition=").partition("=")
        return "condition", kind, status or "True"
    if expression.startswith("jsonpath="):
        form = re.fullmatch(r"\{(.*?)\}(?:=(.*))?", expression.removeprefix("jsonpath="))
        if form is None or _STEP.sub("", form[1].removeprefix("$")):
            raise PluginError(
                f"annotation {annotations.WAIT_FOR}: {expression!r}: the twin does not model this JSONPath"
            )
        return "jsonpath", form[1].removeprefix("$"), form[2]
    raise PluginError(
        f'annotation {annotations.WAIT_FOR}: expected a "jsonpath=" or "condition=" prefix, got {expression!r}'
    )


def _missing(expression: str, live: Object) -> Reasons:
    form, subject, wanted = _parse(expression)
    observed = (live.get("status") or {}).get("observedGeneration")
    if observed is not None and observed < live["metadata"].get("generation", 0):
        return ["waiting for the controller to observe the change"]
    if form == "condition":
        held = str(condition(live, subject).get("status", "")).lower() == str(wanted).lower()
    else:
        found = select(live, subject)
        held = bool(found) and (wanted is None or _text(found[0]) == wanted)
    return [] if held else [f"waiting for {expression}"]


def select(live: Any, path: str) -> list[Any]:
    """Everything that `path` selects in `live`."""
    found = [live]
    for name, index, quoted, field, value in _STEP.findall(path):
        if name or quoted:
            found = [item[name or quoted] for item in found if isinstance(item, dict) and (name or quoted) in item]
        elif field:
            found = [entry for item in found for entry in _items(item) if _text(_field(entry, field)) == value]
        elif index == "*":
            found = [entry for item in found for entry in _items(item)]
        else:
            found = [item[int(index)] for item in found if isinstance(item, list) and int(index) < len(item)]
    return found


def _items(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
