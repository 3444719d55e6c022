"""Instances: made from a checked specification so that each carries all that its launch template says."""

from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import MetadataOptions, Reservation

from eks_twin.aws.calls import AwsError, Call, MotoResult
from eks_twin.aws.ec2.catalogue import refuse_dry_run
from eks_twin.aws.ec2.specification import ON_DEMAND, SPOT, Specification, check, check_request, merge, profile_of
from eks_twin.aws.events import emit
from eks_twin.aws.principals import ACCOUNT

STATE_CHANGE = "EC2 Instance State-change Notification"


def launch(specification: Specification, count: int) -> Reservation:
    """Start `count` instances; everything that could refuse has been asked before."""
    backend, data, subnet = ec2_backends[ACCOUNT][specification.region], specification.data, specification.subnet
    primary = specification.interfaces[0]
    nic = {
        "DeviceIndex": 0,
        "SubnetId": subnet.id,
        "DeleteOnTermination": True,
        "AssociatePublicIpAddress": _public(specification, subnet),
        "Description": primary.get("Description"),
        "PrivateIpAddress": primary.get("PrivateIpAddress") or data.get("PrivateIpAddress"),
    }
    reservation = backend.run_instances(
        data["ImageId"],
        count,
        specification.user_data,
        [],
        instance_type=specification.instance_type,
        is_instance_type_default=False,
        region_name=specification.region,
        nics=[nic],
        security_group_ids=specification.group_ids,
        block_device_mappings=_disks(specification),
        key_name=data.get("KeyName"),
        ebs_optimized=data.get("EbsOptimized") or False,
        disable_api_termination=data.get("DisableApiTermination") or False,
        instance_initiated_shutdown_behavior=data.get("InstanceInitiatedShutdownBehavior"),
        monitoring_state="enabled" if (data.get("Monitoring") or {}).get("Enabled") else "disabled",
        lifecycle=SPOT if specification.market == SPOT else None,
        client_token=data.get("ClientToken"),
        tags={"instance": _instance_tags(specification), "volume": specification.tags("volume")},
    )
    for instance in reservation.instances:
        _complete(instance, specification)
    return reservation


def _public(specification: Specification, subnet: Any) -> bool:
    asked = specification.interfaces[0].get("AssociatePublicIpAddress")
    return bool(subnet.map_public_ip_on_launch) if asked is None else bool(asked)


def _instance_tags(specification: Specification) -> dict[str, str]:
    own = dict(
        zip(("aws:ec2launchtemplate:id", "aws:ec2launchtemplate:version"), specification.template or (), strict=False)
    )
    return {**own, **specification.tags("instance")}


def _disks(specification: Specification) -> list[dict[str, Any]]:
    """Lay the asked disks over the image's; EC2 creates both kinds."""
    [image] = ec2_backends[ACCOUNT][specification.region].describe_images(ami_ids=[specification.data["ImageId"]])
    disks = {disk["DeviceName"]: dict(disk["Ebs"]) for disk in image.block_device_mappings}
    for asked in specification.data.get("BlockDeviceMappings") or ():
        if asked.get("VirtualName") or asked.get("NoDevice") is not None:
            raise AwsError("UnsupportedOperation", f"the twin models EBS volumes only, not {dict(asked)}")
        default = {"DeleteOnTermination": True, "VolumeType": "gp2"}
        wanted = {key: value for key, value in (asked.get("Ebs") or {}).items() if value is not None}
        disks[asked["DeviceName"]] = {**disks.get(asked["DeviceName"], default), **wanted}
    return [{"DeviceName": name, "Ebs": ebs} for name, ebs in disks.items()]


def _complete(instance: Any, specification: Specification) -> None:
    """Add what moto's RunInstances leaves out: profile, IMDS options, volume speed, further interfaces, zone id."""
    backend, data = instance.ec2_backend, specification.data
    instance.metadata_options = MetadataOptions(data.get("MetadataOptions"))
    instance.placement.availability_zone_id = specification.subnet.availability_zone_id
    instance.placement.tenancy = (data.get("Placement") or {}).get("Tenancy") or "default"
    if data.get("IamInstanceProfile"):
        profile = profile_of(data["IamInstanceProfile"])
        backend.associate_iam_instance_profile(instance.id, iam_instance_profile_arn=profile.arn if profile else None)
    speeds = {disk["DeviceName"]: disk["Ebs"] for disk in _disks(specification)}
    for device, block in instance.get_block_device_mapping:
        volume, asked = backend.volumes[block.volume_id], speeds[device]
        volume.iops, volume.throughput = asked.get("Iops") or volume.iops, asked.get("Throughput") or volume.throughput
    _attach_further(instance, specification)
    instance.network_interfaces[0].add_tags(specification.tags("network-interface"))
    emit(specification.region, STATE_CHANGE, {"instance-id": instance.id, "state": "running"}, [_arn(instance)])


def _attach_further(instance: Any, specification: Specification) -> None:
    """Attach the interfaces after the primary one. moto keys them by device index, which repeats on every card."""
    for position, interface in enumerate(specification.interfaces[1:], start=1):
        eni = instance.ec2_backend.create_network_interface(
            specification.subnet,
            specification.subnet.get_available_subnet_ip(instance=instance),
            group_ids=interface.get("Groups") or specification.group_ids,
            description=interface.get("Description"),
            delete_on_termination=True,
        )
        instance.attach_eni(eni, position)
        eni.interface_type = interface.get("InterfaceType") or "interface"


def _arn(instance: Any) -> str:
    return f"arn:aws:ec2:{instance.region_name}:{ACCOUNT}:instance/{instance.id}"


def run_instances(call: Call) -> MotoResult:
    """Answer RunInstances."""
    market = (call.get("InstanceMarketOptions") or {}).get("MarketType")
    specification = merge(
        call.region, call.get("LaunchTemplate"), call.parameters, SPOT if market == SPOT else ON_DEMAND
    )
    check_request(specification)
    refuse_dry_run(call)
    check(specification)
    return MotoResult(launch(specification, int(call.get("MaxCount", 1))))


def terminate(region: str, instance_ids: list[str]) -> list[tuple[Any, Any]]:
    """End instances and tell EventBridge, as EC2 does; ending one twice is no error."""
    backend = ec2_backends[ACCOUNT][region]
    instances = backend.get_multi_instances_by_id(instance_ids)
    alive = [instance.id for instance in instances if instance.state != "terminated"]
    ended = backend.terminate_instances(alive) if alive else []
    for instance, _ in ended:
        for state in ("shutting-down", "terminated"):
            emit(region, STATE_CHANGE, {"instance-id": instance.id, "state": state}, [_arn(instance)])
    return [*ended, *((i, i.instance_state) for i in instances if i.id not in alive)]


def terminate_instances(call: Call) -> dict[str, Any]:
    """Answer TerminateInstances."""
    refuse_dry_run(call)
    ended = terminate(call.region, list(call.parameters["InstanceIds"]))
    return {
        "TerminatingInstances": [
            {
                "InstanceId": instance.id,
                "CurrentState": {"Code": 32, "Name": "shutting-down"},
                "PreviousState": {"Code": before.code, "Name": before.name},
            }
            for instance, before in ended
        ]
    }


HANDLERS = {"RunInstances": run_instances, "TerminateInstances": terminate_instances}
