"""Instance types, where they are offered, and at what price: moto's copy of the EC2 catalogue, per region."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES, InstanceType

from eks_twin.aws.calls import AwsError, Call, Response
from eks_twin.aws.ec2 import xml
from eks_twin.aws.ec2.filters import Reader, listed, members, path
from eks_twin.aws.prices import spot_price
from eks_twin.aws.principals import ACCOUNT

LOCATION_TYPES = ("region", "availability-zone", "availability-zone-id")
SPOT_PRODUCTS = frozenset({"Linux/UNIX", "Linux/UNIX (Amazon VPC)"})
_TYPE_FILTERS: dict[str, Reader] = {name: path(*keys) for name, keys in InstanceType._filter_attributes.items()}  # noqa: SLF001  moto's table of AWS's filter names
_OFFERING_FILTERS = members("InstanceType", "Location")
_SPOT_FILTERS = members("AvailabilityZone", "InstanceType", "ProductDescription")


@cache
def offered(region: str) -> frozenset[tuple[str, str]]:
    """Return the (instance type, zone) pairs of a region."""
    rows = INSTANCE_TYPE_OFFERINGS["availability-zone"].get(region, [])
    return frozenset((row["InstanceType"], row["Location"]) for row in rows)


@cache
def types(region: str) -> dict[str, dict[str, Any]]:
    """Return the types of a region by name. moto answers the world's in every region, AWS the region's own."""
    names = {name for name, _ in offered(region)}
    return {name: record for name, record in sorted(INSTANCE_TYPES.items()) if name in names}


@cache
def _type_items(region: str) -> dict[str, str]:
    return xml.items("DescribeInstanceTypes", "InstanceTypes", types(region))


def type_record(region: str, instance_type: str) -> dict[str, Any]:
    """Return the record of a type that the region has, or refuse."""
    found = types(region).get(instance_type)
    if found is None:
        raise AwsError("InvalidInstanceType", f"The following supplied instance types do not exist: [{instance_type}]")
    return found


def refuse_dry_run(call: Call) -> None:
    """End a dry run that would have succeeded, as EC2 does: with an error."""
    if call.get("DryRun"):
        raise AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)


def describe_instance_types(call: Call) -> Response:
    """Answer DescribeInstanceTypes with the region's types."""
    refuse_dry_run(call)
    if call.get("InstanceTypes"):
        records = [type_record(call.region, name) for name in call.parameters["InstanceTypes"]]
    else:
        records = list(types(call.region).values())
    found, written = listed(call, "Types", records, _TYPE_FILTERS), _type_items(call.region)
    body = "".join(written[record["InstanceType"]] for record in found["Types"])
    following = f"<nextToken>{found['NextToken']}</nextToken>" if found["NextToken"] else ""
    return xml.wrap(call.action, f"<instanceTypeSet>{body}</instanceTypeSet>{following}")


def describe_instance_type_offerings(call: Call) -> Response:
    """Answer DescribeInstanceTypeOfferings; filters know wildcards."""
    kind = call.get("LocationType", "region")
    if kind not in LOCATION_TYPES:
        raise AwsError("InvalidParameterValue", f"The LocationType '{kind}' must be one of {', '.join(LOCATION_TYPES)}")
    rows = INSTANCE_TYPE_OFFERINGS[kind].get(call.region, [])
    return xml.answer(call.action, listed(call, "InstanceTypeOfferings", rows, _OFFERING_FILTERS))


def sells(region: str, instance_type: str, usage_class: str) -> bool:
    """Tell whether EC2 sells a type in a usage class: on-demand, spot or capacity-block."""
    return usage_class in type_record(region, instance_type)["SupportedUsageClasses"]


def describe_spot_price_history(call: Call) -> Response:
    """Answer the current spot price of each type and zone; the twin keeps no history."""
    for product in call.get("ProductDescriptions", []):
        if product not in SPOT_PRODUCTS:
            raise AwsError(
                "InvalidParameterValue", f"the twin knows spot prices of {sorted(SPOT_PRODUCTS)}, not {product}"
            )
    wanted, now = call.get("InstanceTypes"), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    rows = [
        {
            "InstanceType": name,
            "AvailabilityZone": zone,
            "ProductDescription": "Linux/UNIX",
            "SpotPrice": f"{price:.6f}",
            "Timestamp": now,
        }
        for name, zone in sorted(offered(call.region))
        if (not wanted or name in wanted) and name in types(call.region) and sells(call.region, name, "spot")
        if (price := spot_price(name, zone)) is not None
        if call.get("AvailabilityZone") in {None, zone}
    ]
    return xml.answer(call.action, listed(call, "SpotPriceHistory", rows, _SPOT_FILTERS, default=1000))


def zone_id(region: str, zone: str | None) -> str | None:
    """Return the id of a zone, such as usw2-az1, or None for an unknown one."""
    found = ec2_backends[ACCOUNT][region].get_zone_by_name(zone) if zone else None
    return found.zone_id if found else None


def zone_name(region: str, identifier: str | None) -> str | None:
    """Return the name of a zone by its id, or None for an unknown one."""
    zones = ec2_backends[ACCOUNT][region].describe_availability_zones()
    return next((zone.name for zone in zones if zone.zone_id == identifier), None)


HANDLERS = {
    "DescribeInstanceTypes": describe_instance_types,
    "DescribeInstanceTypeOfferings": describe_instance_type_offerings,
    "DescribeSpotPriceHistory": describe_spot_price_history,
}
