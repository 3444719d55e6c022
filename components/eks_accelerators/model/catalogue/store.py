"""The catalogue as a file: read once per process, written by `tools/catalogue.py` and `accel catalogue refresh`.

Reading the packaged file takes about 25 ms on one core of 2026, as much as importing a small package; nothing is read
before the first question.
"""

import gzip
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from decimal import Decimal
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast

from .instance_type import Device, InstanceType, NetworkCard

VARIABLE: Final = "EKS_ACCELERATORS_CATALOGUE"
"""Environment variable with the path of a catalogue file that takes the place of the packaged one."""
FORMAT: Final = 1
"""Of the file; another number is refused."""
LIST_REGION: Final = "us-east-1"
"""Whose prices stand in for a region without a list of its own, as in Karpenter (pkg/providers/pricing/pricing.go)."""


class CatalogueError(ValueError):
    """A catalogue file cannot be used, or a question lies outside it; the message says what to do."""


@dataclass(frozen=True, slots=True)
class PriceList:
    """On-demand prices of Linux in one region."""

    region: str
    """Where they hold."""
    date: str
    """When they were published, `YYYY-MM-DD`."""
    prices: Mapping[str, str]
    """Instance type → USD per hour."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Instance types, where they are offered and what they cost. Compared by identity: there is one per file."""

    types: Mapping[str, InstanceType]
    """By name, in the names' order."""
    offered: Mapping[str, Mapping[str, int]]
    """Region → zone → types offered there, as a number whose bit `i` stands for the i-th of `types`."""
    price_lists: Mapping[str, PriceList]
    """By region."""
    sources: Mapping[str, str]
    """What each part was made from, with versions and dates."""

    @cached_property
    def families(self) -> Mapping[str, tuple[InstanceType, ...]]:
        """Family → its types, smallest first."""
        found: dict[str, list[InstanceType]] = {}
        for instance in sorted(self.types.values(), key=lambda each: (each.vcpus, each.memory_mib, each.name)):
            found.setdefault(instance.family, []).append(instance)
        return {family: tuple(found[family]) for family in sorted(found)}

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Type → its bit in `offered`."""
        return {name: position for position, name in enumerate(self.types)}

    def instance(self, name: str) -> InstanceType:
        """The type `name`, or a `CatalogueError`."""
        found = self.types.get(name)
        if found is None:
            raise CatalogueError(f"{name}: no such instance type in the catalogue; `accel catalogue refresh` renews it")
        return found

    def regional(self, region: str) -> Mapping[str, int]:
        """Zone → bits of the types offered there, or a `CatalogueError` for a region outside the catalogue."""
        zones = self.offered.get(region)
        if zones is None:
            known = ", ".join(sorted(self.offered))
            raise CatalogueError(f"{region}: the catalogue has {known}; `accel catalogue refresh` adds a region")
        return zones

    def zones(self, name: str, region: str) -> frozenset[str]:
        """The zones of `region` that offer the type `name`; empty if none does."""
        self.instance(name)
        position = self.positions[name]
        return frozenset(zone for zone, bits in self.regional(region).items() if bits >> position & 1)

    def price_list(self, region: str) -> PriceList:
        """The prices that Karpenter starts with in `region`: its own, otherwise those of us-east-1."""
        return self.price_lists.get(region) or self.price_lists[LIST_REGION]

    def price(self, name: str, region: str) -> Decimal | None:
        """USD per hour on demand, or None where the list has no price of the type."""
        price = self.price_list(region).prices.get(name)
        return None if price is None else Decimal(price)


def current() -> Catalogue:
    """The catalogue that `EKS_ACCELERATORS_CATALOGUE` names, otherwise the packaged one; each is read once."""
    return _read(os.environ.get(VARIABLE, ""))


@cache
def _read(path: str) -> Catalogue:
    if not path:
        return decode((resources.files(__package__ or __name__) / "instances.json.gz").read_bytes(), "packaged")
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise CatalogueError(f"{VARIABLE}={path}: {error.strerror}; `accel catalogue refresh` writes it") from error
    return decode(content, path)


def decode(content: bytes, path: str) -> Catalogue:
    """The catalogue in `content`, which was read from `path`."""
    try:
        document = json.loads(gzip.decompress(content))
    except (OSError, EOFError, ValueError) as error:
        raise CatalogueError(f"{path}: not a catalogue file ({error}); `accel catalogue refresh` writes one") from error
    if (found := document.get("format")) != FORMAT:
        raise CatalogueError(f"{path}: format {found!r} instead of {FORMAT}; `accel catalogue refresh` writes it anew")
    try:
        found = _catalogue(document)
    except (KeyError, TypeError, AttributeError) as error:
        raise CatalogueError(f"{path}: incomplete ({error}); `accel catalogue refresh` writes it anew") from error
    if LIST_REGION not in found.price_lists:
        raise CatalogueError(f"{path}: no prices of {LIST_REGION}, which other regions fall back to; write it anew")
    return found


def _catalogue(document: Mapping[str, Any]) -> Catalogue:
    return Catalogue(
        types=MappingProxyType({row["name"]: _instance(row) for row in document["types"]}),
        offered={
            region: {zone: int(bits, 16) for zone, bits in zones.items()}
            for region, zones in document["offered"].items()
        },
        price_lists={row["region"]: PriceList(**row) for row in document["prices"]},
        sources=document["sources"],
    )


def encode(catalogue: Catalogue) -> bytes:
    """`catalogue` as a file: the same bytes for the same content."""
    document = {
        "format": FORMAT,
        "sources": dict(catalogue.sources),
        "types": [_row(instance) for instance in catalogue.types.values()],
        "offered": {
            region: {zone: f"{bits:x}" for zone, bits in zones.items()} for region, zones in catalogue.offered.items()
        },
        "prices": [_row(prices) for prices in catalogue.price_lists.values()],
    }
    return gzip.compress(json.dumps(document, sort_keys=True, separators=(",", ":")).encode(), 9, mtime=0)


def offers(names: Mapping[str, Any], pairs: Mapping[str, frozenset[str]]) -> dict[str, int]:
    """Zone → bits over the sorted `names`, from zone → the names offered in it."""
    positions = {name: position for position, name in enumerate(sorted(names))}
    return {
        zone: sum(1 << positions[name] for name in sorted(offered & positions.keys()))
        for zone, offered in sorted(pairs.items())
    }


_PARTS: Final[Mapping[str, Callable[..., Any]]] = {
    "cards": NetworkCard,
    "gpus": Device,
    "neuron": Device,
    "accelerators": Device,
}
"""Fields of an instance type that hold further values."""


def _instance(row: dict[str, Any]) -> InstanceType:
    for key, value in row.items():
        if isinstance(value, list):
            part, items = _PARTS.get(key), cast("list[Any]", value)
            row[key] = tuple(items) if part is None else tuple(part(**item) for item in items)
    return InstanceType(**row)


def _row(value: Any) -> dict[str, Any]:
    """The fields of a dataclass that differ from their defaults."""
    return {
        field.name: _plain(content)
        for field in fields(value)
        if (content := getattr(value, field.name)) != _default(field)
    }


def _default(field: Field[Any]) -> object:
    return field.default if field.default is not MISSING else MISSING


def _plain(content: Any) -> Any:
    if isinstance(content, tuple):
        return [_plain(each) for each in cast("tuple[Any, ...]", content)]
    return _row(content) if isinstance(content, Device | NetworkCard) else content
