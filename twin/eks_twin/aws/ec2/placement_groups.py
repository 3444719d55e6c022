"""Placement groups: where instances stand to each other, and what EC2 refuses because of it.

Rules: EC2 user guide, "Placement strategies for your placement groups"; EC2 API reference, CreatePlacementGroup.
"""

from collections import Counter
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.utils import random_resource_id

from eks_twin.aws.calls import AwsError, Call, refuse_others, unmodelled
from eks_twin.aws.ec2 import tagging
from eks_twin.aws.ec2.catalogue import refuse_dry_run, type_record
from eks_twin.aws.ec2.filters import TAGS, listed, members
from eks_twin.aws.ec2.specification import Specification
from eks_twin.aws.principals import ACCOUNT, PARTITION

STRATEGIES = ("cluster", "partition", "spread")
SPREAD_PER_ZONE_MAX = 7
"""Running instances of a spread group in one zone."""
PARTITIONS_MAX, PARTITIONS_DEFAULT = 7, 2
NAME_MAX = 255
FILTERS = {**members("GroupName", "GroupArn", "SpreadLevel", "State", "Strategy"), **TAGS}
GROUPS: dict[str, dict[str, Any]] = {}
"""Name → group as EC2 answers it, without its tags."""


def create_placement_group(call: Call) -> dict[str, Any]:
    """Answer CreatePlacementGroup."""
    name, strategy = call.get("GroupName", ""), call.get("Strategy")
    if not 1 <= len(name) <= NAME_MAX:
        raise AwsError("InvalidParameterValue", f"groupName must have 1 to {NAME_MAX} characters, not {len(name)}")
    refuse_others(call, "DryRun", "GroupName", "PartitionCount", "SpreadLevel", "Strategy", "TagSpecifications")
    if strategy not in STRATEGIES:
        raise unmodelled(f"the strategy {strategy}", f"it has {', '.join(STRATEGIES)}")
    if name in GROUPS:
        raise AwsError("InvalidPlacementGroup.Duplicate", f"The placement group '{name}' already exists.")
    group = {
        "GroupName": name,
        "GroupId": f"pg-{random_resource_id(17)}",
        "GroupArn": f"arn:{PARTITION}:ec2:{call.region}:{ACCOUNT}:placement-group/{name}",
        "State": "available",
        "Strategy": strategy,
        **_shape(call, strategy),
    }
    tags = tagging.asked_tags(call, "placement-group")["placement-group"]
    refuse_dry_run(call)
    GROUPS[name] = group
    tagging.put_tags(call.region, group["GroupId"], tags)
    return {"PlacementGroup": _view(call.region, group)}


def _shape(call: Call, strategy: str) -> dict[str, Any]:
    """Return what only one strategy has."""
    count, level = call.get("PartitionCount"), call.get("SpreadLevel")
    if count is not None and strategy != "partition":
        raise AwsError("InvalidParameterCombination", "partitionCount is only valid with the strategy partition")
    if level is not None and strategy != "spread":
        raise AwsError("InvalidParameterCombination", "spreadLevel is only valid with the strategy spread")
    if level == "host":
        raise AwsError("UnsupportedOperation", "spreadLevel host needs an Outpost, which the twin has not; use rack")
    if strategy == "spread":
        return {"SpreadLevel": "rack"}
    count = int(count or PARTITIONS_DEFAULT)
    if not 1 <= count <= PARTITIONS_MAX:
        raise AwsError("InvalidParameterValue", f"partitionCount must be 1 to {PARTITIONS_MAX}, not {count}")
    return {"PartitionCount": count} if strategy == "partition" else {}


def _view(region: str, group: dict[str, Any]) -> dict[str, Any]:
    return {**group, "Tags": tagging.tags_of(region, group["GroupId"])}


def by_name(name: str) -> dict[str, Any]:
    """Return a group, or refuse."""
    if name not in GROUPS:
        raise AwsError("InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown.")
    return GROUPS[name]


def by_id(identifier: str) -> dict[str, Any]:
    """Return a group, or refuse."""
    found = next((group for group in GROUPS.values() if group["GroupId"] == identifier), None)
    if found is None:
        raise AwsError("InvalidPlacementGroupId.NotFound", f"The placement group ID '{identifier}' does not exist")
    return found


tagging.register("placement-group", by_id)


