"""Walking through values and configurations, for tests that must forget no field."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from eks_accelerators.model.values import Value


def fields(kind: type[Value], path: str = "") -> Iterator[str]:
    """Paths of every field of `kind` and of what it holds; `*` stands for an item or a key."""
    for name, field in kind.model_fields.items():
        yield f"{path}{name}"
        for nested, step in values_in(field.annotation):
            yield from fields(nested, f"{path}{name}{step}.")


def values_in(annotation: Any, step: str = "") -> Iterator[tuple[type[Value], str]]:
    """Value types in `annotation`, each with the steps down to it."""
    if isinstance(annotation, type) and issubclass(annotation, Value):
        yield annotation, step
    into = {tuple: ".*", dict: ".*"}.get(get_origin(annotation), "")
    for argument in get_args(annotation):
        yield from values_in(argument, step + into)


def put(config: Any, path: str, value: Any) -> Any:
    """`config` with `value` at `path`; a parent that is missing is an empty object."""
    head, _, rest = path.partition(".")
    if isinstance(config, list):
        items = list(config)
        items[int(head)] = put(items[int(head)], rest, value) if rest else value
        return items
    return {**config, head: put(config.get(head, {}), rest, value) if rest else value}
