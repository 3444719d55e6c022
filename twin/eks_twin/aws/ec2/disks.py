"""Block devices of a launch: what EC2 refuses, and the volumes that come of image and request together.

Rules and numbers: EC2 API reference, EbsBlockDevice; EBS user guide, "Amazon EBS volume types".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.ec2.models import ec2_backends
from moto.kms.models import kms_backends

from eks_twin.aws.calls import AwsError
from eks_twin.aws.ec2.image_store import image_by_id
from eks_twin.aws.ec2.specification import Specification
from eks_twin.aws.principals import ACCOUNT


@dataclass(frozen=True)
class VolumeType:
    """What one type of volume takes."""

    gib: tuple[int, int]
    iops: tuple[int, int] | None = None
    """None: the type takes no IOPS."""
    iops_per_gib: int = 0
    needs_iops: bool = False
    throughput: tuple[int, int] | None = None
    """MiB/s; None: the type takes no throughput."""
    boots: bool = True


TYPES: Mapping[str, VolumeType] = {
    "gp3": VolumeType((1, 65_536), (3_000, 80_000), 500, throughput=(125, 2_000)),
    "gp2": VolumeType((1, 16_384)),
    "io1": VolumeType((4, 16_384), (100, 64_000), 50, needs_iops=True),
    "io2": VolumeType((4, 65_536), (100, 256_000), 1_000, needs_iops=True),
    "st1": VolumeType((125, 16_384), boots=False),
    "sc1": VolumeType((125, 16_384), boots=False),
    "standard": VolumeType((1, 1_024)),
}
FREE_IOPS = 3_000
"""IOPS that every gp3 volume has, whatever its size."""
IOPS_PER_THROUGHPUT = 4
"""IOPS that each MiB/s of a gp3 volume needs."""
INITIALIZATION_RATE = (100, 300)
DEFAULT_TYPE = "gp2"
DEVICES_MAX = 50


def image_of(specification: Specification) -> Any:
    """Return the image of a launch as moto's object, or refuse."""
    return image_by_id(specification.region, specification.data["ImageId"])


def disks(specification: Specification) -> dict[str, dict[str, Any]]:
    """Lay the asked disks over the image's, by device name; EC2 creates both kinds."""
    found = {disk["DeviceName"]: dict(disk["Ebs"]) for disk in image_of(specification).block_device_mappings}
    for asked in specification.data.get("BlockDeviceMappings") or ():
        default = {"DeleteOnTermination": True, "VolumeType": DEFAULT_TYPE, "Encrypted": False}
        wanted = {key: value for key, value in (asked.get("Ebs") or {}).items() if value is not None}
        found[asked["DeviceName"]] = {**found.get(asked["DeviceName"], default), **wanted}
    for ebs in found.values():
        snapshot = _snapshot(specification.region, ebs.get("SnapshotId"))
        if ebs.get("VolumeSize") is None and snapshot:
            ebs["VolumeSize"] = snapshot.volume_size
    return found


def check(specification: Specification) -> None:
    """Refuse disks that EC2 refuses."""
    image, asked = image_of(specification), specification.data.get("BlockDeviceMappings") or ()
    names = [disk.get("DeviceName") for disk in asked]
    if len(set(names)) < len(names) or None in names or len(names) > DEVICES_MAX:
        message = f"each block device needs a device name of its own, at most {DEVICES_MAX}: {names}"
        raise AwsError("InvalidBlockDeviceMapping", message)
    for disk in asked:
        if disk.get("VirtualName") or disk.get("NoDevice") is not None:
            raise AwsError("UnsupportedOperation", f"the twin models EBS volumes only, not {dict(disk)}")
        ebs = disk.get("Ebs") or {}
        if disk["DeviceName"] == image.root_device_name and ebs.get("SnapshotId"):
            raise AwsError("InvalidBlockDeviceMapping", "snapshotId cannot be modified on root device")
        if ebs.get("KmsKeyId") and ebs.get("Encrypted") is False:
            raise AwsError("InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted")
    for name, ebs in disks(specification).items():
        _check_volume(specification.region, name, ebs, boots=name == image.root_device_name)


