"""How an EC2NodeClass finds images, subnets, security groups, reservations and placement groups that exist already.

Terms of a list are alternatives, the fields of one term all hold. https://karpenter.sh/docs/concepts/nodeclasses/
"""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from .. import forms
from ..values import Problem
from .base import Wire

TagValue = Annotated[str, StringConstraints(min_length=1)]
Tags = Annotated[dict[Annotated[str, StringConstraints(min_length=1)], TagValue], Field(max_length=20)]
"""Tags that must all be there; `*` as a value asks for the key only."""
_NEEDED: Final = "selects nothing without one of"


class AmiTerm(Wire):
    """Images to launch from: an id, or what they have in common."""

    alias: Annotated[str, StringConstraints(pattern=forms.AMI_ALIAS, max_length=30)] | None = None
    """Family and version, such as `al2023@v20260724`; picks the variant with the drivers by itself. Stands alone."""
    id: Annotated[str, StringConstraints(pattern=forms.AMI_ID)] | None = None
    """One image, by its id; stands alone in its term."""
    name: str | None = None
    """Name, with `*` as wildcard."""
    owner: str | None = None
    """Account id, `self` or `amazon`; absent: the last two."""
    ssm_parameter: str | None = None
    """Name or ARN of a parameter that holds the id."""
    tags: Tags | None = None
    """Tags of the image."""

    def problems(self) -> Iterator[Problem]:
        """One way to find an image in each term."""
        said = {field for field in type(self).model_fields if getattr(self, field) is not None}
        yield from _needs_one_of(self, ("tags", "id", "name", "alias", "ssm_parameter"))
        for field in ("alias", "id", "ssm_parameter"):  # the CRD forgets the last; the controller then takes either
            if getattr(self, field) is not None and said != {field}:
                others = ", ".join(sorted(said - {field}))
                rule = f"names its images by itself, and {others} would be ignored"
                yield Problem(at=(field,), value=getattr(self, field), rule=rule, fix="one of them, or two terms")
                return
        if self.alias is not None and self.alias.startswith("windows") and not self.alias.endswith("@latest"):
            rule = "Windows images are published as `latest` only"
            yield Problem(at=("alias",), value=self.alias, rule=rule, fix=f"{self.alias.partition('@')[0]}@latest")


class SubnetTerm(Wire):
    """Subnets to launch into."""

    id: Annotated[str, StringConstraints(pattern=forms.SUBNET_ID)] | None = None
    """One subnet, by its id; stands alone in its term."""
    tags: Tags | None = None
    """Tags of the subnets."""

    def problems(self) -> Iterator[Problem]:
        """One way to find subnets in each term."""
        yield from _needs_one_of(self, ("tags", "id"))
        yield from _stands_alone(self, "id", ("tags",))


class SecurityGroupTerm(Wire):
    """Security groups of the nodes."""

    id: Annotated[str, StringConstraints(pattern=forms.SECURITY_GROUP_ID)] | None = None
    """One group, by its id; stands alone in its term."""
    name: str | None = None
    """The group's name (not its tag `Name`); stands alone in its term."""
    tags: Tags | None = None
    """Tags of the groups."""

    def problems(self) -> Iterator[Problem]:
        """One way to find groups in each term."""
        yield from _needs_one_of(self, ("tags", "id", "name"))
        yield from _stands_alone(self, "id", ("tags", "name"))
        if self.id is None:
            yield from _stands_alone(self, "name", ("tags",))


class CapacityReservationTerm(Wire):
    """Reserved capacity to launch into: On-Demand Capacity Reservations and Capacity Blocks."""

    id: Annotated[str, StringConstraints(pattern=forms.RESERVATION_ID)] | None = None
    """One reservation, by its id; stands alone in its term."""
    owner_id: Annotated[str, StringConstraints(pattern=forms.ACCOUNT_ID)] | None = None
    """Account that owns it; absent: any that shares with this one."""
    instance_match_criteria: Literal["open", "targeted"] | None = None
    """Whether instances find it by themselves or must name it; absent: either."""
    tags: Tags | None = None
    """Tags of the reservations."""

    def problems(self) -> Iterator[Problem]:
        """One way to find reservations in each term."""
        yield from _needs_one_of(self, ("tags", "id", "instance_match_criteria"))
        yield from _stands_alone(self, "id", ("tags", "owner_id", "instance_match_criteria"))


class PlacementGroupSelector(Wire):
    """The placement group that nodes are launched into."""

    id: Annotated[str, StringConstraints(pattern=forms.PLACEMENT_GROUP_ID)] | None = None
    """By its id."""
    name: Annotated[str, StringConstraints(min_length=1)] | None = None
    """By its name."""

    def problems(self) -> Iterator[Problem]:
        """One way to find it."""
        yield from _needs_one_of(self, ("name", "id"))
        yield from _stands_alone(self, "id", ("name",))


def _needs_one_of(term: Wire, fields: tuple[str, ...]) -> Iterator[Problem]:
    if not any(getattr(term, field) for field in fields):
        yield Problem(at=(), value=term, rule=f"{_NEEDED} {', '.join(fields)}", fix="name one")


def _stands_alone(term: Wire, field: str, others: tuple[str, ...]) -> Iterator[Problem]:
    """The CRD's own rule looks at all terms together, so that one good term hides a bad one; ours looks at each."""
    beside = [other for other in others if getattr(term, other) is not None]
    if getattr(term, field) is not None and beside:
        rule = f"finds by itself, so it cannot stand beside {', '.join(beside)} in one term"
        yield Problem(at=(field,), value=getattr(term, field), rule=rule, fix="one of them, or two terms")
