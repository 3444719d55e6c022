"""Managed node groups: records, and instances that really run in EC2.

A group is CREATING until the cluster room reports its nodes Ready, and DELETING until it reports them drained.
"""

from collections.abc import Mapping
from typing import Any

from moto.core.exceptions import ServiceException

from eks_twin.aws.calls import Call
from eks_twin.aws.ec2.catalogue import types
from eks_twin.aws.ec2.specification import template_of
from eks_twin.aws.eks import access, nodegroup_scaling
from eks_twin.aws.eks.kinds import NODEGROUP
from eks_twin.aws.eks.nodegroup_images import CUSTOM, DEFAULT_BY_ARCHITECTURE, resolve
from eks_twin.aws.eks.store import (
    Cluster,
    Record,
    active_cluster_of,
    check_trust,
    in_use,
    invalid_parameter,
    now,
    refuse_others,
    start_update,
)
from eks_twin.aws.eks.versions import VERSIONS, supported

MODELLED = frozenset(
    {
        "amiType", "capacityType", "clusterName", "diskSize", "instanceTypes", "labels", "launchTemplate",
        "nodeRepairConfig", "nodeRole", "nodegroupName", "releaseVersion", "scalingConfig", "subnets", "tags",
        "taints", "updateConfig", "version",
    }
)  # fmt: skip
DEFAULT_SCALING = {"minSize": 1, "maxSize": 2, "desiredSize": 2}
DEFAULT_DISK_GIB = 20
DEFAULT_TYPE = "t3.medium"
"""Defaults of CreateNodegroup (EKS API reference)."""
KUBELET_SKEW_MAX = 3
"""Kubernetes version skew policy, kubelet."""
UPDATE = "ConfigUpdate"


def create_nodegroup(call: Call) -> dict[str, Any]:
    """Record a group in CREATING and start its instances."""
    refuse_others(call, MODELLED)
    cluster = active_cluster_of(call)
    check_trust("nodeRole", call.parameters["nodeRole"], "ec2.amazonaws.com")
    group = _record(cluster, call)
    check_scaling(group["scalingConfig"])
    _check_subnets(cluster, call)
    nodegroup_scaling.prepare(group)
    cluster.nodegroups[group["nodegroupName"]] = group
    access.ensure_entry(cluster, call, group["nodeRole"], "EC2_LINUX")
    nodegroup_scaling.scale(cluster, group, call.region)
    return {"nodegroup": group}


def _record(cluster: Cluster, call: Call) -> Record:
    minor = _minor(cluster, call.get("version", cluster.record["version"]))
    template = _template(call, call.get("launchTemplate"))
    data = template.data if template else {}
    kinds = _instance_types(call, data)
    record = NODEGROUP.new(cluster, call) | {
        "version": minor,
        "capacityType": call.get("capacityType", "ON_DEMAND"),
        "scalingConfig": {**DEFAULT_SCALING, **call.get("scalingConfig", {})},
        "instanceTypes": kinds if not data.get("InstanceType") else None,
        "launchTypes": kinds,
        "instanceIds": [],
        "subnets": list(call.parameters["subnets"]),
        "nodeRole": call.parameters["nodeRole"],
        "labels": dict(call.get("labels", {})),
        "taints": [dict(taint) for taint in call.get("taints", [])],
        "diskSize": None if template else call.get("diskSize", DEFAULT_DISK_GIB),
        "updateConfig": dict(call.get("updateConfig", {"maxUnavailable": 1})),
        "nodeRepairConfig": dict(call.get("nodeRepairConfig", {"enabled": False})),
    }
    name, identifier = record["nodegroupName"], record["nodegroupArn"].rpartition("/")[2]
    record["resources"] = {"autoScalingGroups": [{"name": f"eks-{name}-{identifier}"}]}
    if template:
        if call.get("diskSize"):
            raise invalid_parameter("Disk size must be specified within the launch template.")
        record["launchTemplate"] = {
            "name": template.template.name,
            "id": template.template.id,
            "version": str(template.number),
        }
    return record | _image(call, record, data)


