"""Capacity reservations: capacity that is held for one account, and which launches use it.

Rules: EC2 user guide, "Reserve compute capacity with EC2 On-Demand Capacity Reservations" and "Capacity Blocks for ML";
EC2 API reference. Time passes when somebody looks: `settle` brings every reservation to its present state.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.utils import random_resource_id

from eks_twin.aws.calls import AwsError, Call, refuse_others
from eks_twin.aws.ec2 import tagging
from eks_twin.aws.ec2.capacity import check_capacity, check_offered
from eks_twin.aws.ec2.catalogue import refuse_dry_run, type_record, zone_id, zone_name
from eks_twin.aws.ec2.filters import TAGS, listed, members
from eks_twin.aws.principals import ACCOUNT, PARTITION

DEFAULT, BLOCK = "default", "capacity-block"
"""Reservation types of EC2."""
ACTIVE, SCHEDULED = "active", "scheduled"
LIVE = frozenset({ACTIVE, SCHEDULED})
"""States in which a reservation is paid for."""
BLOCK_ENDS_BEFORE = timedelta(minutes=30)
"""How long before a capacity block's end EC2 begins to terminate its instances."""
COUNT_MAX = 1000
ATTRIBUTES = ("InstanceType", "AvailabilityZone", "InstancePlatform", "Tenancy")
"""What an instance must have in common with a reservation to use it."""
CREATE_MODELLED = (
    "AvailabilityZone", "AvailabilityZoneId", "ClientToken", "DryRun", "EbsOptimized", "EndDate", "EndDateType",
    "EphemeralStorage", "InstanceCount", "InstanceMatchCriteria", "InstancePlatform", "InstanceType",
    "TagSpecifications", "Tenancy",
)  # fmt: skip
MODIFY_MODELLED = (
    "CapacityReservationId", "DryRun", "EndDate", "EndDateType", "InstanceCount", "InstanceMatchCriteria",
)  # fmt: skip
FILTERS = {
    **members("InstanceType", "OwnerId", "InstancePlatform", "AvailabilityZone", "AvailabilityZoneId", "Tenancy"),
    **members("State", "EndDateType", "InstanceMatchCriteria", "ReservationType"),
    **TAGS,
}
RESERVATIONS: dict[str, dict[str, Any]] = {}
"""Id → reservation as EC2 answers it, without tags and without what its users leave available."""


def find(identifier: str) -> dict[str, Any]:
    """Return a reservation, or refuse."""
    if identifier not in RESERVATIONS:
        message = f"The capacity reservation '{identifier}' does not exist"
        raise AwsError("InvalidCapacityReservationId.NotFound", message)
    return RESERVATIONS[identifier]


tagging.register("capacity-reservation", find)


def users(region: str, identifier: str) -> list[Any]:
    """Return the instances that use a reservation."""
    instances = ec2_backends[ACCOUNT][region].all_instances()
    alive = [instance for instance in instances if instance.state not in {"terminated", "stopped"}]
    return [instance for instance in alive if getattr(instance, "capacity_reservation_id", None) == identifier]


def available(region: str, reservation: dict[str, Any]) -> int:
    """Return how many more instances a reservation takes now."""
    if reservation["State"] != ACTIVE:
        return 0
    return reservation["TotalInstanceCount"] - len(users(region, reservation["CapacityReservationId"]))


def view(region: str, reservation: dict[str, Any]) -> dict[str, Any]:
    """Return a reservation as DescribeCapacityReservations answers it."""
    tags = tagging.tags_of(region, reservation["CapacityReservationId"])
    return {**reservation, "AvailableInstanceCount": available(region, reservation), "Tags": tags}


def settle(region: str) -> list[str]:
    """Bring reservations to their present state; return the ids of instances whose capacity block ends."""
    now, ending = datetime.now(UTC), []
    for identifier, reservation in RESERVATIONS.items():
        end = reservation.get("EndDate")
        if reservation["State"] == SCHEDULED and reservation["StartDate"] <= now:
            reservation["State"] = ACTIVE
        block = reservation["ReservationType"] == BLOCK
        if block and end is not None and end - BLOCK_ENDS_BEFORE <= now:
            ending += [instance.id for instance in users(region, identifier)]
        if reservation["State"] == ACTIVE and end is not None and end <= now:
            reservation["State"] = "expired"
            if not block:
                release(region, identifier)
    return ending


