"""NodeOverlay karpenter.sh/v1alpha1, field by field. https://karpenter.sh/docs/concepts/nodeoverlays/"""

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from .. import forms, labels
from ..quantities import Quantity
from ..values import Problem
from .base import Wire
from .requirements import Key, OverlayRequirement, key_problems

_MEASURED: Final = ("cpu", "memory", "ephemeral-storage", "pods")
"""Resources that an overlay cannot change."""


class NodeOverlaySpec(Wire):
    """What Karpenter takes some instance types for: their price, or a resource it would not see by itself."""

    requirements: Annotated[tuple[OverlayRequirement, ...], Field(max_length=100)]
    """Which types it is about."""
    capacity: dict[Key, Quantity] | None = None
    """Extended resources that nodes of these types have, such as `nvidia.com/gpu: 1` on a fractional GPU."""
    price: Annotated[str, StringConstraints(pattern=forms.PRICE)] | None = None
    """Their price in USD per hour."""
    price_adjustment: Annotated[str, StringConstraints(pattern=forms.PRICE_ADJUSTMENT)] | None = None
    """A change of their price, such as `-10%` or `+0.5`."""
    weight: Annotated[int, Field(ge=1, le=10000)] | None = None
    """The overlay with more weight wins where two are about one type; absent: 0."""

    def problems(self) -> Iterator[Problem]:
        """One price, resources that can be overlaid, keys that can be asked for."""
        if self.price is not None and self.price_adjustment is not None:
            rule = "price and price_adjustment exclude one another"
            yield Problem(at=("price",), value=self.price, rule=rule, fix="give one of the two")
        for key, value in (self.capacity or {}).items():
            if key in _MEASURED:
                rule = "Karpenter measures this resource itself"
                yield Problem(at=("capacity", key), value=value, rule=rule, fix="leave it out")
        for problem in key_problems(self.requirements, allowed=(labels.NODE_POOL,)):
            yield problem.below("requirements")