def _minor(cluster: Cluster, version: str) -> str:
    """Return the version when nodes of it may join: not newer than the control plane, at most three minors older."""
    known, control_plane = list(VERSIONS), cluster.record["version"]
    skew = known.index(control_plane) - known.index(supported(version))
    if not 0 <= skew <= KUBELET_SKEW_MAX:
        rule = f"from {KUBELET_SKEW_MAX} minors below the cluster's {control_plane} up to it"
        raise invalid_parameter(f"Node group version {version} must be {rule}")
    return version


def _template(call: Call, asked: Mapping[str, Any] | None) -> Any | None:
    if not asked:
        return None
    reference = {
        "LaunchTemplateId": asked.get("id"),
        "LaunchTemplateName": asked.get("name"),
        "Version": asked.get("version"),
    }
    try:
        version = template_of(call.region, reference)
    except ServiceException as error:
        raise invalid_parameter(f"Launch template could not be read: {error.message}") from error
    if version.data.get("IamInstanceProfile"):
        raise invalid_parameter("Instance profile cannot be specified in the launch template of a node group.")
    if any(item.get("SubnetId") for item in version.data.get("NetworkInterfaces") or ()):
        raise invalid_parameter("Launch template network interfaces should not have a subnet.")
    return version


def _instance_types(call: Call, data: Mapping[str, Any]) -> list[str]:
    asked, named = call.get("instanceTypes", []), data.get("InstanceType")
    if asked and named:
        raise invalid_parameter("Instance type(s) cannot be specified both in the launch template and in the request.")
    kinds = [named] if named else asked or [DEFAULT_TYPE]
    unknown = [kind for kind in kinds if kind not in types(call.region)]
    if unknown:
        raise invalid_parameter(f"The following supplied instance types do not exist: {unknown}")
    architectures = {types(call.region)[kind]["ProcessorInfo"]["SupportedArchitectures"][0] for kind in kinds}
    if len(architectures) > 1:
        raise invalid_parameter(f"instanceTypes {kinds} mix architectures {sorted(architectures)}")
    return kinds


def _image(call: Call, record: Record, data: Mapping[str, Any]) -> Record:
    architecture = types(call.region)[record["launchTypes"][0]]["ProcessorInfo"]["SupportedArchitectures"][0]
    if data.get("ImageId"):
        if call.get("amiType", CUSTOM) != CUSTOM or call.get("releaseVersion"):
            raise invalid_parameter("amiType and releaseVersion cannot be set with an image in the launch template.")
        return {"amiType": CUSTOM, "releaseVersion": data["ImageId"], "imageId": data["ImageId"]}
    kind = call.get("amiType", DEFAULT_BY_ARCHITECTURE[architecture])
    image = resolve(kind, record["version"], call.get("releaseVersion"))
    if image.data.architecture != architecture:
        raise invalid_parameter(
            f"{record['launchTypes']} are {architecture} instance types and are not compatible with amiType {kind}"
        )
    return {"amiType": kind, "releaseVersion": image.release_version, "imageId": image.id}


def check_scaling(config: Mapping[str, int]) -> None:
    """Refuse sizes that contradict each other."""
    low, wanted, high = config["minSize"], config["desiredSize"], config["maxSize"]
    if not 0 <= low <= wanted <= high or high < 1:
        message = (
            f"scalingConfig must hold 0 <= minSize <= desiredSize <= maxSize, maxSize >= 1; got {low}, {wanted}, {high}"
        )
        raise invalid_parameter(message)


def _check_subnets(cluster: Cluster, call: Call) -> None:
    vpc_id = cluster.record["resourcesVpcConfig"]["vpcId"]
    for subnet_id in call.parameters["subnets"]:
        if nodegroup_scaling.vpc_of(call.region, subnet_id) != vpc_id:
            raise invalid_parameter(f"Subnet {subnet_id} does not exist in the cluster's VPC {vpc_id}")


