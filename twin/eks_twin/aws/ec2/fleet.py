"""CreateFleet of type instant, the way Karpenter launches: many offers, the best available one is taken."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import ServiceException

from eks_twin.aws.calls import AwsError, Call
from eks_twin.aws.ec2.catalogue import refuse_dry_run
from eks_twin.aws.ec2.launch import launch
from eks_twin.aws.ec2.specification import ON_DEMAND, SPOT, Specification, check, check_request, merge, template_of
from eks_twin.aws.eks.store import new_id
from eks_twin.aws.prices import on_demand_price, spot_price

STRATEGIES: Mapping[str, Mapping[str, str]] = {
    ON_DEMAND: {"lowest-price": "price", "prioritized": "priority"},
    SPOT: {
        "price-capacity-optimized": "price",
        "lowest-price": "price",
        "capacity-optimized": "price",
        "capacity-optimized-prioritized": "priority",
    },
}
"""Allocation strategy → what orders the offers. Where AWS weighs spare capacity, which the twin lacks, price does."""
OVERRIDES = frozenset({"InstanceType", "SubnetId", "AvailabilityZone", "Priority", "ImageId", "MaxPrice"})


@dataclass(frozen=True)
class Offer:
    """One override of a launch template, as the fleet could launch it."""

    reference: Mapping[str, Any]
    """Launch template with its version as a number, for the answer."""
    override: Mapping[str, Any]
    specification: Specification

    def rank(self, order: str) -> tuple[float, str, str]:
        """Return the sort key: price or priority, then names so that ties always end the same way."""
        priority = self.override.get("Priority")
        kind, zone = self.specification.instance_type, self.specification.subnet.availability_zone
        price = spot_price(kind, zone) if self.specification.market == SPOT else on_demand_price(kind)
        first, second = (priority, price) if order == "priority" else (price, priority)
        known = next((float(value) for value in (first, second) if value is not None), math.inf)
        return known, kind, zone

    def answer(self) -> dict[str, Any]:
        """Return the part that AWS repeats in Instances and Errors."""
        return {"LaunchTemplateSpecification": self.reference, "Overrides": self.override}


def create_fleet(call: Call) -> dict[str, Any]:
    """Launch the target capacity from the best offer that can be had; every offer that failed on the way is told."""
    if call.get("Type") != "instant":
        raise AwsError(
            "UnsupportedOperation", f"the twin models fleets of type instant, not {call.get('Type', 'maintain')}"
        )
    target = call.parameters["TargetCapacitySpecification"]
    market = target.get("DefaultTargetCapacityType") or ON_DEMAND
    order = _order(call, market)
    count, fleet_id = int(target["TotalTargetCapacity"]), f"fleet-{new_id()}"
    offers = sorted(_offers(call, market, fleet_id), key=lambda offer: offer.rank(order))
    if call.get("DryRun"):
        check_request(offers[0].specification)
        refuse_dry_run(call)
    errors: list[dict[str, Any]] = []
    for offer in offers:
        try:
            check(offer.specification)
        except ServiceException as error:
            errors.append(_error(error, offer, market))
            continue
        ids = [instance.id for instance in launch(offer.specification, count).instances]
        launched = {
            "LaunchTemplateAndOverrides": offer.answer(),
            "Lifecycle": market,
            "InstanceIds": ids,
            "InstanceType": offer.specification.instance_type,
        }
        return {"FleetId": fleet_id, "Errors": errors, "Instances": [launched]}
    return {"FleetId": fleet_id, "Errors": errors, "Instances": []}


def _order(call: Call, market: str) -> str:
    if market not in STRATEGIES:
        raise AwsError(
            "UnsupportedOperation", f"the twin models the capacity types {', '.join(STRATEGIES)}, not {market}"
        )
    options = call.get("SpotOptions" if market == SPOT else "OnDemandOptions", {})
    strategy = options.get("AllocationStrategy") or "lowest-price"
    if strategy not in STRATEGIES[market]:
        raise AwsError(
            "InvalidParameterValue",
            f"AllocationStrategy {strategy} for {market}; one of {', '.join(STRATEGIES[market])}",
        )
    if call.get("ReservedCapacityOptions"):
        raise AwsError(
            "UnsupportedOperation", "the twin does not model ReservedCapacityOptions: it has no capacity reservations"
        )
    return STRATEGIES[market][strategy]


def _offers(call: Call, market: str, fleet_id: str) -> list[Offer]:
    found = []
    tags = [item for item in call.get("TagSpecifications", []) if item.get("ResourceType") != "fleet"]
    own = {"ResourceType": "instance", "Tags": [{"Key": "aws:ec2:fleet-id", "Value": fleet_id}]}
    for config in call.parameters["LaunchTemplateConfigs"]:
        reference = config["LaunchTemplateSpecification"]
        version = template_of(call.region, reference)
        full = {
            "LaunchTemplateId": version.template.id,
            "LaunchTemplateName": version.template.name,
            "Version": str(version.number),
        }
        for override in config.get("Overrides") or [{}]:
            unknown = sorted(k for k, v in override.items() if v is not None and k not in OVERRIDES)
            if unknown:
                raise AwsError(
                    "UnsupportedOperation", f"the twin does not model the fleet override {', '.join(unknown)}"
                )
            request = _request(version, override, [*tags, own])
            found.append(Offer(full, override, merge(call.region, reference, request, market)))
    return found


def _request(version: Any, override: Mapping[str, Any], tags: list[Mapping[str, Any]]) -> dict[str, Any]:
    request: dict[str, Any] = {key: override.get(key) for key in ("InstanceType", "ImageId")}
    request["TagSpecifications"] = tags
    interfaces = version.data.get("NetworkInterfaces")
    if override.get("SubnetId") and interfaces:
        request["NetworkInterfaces"] = [{**interface, "SubnetId": override["SubnetId"]} for interface in interfaces]
    elif override.get("SubnetId"):
        request["SubnetId"] = override["SubnetId"]
    return request


def _error(error: ServiceException, offer: Offer, market: str) -> dict[str, Any]:
    told = {"Lifecycle": market, "ErrorCode": error.code, "ErrorMessage": error.message}
    return {"LaunchTemplateAndOverrides": offer.answer(), **told}


HANDLERS = {"CreateFleet": create_fleet}
