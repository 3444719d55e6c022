"""How a component says "only once these exist" to somebody who takes a value from it."""

from collections.abc import Sequence
from typing import TypeVar

import pulumi

T = TypeVar("T")


def once(value: pulumi.Input[T], *ready: pulumi.Output[str]) -> pulumi.Output[T]:
    """`value`, known once every one of `ready` is, and depending on what they depend on.

    Whatever is made from it is created after them and, because the dependency is recorded, deleted before them; unlike
    `depends_on` it crosses the border of a component without naming the resources behind it.
    """
    return pulumi.Output.all(value, *ready).apply(_first)


def _first(values: Sequence[T]) -> T:
    return values[0]
