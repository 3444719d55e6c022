"""Capacity blocks: instances bought for a fixed time, of the types whose usage classes have them.

Rules: EC2 user guide, "Capacity Blocks for ML". The twin always has a block to sell in every zone that offers the type;
it begins at once and ends at the next 11:30 UTC after its duration, as EC2's do.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from eks_twin.aws.calls import AwsError, Call, refuse_others
from eks_twin.aws.ec2 import tagging
from eks_twin.aws.ec2.capacity import check_offered
from eks_twin.aws.ec2.catalogue import offered, refuse_dry_run, sells
from eks_twin.aws.ec2.filters import listed
from eks_twin.aws.ec2.reservations import (
    ACTIVE,
    BLOCK,
    RESERVATIONS,
    SCHEDULED,
    aware,
    keep_record,
    new_record,
)
from eks_twin.aws.prices import on_demand_price

COUNTS = (1, 2, 4, 8, 16, 32, 64)
"""Instances in a block."""
DAYS = (*range(1, 15), *range(21, 183, 7))
"""Days that a block lasts."""
END_OF_DAY = time(11, 30, tzinfo=UTC)
OFFERINGS_MODELLED = (
    "CapacityDurationHours", "DryRun", "EndDateRange", "InstanceCount", "InstanceType", "MaxResults", "NextToken",
    "StartDateRange",
)  # fmt: skip
OFFERINGS: dict[str, dict[str, Any]] = {}
"""Offerings that were shown and can be bought, by id."""


def describe_capacity_block_offerings(call: Call) -> dict[str, Any]:
    """Answer DescribeCapacityBlockOfferings: one offering per zone that has the type."""
    refuse_others(call, *OFFERINGS_MODELLED)
    kind, hours, count = call.get("InstanceType", ""), int(call.get("CapacityDurationHours") or 0), _count(call)
    _check_type(call.region, kind)
    if hours % 24 or hours // 24 not in DAYS:
        message = f"capacityDurationHours must be 24 times 1 to 14 or a multiple of 7 days up to 182, not {hours}"
        raise AwsError("InvalidParameterValue", message)
    refuse_dry_run(call)
    start = max(aware(call.get("StartDateRange")) or datetime.now(UTC), datetime.now(UTC)).replace(microsecond=0)
    latest = aware(call.get("EndDateRange"))
    zones = sorted(zone for name, zone in offered(call.region) if name == kind)
    found = [_offering(kind, zone, count, (start, hours)) for zone in zones]
    fits = [offering for offering in found if latest is None or offering["EndDate"] <= latest]
    OFFERINGS.update({offering["CapacityBlockOfferingId"]: offering for offering in fits})
    return listed(call, "CapacityBlockOfferings", fits, {})


def _check_type(region: str, kind: str) -> None:
    if not sells(region, kind, BLOCK):
        raise AwsError("InvalidParameterValue", f"Capacity Blocks are not supported for the instance type {kind}")


def _count(call: Call) -> int:
    count = int(call.get("InstanceCount") or 1)
    if count not in COUNTS:
        raise AwsError("InvalidParameterValue", f"instanceCount must be one of {', '.join(map(str, COUNTS))}")
    return count


def _offering(kind: str, zone: str, count: int, span: tuple[datetime, int]) -> dict[str, Any]:
    start, hours = span
    end = start + timedelta(hours=hours)
    last = datetime.combine(end.date(), END_OF_DAY)
    last += timedelta(days=0 if last >= end else 1)
    name = f"{kind}/{zone}/{count}/{start.isoformat()}/{hours}"
    price = on_demand_price(kind)
    return {
        "CapacityBlockOfferingId": f"cb-{hashlib.sha256(name.encode()).hexdigest()[:17]}",
        "InstanceType": kind,
        "AvailabilityZone": zone,
        "InstanceCount": count,
        "StartDate": start,
        "EndDate": last,
        "CapacityBlockDurationHours": hours,
        "UpfrontFee": f"{price * count * hours:.2f}" if price else None,
        "CurrencyCode": "USD",
        "Tenancy": "default",
    }


def purchase_capacity_block(call: Call) -> dict[str, Any]:
    """Answer PurchaseCapacityBlock: the block is a targeted reservation with an end; it is paid for at once."""
    wanted = call.parameters["CapacityBlockOfferingId"]
    offering = OFFERINGS.get(wanted)
    if offering is None:
        message = f"There is no Capacity Block offering {wanted}; DescribeCapacityBlockOfferings shows the present ones"
        raise AwsError("InvalidCapacityBlockOfferingId.NotFound", message)
    tags = tagging.asked_tags(call, "capacity-reservation")["capacity-reservation"]
    refuse_dry_run(call)
    del OFFERINGS[wanted]
    sold = tuple(offering[k] for k in ("InstanceType", "AvailabilityZone", "InstanceCount", "StartDate", "EndDate"))
    record = block_record(call.region, sold, call.parameters["InstancePlatform"])
    reservation = keep_record(call, record, tags)
    own = ("CapacityBlockId", "AvailabilityZone", "AvailabilityZoneId", "StartDate", "EndDate", "CreateDate", "State")
    block = {key: record[key] for key in own} | {"CapacityReservationIds": [record["CapacityReservationId"]]}
    return {"CapacityReservation": reservation, "CapacityReservations": [reservation], "CapacityBlocks": [block]}


def block_record(region: str, sold: tuple[Any, ...], platform: str) -> dict[str, Any]:
    """Build the reservation of a block from (type, zone, count, start, end)."""
    kind, zone, count, start, end = sold
    record = new_record(region, kind, zone, count)
    return record | {
        "InstancePlatform": platform,
        "State": ACTIVE if start <= datetime.now(UTC) else SCHEDULED,
        "StartDate": start,
        "EndDate": end,
        "EndDateType": "limited",
        "InstanceMatchCriteria": "targeted",
        "ReservationType": BLOCK,
        "CapacityBlockId": record["CapacityReservationId"].replace("cr-", "cb-"),
    }


GIVEN = frozenset({"instanceType", "zone", "instanceCount", "startDate", "endDate"})


def give(region: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Make a block with any start and end, dates as ISO 8601: what an expiring block does need not be waited for."""
    if set(body) != GIVEN:
        raise AwsError("ValidationException", f"a capacity block has {', '.join(sorted(GIVEN))}; got {sorted(body)}")
    kind, zone = body["instanceType"], body["zone"]
    _check_type(region, kind)
    check_offered(region, kind, zone)
    dates = [aware(datetime.fromisoformat(body[name])) for name in ("startDate", "endDate")]
    record = block_record(region, (kind, zone, int(body["instanceCount"]), *dates), "Linux/UNIX")
    RESERVATIONS[record["CapacityReservationId"]] = record
    return {"capacityReservationId": record["CapacityReservationId"]}


HANDLERS = {
    "DescribeCapacityBlockOfferings": describe_capacity_block_offerings,
    "PurchaseCapacityBlock": purchase_capacity_block,
}
