"""Images of the user's own: registered from snapshots, copied, or made of an instance."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.utils import random_ami_id

from eks_twin.aws.calls import AwsError, Call, refuse_others
from eks_twin.aws.ec2 import tagging
from eks_twin.aws.ec2.catalogue import refuse_dry_run
from eks_twin.aws.ec2.image_store import Disk, ImageData, add_image, content_of_snapshot, image_by_id
from eks_twin.aws.principals import ACCOUNT

ARCHITECTURES = ("x86_64", "arm64")
REGISTER_MODELLED = (
    "Architecture", "BlockDeviceMappings", "BootMode", "Description", "DryRun", "EnaSupport", "ImdsSupport", "Name",
    "RootDeviceName", "SriovNetSupport", "TagSpecifications", "VirtualizationType",
)  # fmt: skip
"""Boot mode, ENA, SR-IOV and IMDS support change nothing here: every image of the twin boots and has a network."""
COPY_MODELLED = (
    "ClientToken", "Description", "DryRun", "Name", "SourceImageId", "SourceRegion", "TagSpecifications",
)  # fmt: skip
CREATE_MODELLED = ("Description", "DryRun", "InstanceId", "Name", "NoReboot", "TagSpecifications")


def _add(call: Call, data: ImageData) -> dict[str, Any]:
    backend = ec2_backends[ACCOUNT][call.region]
    if not data.name:
        raise AwsError("MissingParameter", "The request must contain the parameter name")
    same = next((a for a in backend.amis.values() if a.name == data.name and a.owner_id == ACCOUNT), None)
    if same:
        message = f"AMI name {data.name} is already in use by AMI {same.id}"
        raise AwsError("InvalidAMIName.Duplicate", message)
    tags = tagging.asked_tags(call, "image", "snapshot")
    refuse_dry_run(call)
    image = add_image(backend, random_ami_id(), data)
    tagging.put_tags(call.region, image.id, tags["image"])
    for disk in image.data.disks:
        tagging.put_tags(call.region, disk.snapshot_id, tags["snapshot"])
    return {"ImageId": image.id}


def _new(call: Call, like: ImageData) -> ImageData:
    return replace(
        like,
        name=call.get("Name", ""),
        description=call.get("Description", ""),
        owner=ACCOUNT,
        created=datetime.now(UTC),
        disks=tuple(replace(disk, snapshot_id="") for disk in like.disks),
    )


def register_image(call: Call) -> dict[str, Any]:
    """Answer RegisterImage for an EBS-backed image."""
    refuse_others(call, *REGISTER_MODELLED)
    root, architecture = call.get("RootDeviceName"), call.get("Architecture", "i386")
    if architecture not in ARCHITECTURES:
        message = f"the twin registers images of the architecture {' or '.join(ARCHITECTURES)}, not {architecture}"
        raise AwsError("InvalidParameterValue", message)
    if call.get("VirtualizationType", "paravirtual") != "hvm":
        raise AwsError("InvalidParameterValue", "the twin registers images of the virtualizationType hvm; name it")
    disks = [_disk(call, mapping) for mapping in call.get("BlockDeviceMappings", [])]
    first = next((disk for disk in disks if disk.device == root and disk.snapshot_id), None)
    if first is None:
        raise AwsError("InvalidBlockDeviceMapping", f"No root snapshot specified in device mapping for {root}")
    return _add(
        call,
        ImageData(
            name=call.get("Name", ""),
            description=call.get("Description", ""),
            architecture=architecture,
            content=content_of_snapshot(ec2_backends[ACCOUNT][call.region], first.snapshot_id),
            disks=(first, *(disk for disk in disks if disk is not first)),
            created=datetime.now(UTC),
        ),
    )


def _disk(call: Call, mapping: dict[str, Any]) -> Disk:
    ebs, device = mapping.get("Ebs") or {}, mapping.get("DeviceName", "")
    snapshot_id = ebs.get("SnapshotId") or ""
    least = ec2_backends[ACCOUNT][call.region].get_snapshot(snapshot_id).volume_size if snapshot_id else 0
    size = int(ebs.get("VolumeSize") or least)
    if not device or size < max(least, 1):
        message = f"Volume {device} of size {size}GB is smaller than its snapshot, expect size>= {max(least, 1)}GB"
        raise AwsError("InvalidBlockDeviceMapping", message)
    return Disk(device, size, snapshot_id)


def copy_image(call: Call) -> dict[str, Any]:
    """Answer CopyImage within the region."""
    refuse_others(call, *COPY_MODELLED)
    if call.get("SourceRegion") != call.region:
        raise AwsError("InvalidParameterValue", f"the twin has the region {call.region} only, not SourceRegion")
    source = image_by_id(call.region, call.get("SourceImageId"))
    return _add(call, _new(call, source.data))


def create_image(call: Call) -> dict[str, Any]:
    """Answer CreateImage: the instance's image with the present sizes of its volumes."""
    refuse_others(call, *CREATE_MODELLED)
    backend = ec2_backends[ACCOUNT][call.region]
    instance = backend.get_instance(call.get("InstanceId"))
    volumes = [(device, backend.volumes[block.volume_id].size) for device, block in instance.get_block_device_mapping]
    disks = tuple(Disk(device, size) for device, size in volumes)
    image = image_by_id(call.region, instance.image_id)
    return _add(call, _new(call, replace(image.data, disks=disks)))


HANDLERS = {"RegisterImage": register_image, "CopyImage": copy_image, "CreateImage": create_image}
