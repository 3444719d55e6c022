"""CreateFleet of type instant, the way Karpenter launches: many offers, the best available one is taken."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import ServiceException

from eks_twin.aws.calls import AwsError, Call, Modelled, refuse_members, unmodelled
from eks_twin.aws.ec2.catalogue import refuse_dry_run
from eks_twin.aws.ec2.launch import launch
from eks_twin.aws.ec2.rules import check, check_request, room
from eks_twin.aws.ec2.specification import CAPACITY_BLOCK, ON_DEMAND, SPOT, Specification, merge, template_of
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
    CAPACITY_BLOCK: {"lowest-price": "price"},
}
"""Allocation strategy → what orders the offers. Where AWS weighs spare capacity, which the twin lacks, price does."""
OPTIONS = {SPOT: "SpotOptions", ON_DEMAND: "OnDemandOptions"}
"""Market → the parameter with its options."""
MODELLED: Modelled = {
    "ClientToken": None,
    "Context": None,
    "DryRun": None,
    "LaunchTemplateConfigs": None,
    "OnDemandOptions": frozenset({"AllocationStrategy"}),
    "SpotOptions": frozenset({"AllocationStrategy"}),
    "TagSpecifications": None,
    "TargetCapacitySpecification": frozenset({"TotalTargetCapacity", "DefaultTargetCapacityType"}),
    "Type": None,
}
OVERRIDES = frozenset({"InstanceType", "SubnetId", "AvailabilityZone", "Priority", "ImageId"})


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

    def answer(self, **told: Any) -> dict[str, Any]:
        """Return what AWS tells of an offer in Instances and Errors: the same of all, and what became of it."""
        same = {"LaunchTemplateSpecification": self.reference, "Overrides": self.override}
        return {"LaunchTemplateAndOverrides": same, "Lifecycle": self.specification.market, **told}


def create_fleet(call: Call) -> dict[str, Any]:
    """Launch the target capacity from the best offers that can be had; every offer that failed on the way is told."""
    if call.get("Type") != "instant":
        raise unmodelled(f"fleets of type {call.get('Type', 'maintain')}", "it has instant")
    refuse_members(call.parameters, MODELLED, "CreateFleet")
    target = call.parameters["TargetCapacitySpecification"]
    market = target.get("DefaultTargetCapacityType") or ON_DEMAND
    order = _order(call, market)
    wanted, fleet_id = int(target["TotalTargetCapacity"]), f"fleet-{new_id()}"
    offers = sorted(_offers(call, market, fleet_id), key=lambda offer: offer.rank(order))
    if call.get("DryRun"):
        check_request(offers[0].specification)
        refuse_dry_run(call)
    errors, launched = [], []
    for offer in offers:
        try:
            check(offer.specification)
            count = room(offer.specification, wanted)
            ids = [instance.id for instance in launch(offer.specification, count).instances]
            launched.append(offer.answer(InstanceIds=ids, InstanceType=offer.specification.instance_type))
            wanted -= count
            if not wanted:
                break
            room(offer.specification, wanted)  # tells why not all of them
        except ServiceException as error:
            errors.append(offer.answer(ErrorCode=error.code, ErrorMessage=error.message))
    return {"FleetId": fleet_id, "Errors": errors, "Instances": launched}


def _order(call: Call, market: str) -> str:
    if market not in STRATEGIES:
        raise unmodelled(f"the capacity type {market}", f"it has {', '.join(STRATEGIES)}")
    strategy = call.get(OPTIONS.get(market, ""), {}).get("AllocationStrategy") or "lowest-price"
    if strategy not in STRATEGIES[market]:
        raise AwsError(
            "InvalidParameterValue",
            f"AllocationStrategy {strategy} for {market}; one of {', '.join(STRATEGIES[market])}",
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
                raise unmodelled(f"the fleet override {', '.join(unknown)}", f"it has {', '.join(sorted(OVERRIDES))}")
            request = _request(version, override, [*tags, own])
            _check_market(version, market)
            found.append(Offer(full, override, merge(call.region, reference, request, market)))
    return found


def _check_market(version: Any, market: str) -> None:
    """Refuse a template whose own market type is not the fleet's."""
    asked = (version.data.get("InstanceMarketOptions") or {}).get("MarketType")
    if asked not in {None, market} or (market == CAPACITY_BLOCK and asked is None):
        message = f"DefaultTargetCapacityType {market} does not go with the launch template's market type {asked}"
        raise AwsError("InvalidParameterCombination", message)


def _request(version: Any, override: Mapping[str, Any], tags: list[Mapping[str, Any]]) -> dict[str, Any]:
    request: dict[str, Any] = {key: override.get(key) for key in ("InstanceType", "ImageId")}
    request["TagSpecifications"] = tags
    if override.get("AvailabilityZone"):
        request["Placement"] = {"AvailabilityZone": override["AvailabilityZone"]}
    interfaces = version.data.get("NetworkInterfaces")
    if override.get("SubnetId") and interfaces:
        request["NetworkInterfaces"] = [{**interface, "SubnetId": override["SubnetId"]} for interface in interfaces]
    elif override.get("SubnetId"):
        request["SubnetId"] = override["SubnetId"]
    return request


HANDLERS = {"CreateFleet": create_fleet}
