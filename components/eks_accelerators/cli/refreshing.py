"""A catalogue with one region as AWS describes it now."""

import importlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ..model.catalogue import Catalogue, PriceList, offers, records

_TYPES: Final = (
    {"Name": "supported-virtualization-type", "Values": ["hvm"]},
    {"Name": "processor-info.supported-architecture", "Values": ["x86_64", "arm64"]},
)
"""What Karpenter asks for (pkg/providers/instancetype/instancetype.go)."""
_LINUX: Final = {
    "serviceCode": "AmazonEC2", "operatingSystem": "Linux", "preInstalledSw": "NA", "capacitystatus": "Used",
    "marketoption": "OnDemand",
}  # fmt: skip
_KINDS: Final = (
    {"tenancy": "Shared", "productFamily": "Compute Instance"},
    {"tenancy": "Dedicated", "productFamily": "Compute Instance (bare metal)"},
)
"""Which prices Karpenter asks for (pkg/providers/pricing/pricing.go)."""
_PRICING_REGIONS: Final = {"ap": "ap-south-1", "cn": "cn-northwest-1", "eu": "eu-central-1"}
"""First part of a region → where its prices are answered; us-east-1 for the others."""


class RefreshError(Exception):
    """AWS did not answer; the message says what was asked and what it needs."""


@dataclass(frozen=True)
class Clients:
    """AWS APIs that are asked."""

    ec2: Any
    """boto3 client of EC2 in the region."""
    pricing: Any
    """boto3 client of the price list; None: prices are not asked for."""


def clients(region: str, *, prices: bool) -> Clients:
    """The clients of the caller's own credentials."""
    try:
        boto3 = importlib.import_module("boto3")
    except ModuleNotFoundError as error:
        raise RefreshError("boto3 is missing; `pip install boto3` lets accel ask AWS") from error
    answered = _PRICING_REGIONS.get(region.partition("-")[0], "us-east-1")
    return Clients(boto3.client("ec2", region_name=region), _pricing(boto3, answered) if prices else None)


def _pricing(boto3: Any, region: str) -> Any:
    return boto3.client("pricing", region_name=region)


def refreshed(known: Catalogue, region: str, aws: Clients) -> Catalogue:
    """`known` with types, zones and prices of `region` as AWS has them now."""
    described = {record["InstanceType"]: record for record in _ask(_types, aws.ec2, "ec2:DescribeInstanceTypes")}
    types = dict(known.types)
    for name, record in described.items():
        if records.usable(record):
            before = known.types.get(name)  # what EC2 does not answer is kept; a new type has no such numbers yet
            types[name] = records.instance_type(
                record,
                network_mbps=before.network_mbps if before else None,
                branches=before.branch_interfaces if before else 0,
                windows_addresses=before.windows_addresses if before else 0,
            )
    types = {name: types[name] for name in sorted(types)}
    pairs = {each: _pairs(known, each) for each in known.offered}
    pairs[region] = _zones(_ask(_offerings, aws.ec2, "ec2:DescribeInstanceTypeOfferings"))
    today = datetime.now(UTC).date().isoformat()
    lists = dict(known.price_lists)
    if aws.pricing is not None:
        prices = dict(_ask(lambda client: _prices(client, region), aws.pricing, "pricing:GetProducts"))
        lists[region] = PriceList(region=region, date=today, prices=prices)
    return Catalogue(
        types=types,
        offered={each: offers(types, pairs[each]) for each in sorted(pairs)},
        price_lists=lists,
        sources={**known.sources, region: f"asked from AWS on {today}"},
    )


def _pairs(known: Catalogue, region: str) -> dict[str, frozenset[str]]:
    """Zone → the types offered in it."""
    return {
        zone: frozenset(name for name, position in known.positions.items() if bits >> position & 1)
        for zone, bits in known.offered[region].items()
    }


def _zones(offerings: Iterable[Mapping[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for each in offerings:
        found.setdefault(each["Location"], set()).add(each["InstanceType"])
    return {zone: frozenset(names) for zone, names in found.items()}


def _ask(question: Callable[[Any], Iterator[Any]], client: Any, action: str) -> list[Any]:
    core = importlib.import_module("botocore.exceptions")
    try:
        return list(question(client))
    except (core.BotoCoreError, core.ClientError) as error:
        less = "; --no-prices leaves the prices as they are" if action.startswith("pricing") else ""
        raise RefreshError(f"{action}: {error}; it needs AWS credentials that may {action}{less}") from error


def _types(client: Any) -> Iterator[Any]:
    for page in client.get_paginator("describe_instance_types").paginate(Filters=list(_TYPES)):
        yield from page["InstanceTypes"]


def _offerings(client: Any) -> Iterator[Any]:
    pages = client.get_paginator("describe_instance_type_offerings").paginate(LocationType="availability-zone")
    for page in pages:
        yield from page["InstanceTypeOfferings"]


def _prices(client: Any, region: str) -> Iterator[tuple[str, str]]:
    """Instance type and USD per hour, as a decimal without trailing zeros."""
    for kind in _KINDS:
        wanted = {**_LINUX, **kind, "regionCode": region}
        filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()]
        for page in client.get_paginator("get_products").paginate(ServiceCode="AmazonEC2", Filters=filters):
            for product in map(json.loads, page["PriceList"]):
                yield from _price(product)


def _price(product: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    name = product["product"]["attributes"]["instanceType"]
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            usd = dimension["pricePerUnit"].get("USD", "0")
            if float(usd):
                yield name, usd.rstrip("0").rstrip(".")
