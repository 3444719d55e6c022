"""What exactly a launch asks for: a launch template under a request, checked as EC2 checks it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.types import Base64EncodedString
from moto.ec2.models import ec2_backends
from moto.ec2.utils import parse_user_data

from eks_twin.aws.calls import AwsError
from eks_twin.aws.ec2.catalogue import offered, sells_spot, type_record
from eks_twin.aws.faults import FAULTS
from eks_twin.aws.iam import backend as iam_backend
from eks_twin.aws.iam import role_by_arn
from eks_twin.aws.principals import ACCOUNT

UNMODELLED = frozenset(
    {
        "CpuOptions", "CreditSpecification", "ElasticGpuSpecification", "ElasticGpuSpecifications",
        "ElasticInferenceAccelerator", "ElasticInferenceAccelerators", "EnclaveOptions", "InstanceRequirements",
        "KernelId", "LicenseSpecifications", "RamDiskId", "RamdiskId", "SecondaryInterfaces",
    }
)  # fmt: skip
"""Members of a request or template that the twin would have to ignore."""
SPOT, ON_DEMAND = "spot", "on-demand"
TEMPLATE_MAPPED_MERGES = ("MetadataOptions", "Placement", "Monitoring")
"""Structures that a request overlays member by member; everything else it replaces."""


@dataclass(frozen=True)
class Specification:
    """One launch, complete."""

    region: str
    data: Mapping[str, Any]
    """RunInstances parameters and launch template data in one; they share their member names."""
    market: str
    """`spot` or `on-demand`."""
    template: tuple[str, str] | None
    """(id, version) of the launch template, for the instance's own tags."""

    @property
    def interfaces(self) -> list[Mapping[str, Any]]:
        """Network interfaces, the primary one first; one is implied by an instance-level subnet."""
        asked = list(self.data.get("NetworkInterfaces") or ())
        return sorted(asked, key=lambda item: (item.get("NetworkCardIndex") or 0, item.get("DeviceIndex") or 0)) or [{}]

    @property
    def subnet(self) -> Any:
        """Subnet of the primary interface, as moto's object."""
        subnet_id = self.data.get("SubnetId") or self.interfaces[0].get("SubnetId")
        backend = ec2_backends[ACCOUNT][self.region]
        if subnet_id is None:
            defaults = backend.get_default_subnets()
            zone = (self.data.get("Placement") or {}).get("AvailabilityZone") or min(defaults)
            return defaults[zone]
        return backend.get_subnet(subnet_id)

    @property
    def group_ids(self) -> list[str]:
        """Security groups of the primary interface; the VPC's default group when none is named."""
        named = self.interfaces[0].get("Groups") or self.data.get("SecurityGroupIds")
        if named:
            return list(named)
        default = ec2_backends[ACCOUNT][self.region].get_default_security_group(self.subnet.vpc_id)
        return [default.id] if default else []

    @property
    def instance_type(self) -> str:
        """Instance type; EC2's own default is m1.small."""
        return self.data.get("InstanceType") or "m1.small"

    @property
    def user_data(self) -> Base64EncodedString | None:
        """User data, still encoded."""
        value = self.data.get("UserData")
        return value if isinstance(value, Base64EncodedString) else parse_user_data(value)

    def tags(self, resource: str) -> dict[str, str]:
        """Tags that the launch puts on a kind of resource, such as `instance` or `volume`."""
        return {
            tag["Key"]: tag.get("Value", "")
            for item in self.data.get("TagSpecifications") or ()
            if item.get("ResourceType") == resource
            for tag in item.get("Tags") or ()
        }


def template_of(region: str, reference: Mapping[str, Any]) -> Any:
    """Return the launch template version that a request names, as moto's object."""
    backend = ec2_backends[ACCOUNT][region]
    if reference.get("LaunchTemplateId"):
        template = backend.get_launch_template(reference["LaunchTemplateId"])
    else:
        template = backend.get_launch_template_by_name(reference["LaunchTemplateName"])
    return template.get_version(reference.get("Version") or "$Default")


def merge(region: str, reference: Mapping[str, Any] | None, request: Mapping[str, Any], market: str) -> Specification:
    """Lay a request over the launch template that it names."""
    version = template_of(region, reference) if reference else None
    data = dict(version.data) if version else {}
    for key, value in request.items():
        if key == "TagSpecifications":
            data[key] = [*(data.get(key) or ()), *value]
        elif key in TEMPLATE_MAPPED_MERGES and isinstance(data.get(key), Mapping):
            data[key] = {**data[key], **value}
        elif value is not None:
            data[key] = value
    template = (version.template.id, str(version.number)) if version else None
    return Specification(region, data, market, template)


def check(specification: Specification) -> None:
    """Refuse what EC2 refuses before it looks for capacity, then what it has no capacity for."""
    check_request(specification)
    _check_capacity(specification)


