"""The catalogue of EC2 instance types: what each is, where it is offered, what it costs, and what a node of it offers.

A question costs microseconds once the file is read; see `store` for what reading costs.
"""

from collections.abc import Mapping
from decimal import Decimal

from .capacity import GPU_RESOURCES, CapacitySettings, ImageFamily, Interface, allocatable, capacity
from .instance_type import Device, InstanceType, NetworkCard
from .labels import labels
from .store import VARIABLE, Catalogue, CatalogueError, PriceList, current, encode, offers


def instance_types() -> Mapping[str, InstanceType]:
    """Every type that Karpenter could launch, by name; the same mapping on each call."""
    return current().types


def families() -> Mapping[str, tuple[InstanceType, ...]]:
    """Every instance family with its types, smallest first."""
    return current().families


def zones(name: str, region: str) -> frozenset[str]:
    """The zones of `region` that offer the type `name`; a `CatalogueError` for a type or region it does not have."""
    return current().zones(name, region)


def price(name: str, region: str) -> Decimal | None:
    """USD per hour on demand by the list of `region` (`price_list` says which and of when); None: not listed."""
    return current().price(name, region)


def price_list(region: str) -> PriceList:
    """The prices used in `region`: its own list, otherwise that of us-east-1, as in Karpenter."""
    return current().price_list(region)


__all__ = [
    "GPU_RESOURCES",
    "VARIABLE",
    "CapacitySettings",
    "Catalogue",
    "CatalogueError",
    "Device",
    "ImageFamily",
    "InstanceType",
    "Interface",
    "NetworkCard",
    "PriceList",
    "allocatable",
    "capacity",
    "current",
    "encode",
    "families",
    "instance_types",
    "labels",
    "offers",
    "price",
    "price_list",
    "zones",
]