def _check_volume(region: str, name: str, ebs: Mapping[str, Any], *, boots: bool) -> None:
    snapshot, size, kind = _snapshot(region, ebs.get("SnapshotId")), ebs.get("VolumeSize"), ebs["VolumeType"]
    if size is None:
        raise AwsError("MissingParameter", f"The request must contain the parameter size or snapshotId for {name}")
    if snapshot and int(size) < snapshot.volume_size:
        message = (
            f"Volume of size {size}GB is smaller than snapshot '{snapshot.id}', expect size>= {snapshot.volume_size}GB"
        )
        raise AwsError("InvalidBlockDeviceMapping", message)
    rate = ebs.get("VolumeInitializationRate")
    if rate is not None and snapshot is None:
        raise AwsError("InvalidParameterDependency", f"volumeInitializationRate of {name} requires a snapshot")
    _within(name, "volumeInitializationRate", rate, INITIALIZATION_RATE)
    if boots and not TYPES[kind].boots:
        raise AwsError("InvalidParameterValue", f"A {kind} volume cannot boot: volumeType of {name}")
    _check_performance(name, ebs, TYPES[kind])
    _check_key(region, ebs.get("KmsKeyId"))


def _check_performance(name: str, ebs: Mapping[str, Any], rules: VolumeType) -> None:
    size, iops, throughput = int(ebs["VolumeSize"]), ebs.get("Iops"), ebs.get("Throughput")
    _within(name, "volumeSize", size, rules.gib)
    for key, value, limits in (("iops", iops, rules.iops), ("throughput", throughput, rules.throughput)):
        if value is not None and limits is None:
            message = f"The parameter {key} is not supported for {ebs['VolumeType']} volumes."
            raise AwsError("InvalidParameterCombination", message)
        _within(name, key, value, limits)
    if rules.needs_iops and iops is None:
        raise AwsError("MissingParameter", f"The parameter iops must be specified for {ebs['VolumeType']} volumes.")
    floor = FREE_IOPS if rules.throughput else 0
    if iops is not None and int(iops) > max(floor, size * rules.iops_per_gib):
        message = f"Iops to volume size ratio of {name} is {int(iops) / size:.0f}; at most {rules.iops_per_gib}"
        raise AwsError("InvalidParameterValue", message)
    if throughput is not None and int(throughput) * IOPS_PER_THROUGHPUT > int(iops or floor):
        message = f"Throughput (MiB/s) to iops ratio of {name} is too high; it needs {throughput * IOPS_PER_THROUGHPUT}"
        raise AwsError("InvalidParameterValue", message)


def _within(name: str, key: str, value: Any, limits: tuple[int, int] | None) -> None:
    if value is not None and limits is not None and not limits[0] <= int(value) <= limits[1]:
        raise AwsError("InvalidParameterValue", f"{key} of {name} must be {limits[0]} to {limits[1]}, not {value}")


def _snapshot(region: str, identifier: str | None) -> Any | None:
    return ec2_backends[ACCOUNT][region].get_snapshot(identifier) if identifier else None


def _check_key(region: str, key: str | None) -> None:
    """Refuse a key that cannot encrypt. EC2 starts such an instance and ends it at once with this code."""
    keys = kms_backends[ACCOUNT][region]
    found = keys.keys.get(keys.any_id_to_key_id(key)) if key else None
    if key and (found is None or found.key_state != "Enabled"):
        raise AwsError("InvalidKMSKey.InvalidState", f"The KMS key {key} does not exist or is not enabled")


def create(instance: Any, specification: Specification) -> None:
    """Create and attach the volumes of a started instance."""
    backend = instance.ec2_backend
    for device, ebs in disks(specification).items():
        volume = backend.create_volume(
            size=int(ebs["VolumeSize"]),
            zone_name=instance.availability_zone,
            snapshot_id=ebs.get("SnapshotId"),
            encrypted=bool(ebs.get("Encrypted") or ebs.get("KmsKeyId")),
            kms_key_id=ebs.get("KmsKeyId"),
            volume_type=ebs["VolumeType"],
            iops=ebs.get("Iops"),
            throughput=ebs.get("Throughput"),
        )
        volume.throughput = volume.throughput or (125 if ebs["VolumeType"] == "gp3" else None)
        volume.volume_initialization_rate = ebs.get("VolumeInitializationRate")
        volume.add_tags(specification.tags("volume"))
        backend.attach_volume(volume.id, instance.id, device, ebs.get("DeleteOnTermination", True))
