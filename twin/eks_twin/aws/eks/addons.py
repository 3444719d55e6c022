"""EKS add-ons: a closed table of names and versions, and the calls about them.

An add-on is CREATING, UPDATING or DELETING until the twin's cluster room reports what became of it.
"""

import json
from typing import Any

from eks_twin.aws.calls import Call
from eks_twin.aws.eks import pod_identity
from eks_twin.aws.eks.addon_table import ADDONS, Addon
from eks_twin.aws.eks.kinds import ADDON
from eks_twin.aws.eks.store import (
    Cluster,
    Record,
    active_cluster_of,
    in_use,
    invalid_parameter,
    not_found,
    now,
    page,
    refuse_others,
    start_update,
)
from eks_twin.aws.eks.versions import VERSIONS, supported
from eks_twin.aws.iam import role_by_arn

COMMON = frozenset(
    {
        "addonName", "addonVersion", "clusterName", "configurationValues", "podIdentityAssociations",
        "resolveConflicts", "serviceAccountRoleArn",
    }
)  # fmt: skip


def _known(name: str) -> Addon:
    if name not in ADDONS:
        raise not_found(f"Addon {name} specified is not supported; the twin has {', '.join(sorted(ADDONS))}")
    return ADDONS[name]


def _checked_version(cluster: Cluster, call: Call) -> str:
    minor, addon = cluster.record["version"], _known(call.parameters["addonName"])
    versions = addon.versions(minor)
    version = call.get("addonVersion", versions[0])
    if version not in versions:
        message = (
            f"Addon version specified is not supported: {version} on Kubernetes {minor}; there is {', '.join(versions)}"
        )
        raise invalid_parameter(message)
    return version


def _check_values(call: Call) -> None:
    try:
        values = json.loads(call.get("configurationValues", "{}"))
    except json.JSONDecodeError as error:
        raise invalid_parameter(f"configurationValues is not valid JSON: {error}") from error
    if not isinstance(values, dict):
        raise invalid_parameter(f"configurationValues must be a JSON object, not {type(values).__name__}")
    role = call.get("serviceAccountRoleArn")
    if role and role_by_arn(role) is None:
        raise invalid_parameter(f"serviceAccountRoleArn: role {role} does not exist")


def _identities(cluster: Cluster, call: Call) -> list[str] | None:
    asked = call.get("podIdentityAssociations")
    if asked is None:
        return None
    namespace = _known(call.parameters["addonName"]).namespace
    made = [
        pod_identity.associate(cluster, call, (namespace, item["serviceAccount"]), item["roleArn"]) for item in asked
    ]
    return [association["associationArn"] for association in made]


def create_addon(call: Call) -> dict[str, Any]:
    """Record an add-on in CREATING."""
    refuse_others(call, COMMON | {"tags"})
    cluster, name = active_cluster_of(call), call.parameters["addonName"]
    version = _checked_version(cluster, call)
    addon = ADDON.new(cluster, call)
    _check_values(call)
    addon |= {
        "addonVersion": version,
        "serviceAccountRoleArn": call.get("serviceAccountRoleArn"),
        "configurationValues": call.get("configurationValues"),
        "podIdentityAssociations": _identities(cluster, call) or [],
        "owner": "aws",
        "publisher": "eks",
        "namespaceConfig": {"namespace": ADDONS[name].namespace},
    }
    cluster.addons[name] = addon
    return {"addon": addon}


def update_addon(call: Call) -> dict[str, Any]:
    """Change an add-on; UPDATING until the cluster room reports the change done."""
    refuse_others(call, COMMON)
    cluster, addon = ADDON.found(call)
    if addon["status"] not in {"ACTIVE", "DEGRADED", "UPDATE_FAILED", "CREATE_FAILED"}:
        raise in_use(f"Addon {addon['addonName']} cannot be updated as it is currently in {addon['status']} state")
    if call.get("addonVersion"):
        addon["addonVersion"] = _checked_version(cluster, call)
    _check_values(call)
    if call.get("podIdentityAssociations") is not None:
        _drop_identities(cluster, addon)
        addon["podIdentityAssociations"] = _identities(cluster, call)
    asked = {k: call.parameters[k] for k in ("serviceAccountRoleArn", "configurationValues") if call.get(k) is not None}
    addon |= {**asked, "status": "UPDATING", "modifiedAt": now()}
    return {
        "update": start_update(cluster, "AddonUpdate", {"AddonVersion": addon["addonVersion"], **asked}, "InProgress")
    }


def _drop_identities(cluster: Cluster, addon: Record) -> None:
    for association_arn in addon["podIdentityAssociations"]:
        cluster.associations.pop(association_arn.rpartition("/")[2], None)


def delete_addon(call: Call) -> dict[str, Any]:
    """Put an add-on into DELETING; with `preserve` its objects stay in the cluster."""
    cluster, addon = ADDON.found(call)
    _drop_identities(cluster, addon)
    addon |= {"status": "DELETING", "preserve": call.get("preserve", False)}
    return {"addon": addon}


def describe_addon_versions(call: Call) -> dict[str, Any]:
    """Answer DescribeAddonVersions from the table, newest first."""
    refuse_others(
        call, frozenset({"addonName", "kubernetesVersion", "maxResults", "nextToken", "owners", "publishers", "types"})
    )
    asked = {"owners": "aws", "publishers": "eks"}
    if any(call.get(key) and value not in call.parameters[key] for key, value in asked.items()):
        return page(call, "addons", [])
    names = [call.parameters["addonName"]] if call.get("addonName") else sorted(ADDONS)
    minors = [supported(call.parameters["kubernetesVersion"])] if call.get("kubernetesVersion") else list(VERSIONS)
    found = [_information(name, _known(name), minors) for name in names]
    wanted = call.get("types")
    return page(call, "addons", [info for info in found if not wanted or info["type"] in wanted])


def _information(name: str, addon: Addon, minors: list[str]) -> dict[str, Any]:
    fits: dict[str, list[dict[str, Any]]] = {}
    for minor in minors:
        for position, version in enumerate(addon.versions(minor)):
            fits.setdefault(version, []).append(
                {"clusterVersion": minor, "platformVersions": ["*"], "defaultVersion": position == 0}
            )
    versions = [
        {
            "addonVersion": version,
            "architecture": ["amd64", "arm64"],
            "computeTypes": ["ec2"],
            "compatibilities": compatibilities,
            "requiresConfiguration": False,
            "requiresIamPermissions": addon.needs_iam,
        }
        for version, compatibilities in sorted(fits.items(), reverse=True)
    ]
    return {
        "addonName": name,
        "type": addon.type,
        "addonVersions": versions,
        "publisher": "eks",
        "owner": "aws",
        "defaultNamespace": addon.namespace,
    }


def describe_addon_configuration(call: Call) -> dict[str, Any]:
    """Answer DescribeAddonConfiguration with a schema of the keys that the twin's cluster room honours."""
    name, version = call.parameters["addonName"], call.parameters["addonVersion"]
    addon = _known(name)
    if all(version not in addon.versions(minor) for minor in VERSIONS):
        raise invalid_parameter(f"Addon version specified is not supported: {version}")
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "title": name}
    return {"addonName": name, "addonVersion": version, "configurationSchema": json.dumps(schema)}


HANDLERS = {
    "CreateAddon": create_addon,
    "DescribeAddon": ADDON.describe,
    "ListAddons": ADDON.names,
    "UpdateAddon": update_addon,
    "DeleteAddon": delete_addon,
    "DescribeAddonVersions": describe_addon_versions,
    "DescribeAddonConfiguration": describe_addon_configuration,
}
