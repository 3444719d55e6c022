"""One configuration in several environments: what they share, and what one of them says differently."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast


def combined(shared: Any, own: Any) -> Any:
    """`own` laid over `shared`.

    Mappings merge key by key, and null removes a key (JSON merge patch, RFC 7386). Lists of things with a `name`, such
    as pools, merge by name: what only `own` names comes last. Everything else is replaced.
    """
    if isinstance(own, Mapping):
        return _mappings(shared, cast("Mapping[str, Any]", own), combined)
    if _is_named(shared) and _is_named(own):
        return _named(cast("Sequence[Mapping[str, Any]]", shared), cast("Sequence[Mapping[str, Any]]", own))
    return own


def merged(base: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the JSON merge patch `patch` applied (RFC 7386): mappings merge, null deletes, all else replaces."""
    return _mappings(base, patch, _replaced)


def _replaced(base: Any, patch: Any) -> Any:
    return merged(base, cast("Mapping[str, Any]", patch)) if isinstance(patch, Mapping) else patch


def _mappings(base: Any, own: Mapping[str, Any], below: Callable[[Any, Any], Any]) -> dict[str, Any]:
    """`own` over `base`, which counts as empty where it is no mapping; values that both have are left to `below`."""
    shared: Mapping[str, Any] = cast("Mapping[str, Any]", base) if isinstance(base, Mapping) else {}
    result = {key: value for key, value in shared.items() if own.get(key, value) is not None}
    for key, value in own.items():
        if value is not None:
            result[key] = below(shared.get(key), value)
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
