"""aws:ec2 LaunchTemplate."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Kind, Read, call
from eks_twin.plugins.aws.scope import Scope
from eks_twin.plugins.aws.shapes import from_aws, to_aws

DATA: Final = (
    "blockDeviceMappings",
    "capacityReservationSpecification",
    "cpuOptions",
    "creditSpecification",
    "disableApiStop",
    "disableApiTermination",
    "ebsOptimized",
    "enclaveOptions",
    "hibernationOptions",
    "iamInstanceProfile",
    "imageId",
    "instanceInitiatedShutdownBehavior",
    "instanceMarketOptions",
    "instanceRequirements",
    "instanceType",
    "kernelId",
    "keyName",
    "licenseSpecifications",
    "maintenanceOptions",
    "metadataOptions",
    "monitoring",
    "networkInterfaces",
    "placement",
    "privateDnsNameOptions",
    "ramDiskId",
    "securityGroupNames",
    "tagSpecifications",
    "userData",
    "vpcSecurityGroupIds",
)
"""Properties of the template's data; the others belong to the template or its versions."""
RENAMED: Final = {"vpcSecurityGroupIds": "SecurityGroupIds", "securityGroupNames": "SecurityGroups"}


def _data(scope: Scope) -> dict[str, Any]:
    shape = scope.client().meta.service_model.shape_for("RequestLaunchTemplateData")
    values = {name: scope.values[name] for name in DATA if scope.values.get(name) is not None}
    return to_aws(values, shape, "launchTemplateData")


def _create(scope: Scope) -> Any:
    return scope.call(
        "create_launch_template",
        LaunchTemplateName=scope.values["name"],
        VersionDescription=scope.values.get("description"),
        LaunchTemplateData=_data(scope),
        TagSpecifications=scope.kind.tags.written(scope.values["tagsAll"]) if scope.kind.tags else None,
    )


def _new_version(scope: Scope) -> None:
    """Versions cannot be changed: a new one holds the whole new data."""
    answer = scope.call(
        "create_launch_template_version",
        LaunchTemplateId=scope.id,
        VersionDescription=scope.values.get("description"),
        LaunchTemplateData=_data(scope),
    )
    if scope.values.get("updateDefaultVersion"):
        latest = str(answer["LaunchTemplateVersion"]["VersionNumber"])
        scope.call("modify_launch_template", LaunchTemplateId=scope.id, DefaultVersion=latest)


def _more(scope: Scope, found: Mapping[str, Any]) -> dict[str, Any]:
    """The data of the latest version."""
    answer = scope.call("describe_launch_template_versions", LaunchTemplateId=scope.id, Versions=["$Latest"])
    version = answer["LaunchTemplateVersions"][0]
    facts = {name: scope.facts.inputs[name] for name in DATA}
    return {
        "name": found["LaunchTemplateName"],
        "description": version.get("VersionDescription"),
        "defaultVersion": found["DefaultVersionNumber"],
        "latestVersion": found["LatestVersionNumber"],
        **from_aws(version["LaunchTemplateData"], facts, RENAMED),
    }


_PRESENT_TAGS: Final = call("describe_tags", Filters=[{"Name": "resource-id", "Values": ["$id"]}])

LAUNCH_TEMPLATE: Final = Kind(
    type="aws:ec2/launchTemplate:LaunchTemplate",
    noun="EC2 Launch Template",
    service="ec2",
    create=Custom(_create, " ".join(["name", "description", *DATA])),
    id="LaunchTemplate.LaunchTemplateId",
    read=Read(call("describe_launch_templates", LaunchTemplateIds=["$id"]), "LaunchTemplates.0", more=_more),
    changes=(
        Custom(_new_version, " ".join(["description", *DATA])),
        call("modify_launch_template", LaunchTemplateId="$id", DefaultVersion="$defaultVersion"),
    ),
    delete=call("delete_launch_template", LaunchTemplateId="$id"),
    # DescribeLaunchTemplates of moto 5.2 keeps reporting the tags of creation; DescribeTags has the present ones
    tags=replace(tags.ec2("launch-template"), read=_PRESENT_TAGS),
    arn="launch-template/{id}",
    local=frozenset({"updateDefaultVersion"}),
    volatile=frozenset({"latestVersion", "defaultVersion"}),
    conflicts=(frozenset({"defaultVersion", "updateDefaultVersion"}), frozenset({"name", "namePrefix"})),
)

KINDS: Final = (LAUNCH_TEMPLATE,)
