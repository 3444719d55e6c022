"""How a launch is paid for: on-demand, Spot, or out of a capacity reservation or block."""

from typing import Any

from moto.ec2.utils import random_spot_request_id

from eks_twin.aws.calls import AwsError
from eks_twin.aws.ec2 import reservations
from eks_twin.aws.ec2.capacity import check_capacity
from eks_twin.aws.ec2.catalogue import sells
from eks_twin.aws.ec2.image_store import image_by_id
from eks_twin.aws.ec2.specification import CAPACITY_BLOCK, ON_DEMAND, SPOT, Specification
from eks_twin.aws.iam import role_by_arn
from eks_twin.aws.principals import ACCOUNT

ONLY, OPEN, NONE = "capacity-reservations-only", "open", "none"
"""Preferences of a launch towards capacity reservations."""
SPOT_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
EXCEEDED = "The requested reservation does not have sufficient compatible and available capacity for this request"


def _wish(specification: Specification) -> tuple[str, str | None]:
    """Return a launch's preference and the reservation that it targets."""
    asked = specification.data.get("CapacityReservationSpecification") or {}
    target = (asked.get("CapacityReservationTarget") or {}).get("CapacityReservationId")
    return asked.get("CapacityReservationPreference") or (ONLY if target else OPEN), target


def check(specification: Specification) -> None:
    """Refuse a market that the type is not sold on, that contradicts itself, or whose role is missing."""
    kind, market = specification.instance_type, specification.market
    if market not in {ON_DEMAND, SPOT, CAPACITY_BLOCK}:
        message = f"the twin does not model the market type {market}; it has {SPOT} and {CAPACITY_BLOCK}"
        raise AwsError("UnsupportedOperation", message)
    if not sells(specification.region, kind, market):
        name = {SPOT: "Spot", CAPACITY_BLOCK: "A Capacity Block"}.get(market, "On-Demand")
        raise AwsError("UnsupportedOperation", f"{name} is not supported for the instance type {kind}")
    if market == SPOT and role_by_arn(SPOT_ROLE) is None:
        message = (
            "The provided credentials do not have permission to create the service-linked role for EC2 Spot Instances."
            " Create it once per account: aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"
        )
        raise AwsError("AuthFailure.ServiceLinkedRoleCreationNotPermitted", message, 403)
    _check_wish(specification)


def _check_wish(specification: Specification) -> None:
    asked = specification.data.get("CapacityReservationSpecification") or {}
    preference, target = _wish(specification)
    if (asked.get("CapacityReservationTarget") or {}).get("CapacityReservationResourceGroupArn"):
        raise AwsError("UnsupportedOperation", "the twin does not model capacity reservation groups; name one by id")
    if target and preference != ONLY:
        message = f"capacityReservationTarget goes with the preference {ONLY}, not with {preference}"
        raise AwsError("InvalidParameterCombination", message)
    if specification.market == SPOT and (target or preference == ONLY):
        raise AwsError("InvalidParameterCombination", "a Spot Instance does not run in a capacity reservation")
    if specification.market == CAPACITY_BLOCK and not target:
        raise AwsError("InvalidParameterCombination", "the market type capacity-block needs a capacityReservationId")
    if target:
        block = reservations.find(target)["ReservationType"] == reservations.BLOCK
        if block != (specification.market == CAPACITY_BLOCK):
            message = f"{target} is {'a' if block else 'no'} Capacity Block: the market type capacity-block fits these"
            raise AwsError("InvalidParameterCombination", message)


def _compatible(specification: Specification, reservation: dict[str, Any]) -> bool:
    platform = reservations.platform_of(image_by_id(specification.region, specification.data["ImageId"]))
    tenancy, zone = specification.placement.get("Tenancy") or "default", specification.subnet.availability_zone
    return reservations.fits(reservation, specification.instance_type, zone, platform, tenancy)


def _usable(specification: Specification) -> list[dict[str, Any]]:
    """Return the reservations that the launch may use, whether they have room or not."""
    preference, target = _wish(specification)
    if specification.market == SPOT or preference == NONE:
        return []
    reservations.settle(specification.region)
    named = [reservations.find(target)] if target else list(reservations.RESERVATIONS.values())
    return [r for r in named if _compatible(specification, r) and (target or r["InstanceMatchCriteria"] == OPEN)]


def room(specification: Specification) -> tuple[int, AwsError] | None:
    """Return how many instances the launch's reservations take, and the error beyond; None where they do not limit."""
    if _wish(specification)[0] != ONLY:
        return None
    left = sum(reservations.available(specification.region, r) for r in _usable(specification))
    return left, AwsError("ReservationCapacityExceeded", EXCEEDED)


def check_pool(specification: Specification) -> None:
    """Refuse a launch for which EC2 has no capacity; what a reservation holds is there."""
    preference, _ = _wish(specification)
    if preference != ONLY:
        check_capacity(specification.instance_type, specification.subnet.availability_zone, specification.market)


def settle_account(instance: Any, specification: Specification) -> None:
    """Note on a started instance how it is paid for, and take its place in a reservation."""
    region, (preference, target) = specification.region, _wish(specification)
    places = [r for r in _usable(specification) if reservations.available(region, r) > 0]
    wish: dict[str, Any] = {"CapacityReservationPreference": preference}
    if target:
        wish["CapacityReservationTarget"] = {"CapacityReservationId": target}
    instance.capacity_reservation_specification = wish
    instance.capacity_reservation_id = places[0]["CapacityReservationId"] if places else None
    instance.capacity_block_id = places[0].get("CapacityBlockId") if places else None
    instance.spot_instance_request_id = None
    if specification.market == SPOT:
        instance.spot_instance_request_id = random_spot_request_id()
        tags = specification.tags("spot-instances-request")
        instance.ec2_backend.create_tags([instance.spot_instance_request_id], tags)
