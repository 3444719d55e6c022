"""What EC2 refuses of a launch before it looks for capacity, and for how many instances there is room."""

from collections.abc import Mapping
from typing import Any

from eks_twin.aws.calls import AwsError, Modelled, refuse_members, unmodelled
from eks_twin.aws.ec2 import disks, market, network, placement_groups
from eks_twin.aws.ec2.capacity import check_offered
from eks_twin.aws.ec2.catalogue import type_record
from eks_twin.aws.ec2.specification import Specification
from eks_twin.aws.iam import backend as iam_backend

MODELLED: Modelled = {
    "BlockDeviceMappings": None,
    "CapacityReservationSpecification": None,
    "ClientToken": None,
    "CpuOptions": frozenset({"NestedVirtualization"}),
    "DisableApiTermination": None,
    "DryRun": None,
    "EbsOptimized": None,
    "IamInstanceProfile": None,
    "ImageId": None,
    "InstanceInitiatedShutdownBehavior": None,
    "InstanceMarketOptions": frozenset({"MarketType"}),
    "InstanceType": None,
    "KeyName": None,
    "LaunchTemplate": None,
    "MaxCount": None,
    "MetadataOptions": frozenset(
        {"HttpEndpoint", "HttpProtocolIpv6", "HttpPutResponseHopLimit", "HttpTokens", "InstanceMetadataTags"}
    ),
    "MinCount": None,
    "Monitoring": frozenset({"Enabled"}),
    "NetworkInterfaces": None,
    "Placement": frozenset({"AvailabilityZone", "GroupId", "GroupName", "PartitionNumber", "Tenancy"}),
    "PrivateIpAddress": None,
    "SecurityGroupIds": None,
    "SubnetId": None,
    "TagSpecifications": None,
    "UserData": None,
}
"""Members of a request or template."""
HOP_LIMIT = range(1, 65)
NESTED = "nested-virtualization"
USER_DATA_MAX = 16_384
"""Bytes before they are encoded (EC2 user guide, "Run commands when you launch an EC2 instance")."""


def check(specification: Specification) -> None:
    """Refuse what EC2 refuses, then what it has no capacity for."""
    check_request(specification)
    check_offered(specification.region, specification.instance_type, specification.subnet.availability_zone)
    market.check_pool(specification)
    room(specification, 1)


def check_request(specification: Specification) -> None:
    """Refuse what EC2 refuses whatever it has; a dry run goes as far as this."""
    refuse_members(specification.data, MODELLED, "a launch")
    _check_image(specification)
    disks.check(specification)
    network.check(specification)
    _check_profile(specification)
    market.check(specification)
    placement_groups.check(specification)
    _check_options(specification)


def room(specification: Specification, wanted: int, least: int = 1) -> int:
    """Return how many of the wanted instances can start; refuse when these are fewer than the least."""
    limits = (market.room(specification), placement_groups.room(specification), network.room(specification))
    fits, refusal = min((limit for limit in limits if limit is not None), key=lambda limit: limit[0])
    if fits < least:
        raise refusal
    return min(fits, wanted)


def _check_image(specification: Specification) -> None:
    image_id, kind = specification.data.get("ImageId"), specification.instance_type
    if not image_id:
        raise AwsError("MissingParameter", "The request must contain the parameter ImageId")
    image = disks.image_of(specification)
    architectures = type_record(specification.region, kind)["ProcessorInfo"]["SupportedArchitectures"]
    if image.architecture not in architectures:
        message = (
            f"The architecture '{','.join(architectures)}' of the specified instance type {kind} "
            f"does not match the architecture '{image.architecture}' of the specified AMI {image_id}"
        )
        raise AwsError("InvalidParameterValue", message)


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


def _check_options(specification: Specification) -> None:
    """Refuse what EC2's model does not: the range of IMDS hops, nested virtualization, host tenancy, long user data."""
    data, kind = specification.data, specification.instance_type
    imds, cpu = data.get("MetadataOptions") or {}, data.get("CpuOptions") or {}
    if specification.placement.get("Tenancy") == "host":
        raise unmodelled("the tenancy host", "it has default and dedicated")
    if int(imds.get("HttpPutResponseHopLimit") or 1) not in HOP_LIMIT:
        raise AwsError("InvalidParameterValue", f"HttpPutResponseHopLimit must be 1 to {HOP_LIMIT[-1]}")
    features = type_record(specification.region, kind)["ProcessorInfo"].get("SupportedFeatures", ())
    if cpu.get("NestedVirtualization") == "enabled" and NESTED not in features:
        raise AwsError("UnsupportedOperation", f"The instance type {kind} does not support nested virtualization")
    check_user_data(specification.user_data)


def check_user_data(value: Any) -> None:
    """Refuse user data above the limit."""
    if value is not None and len(value.decode("latin-1")) > USER_DATA_MAX:
        raise AwsError("InvalidUserData.Malformed", f"User data is limited to {USER_DATA_MAX} bytes")
