"""Writes docs/reference: what the pool language and the platform accept, and the tables that answers are based on.

Everything comes from the values and tables of `model` in their own words; a page says nothing that the code does not.
"""

import inspect
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import yaml
from eks_accelerators.model.crds.node_overlay import NodeOverlaySpec
from eks_accelerators.model.forms import FORMS
from eks_accelerators.model.node_classes import NodeClass
from eks_accelerators.model.platform import PlatformConfig
from eks_accelerators.model.pools import Pool
from eks_accelerators.model.values import Value
from pydantic import JsonValue
from pydantic.fields import FieldInfo

from tools.reference_tables import TABLES, table

TARGET: Final = Path(__file__).parents[1] / "docs" / "reference"
FIELD_PAGES: Final = {
    "node-classes": (
        NodeClass,
        "What nodes are made from: under `node_class` of a pool, or by name under `node_classes`.",
    ),
    "overlays": (NodeOverlaySpec, "Entries of `overlays`, by name. Fractional GPUs and GPU sharing bring their own."),
    "pools": (Pool, "Entries of `pools`. [The guide](../pools.md) says what follows from what."),
    "platform": (PlatformConfig, "The `platform` object of a stack's configuration, and the arguments of `Platform`."),
}
"""Root type and introduction by page. A type stands on the first page whose root holds it."""
MADE: Final = "<!-- made by `make reference` from the model; change the code, not this page -->"


def pages() -> dict[str, str]:
    """Every page by its file name."""
    made = {f"{page}.md": fields_page(page) for page in FIELD_PAGES}
    return {**made, **{f"{name}.md": f"{MADE}\n\n{written()}" for name, written in TABLES.items()}}


def fields_page(page: str) -> str:
    """One root type and those below it that no page before has."""
    root, introduction = FIELD_PAGES[page]
    kinds = [kind for kind in dict.fromkeys(below(root)) if page_of(kind) == page]
    parts = [MADE, "", f"# {page.replace('-', ' ').capitalize()}", "", introduction, ""]
    for kind in kinds:
        parts += [f"## {kind.__name__}", "", inspect.cleandoc(kind.__doc__ or ""), "", *field_table(kind, page), ""]
    return "\n".join(parts)


def below(kind: type[Value]) -> Iterator[type[Value]]:
    """`kind`, then every value type that it holds, in the order of the fields."""
    yield kind
    for field in kind.model_fields.values():
        for found in held(field.annotation):
            yield from below(found)


def held(annotation: Any) -> Iterator[type[Value]]:
    """Value types in `annotation`."""
    if isinstance(annotation, type) and issubclass(annotation, Value):
        yield annotation
    for part in get_args(annotation):
        yield from held(part)


def page_of(kind: type[Value]) -> str:
    """The page that `kind` stands on."""
    return next(page for page, (root, _) in FIELD_PAGES.items() if kind in set(below(root)))


def field_table(kind: type[Value], page: str) -> Iterator[str]:
    """Name, type, default and meaning of every field of `kind`."""
    rows = (
        (f"`{name}`", spelled(field.annotation, field.metadata, page), default(field), field.description or "")
        for name, field in kind.model_fields.items()
    )
    return table(("field", "type", "default", "meaning"), rows)


def default(field: FieldInfo) -> str:
    """What holds when nothing is said, where that is a plain value; the meaning says the rest."""
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "absent"
    if isinstance(value, Value):
        return "its own defaults"
    return f"`{plain(value)}`"


def plain(value: object) -> str:
    """`value` as YAML in one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(plain(each) for each in value)}]"
    if isinstance(value, str) and not isinstance(yaml.safe_load(value), str):
        return f'"{value}"'  # YAML would read a number
    return str(value)


def spelled(annotation: Any, metadata: Iterable[object], page: str) -> str:
    """`annotation` and its constraints in words, with links to the types it names."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    limits = constraints(metadata)
    suffix = f" ({limits})" if limits else ""
    if origin is Annotated:
        return spelled(arguments[0], arguments[1:], page) + suffix
    if origin in _SPELLED:
        return _SPELLED[origin](arguments, page) + suffix
    if annotation is JsonValue:
        return "anything"
    if issubclass(annotation, Value):
        there = page_of(annotation)
        file = "" if there == page else f"{there}.md"
        return f"[{annotation.__name__}]({file}#{annotation.__name__.lower()}){suffix}"
    return _WORDS[annotation] + suffix


def _union(arguments: tuple[Any, ...], page: str) -> str:
    return " or ".join(spelled(each, (), page) for each in arguments if each is not types.NoneType)


_SPELLED: Final[dict[Any, Callable[[tuple[Any, ...], str], str]]] = {
    Literal: lambda arguments, _: ", ".join(f"`{each}`" for each in arguments),
    Union: _union,
    types.UnionType: _union,
    tuple: lambda arguments, page: f"list of {spelled(arguments[0], (), page)}",
    dict: lambda arguments, page: f"map of {spelled(arguments[0], (), page)} to {spelled(arguments[1], (), page)}",
}
"""How each kind of annotation that has arguments is said."""
_WORDS: Final = {str: "text", int: "whole number", bool: "`true`, `false`", float: "number"}


def constraints(metadata: Iterable[object]) -> str:
    """Bounds, and an example of the form that a text must have."""
    flat = [part for each in metadata for part in (getattr(each, "metadata", None) or [each])]
    said = {name: getattr(part, name) for part in flat for name in _BOUNDS if getattr(part, name, None) is not None}
    pattern = next((found for part in flat if (found := getattr(part, "pattern", None)) is not None), None)
    words = [f"{_BOUNDS[name]} {bound:,}" for name, bound in said.items()]
    return ", ".join([*words, *([f"such as `{FORMS[pattern][1]}`"] if pattern in FORMS else [])])


_BOUNDS: Final = {
    "ge": "at least",
    "gt": "more than",
    "le": "at most",
    "lt": "less than",
    "min_length": "length at least",
    "max_length": "length at most",
}


if __name__ == "__main__":
    for file, content in pages().items():
        (TARGET / file).write_text(content, encoding="utf-8")
