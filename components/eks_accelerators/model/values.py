"""The base of every configuration value, and how a value says what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

Location = tuple[str | int, ...]
"""Keys and list positions from a value down to one of its leaves."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One reason why a value is refused, in the four parts that a reader needs to repair it."""

    at: Location
    """Where, relative to the value that found it."""
    value: object
    """What stood there."""
    rule: str
    """What is demanded, with the limit or the closed set in it."""
    fix: str
    """What to write instead."""

    def below(self, *keys: str | int) -> "Problem":
        """The problem as whoever holds the value under `keys` sees it."""
        return replace(self, at=(*keys, *self.at))

    def detail(self) -> InitErrorDetails:
        """The problem as pydantic carries it upwards, adding the keys above it to `at`."""
        error = PydanticCustomError("problem", "{rule}", {"rule": self.rule, "fix": self.fix})
        return InitErrorDetails(type=error, loc=self.at, input=self.value)


class Value(BaseModel):
    """A frozen, plain, complete value that knows its own rules and refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def problems(self) -> Iterator[Problem]:
        """Every rule that spans more than one field, or needs a table, and is broken."""
        yield from ()

    @model_validator(mode="after")
    def _refuse_problems(self) -> Self:
        found = [problem.detail() for problem in self.problems()]
        if found:
            raise ValidationError.from_exception_data(type(self).__name__, found)
        return self

    def wire(self) -> dict[str, JsonValue]:
        """The value as component arguments: what the user said, without defaults, so that derived stays derived."""
        return self.model_dump(mode="json", exclude_unset=True)
