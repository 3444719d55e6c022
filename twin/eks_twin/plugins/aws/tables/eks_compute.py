"""aws:eks NodeGroup and Addon."""

from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Kind, Read, Ready, call
from eks_twin.plugins.aws.scope import Scope
from eks_twin.plugins.aws.shapes import to_aws

from .eks import finished, health

_OWNER: Final = call("update_nodegroup_config", "clusterName nodeGroupName")


def _update_node_group(scope: Scope, operation: str, **change: Any) -> None:
    owner = _OWNER.parameters(scope)
    answer = scope.call(operation, **owner, **change)
    finished(scope, answer, name=owner["clusterName"], nodegroupName=owner["nodegroupName"])


def _scale(scope: Scope) -> None:
    """Labels and taints travel as what to add and what to remove."""
    shape = scope.client().meta.service_model.operation_model("UpdateNodegroupConfig").input_shape
    configs = {name: scope.values.get(name) for name in ("scalingConfig", "updateConfig")}
    changed = {name: value for name, value in configs.items() if value is not None and value != scope.old.get(name)}
    change = to_aws(changed, shape, scope.facts.inputs)
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
        _update_node_group(scope, "update_nodegroup_config", **change)


_VERSIONED: Final = ("version", "releaseVersion", "launchTemplate")


def _roll(scope: Scope) -> None:
    changed = {name: scope.values.get(name) for name in _VERSIONED if scope.values.get(name) != scope.old.get(name)}
    if any(value is not None for value in changed.values()):
        force = bool(scope.values.get("forceUpdateVersion"))
        _update_node_group(scope, "update_nodegroup_version", **changed, force=force)


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
        "clusterName nodeGroupName nodeRoleArn subnetIds scalingConfig amiType capacityType diskSize instanceTypes "
        "labels launchTemplate releaseVersion taints updateConfig version",
    ),
    id="{clusterName}:{nodeGroupName}",
    read=Read(call("describe_nodegroup", "clusterName nodeGroupName"), "nodegroup", _node_group),
    ready=Ready("status", ("ACTIVE",), ("CREATE_FAILED", "DELETE_FAILED", "DEGRADED", "gone"), health, 3600),
    changes=(Custom(_roll, " ".join(_VERSIONED)), Custom(_scale, "scalingConfig updateConfig labels taints")),
    delete=call("delete_nodegroup", "clusterName nodeGroupName"),
    gone_after_delete=True,
    tags=tags.of("resource", "tags", resourceArn="$arn"),
    label="nodeGroupName",
)


_CHANGING: Final = "addonVersion configurationValues podIdentityAssociations serviceAccountRoleArn"
_ADDON: Final = f"clusterName addonName {_CHANGING}"
_UPDATE_ADDON: Final = call("update_addon", _ADDON, resolveConflicts="$resolveConflictsOnUpdate")


def _update_addon(scope: Scope) -> None:
    cleared: dict[str, Any] = {}
    if scope.old.get("podIdentityAssociations") and not scope.values.get("podIdentityAssociations"):
        cleared["podIdentityAssociations"] = []
    answer = scope.call("update_addon", **{**cleared, **_UPDATE_ADDON.parameters(scope)})
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
    create=call("create_addon", _ADDON, resolveConflicts="$resolveConflictsOnCreate"),
    id="{clusterName}:{addonName}",
    read=Read(call("describe_addon", "clusterName addonName"), "addon", _pod_identities),
    ready=Ready("status", ("ACTIVE",), ("CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED", "gone"), health, 1200),
    changes=(Custom(_update_addon, _CHANGING),),
    delete=call("delete_addon", "clusterName addonName preserve"),
    gone_after_delete=True,
    tags=tags.of("resource", "tags", resourceArn="$arn"),
    label="addonName",
)

KINDS: Final = (NODE_GROUP, ADDON)