def release(region: str, identifier: str) -> None:
    """Let a reservation's instances run on as ordinary On-Demand Instances, as EC2 does when it ends."""
    for instance in users(region, identifier):
        instance.capacity_reservation_id = None


def fits(reservation: dict[str, Any], *attributes: str) -> bool:
    """Tell whether type, zone, platform and tenancy of an instance are those of a reservation."""
    return attributes == tuple(reservation[key] for key in ATTRIBUTES)


def platform_of(image: Any) -> str:
    """Return what a reservation calls the operating system of an image."""
    return "Windows" if image.platform == "windows" else "Linux/UNIX"


def adopt(region: str, reservation: dict[str, Any]) -> None:
    """Let running On-Demand Instances that fit and prefer open reservations use this one, as EC2 does."""
    backend, identifier = ec2_backends[ACCOUNT][region], reservation["CapacityReservationId"]
    instances: list[Any] = backend.all_instances()
    for instance in instances if reservation["InstanceMatchCriteria"] == "open" else ():
        wish = instance.capacity_reservation_specification
        free = instance.state == "running" and instance.lifecycle is None and instance.capacity_reservation_id is None
        mine = (instance.instance_type, instance.availability_zone, platform_of(instance), instance.placement.tenancy)
        if free and wish["CapacityReservationPreference"] == "open" and fits(reservation, *mine):
            instance.capacity_reservation_id = identifier if available(region, reservation) > 0 else None


def new_record(region: str, kind: str, zone: str, count: int) -> dict[str, Any]:
    """Build an active reservation that starts now and has no end; the caller refines it."""
    identifier, now = f"cr-{random_resource_id(17)}", datetime.now(UTC)
    return {
        "CapacityReservationId": identifier,
        "CapacityReservationArn": f"arn:{PARTITION}:ec2:{region}:{ACCOUNT}:capacity-reservation/{identifier}",
        "OwnerId": ACCOUNT,
        "InstanceType": kind,
        "InstancePlatform": "Linux/UNIX",
        "AvailabilityZone": zone,
        "AvailabilityZoneId": zone_id(region, zone),
        "Tenancy": "default",
        "TotalInstanceCount": count,
        "EbsOptimized": False,
        "EphemeralStorage": False,
        "State": ACTIVE,
        "StartDate": now,
        "CreateDate": now,
        "EndDateType": "unlimited",
        "InstanceMatchCriteria": "open",
        "ReservationType": DEFAULT,
    }


def _count(call: Call) -> int:
    count = int(call.get("InstanceCount") or 0)
    if not 1 <= count <= COUNT_MAX:
        raise AwsError("InvalidParameterValue", f"instanceCount must be 1 to {COUNT_MAX}, not {count}")
    return count


def _end(call: Call, kind: str) -> dict[str, Any]:
    """Return end date and its type; the two must say the same."""
    end = aware(call.get("EndDate"))
    if (kind == "limited") != (end is not None):
        raise AwsError("InvalidParameterCombination", "endDateType is limited with endDate, unlimited without")
    if end is not None and end <= datetime.now(UTC):
        raise AwsError("InvalidParameterValue", f"endDate {end.isoformat()} lies in the past")
    return {"EndDateType": kind, "EndDate": end}