def _active_group(call: Call) -> tuple[Cluster, Record]:
    cluster, group = NODEGROUP.found(call)
    if group["status"] not in {"ACTIVE", "DEGRADED"}:
        raise in_use(f"Nodegroup cannot be updated as it is currently in {group['status']} state")
    return cluster, group


def update_nodegroup_config(call: Call) -> dict[str, Any]:
    """Change labels, taints or sizes; a new size takes effect at once."""
    refuse_others(
        call,
        frozenset(
            {"clusterName", "nodegroupName", "labels", "taints", "scalingConfig", "updateConfig", "nodeRepairConfig"}
        ),
    )
    cluster, record = _active_group(call)
    scaling = {**record["scalingConfig"], **call.get("scalingConfig", {})}
    check_scaling(scaling)
    record["labels"] = _changed_labels(record["labels"], call.get("labels", {}))
    record["taints"] = _changed_taints(record["taints"], call.get("taints", {}))
    record |= {"scalingConfig": scaling, "modifiedAt": now()}
    record |= {key: dict(call.parameters[key]) for key in ("updateConfig", "nodeRepairConfig") if call.get(key)}
    nodegroup_scaling.scale(cluster, record, call.region)
    asked = {k: v for k, v in call.parameters.items() if k not in {"clusterName", "nodegroupName"}}
    return {"update": start_update(cluster, UPDATE, asked)}


def _changed_labels(before: Mapping[str, str], asked: Mapping[str, Any]) -> Record:
    kept = {key: value for key, value in before.items() if key not in (asked.get("removeLabels") or ())}
    return {**kept, **(asked.get("addOrUpdateLabels") or {})}


def _changed_taints(before: list[Record], asked: Mapping[str, Any]) -> list[Record]:
    added = [dict(taint) for taint in asked.get("addOrUpdateTaints") or ()]
    gone = {(taint["key"], taint["effect"]) for taint in [*added, *(asked.get("removeTaints") or ())]}
    return [taint for taint in before if (taint["key"], taint["effect"]) not in gone] + added


def update_nodegroup_version(call: Call) -> dict[str, Any]:
    """Move a group to another version, release or template version: new instances first, then the old ones end."""
    refuse_others(
        call, frozenset({"clusterName", "nodegroupName", "version", "releaseVersion", "launchTemplate", "force"})
    )
    cluster, record = _active_group(call)
    minor = _minor(cluster, call.get("version", record["version"]))
    template = _template(call, call.get("launchTemplate"))
    if template and record.get("launchTemplate", {}).get("id") != template.template.id:
        raise invalid_parameter("A node group keeps its launch template; only the version can change.")
    if template:
        record["launchTemplate"]["version"] = str(template.number)
    if record["amiType"] != CUSTOM:
        image = resolve(record["amiType"], minor, call.get("releaseVersion"))
        record |= {"releaseVersion": image.release_version, "imageId": image.id}
    elif template and template.data.get("ImageId"):
        record |= {"releaseVersion": template.data["ImageId"], "imageId": template.data["ImageId"]}
    record |= {"version": minor, "modifiedAt": now()}
    nodegroup_scaling.replace(cluster, record, call.region)
    asked = {"Version": minor, "ReleaseVersion": record["releaseVersion"]}
    return {"update": start_update(cluster, "VersionUpdate", asked)}


def delete_nodegroup(call: Call) -> dict[str, Any]:
    """Put a group into DELETING; its instances end once the cluster room reports them drained."""
    _, group = NODEGROUP.found(call)
    group["status"] = "DELETING"
    return {"nodegroup": group}


HANDLERS = {
    "CreateNodegroup": create_nodegroup,
    "DescribeNodegroup": NODEGROUP.describe,
    "ListNodegroups": NODEGROUP.names,
    "UpdateNodegroupConfig": update_nodegroup_config,
    "UpdateNodegroupVersion": update_nodegroup_version,
    "DeleteNodegroup": delete_nodegroup,
}