def describe_placement_groups(call: Call) -> dict[str, Any]:
    """Answer DescribePlacementGroups by names, ids and filters."""
    named = [by_name(name) for name in call.get("GroupNames", [])]
    named += [by_id(identifier) for identifier in call.get("GroupIds", [])]
    asked = call.get("GroupNames") or call.get("GroupIds")
    groups = [_view(call.region, group) for group in (named if asked else GROUPS.values())]
    refuse_dry_run(call)
    return listed(call, "PlacementGroups", groups, FILTERS)


def delete_placement_group(call: Call) -> dict[str, Any]:
    """Answer DeletePlacementGroup; refuse while instances are in the group."""
    group = by_name(call.get("GroupName", ""))
    if instances_of(call.region, group):
        message = f"The placement group '{group['GroupName']}' is in use and may not be deleted."
        raise AwsError("InvalidPlacementGroup.InUse", message)
    refuse_dry_run(call)
    del GROUPS[group["GroupName"]]
    return {}


def instances_of(region: str, group: dict[str, Any]) -> list[Any]:
    """Return the instances of a group that have not ended."""
    instances = ec2_backends[ACCOUNT][region].all_instances()
    alive = [instance for instance in instances if instance.state != "terminated"]
    return [instance for instance in alive if getattr(instance.placement, "group_id", None) == group["GroupId"]]


def asked_group(specification: Specification) -> dict[str, Any] | None:
    """Return the group that a launch names by name or id; None when it names none."""
    placement = specification.placement
    name, identifier = placement.get("GroupName"), placement.get("GroupId")
    if name and identifier:
        raise AwsError("InvalidParameterCombination", "a launch names its placement group by groupName or groupId")
    return by_name(name) if name else by_id(identifier) if identifier else None


def check(specification: Specification) -> None:
    """Refuse a launch into a group that cannot take its type, tenancy, partition or zone."""
    group, partition = asked_group(specification), specification.placement.get("PartitionNumber")
    if group is None or group["Strategy"] != "partition":
        if partition:
            raise AwsError("InvalidParameterCombination", "partitionNumber needs a placement group of that strategy")
    elif partition and not 1 <= int(partition) <= group["PartitionCount"]:
        message = f"partitionNumber {partition} is outside of the group's 1 to {group['PartitionCount']}"
        raise AwsError("InvalidParameterValue", message)
    if group is None:
        return
    kind, strategy = specification.instance_type, group["Strategy"]
    if strategy not in type_record(specification.region, kind)["PlacementGroupInfo"]["SupportedStrategies"]:
        message = (
            f"{strategy.capitalize()} placement groups are not supported by the '{kind}' instance type."
            " Specify a supported instance type or change the placement group strategy, and try again."
        )
        raise AwsError("InvalidParameterCombination", message)
    if strategy == "spread" and specification.placement.get("Tenancy") == "dedicated":
        raise AwsError("InvalidParameterCombination", "a spread placement group takes no Dedicated Instances")
    zone = specification.subnet.availability_zone
    others = {member.availability_zone for member in instances_of(specification.region, group)} - {zone}
    if strategy == "cluster" and others:
        message = f"The placement group '{group['GroupName']}' is in use in another availability zone: {min(others)}"
        raise AwsError("InvalidPlacementGroup.InUse", message)


def room(specification: Specification) -> tuple[int, AwsError] | None:
    """Return how many instances the group still takes in the zone, and the error beyond; None without a limit."""
    group = asked_group(specification)
    if group is None or group["Strategy"] != "spread":
        return None
    zone = specification.subnet.availability_zone
    here = [member for member in instances_of(specification.region, group) if member.availability_zone == zone]
    message = (
        "You've reached the limit of instances in this spread placement group: "
        f"{SPREAD_PER_ZONE_MAX} per Availability Zone ({group['GroupName']}, {zone})"
    )
    return SPREAD_PER_ZONE_MAX - len(here), AwsError("InsufficientInstanceCapacity", message)


def place(instance: Any, specification: Specification) -> None:
    """Put a started instance into its group; EC2 spreads instances that name no partition evenly."""
    group = asked_group(specification)
    if group is None:
        return
    if group["Strategy"] == "partition":
        taken = Counter(member.placement.partition_number for member in instances_of(specification.region, group))
        emptiest = min(range(1, group["PartitionCount"] + 1), key=lambda number: (taken[number], number))
        instance.placement.partition_number = int(specification.placement.get("PartitionNumber") or emptiest)
    instance.placement.group_name, instance.placement.group_id = group["GroupName"], group["GroupId"]


HANDLERS = {
    "CreatePlacementGroup": create_placement_group,
    "DescribePlacementGroups": describe_placement_groups,
    "DeletePlacementGroup": delete_placement_group,
}
