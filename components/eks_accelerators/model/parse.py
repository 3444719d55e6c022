"""The only door through which configuration and component arguments become values."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast, get_args, get_origin

import pulumi
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .forms import FORMS
from .values import Location, Problem, Value

V = TypeVar("V", bound=Value)


class ConfigError(pulumi.RunError):
    """Configuration refused: every problem found, each with path, value, rule and fix.

    A `RunError`, so that Pulumi shows the message and no traceback, as it does for its own configuration errors.
    """

    problems: tuple[Problem, ...]
    """What was found, with paths from the root of the configuration."""

    def __init__(self, problems: Iterable[Problem], *, at: str) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"{count} problem{'s' if count > 1 else ''} in the configuration:"
        super().__init__("\n".join([head, *(_line(at, problem) for problem in self.problems)]))


def parse(kind: type[V], raw: object, *, at: str) -> V:
    """`raw` as a `kind`, or a `ConfigError` whose paths start with `at`."""
    try:
        return kind.model_validate(raw, by_name=True, by_alias=False)
    except ValidationError as error:
        found = error.errors(include_url=False)
    raise ConfigError(_problems(kind, raw, found, by_alias=False), at=at)


def wire_problems(kind: type[Value], manifest: object) -> tuple[Problem, ...]:
    """What is wrong with `manifest` as the wire form of `kind`; paths are in the wire's own names."""
    found = _errors(kind, manifest, by_alias=True)
    return tuple(_problems(kind, manifest, found, by_alias=True)) if found else ()


def _problems(kind: type[Value], raw: object, found: list[ErrorDetails], *, by_alias: bool) -> list[Problem]:
    unknown = [detail for detail in found if detail["type"] == "extra_forbidden"]
    if unknown:  # pydantic stops at a misspelt key before it asks the value's own rules, which have more to say
        rest = _without(raw, [detail["loc"] for detail in unknown])
        found = [*_errors(kind, rest, by_alias=by_alias), *unknown]
    return [_problem(kind, detail, by_alias=by_alias) for detail in found if not _is_consequence(detail, found)]


def _errors(kind: type[Value], raw: object, *, by_alias: bool) -> list[ErrorDetails]:
    try:
        kind.model_validate(raw, by_alias=by_alias, by_name=not by_alias)
    except ValidationError as error:
        return error.errors(include_url=False)
    return []


