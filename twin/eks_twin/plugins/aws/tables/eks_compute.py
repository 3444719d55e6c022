"""aws:eks NodeGroup and Addon."""

from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Kind, Read, Ready, call
from eks_twin.plugins.aws.scope import Scope
from eks_twin.plugins.aws.shapes import to_aws

from .eks import finished, health


def _node_group_owner(scope: Scope) -> dict[str, str]:
    return {"clusterName": scope.values["clusterName"], "nodegroupName": scope.values["nodeGroupName"]}


def _finish_node_group(scope: Scope, answer: Mapping[str, Any]) -> None:
    owner = _node_group_owner(scope)
    finished(scope, answer, name=owner["clusterName"], nodegroupName=owner["nodegroupName"])


def _scale(scope: Scope) -> None:
    """Labels and taints travel as what to add and what to remove."""
    change: dict[str, Any] = {}
    shape = scope.client().meta.service_model.operation_model("UpdateNodegroupConfig").input_shape
    for name in ("scalingConfig", "updateConfig"):
        if scope.values.get(name) is not None and scope.values[name] != scope.old.get(name):
            change[name] = to_aws(scope.values[name], shape.members[name], name)
    old, new = scope.old.get("labels") or {}, scope.values.get("labels") or {}
    if old != new:
        change["labels"] = {"addOrUpdateLabels": new, "removeLabels": [key for key in old if key not in new]}
    old, new = scope.old.get("taints") or [], scope.values.get("taints") or []
    if old != new:
        change["taints"] = {
            "addOrUpdateTaints": [taint for taint in new if taint not in old],
            "removeTaints": [t for t in old if (t["key"], t["effect"]) not in {(n["key"], n["effect"]) for n in new}],
        }
    if change:
        _finish_node_group(scope, scope.call("update_nodegroup_config", **_node_group_owner(scope), **change))


_VERSIONED: Final = ("version", "releaseVersion", "launchTemplate")


def _roll(scope: Scope) -> None:
    changed = {name: scope.values[name] for name in _VERSIONED if scope.values.get(name) != scope.old.get(name)}
    parameters = {name: value for name, value in changed.items() if value is not None}
    if parameters:
        force = bool(scope.values.get("forceUpdateVersion"))
        answer = scope.call("update_nodegroup_version", **_node_group_owner(scope), **parameters, force=force)
        _finish_node_group(scope, answer)


def _node_group(scope: Scope, found: Mapping[str, Any]) -> dict[str, Any]:
    """EKS names the template by id and by name; only what the program gave is its input."""
    template, given = found.get("launchTemplate"), scope.values.get("launchTemplate") or {}
    resources = found.get("resources", {})
    return {
        "launchTemplate": template and {key: template[key] for key in ("id", "name", "version") if key in template},
        "resources": [
            {
                "autoscalingGroups": [{"name": group["name"]} for group in resources.get("autoScalingGroups", ())],
                **({"remoteAccessSecurityGroupId": sg} if (sg := resources.get("remoteAccessSecurityGroup")) else {}),
            }
        ],
        "diskSize": found.get("diskSize") if not given else None,
    }


NODE_GROUP: Final = Kind(
    type="aws:eks/nodeGroup:NodeGroup",
    noun="EKS Node Group",
    service="eks",
    create=call(
        "create_nodegroup",
        "clusterName scalingConfig amiType capacityType diskSize instanceTypes labels launchTemplate releaseVersion "
        "taints updateConfig version",
        nodegroupName="$nodeGroupName",
        nodeRole="$nodeRoleArn",
        subnets="$subnetIds",
        tags="$tags",
    ),
    id="{clusterName}:{nodeGroupName}",
    read=Read(
        call("describe_nodegroup", clusterName="$clusterName", nodegroupName="$nodeGroupName"),
        "nodegroup",
        {"nodeRoleArn": "nodeRole", "subnetIds": "subnets", "arn": "nodegroupArn", "diskSize": None, "resources": None},
        _node_group,
    ),
    ready=Ready("status", ("ACTIVE",), ("CREATE_FAILED", "DELETE_FAILED", "DEGRADED", "gone"), health, 3600),
    changes=(Custom(_roll, " ".join(_VERSIONED)), Custom(_scale, "scalingConfig updateConfig labels taints")),
    delete=call("delete_nodegroup", clusterName="$clusterName", nodegroupName="$nodeGroupName"),
    gone_after_delete=True,
    tags=tags.mapped({"resourceArn": "$arn"}),
    local=frozenset({"forceUpdateVersion"}),
    ordered=frozenset({"instanceTypes"}),
    sets=frozenset({"taints"}),
    label="nodeGroupName",
)


def _addon_owner(scope: Scope) -> dict[str, str]:
    return {"clusterName": scope.values["clusterName"], "addonName": scope.values["addonName"]}


_ADDON: Final = "clusterName addonName addonVersion configurationValues podIdentityAssociations serviceAccountRoleArn"


def _update_addon(scope: Scope) -> None:
    step = call("update_addon", _ADDON, resolveConflicts="$resolveConflictsOnUpdate")
    cleared: dict[str, Any] = {}
    if scope.old.get("podIdentityAssociations") and not scope.values.get("podIdentityAssociations"):
        cleared["podIdentityAssociations"] = []
    answer = scope.call("update_addon", **{**cleared, **step.parameters(scope)})
    finished(scope, answer, name=scope.values["clusterName"], addonName=scope.values["addonName"])


def _pod_identities(scope: Scope, found: Mapping[str, Any]) -> dict[str, Any]:
    """EKS lists the associations' ARNs; Pulumi wants each one's account and role."""
    ids = [arn.rpartition("/")[2] for arn in found.get("podIdentityAssociations", ())]
    answers = (
        scope.call("describe_pod_identity_association", clusterName=scope.values["clusterName"], associationId=id_)
        for id_ in ids
    )
    return {
        "podIdentityAssociations": [
            {"roleArn": item["association"]["roleArn"], "serviceAccount": item["association"]["serviceAccount"]}
            for item in answers
        ]
    }


ADDON: Final = Kind(
    type="aws:eks/addon:Addon",
    noun="EKS Add-On",
    service="eks",
    create=call("create_addon", _ADDON, resolveConflicts="$resolveConflictsOnCreate", tags="$tags"),
    id="{clusterName}:{addonName}",
    read=Read(
        call("describe_addon", clusterName="$clusterName", addonName="$addonName"),
        "addon",
        {"arn": "addonArn", "podIdentityAssociations": None},
        _pod_identities,
    ),
    ready=Ready("status", ("ACTIVE",), ("CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED", "gone"), health, 1200),
    changes=(Custom(_update_addon, "addonVersion configurationValues podIdentityAssociations serviceAccountRoleArn"),),
    delete=call("delete_addon", "clusterName addonName preserve"),
    gone_after_delete=True,
    tags=tags.mapped({"resourceArn": "$arn"}),
    local=frozenset({"preserve", "resolveConflictsOnCreate", "resolveConflictsOnUpdate"}),
    documents=frozenset({"configurationValues"}),
    sets=frozenset({"podIdentityAssociations"}),
    label="addonName",
)

KINDS: Final = (NODE_GROUP, ADDON)
