"""aws:ec2 LaunchTemplate and PlacementGroup: what instances are made from, and how they stand to each other."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Read, Ready, call
from eks_twin.plugins.aws.schema import resource_types
from eks_twin.plugins.aws.scope import Scope
from eks_twin.plugins.aws.shapes import to_aws

from .conventions import ec2

TYPE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
BESIDE: Final = (
    "defaultVersion",
    "description",
    "name",
    "namePrefix",
    "networkPerformanceOptions",
    "region",
    "secondaryInterfaces",
    "tags",
    "updateDefaultVersion",
)
"""Inputs that belong to the template or its versions, or that are not modelled."""
DATA: Final = tuple(name for name in resource_types()[TYPE].inputs if name not in BESIDE)
"""Inputs that are the template's data."""


def _write(operation: str, same: str, **params: Any) -> Callable[[Scope], dict[str, Any]]:
    """A call that takes the whole data: versions cannot be changed, so a new one holds all of it again."""
    step = call(operation, same, VersionDescription="$description", **params)

    def run(scope: Scope) -> dict[str, Any]:
        shape = scope.client().meta.service_model.shape_for("RequestLaunchTemplateData")
        values = {name: scope.values[name] for name in DATA if scope.values.get(name) is not None}
        data = to_aws(values, shape, scope.facts.inputs)
        tagging = {} if scope.id else scope.tagging
        return scope.call(operation, **step.parameters(scope), LaunchTemplateData=data, **tagging)

    return run


_NEW_VERSION: Final = _write("create_launch_template_version", "", LaunchTemplateId="$id")


def _change(scope: Scope) -> None:
    answer = _NEW_VERSION(scope)
    if scope.values.get("updateDefaultVersion"):
        latest = str(answer["LaunchTemplateVersion"]["VersionNumber"])
        scope.call("modify_launch_template", LaunchTemplateId=scope.id, DefaultVersion=latest)


def _read(scope: Scope) -> dict[str, Any] | None:
    """The template, and with it the data of its latest version."""
    found = scope.call("describe_launch_templates", LaunchTemplateIds=[scope.id])["LaunchTemplates"]
    if not found:
        return None
    answer = scope.call("describe_launch_template_versions", LaunchTemplateId=scope.id, Versions=["$Latest"])
    version = answer["LaunchTemplateVersions"][0]
    return {**version["LaunchTemplateData"], **version, **found[0]}


_PRESENT_TAGS: Final = call("describe_tags", Filters=[{"Name": "resource-id", "Values": ["$id"]}])

LAUNCH_TEMPLATE: Final = ec2(
    "LaunchTemplate",
    "Launch Template",
    create=Custom(_write("create_launch_template", "name"), " ".join(["name", "description", *DATA])),
    read=Read(Custom(_read)),
    changes=(
        Custom(_change, " ".join(["description", *DATA])),
        call("modify_launch_template", "defaultVersion", LaunchTemplateId="$id"),
    ),
    # DescribeLaunchTemplates of moto 5.2 keeps reporting the tags of creation; DescribeTags has the present ones
    tags=replace(tags.ec2("launch-template"), read=_PRESENT_TAGS),
    volatile=frozenset({"latestVersion", "defaultVersion"}),
    conflicts=(frozenset({"defaultVersion", "updateDefaultVersion"}), frozenset({"name", "namePrefix"})),
)

PLACEMENT_GROUP: Final = ec2(
    "PlacementGroup",
    "Placement Group",
    "name strategy partitionCount spreadLevel",
    id="{name}",
    read=Read(
        call("describe_placement_groups", GroupNames=["$id"]),
        "PlacementGroups.0",
        gone=lambda found: found["State"] == "deleted",
    ),
    ready=Ready("State", ("available",), ("deleting", "gone"), seconds=300),
    delete=call("delete_placement_group", GroupName="$id"),
    gone_after_delete=True,
    tags=tags.ec2("placement-group", "$placementGroupId"),
    # at most seven partitions a zone (AWS: "Placement strategies for your placement groups")
    allowed={
        "strategy": ("cluster", "partition", "spread"),
        "partitionCount": range(1, 8),
        "spreadLevel": ("host", "rack"),
    },
    only_with={"partitionCount": ("strategy", "partition"), "spreadLevel": ("strategy", "spread")},
)

KINDS: Final = (LAUNCH_TEMPLATE, PLACEMENT_GROUP)
