"""One configuration in several environments: what they share, and what one of them says differently."""

from collections.abc import Mapping, Sequence
from typing import Any, cast


def combined(shared: Any, own: Any) -> Any:
    """`own` laid over `shared`.

    Mappings merge key by key, and null removes a key (JSON merge patch, RFC 7386). Lists of things with a `name`, such
    as pools, merge by name: what only `own` names comes last. Everything else is replaced.
    """
    if isinstance(own, Mapping):
        below: Mapping[str, Any] = cast("Mapping[str, Any]", shared) if isinstance(shared, Mapping) else {}
        return _mappings(below, cast("Mapping[str, Any]", own))
    if _is_named(shared) and _is_named(own):
        return _named(cast("Sequence[Mapping[str, Any]]", shared), cast("Sequence[Mapping[str, Any]]", own))
    return own


def _mappings(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    result = {key: value for key, value in shared.items() if own.get(key, value) is not None}
    for key, value in own.items():
        if value is not None:
            result[key] = combined(shared.get(key), value)
    return result


def _named(shared: Sequence[Mapping[str, Any]], own: Sequence[Mapping[str, Any]]) -> list[Any]:
    differing = {each["name"]: each for each in own}
    known = {each["name"] for each in shared}
    merged = [combined(each, differing[each["name"]]) if each["name"] in differing else each for each in shared]
    return [*merged, *(each for each in own if each["name"] not in known)]


def _is_named(value: object) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        return False
    return all(isinstance(each, Mapping) and "name" in each for each in cast("Sequence[object]", value))
