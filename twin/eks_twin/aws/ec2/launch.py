"""Instances: made from a checked specification so that each carries all that its launch template says."""

from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import MetadataOptions, Reservation
from moto.ec2.utils import filter_dict_attribute_mapping

from eks_twin.aws.calls import Call, MotoResult
from eks_twin.aws.ec2 import disks, market, network, placement_groups
from eks_twin.aws.ec2.catalogue import refuse_dry_run, type_record
from eks_twin.aws.ec2.rules import check, check_request, profile_of, room
from eks_twin.aws.ec2.specification import ON_DEMAND, Specification, merge
from eks_twin.aws.events import emit
from eks_twin.aws.principals import ACCOUNT

filter_dict_attribute_mapping.update(
    {
        "capacity-reservation-id": "capacity_reservation_id",
        "instance-lifecycle": "lifecycle",
        "placement-group-name": "placement.group_name",
        "spot-instance-request-id": "spot_instance_request_id",
        "tenancy": "placement.tenancy",
    }
)
"""Filters of DescribeInstances that moto's table lacks, and the attribute that `_complete` fills."""
STATE_CHANGE = "EC2 Instance State-change Notification"


def launch(specification: Specification, count: int) -> Reservation:
    """Start `count` instances; everything that could refuse has been asked before."""
    backend, data, subnet = ec2_backends[ACCOUNT][specification.region], specification.data, specification.subnet
    primary = specification.interfaces[0]
    nic = {
        "DeviceIndex": 0,
        "SubnetId": subnet.id,
        "AssociatePublicIpAddress": _public(specification, subnet),
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
        block_device_mappings=[],  # `disks` makes them: moto's have no speed
        key_name=data.get("KeyName"),
        ebs_optimized=data.get("EbsOptimized") or False,
        disable_api_termination=data.get("DisableApiTermination") or False,
        instance_initiated_shutdown_behavior=data.get("InstanceInitiatedShutdownBehavior"),
        monitoring_state="enabled" if (data.get("Monitoring") or {}).get("Enabled") else "disabled",
        lifecycle=None if specification.market == ON_DEMAND else specification.market,
        client_token=data.get("ClientToken"),
        tags={"instance": _instance_tags(specification)},
    )
    for instance in reservation.instances:
        _complete(instance, specification)
    return reservation


def _public(specification: Specification, subnet: Any) -> bool:
    asked = specification.interfaces[0].get("AssociatePublicIpAddress")
    single = len(specification.interfaces) == 1  # with more interfaces EC2 assigns no public address
    return bool(subnet.map_public_ip_on_launch) and single if asked is None else bool(asked)


def _instance_tags(specification: Specification) -> dict[str, str]:
    own = dict(
        zip(("aws:ec2launchtemplate:id", "aws:ec2launchtemplate:version"), specification.template or (), strict=False)
    )
    return {**own, **specification.tags("instance")}


def _complete(instance: Any, specification: Specification) -> None:
    """Add what moto's RunInstances leaves out."""
    backend, data = instance.ec2_backend, specification.data
    instance.metadata_options = MetadataOptions(data.get("MetadataOptions"))
    instance.placement.availability_zone_id = specification.subnet.availability_zone_id
    instance.placement.tenancy = specification.placement.get("Tenancy") or "default"
    instance.cpu_options = _cpu_options(specification)
    if data.get("IamInstanceProfile"):
        profile = profile_of(data["IamInstanceProfile"])
        backend.associate_iam_instance_profile(instance.id, iam_instance_profile_arn=profile.arn if profile else None)
    disks.create(instance, specification)
    network.attach(instance, specification)
    placement_groups.place(instance, specification)
    market.settle_account(instance, specification)
    emit(specification.region, STATE_CHANGE, {"instance-id": instance.id, "state": "running"}, [_arn(instance)])


def _cpu_options(specification: Specification) -> dict[str, Any]:
    """Return cores and threads of the type, and the option that the twin models where it is asked for."""
    cpus = type_record(specification.region, specification.instance_type)["VCpuInfo"]
    shown = {"CoreCount": cpus["DefaultCores"], "ThreadsPerCore": cpus.get("DefaultThreadsPerCore", 1)}
    return {**shown, **(specification.data.get("CpuOptions") or {})}


def _arn(instance: Any) -> str:
    return f"arn:aws:ec2:{instance.region_name}:{ACCOUNT}:instance/{instance.id}"


def run_instances(call: Call) -> MotoResult:
    """Answer RunInstances: as many as there is room for, if that is MinCount."""
    specification = merge(call.region, call.get("LaunchTemplate"), call.parameters)
    check_request(specification)
    refuse_dry_run(call)
    check(specification)
    count = room(specification, int(call.get("MaxCount", 1)), int(call.get("MinCount", 1)))
    return MotoResult(launch(specification, count))


def terminate(region: str, instance_ids: list[str]) -> list[tuple[Any, Any]]:
    """End instances and tell EventBridge, as EC2 does; ending one twice is no error."""
    backend = ec2_backends[ACCOUNT][region]
    instances = backend.get_multi_instances_by_id(instance_ids)
    alive = [instance.id for instance in instances if instance.state != "terminated"]
    ended = backend.terminate_instances(alive) if alive else []
    for instance, _ in ended:
        network.free(instance)
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
