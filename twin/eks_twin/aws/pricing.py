"""AWS Price List: Linux on-demand prices of EC2 instance types, which is what Karpenter asks for."""

import json
from collections.abc import Iterator
from typing import Any

from eks_twin.aws.calls import AwsError, Call
from eks_twin.aws.ec2.catalogue import types
from eks_twin.aws.prices import on_demand_price

FIXED = {
    "servicecode": "AmazonEC2",
    "preInstalledSw": "NA",
    "operatingSystem": "Linux",
    "capacitystatus": "Used",
    "marketoption": "OnDemand",
}
"""Attributes that every product here has in common."""
METAL = {"tenancy": "Dedicated", "productFamily": "Compute Instance (bare metal)"}
VIRTUAL = {"tenancy": "Shared", "productFamily": "Compute Instance"}
ALIASES = {"serviceCode": "servicecode"}


class Pricing:
    """The price list of one region."""

    def __init__(self, region: str) -> None:
        self._products = list(self._all(region))

    @staticmethod
    def _all(region: str) -> Iterator[dict[str, str]]:
        for name, record in types(region).items():
            if on_demand_price(name) is not None:
                kind = METAL if record["BareMetal"] else VIRTUAL
                yield {**FIXED, **kind, "regionCode": region, "instanceType": name}

    def get_products(self, call: Call) -> dict[str, Any]:
        """Answer GetProducts for AmazonEC2, by exact attributes."""
        if call.get("ServiceCode") != "AmazonEC2":
            raise AwsError(
                "InvalidParameterException", f"the twin has prices of AmazonEC2, not of {call.get('ServiceCode')}"
            )
        found = self._products
        for wanted in call.get("Filters", []):
            field = ALIASES.get(str(wanted.get("Field")), str(wanted.get("Field")))
            if wanted.get("Type") != "TERM_MATCH" or (self._products and field not in self._products[0]):
                known = ", ".join(sorted(self._products[0]))
                message = f"the twin knows TERM_MATCH on {known}; not {wanted.get('Type')} on {field}"
                raise AwsError("InvalidParameterException", message)
            found = [product for product in found if product[field] == wanted.get("Value")]
        start = int(call.get("NextToken") or 0)
        end = start + int(call.get("MaxResults") or 100)
        page = [json.dumps(_listing(product)) for product in found[start:end]]
        return {"FormatVersion": "aws_v1", "PriceList": page, "NextToken": str(end) if end < len(found) else None}


def _listing(product: dict[str, str]) -> dict[str, Any]:
    name = product["instanceType"]
    attributes = {key: value for key, value in product.items() if key != "productFamily"}
    dimension = {"unit": "Hrs", "pricePerUnit": {"USD": f"{on_demand_price(name):.10f}"}}
    term = {"offerTermCode": "JRTCKXETXF", "sku": name, "priceDimensions": {f"{name}.JRTCKXETXF.6YS6EN2CT7": dimension}}
    return {
        "product": {"productFamily": product["productFamily"], "attributes": attributes, "sku": name},
        "serviceCode": "AmazonEC2",
        "terms": {"OnDemand": {f"{name}.JRTCKXETXF": term}},
    }
