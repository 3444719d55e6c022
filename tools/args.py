"""Writes components/eks_accelerators/args.py: what components accept, from the values that it becomes.

Pulumi's component host hands a component plain dictionaries and reads their shape from TypedDicts, which may hold no
Literal, tuple or constraint (taste of its analyzer); the values hold all three. One is made from the other, so that
both say the same in the same words.
"""

import inspect
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from eks_accelerators.model.network import NetworkSettings
from eks_accelerators.model.platform import PlatformConfig
from eks_accelerators.model.values import Value
from pydantic import JsonValue
from pydantic.fields import FieldInfo

TARGET = Path(__file__).parents[1] / "components" / "eks_accelerators" / "args.py"
ROOTS: tuple[type[Value], ...] = (NetworkSettings, PlatformConfig)
NAMES = {"PlatformConfig": "PlatformArgs"}
HEAD = '''"""What components accept: made from the values of `model` by `make args`, not written by hand.

Each type is the plain form of the value of the same name; `parse` turns one into the other and refuses what is wrong.
"""

from typing import Any, NotRequired, TypedDict
'''


def text() -> str:
    """The whole file, formatted."""
    kinds = dict.fromkeys(kind for root in ROOTS for kind in below(root))
    source = HEAD + "".join(typed_dict(kind) for kind in kinds)
    command = [str(Path(sys.executable).with_name("ruff")), "format", "--quiet", "--stdin-filename", str(TARGET), "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout


def below(kind: type[Value]) -> Iterator[type[Value]]:
    """Every value type that `kind` holds, before those that hold it; `kind` last."""
    for field in kind.model_fields.values():
        for found in held(field.annotation):
            yield from below(found)
    yield kind


def held(annotation: Any) -> Iterator[type[Value]]:
    """Value types in `annotation`."""
    if isinstance(annotation, type) and issubclass(annotation, Value):
        yield annotation
    for part in get_args(annotation):
        yield from held(part)


def typed_dict(kind: type[Value]) -> str:
    """The TypedDict of `kind`."""
    lines = ["", "", f"class {name(kind)}(TypedDict):", *quoted(inspect.getdoc(kind) or ""), ""]
    if not kind.model_fields:
        raise ValueError(f"{kind.__name__} has no fields")
    for key, field in kind.model_fields.items():
        lines += [f"    {key}: {declared(field)}", *quoted(field.description or "")]
    return "\n".join(lines) + "\n"


def quoted(description: str) -> list[str]:
    """`description` as a docstring."""
    if not description:
        raise ValueError("a field or type without a description")
    first, *rest = inspect.cleandoc(description).splitlines()
    body = [f'    """{first}', *(f"    {line}".rstrip() for line in rest)]
    if len(rest) and inspect.cleandoc(description).count("\n\n"):
        return [*body, '    """']
    return [*body[:-1], f'{body[-1]}"""']


def declared(field: FieldInfo) -> str:
    """The type of a field; absent is allowed where the value has a default, null where it means something else."""
    kind = plain(field.annotation)
    if field.is_required():
        return kind
    if field.default is None:
        kind = kind.removesuffix(" | None")
    return f"NotRequired[{kind}]"


def plain(annotation: Any) -> str:
    """`annotation` in what JSON has."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in PLAIN:
        return PLAIN[origin](*arguments)
    if annotation is JsonValue:
        return "Any"
    return name(annotation) if issubclass(annotation, Value | types.NoneType) else annotation.__name__


PLAIN = {
    Annotated: lambda kind, *_: plain(kind),
    Literal: lambda value, *_: type(value).__name__,
    Union: lambda *kinds: " | ".join(plain(kind) for kind in kinds),
    types.UnionType: lambda *kinds: " | ".join(plain(kind) for kind in kinds),
    tuple: lambda kind, *_: f"list[{plain(kind)}]",
    dict: lambda _, kind: f"dict[str, {plain(kind)}]",
}
"""What becomes of each kind of annotation that has arguments."""


def name(kind: type) -> str:
    """Name of the TypedDict of `kind`, or None."""
    return "None" if kind is types.NoneType else NAMES.get(kind.__name__, f"{kind.__name__}Args")


if __name__ == "__main__":
    if "--print" in sys.argv:
        sys.stdout.write(text())
    else:
        TARGET.write_text(text())