def _without(raw: object, paths: Sequence[Location]) -> object:
    """A copy of `raw` that lacks the keys at `paths`."""
    below: dict[str | int, list[Location]] = {}
    for path in paths:
        below.setdefault(path[0], []).append(path[1:])
    if isinstance(raw, Mapping):
        items = cast("Mapping[str, object]", raw).items()
        return {key: _without(value, below.get(key, [])) for key, value in items if () not in below.get(key, [])}
    if isinstance(raw, list):
        return [_without(value, below.get(i, [])) for i, value in enumerate(cast("list[object]", raw))]
    return raw


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The member of `words` that `word` was probably meant to be, or None."""
    return next(iter(difflib.get_close_matches(word, sorted(words), n=1)), None)


def one_of(word: str, words: Iterable[str]) -> str:
    """A fix for a word outside a closed set: the nearest member, or all of them."""
    close = nearest(word, words)
    return f"did you mean {close!r}?" if close else f"use one of: {', '.join(sorted(words))}"


def _line(at: str, problem: Problem) -> str:
    path = at + "".join(_step(part) for part in problem.at)
    return f"  {path} = {_short(problem.value)}: {problem.rule}; {problem.fix}"


def _step(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if part.isidentifier() else f"[{part!r}]"


def _short(value: object) -> str:
    if value is None:
        return "(absent)"
    text = str(value.wire()) if isinstance(value, Value) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _problem(kind: type[Value], detail: ErrorDetails, *, by_alias: bool) -> Problem:
    location = tuple(part for part in detail["loc"] if part != "[key]")
    context: dict[str, Any] = detail.get("ctx", {})
    if detail["type"] == "problem":  # rules name fields as the values do
        at = _aliased(kind, location) if by_alias else location
        return Problem(at=at, value=detail["input"], rule=context["rule"], fix=context["fix"])
    if detail["type"] == "extra_forbidden":
        keys = _keys(kind, location[:-1], by_alias=by_alias)
        return Problem(at=location, value=detail["input"], rule="unknown key", fix=one_of(str(location[-1]), keys))
    if detail["type"] == "missing":
        return Problem(at=location, value=None, rule="required", fix="add it")
    if detail["type"] == "string_pattern_mismatch":
        rule, example = FORMS[context["pattern"]]
        return Problem(at=location, value=detail["input"], rule=rule, fix=f"e.g. {example}")
    rule = (detail["msg"][0].lower() + detail["msg"][1:]).replace("tuple", "list")
    return Problem(at=location, value=detail["input"], rule=rule, fix=_FIXES.get(detail["type"], "write another value"))


def _is_consequence(detail: ErrorDetails, found: Sequence[ErrorDetails]) -> bool:
    """Whether `detail` only says that a list is too short because its items were refused."""
    location = detail["loc"]
    below = (other["loc"] for other in found if len(other["loc"]) > len(location))
    return detail["type"] == "too_short" and any(other[: len(location)] == location for other in below)


_FIXES = {
    "string_type": "write a string; quote versions",
    "int_type": "write a whole number",
    "int_from_float": "write a whole number",
    "int_parsing": "write a whole number",
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "literal_error": "use one of those",
    "tuple_type": "write a list",
    "dict_type": "write a mapping of keys to values",
    "model_type": "write a mapping of keys to values",
    "too_short": "add to the list",
    "too_long": "shorten the list",
    "string_too_short": "name it",
    "string_too_long": "shorten it",
    "greater_than_equal": "raise it",
    "less_than_equal": "lower it",
}
"""What to do about each kind of error that pydantic finds by itself."""


def _keys(kind: type[Value], location: Location, *, by_alias: bool) -> Sequence[str]:
    """The keys known at `location` below a `kind`."""
    *_, (_, last) = _walk(kind, location)
    if last is None:
        return []
    return [_alias(last, name) if by_alias else name for name in last.model_fields]


def _aliased(kind: type[Value], location: Location) -> Location:
    """`location` with the wire's names for our own."""
    return tuple(
        _alias(holder, part) if holder is not None and isinstance(part, str) else part
        for part, holder in zip(location, (holder for _, holder in _walk(kind, location)), strict=False)
    )


def _walk(kind: type[Value], location: Location) -> Iterator[tuple[str | int | None, type[Value] | None]]:
    """Each step of `location` with the value type it is taken from, or None for a list or a mapping; then the end."""
    current: object = kind
    for part in location:
        holder = _value_type(current)
        yield part, holder
        if holder is not None:
            current = _core(holder.model_fields[_field(holder, str(part))].annotation)
        else:  # an item of a list or a mapping: the last type argument that is a type
            current = _core(next((a for a in reversed(get_args(current)) if a is not Ellipsis), None))
    yield None, _value_type(current)


def _value_type(annotation: object) -> type[Value] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, Value) else None


def _alias(holder: type[Value], name: str) -> str:
    field = holder.model_fields.get(name)
    return name if field is None or field.alias is None else field.alias


def _field(holder: type[Value], name: str) -> str:
    """The name of the field of `holder` that `name` is the name or the alias of."""
    return name if name in holder.model_fields else next(n for n, f in holder.model_fields.items() if f.alias == name)


def _core(annotation: object) -> object:
    """`annotation` without `| None` and without constraints."""
    if get_origin(annotation) in (tuple, dict):
        return annotation
    members = [a for a in get_args(annotation) if a is not type(None)]
    return _core(members[0]) if members and members[0] is not annotation else annotation
