"""Strategies that make any value of the model: every field, every constraint, whatever its rules leave."""

import functools
import types
from datetime import UTC
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from eks_accelerators.model.quantities import Quantity
from eks_accelerators.model.times import Time
from eks_accelerators.model.values import Value
from hypothesis import strategies as st
from pydantic import JsonValue, StringConstraints, ValidationError
from pydantic.fields import FieldInfo

QUANTITIES = st.from_regex(r"[1-9][0-9]{0,4}(Mi|Gi|m|k)?", fullmatch=True)
FEW = 3
"""Items of a list or a map, unless more are needed."""
AT_ONCE = 5
"""Optional fields of one value; more of them only contradict one another more often."""
WORDS = st.from_regex(r"[a-z][a-z0-9]{0,9}", fullmatch=True)


def valid(kind: type[Value], **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Value]:
    """Values of `kind` that its rules accept, with some fields from `fixed`."""
    always = [name for name, field in kind.model_fields.items() if field.is_required() or name in fixed]
    others = [name for name in kind.model_fields if name not in (*always, "raw")]

    def some(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries(
            {name: fixed.get(name, of_field(kind.model_fields[name])) for name in (*always, *names)}
        )

    chosen = st.lists(st.sampled_from(others), unique=True, max_size=AT_ONCE) if others else st.just([])
    return chosen.flatmap(some).map(functools.partial(attempt, kind)).filter(bool)


def attempt(kind: type[Value], said: dict[str, Any]) -> Value | None:
    try:
        return kind.model_validate(said)
    except ValidationError:
        return None


def of_field(field: FieldInfo) -> st.SearchStrategy[Any]:
    return strategy(field.annotation, tuple(field.metadata))


def strategy(annotation: Any, constraints: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    """What `annotation` admits."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in MADE:
        return MADE[annotation]
    if origin in COMPOSED:
        return COMPOSED[origin](arguments, constraints)
    if isinstance(annotation, type) and issubclass(annotation, Value):
        return valid(annotation)
    return plain(annotation, constraints)


def some_items(arguments: tuple[Any, ...], constraints: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    least, most = bounds(constraints)
    return st.lists(strategy(arguments[0]), min_size=least, max_size=min(most, least + FEW))


def one_of(arguments: tuple[Any, ...], constraints: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    return st.one_of(*(strategy(argument, constraints) for argument in arguments if argument is not type(None)))


MADE = {
    Quantity: QUANTITIES,
    Time: st.datetimes(timezones=st.just(UTC)).map(lambda time: time.isoformat(timespec="seconds")),
    JsonValue: WORDS,
}
COMPOSED = {
    Annotated: lambda arguments, constraints: strategy(arguments[0], (*constraints, *flat(arguments[1:]))),
    Union: one_of,
    types.UnionType: one_of,
    Literal: lambda arguments, _: st.sampled_from(arguments),
    tuple: some_items,
    dict: lambda arguments, _: st.dictionaries(strategy(arguments[0]), strategy(arguments[1]), max_size=FEW),
}


def plain(kind: type, constraints: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if kind is bool:
        return st.booleans()
    if kind is int:
        least = next((c.ge for c in constraints if isinstance(c, Ge)), 0)
        return st.integers(least, next((c.le for c in constraints if isinstance(c, Le)), least + 100))
    pattern = next((c.pattern for c in constraints if isinstance(c, StringConstraints) and c.pattern), None)
    if pattern is None:
        return WORDS
    longest = next((c.max_length for c in constraints if isinstance(c, StringConstraints) and c.max_length), 63)
    return st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii")).filter(
        lambda text: len(text) <= longest and "\n" not in text
    )


def bounds(constraints: tuple[Any, ...]) -> tuple[int, int]:
    least = next((c.min_length for c in constraints if isinstance(c, MinLen)), 0)
    return least, next((c.max_length for c in constraints if isinstance(c, MaxLen)), least + FEW)


def flat(metadata: tuple[Any, ...]) -> tuple[Any, ...]:
    """Constraints, out of pydantic's FieldInfo where they stand in one."""
    return tuple(part for each in metadata for part in (each.metadata if isinstance(each, FieldInfo) else (each,)))
