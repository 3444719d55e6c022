"""Which instance types a pool's own words admit."""

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from . import catalogue
from .accelerators import Accelerator
from .catalogue import Catalogue, InstanceType

if TYPE_CHECKING:
    from .pools import Pool

CPU_CATEGORIES: Final = ("c", "m", "r")
CPU_GENERATION: Final = 4
"""A CPU pool that names nothing takes compute, general and memory types of generation 5 and newer: Nitro throughout."""
_PRIMARY_CARD_DEVICE: Final = 1
"""On card 0 the first place is the primary interface's."""
_Layout = tuple[tuple[int, int, str], ...]
"""Interfaces as (card, device, type)."""


def named_types(pool: "Pool") -> tuple[str, ...]:
    """Types that `pool` names, itself or through its reservation."""
    return pool.instance_types if pool.reservation is None else (pool.reservation.instance_type,)


def named_families(pool: "Pool", accelerator: Accelerator | None) -> tuple[str, ...]:
    """Families that `pool` names or its accelerator implies; none when a CPU pool leaves the choice to us."""
    if names := named_types(pool):
        return tuple(dict.fromkeys(name.partition(".")[0] for name in names))
    if pool.instance_families or accelerator is None:
        return pool.instance_families
    return accelerator.families


def types_of(pool: "Pool", accelerator: Accelerator | None) -> tuple[InstanceType, ...]:
    """Types of the catalogue that `pool` names or is given, smallest first."""
    names = named_types(pool)
    if not names:
        architecture = pool.architecture or "amd64"
        return _types_in(catalogue.current(), named_families(pool, accelerator), architecture)
    known = catalogue.instance_types()
    return _by_size(known[name] for name in names if name in known)


@lru_cache(maxsize=256)
def _types_in(of: Catalogue, families: tuple[str, ...], architecture: str) -> tuple[InstanceType, ...]:
    """The types of `families`, or if there are none current CPU types of `architecture`, smallest first."""
    if families:
        return _by_size(instance for family in families for instance in of.families.get(family, ()))
    return _by_size(instance for instance in of.types.values() if _is_current_cpu(instance, architecture))


def _by_size(found: Iterable[InstanceType]) -> tuple[InstanceType, ...]:
    return tuple(sorted(found, key=lambda instance: (instance.vcpus, instance.memory_mib, instance.name)))


def _is_current_cpu(instance: InstanceType, architecture: str) -> bool:
    return (
        instance.architecture == architecture
        and instance.category in CPU_CATEGORIES
        and int(instance.generation or 0) > CPU_GENERATION
    )


def efa_types(types: tuple[InstanceType, ...]) -> tuple[InstanceType, ...]:
    """Those of `types` that have most EFA, hence one layout of interfaces; none if none has any."""
    most = max((instance.efa_interfaces for instance in types), default=0)
    return tuple(instance for instance in types if instance.efa_interfaces == most) if most else ()


def efa_layout(instance: InstanceType) -> _Layout:
    """The interfaces of a node that uses every EFA of its type.

    The primary interface has addresses and cannot be EFA-only; card 0 has an EFA beside it where it can have one.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html
    """
    places = [(card, _PRIMARY_CARD_DEVICE if card.index == 0 else 0) for card in instance.cards if card.efa]
    fitting = [(card.index, device, "efa-only") for card, device in places if device < card.interfaces]
    return ((0, 0, "interface"), *fitting[: instance.efa_interfaces])