def aware(moment: datetime | None) -> datetime | None:
    """Return a moment of a request with its time zone, which moto's parser drops: it is UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def create_capacity_reservation(call: Call) -> dict[str, Any]:
    """Answer CreateCapacityReservation; it needs the capacity that a launch would need."""
    refuse_others(call, *CREATE_MODELLED)
    kind, count = call.get("InstanceType", ""), _count(call)
    type_record(call.region, kind)
    zone = call.get("AvailabilityZone") or zone_name(call.region, call.get("AvailabilityZoneId"))
    if zone is None:
        raise AwsError("MissingParameter", "The request must contain availabilityZone or availabilityZoneId")
    check_offered(call.region, kind, zone)
    own = {
        "InstancePlatform": call.parameters["InstancePlatform"],
        "Tenancy": call.get("Tenancy", "default"),
        "EbsOptimized": call.get("EbsOptimized", False),
        "EphemeralStorage": call.get("EphemeralStorage", False),
        "InstanceMatchCriteria": call.get("InstanceMatchCriteria", "open"),
        **_end(call, call.get("EndDateType") or ("limited" if call.get("EndDate") else "unlimited")),
    }
    tags = tagging.asked_tags(call, "capacity-reservation")["capacity-reservation"]
    refuse_dry_run(call)
    check_capacity(kind, zone, "on-demand")
    return {"CapacityReservation": keep_record(call, new_record(call.region, kind, zone, count) | own, tags)}


def keep_record(call: Call, record: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
    """Remember a reservation and return its view."""
    RESERVATIONS[record["CapacityReservationId"]] = record
    adopt(call.region, record)
    tagging.put_tags(call.region, record["CapacityReservationId"], tags)
    return view(call.region, record)


def describe_capacity_reservations(call: Call) -> dict[str, Any]:
    """Answer DescribeCapacityReservations by ids and filters."""
    if call.get("CapacityReservationIds") and call.get("MaxResults"):
        raise AwsError("InvalidParameterCombination", "capacityReservationIds cannot be used with maxResults")
    refuse_dry_run(call)
    settle(call.region)
    ids = call.get("CapacityReservationIds") or list(RESERVATIONS)
    found = [view(call.region, find(identifier)) for identifier in ids]
    return listed(call, "CapacityReservations", found, FILTERS)


def _changeable(call: Call) -> dict[str, Any]:
    settle(call.region)
    reservation = find(call.parameters["CapacityReservationId"])
    identifier = reservation["CapacityReservationId"]
    if reservation["ReservationType"] == BLOCK:
        raise AwsError("OperationNotPermitted", f"{identifier} is a Capacity Block: it cannot be changed or cancelled")
    if reservation["State"] != ACTIVE:
        message = f"{identifier} is {reservation['State']}; only an active reservation can be changed or cancelled"
        raise AwsError("InvalidCapacityReservationState", message)
    return reservation


def modify_capacity_reservation(call: Call) -> dict[str, Any]:
    """Answer ModifyCapacityReservation: count, end, and, while nobody uses it, who may."""
    refuse_others(call, *MODIFY_MODELLED)
    reservation = _changeable(call)
    used, changes = len(users(call.region, reservation["CapacityReservationId"])), {}
    if call.get("InstanceCount") is not None:
        changes["TotalInstanceCount"] = _count(call)
        if changes["TotalInstanceCount"] < used:
            raise AwsError("InvalidParameterValue", f"instanceCount is below the {used} instances that use it")
    if call.get("EndDateType") or call.get("EndDate"):
        changes |= _end(call, call.get("EndDateType", "limited"))
    criteria = call.get("InstanceMatchCriteria", reservation["InstanceMatchCriteria"])
    if criteria != reservation["InstanceMatchCriteria"] and used:
        raise AwsError("InvalidParameterCombination", "instanceMatchCriteria can change only while nobody uses it")
    refuse_dry_run(call)
    reservation |= {**changes, "InstanceMatchCriteria": criteria}
    adopt(call.region, reservation)
    return {"Return": True}


def cancel_capacity_reservation(call: Call) -> dict[str, Any]:
    """Answer CancelCapacityReservation; its instances run on."""
    refuse_others(call, "CapacityReservationId", "DryRun")
    reservation = _changeable(call)
    refuse_dry_run(call)
    reservation["State"] = "cancelled"
    release(call.region, reservation["CapacityReservationId"])
    return {"Return": True}


HANDLERS = {
    "CreateCapacityReservation": create_capacity_reservation,
    "DescribeCapacityReservations": describe_capacity_reservations,
    "ModifyCapacityReservation": modify_capacity_reservation,
    "CancelCapacityReservation": cancel_capacity_reservation,
}
