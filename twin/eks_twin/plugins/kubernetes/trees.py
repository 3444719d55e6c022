"""Comparing JSON trees: pruning to a shape, and leaf differences by path."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

_PLAIN_KEY: Final = re.compile(r"[^.\[\]\"]+")


def pruned(live: Any, shape: Any) -> Any:
    """The part of `live` that `shape` also has; where their types differ, `live` as it is."""
    if isinstance(live, dict) and isinstance(shape, Mapping):
        return {key: pruned(live[key], value) for key, value in shape.items() if key in live}
    if isinstance(live, list) and isinstance(shape, list):
        return [pruned(item, value) for item, value in zip(live, shape, strict=False)]
    return live


def differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(Path, "add" | "update" | "delete") per leaf that differs; empty containers count as absent."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            where = joined(path, key)
            yield from _one(old.get(key, _ABSENT), new.get(key, _ABSENT), where)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            left = old[index] if index < len(old) else _ABSENT
            right = new[index] if index < len(new) else _ABSENT
            yield from _one(left, right, f"{path}[{index}]")
    elif not equal(old, new):
        yield path, "update"


def changed(old: Any, new: Any, ignored: Sequence[str], replacing: Sequence[str]) -> dict[str, str]:
    """Path → kind of each difference that is not ignored, with `-replace` where it is under a path of `replacing`."""
    return {
        path: f"{kind}-replace" if under(path, replacing) else kind
        for path, kind in differences(old, new)
        if not under(path, ignored)
    }


def _one(old: Any, new: Any, path: str) -> Iterator[tuple[str, str]]:
    if _empty(old) and _empty(new):
        return
    if _empty(old):
        yield path, "add"
    elif _empty(new):
        yield path, "delete"
    else:
        yield from differences(old, new, path)


_ABSENT: Final = object()


def _empty(value: Any) -> bool:
    return value is _ABSENT or value is None or value in ({}, [])


def equal(old: Any, new: Any) -> bool:
    """Equality in which 1 is 1.0 but not True."""
    return old == new and isinstance(old, bool) == isinstance(new, bool)


def joined(path: str, key: str) -> str:
    """`path` continued by `key`, in the engine's property path syntax."""
    if not _PLAIN_KEY.fullmatch(key):
        quoted = key.replace('"', '\\"')
        return f'{path}["{quoted}"]'
    return f"{path}.{key}" if path else key


def parts(path: str) -> list[str | int]:
    """The keys and indices of a property path: `a.b[0]["c.d"]` → a, b, 0, c.d."""
    found: list[str | int] = []
    for quoted, index, plain in re.findall(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[\]]+)', path):
        if quoted:
            found.append(quoted.replace('\\"', '"'))
        elif index:
            found.append(index if index == "*" else int(index))
        else:
            found.append(plain)
    return found


def under(path: str, ancestors: Sequence[str]) -> bool:
    """Whether `path` is one of `ancestors` or inside one; `*` matches any key or index."""
    own = parts(path)
    return any(
        len(prefix) <= len(own) and all(wanted in ("*", part) for wanted, part in zip(prefix, own, strict=False))
        for prefix in map(parts, ancestors)
    )


def lookup(tree: Any, path: list[str | int]) -> Any:
    """What stands at `path`, or None."""
    for part in path:
        if isinstance(part, int):
            tree = tree[part] if isinstance(tree, list) and part < len(tree) else None
        else:
            tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def renamed(value: Any, rename: Callable[[str], str]) -> Any:
    """`value` with every key passed through `rename`."""
    if isinstance(value, dict):
        return {rename(key): renamed(item, rename) for key, item in value.items()}
    if isinstance(value, list):
        return [renamed(item, rename) for item in value]
    return value


def dashed(key: str) -> str:
    """The wire's spelling of the schema extensions x-kubernetes-*, which Pulumi's SDKs write with underscores."""
    return key.replace("_", "-") if key.startswith("x_kubernetes_") else key


def underscored(key: str) -> str:
    """The SDK's spelling of `dashed` keys."""
    return key.replace("-", "_") if key.startswith("x-kubernetes-") else key
