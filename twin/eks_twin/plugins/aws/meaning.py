"""When two values of a property mean the same: JSON by content, lists of text as sets, everything else by value."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from eks_twin.plugins.base import UNKNOWN
from eks_twin.plugins.facts import Property
from eks_twin.plugins.wire import has_unknown


def document(text: Any) -> Any:
    """The content of a JSON document, a list of one and its element alike as for IAM; else `text` itself."""
    try:
        return _loose(json.loads(text))
    except (TypeError, ValueError):
        return text


def _loose(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _loose(item) for key, item in value.items()}
    if isinstance(value, list):
        items = sorted((_loose(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
        return items[0] if len(items) == 1 else items
    return value


def canonical(value: Any, *, ordered: bool = False) -> Any:
    """`value` in a form in which equal meaning is equality; lists of text count as sets unless `ordered`."""
    if isinstance(value, Mapping):
        entries = {key: canonical(item, ordered=ordered) for key, item in value.items()}
        return {key: item for key, item in entries.items() if not empty(item)}
    if isinstance(value, list):
        items = [canonical(item, ordered=ordered) for item in value]
        is_set = not ordered and all(isinstance(item, str) for item in items)
        return sorted(items) if is_set else items
    return value


def empty(value: Any) -> bool:
    """Whether a value says no more than its absence would."""
    return value is None or value in ("", 0, [], {})


def unordered(value: Any) -> Any:
    """A list of objects in an order that does not depend on how it was written."""
    if not isinstance(value, list):
        return value
    return sorted(map(canonical, value), key=lambda item: json.dumps(item, sort_keys=True, default=str))


FORMS: Final[Mapping[str, Callable[[Any], Any]]] = {
    # the key `means` of a property → the form in which equal meaning is equality
    "": canonical,
    "document": document,
    "list": lambda value: canonical(value, ordered=True),
    "policies": lambda value: {item.get("name", ""): document(item.get("policy")) for item in value or ()},
    "set": unordered,
    "url": lambda value: str(value).removeprefix("https://"),
}


def same(old: Any, new: Any, facts: Property) -> bool:
    """Whether `old` and `new` mean the same for a property of that kind; unknown never does."""
    if old is UNKNOWN or has_unknown(new):
        return False
    form = FORMS["document" if facts.json else facts.means]
    return form(old) == form(new)
