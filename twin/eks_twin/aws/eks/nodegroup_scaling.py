"""The instances of a node group, as its Auto Scaling group would keep them."""

from typing import Any

from moto.core.exceptions import ServiceException
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends

from eks_twin.aws.ec2.launch import launch, terminate
from eks_twin.aws.ec2.rules import check
from eks_twin.aws.ec2.specification import CAPACITY_BLOCK, ON_DEMAND, SPOT, Specification, merge
from eks_twin.aws.eks.store import Cluster, Record
from eks_twin.aws.iam import backend as iam_backend
from eks_twin.aws.principals import ACCOUNT

CAPACITY_CODES = frozenset(
    {"InsufficientInstanceCapacity", "InsufficientFreeAddressesInSubnet", "Unsupported", "UnfulfillableCapacity"}
)
"""Errors after which another subnet or type may do."""
MARKETS = {"ON_DEMAND": ON_DEMAND, "SPOT": SPOT, "CAPACITY_BLOCK": CAPACITY_BLOCK}
"""A group's capacity type → how its instances are paid for."""


def vpc_of(region: str, subnet_id: str) -> str | None:
    """Return the VPC of a subnet, or None when there is no such subnet."""
    try:
        return ec2_backends[ACCOUNT][region].get_subnet(subnet_id).vpc_id
    except EC2ClientError:
        return None


def prepare(group: Record) -> None:
    """Create the instance profile that EKS keeps for a group."""
    identifier = group["nodegroupArn"].rpartition("/")[2]
    group["profileName"] = f"eks-{identifier}"
    iam_backend().create_instance_profile(name=group["profileName"], path="/", role_names=[], tags=[])
    iam_backend().add_role_to_instance_profile(group["profileName"], group["nodeRole"].rpartition("/")[2])


def running(group: Record, region: str) -> list[str]:
    """Return the ids of the group's instances that have not ended."""
    backend = ec2_backends[ACCOUNT][region]
    alive = {
        instance.id for instance in backend.all_instances() if instance.state not in {"terminated", "shutting-down"}
    }
    return [instance_id for instance_id in group["instanceIds"] if instance_id in alive]


def scale(cluster: Cluster, group: Record, region: str) -> None:
    """Start or end instances until as many run as the group wants; trouble goes into the group's health."""
    group["instanceIds"] = running(group, region)
    wanted = group["scalingConfig"]["desiredSize"]
    surplus = group["instanceIds"][wanted:]
    if surplus:
        terminate(region, surplus)
        group["instanceIds"] = group["instanceIds"][:wanted]
    for position in range(len(group["instanceIds"]), wanted):
        if not _start_one(cluster, group, region, position):
            return
    if group["status"] == "ACTIVE":
        group["health"] = {"issues": []}


def replace(cluster: Cluster, group: Record, region: str) -> None:
    """Start a new set of instances, then end the old one."""
    old = running(group, region)
    group["instanceIds"] = []
    scale(cluster, group, region)
    if old:
        terminate(region, old)


def dissolve(group: Record, region: str) -> None:
    """End the instances and remove what EKS kept for the group."""
    left = running(group, region)
    if left:
        terminate(region, left)
    iam_backend().delete_instance_profile(group["profileName"], ignore_attached_roles=True)


def _start_one(cluster: Cluster, group: Record, region: str, position: int) -> bool:
    """Start one instance: subnets round robin, then the next type."""
    subnets, trouble = group["subnets"], None
    turned = [*subnets[position % len(subnets) :], *subnets[: position % len(subnets)]]
    for kind in group["launchTypes"]:
        for subnet_id in turned:
            specification = _specification(cluster, group, region, (kind, subnet_id))
            try:
                check(specification)
            except ServiceException as error:
                trouble = error
                if error.code not in CAPACITY_CODES:
                    return _fail(group, error)
            else:
                group["instanceIds"] += [instance.id for instance in launch(specification, 1).instances]
                return True
    return _fail(group, trouble)


def _fail(group: Record, error: ServiceException | None) -> bool:
    code, message = (error.code, error.message) if error else ("InternalFailure", "no subnet")
    issue = {"code": "AsgInstanceLaunchFailures", "message": f"{code}: {message}", "resourceIds": []}
    group["health"] = {"issues": [issue]}
    group["status"] = "CREATE_FAILED" if group["status"] == "CREATING" else "DEGRADED"
    return False


def _specification(cluster: Cluster, group: Record, region: str, place: tuple[str, str]) -> Specification:
    kind, subnet_id = place
    template = group.get("launchTemplate")
    reference = {"LaunchTemplateId": template["id"], "Version": template["version"]} if template else None
    request = {
        "InstanceType": kind,
        "ImageId": group["imageId"],
        "IamInstanceProfile": {"Name": group["profileName"]},
        "TagSpecifications": [{"ResourceType": "instance", "Tags": _tags(cluster, group)}],
        **_placement(cluster, region, subnet_id, reference),
    }
    if group["diskSize"]:
        disk = {"VolumeSize": group["diskSize"], "VolumeType": "gp3", "DeleteOnTermination": True}
        name = "/dev/xvdb" if group["amiType"].startswith("BOTTLEROCKET") else "/dev/xvda"
        request["BlockDeviceMappings"] = [{"DeviceName": name, "Ebs": disk}]
    if not template:
        request["MetadataOptions"] = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}
    return merge(region, reference, request, MARKETS[group["capacityType"]])


def _placement(cluster: Cluster, region: str, subnet_id: str, reference: dict[str, Any] | None) -> dict[str, Any]:
    """Lay subnet and, where the template names none, the cluster security group over the template."""
    own = [cluster.record["resourcesVpcConfig"]["clusterSecurityGroupId"]]
    data = merge(region, reference, {}, ON_DEMAND).data
    interfaces = data.get("NetworkInterfaces")
    if interfaces:
        return {"NetworkInterfaces": [{"Groups": own, **item, "SubnetId": subnet_id} for item in interfaces]}
    return {"SubnetId": subnet_id, "SecurityGroupIds": data.get("SecurityGroupIds") or own}


def _tags(cluster: Cluster, record: Record) -> list[dict[str, str]]:
    tags = {
        f"kubernetes.io/cluster/{cluster.name}": "owned",
        "eks:cluster-name": cluster.name,
        "eks:nodegroup-name": record["nodegroupName"],
        "aws:autoscaling:groupName": record["resources"]["autoScalingGroups"][0]["name"],
    }
    return [{"Key": key, "Value": value} for key, value in tags.items()]