def check_request(specification: Specification) -> None:
    """Refuse what EC2 refuses whatever it has; a dry run goes as far as this."""
    off = ({"Enabled": False}, {"Configured": False})  # how clients say that they do not want something
    asked = {key: specification.data.get(key) for key in UNMODELLED}
    unmodelled = sorted(key for key, value in asked.items() if value and value not in off)
    if unmodelled:
        raise AwsError(
            "UnsupportedOperation", f"the twin does not model {', '.join(unmodelled)} of a launch; leave it out"
        )
    _check_image(specification)
    _check_network(specification)
    _check_profile(specification)
    _check_market(specification)


def _check_image(specification: Specification) -> None:
    image_id = specification.data.get("ImageId")
    if not image_id:
        raise AwsError("MissingParameter", "The request must contain the parameter ImageId")
    [image] = ec2_backends[ACCOUNT][specification.region].describe_images(ami_ids=[image_id])
    kind = specification.instance_type
    architectures = type_record(specification.region, kind)["ProcessorInfo"]["SupportedArchitectures"]
    if image.architecture not in architectures:
        message = (
            f"The architecture '{','.join(architectures)}' of the specified instance type {kind} "
            f"does not match the architecture '{image.architecture}' of the specified AMI {image_id}"
        )
        raise AwsError("InvalidParameterValue", message)
    least = {disk["DeviceName"]: disk["Ebs"]["VolumeSize"] for disk in image.block_device_mappings}
    for disk in specification.data.get("BlockDeviceMappings") or ():
        size = (disk.get("Ebs") or {}).get("VolumeSize")
        needed = least.get(disk.get("DeviceName"), 0)
        if size is not None and int(size) < needed:
            message = f"Volume of size {size}GB is smaller than snapshot of {image_id}, expect size >= {needed}GB"
            raise AwsError("InvalidBlockDeviceMapping", message)


def _check_network(specification: Specification) -> None:
    backend, subnet = ec2_backends[ACCOUNT][specification.region], specification.subnet
    for interface in specification.interfaces:
        for group_id in interface.get("Groups") or specification.group_ids:
            group = backend.get_security_group_from_id(group_id)
            if group is None:
                raise AwsError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
            if group.vpc_id != subnet.vpc_id:
                message = f"Security group {group_id} and subnet {subnet.id} belong to different networks."
                raise AwsError("InvalidParameter", message)
    network = type_record(specification.region, specification.instance_type)["NetworkInfo"]
    wanted = [i for i in specification.interfaces if str(i.get("InterfaceType", "")).startswith("efa")]
    most = network.get("EfaInfo", {}).get("MaximumEfaInterfaces", 0)
    if len(wanted) > most:
        message = f"Interface type 'efa': {len(wanted)} requested, {specification.instance_type} supports {most}"
        raise AwsError("AttachmentLimitExceeded" if most else "UnsupportedOperation", message)


def _check_profile(specification: Specification) -> None:
    wanted = specification.data.get("IamInstanceProfile")
    if not wanted:
        return
    if profile_of(wanted) is None:
        key, value = next(iter(wanted.items()))
        name = f"iamInstanceProfile.{key.lower()}"
        message = f"Value ({value}) for parameter {name} is invalid. Invalid IAM Instance Profile {key.lower()}"
        raise AwsError("InvalidParameterValue", message)


def profile_of(wanted: Mapping[str, str]) -> Any | None:
    """Return the instance profile that a launch names by Name or Arn, or None."""
    profiles = iam_backend().instance_profiles.values()
    return next(
        (p for p in profiles if wanted.get("Arn") in {None, p.arn} and wanted.get("Name") in {None, p.name}), None
    )


def _check_market(specification: Specification) -> None:
    options = specification.data.get("InstanceMarketOptions") or {}
    if options.get("MarketType") not in {None, SPOT}:
        raise AwsError(
            "UnsupportedOperation", f"the twin does not model the market type {options['MarketType']}; it has spot"
        )
    target = (specification.data.get("CapacityReservationSpecification") or {}).get("CapacityReservationTarget")
    if target:
        raise AwsError(
            "InvalidCapacityReservationId.NotFound", f"The twin has no capacity reservations: {dict(target)}"
        )
    if specification.market != SPOT:
        return
    if not sells_spot(specification.region, specification.instance_type):
        message = f"Spot is not supported for the instance type {specification.instance_type}"
        raise AwsError("UnsupportedOperation", message)
    role = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
    if role_by_arn(role) is None:
        message = (
            "The provided credentials do not have permission to create the service-linked role for EC2 Spot Instances."
            " Create it once per account: aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"
        )
        raise AwsError("AuthFailure.ServiceLinkedRoleCreationNotPermitted", message, 403)


def _check_capacity(specification: Specification) -> None:
    kind, zone = specification.instance_type, specification.subnet.availability_zone
    if (kind, zone) not in offered(specification.region):
        zones = sorted(z for t, z in offered(specification.region) if t == kind)
        message = (
            f"Your requested instance type ({kind}) is not supported in your requested Availability Zone ({zone}). "
            f"Please retry your request by choosing {', '.join(zones)}."
        )
        raise AwsError("Unsupported", message)
    fault = FAULTS.capacity(kind, zone, specification.market)
    if fault:
        message = (
            f"We currently do not have sufficient {kind} capacity in the Availability Zone you requested ({zone})."
        )
        raise AwsError(fault.code, message, fault.status)
