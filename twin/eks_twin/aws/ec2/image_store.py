"""Images in EC2: what one holds, its snapshots, and DescribeImages.

moto gives every image one disk of 15 GiB and forgets architecture, devices and tags of a registered one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import Ami
from moto.ec2.utils import format_timestamp

from eks_twin.aws.calls import Call, Response
from eks_twin.aws.ec2 import tagging, xml
from eks_twin.aws.ec2.catalogue import refuse_dry_run
from eks_twin.aws.ec2.filters import TAGS, listed, members, path
from eks_twin.aws.principals import ACCOUNT

PUBLIC_LIFE = timedelta(days=730)
"""EC2 deprecates a public image two years after its creation (EC2 user guide, "Deprecate an Amazon EC2 AMI")."""
FILTERS = {
    **members("Architecture", "CreationDate", "Description", "ImageId", "ImageType", "Name", "OwnerId", "Platform"),
    **members("RootDeviceName", "RootDeviceType", "State", "VirtualizationType"),
    "block-device-mapping.snapshot-id": path("BlockDeviceMappings", "Ebs", "SnapshotId"),
    "is-public": path("Public"),
    "owner-alias": path("ImageOwnerAlias"),
    **TAGS,
}


@dataclass(frozen=True)
class Disk:
    """One block device of an image."""

    device: str
    gib: int
    """Size of its snapshot; a launch cannot ask for less."""
    snapshot_id: str = ""
    """Snapshot that exists already; empty: one is made."""


@dataclass(frozen=True)
class Content:
    """What runs from an image: the machine agent's knowledge of it, which follows copies."""

    family: str
    """Karpenter's name of the AMI family, such as AL2023 or Windows2022; Custom when the twin does not know it."""
    variant: str
    """`standard`, `nvidia` or `neuron`; `core` or `full` of Windows; empty when unknown."""
    kubernetes: str
    """Kubernetes minor of its kubelet; empty when unknown."""

    @property
    def windows(self) -> bool:
        """Whether it is a Windows image."""
        return self.family.startswith("Windows")


UNKNOWN = Content("Custom", "", "")


@dataclass(frozen=True)
class ImageData:
    """Everything about an image but its id."""

    name: str
    description: str
    architecture: str
    content: Content
    disks: tuple[Disk, ...]
    """The root device first."""
    created: datetime
    owner: str = ACCOUNT
    """Account that owns it; others than our own are Amazon's, whose images are public."""


class StoredImage(Ami):
    """moto's image with disks and content."""

    data: ImageData
    deprecation_time: datetime | None = None

    @property
    def block_device_mappings(self) -> list[dict[str, Any]]:
        """Disks of the image."""
        common = {"VolumeType": "gp3", "DeleteOnTermination": True, "Encrypted": False}
        return [
            {"DeviceName": disk.device, "Ebs": {**common, "SnapshotId": disk.snapshot_id, "VolumeSize": disk.gib}}
            for disk in self.data.disks
        ]


def add_image(backend: Any, image_id: str, data: ImageData) -> StoredImage:
    """Create an image with a snapshot per disk."""
    own = data.owner == ACCOUNT
    ami: Any = StoredImage(
        backend,
        image_id,
        name=data.name,
        description=data.description,
        owner_id=data.owner,
        owner_alias=None if own else "amazon",
        public=not own,
        virtualization_type="hvm",
        architecture=data.architecture,
        platform="windows" if data.content.windows else None,
        creation_date=data.created,
        hypervisor="xen",
        root_device_type="ebs",
        root_device_name=data.disks[0].device,
        image_location=f"{data.owner if own else 'amazon'}/{data.name}",
        region_name=f"{backend.region_name}a",
    )
    del backend.snapshots[ami.ebs_snapshot.id]  # of moto's 15 GiB
    disks = [Disk(disk.device, disk.gib, disk.snapshot_id or _snapshot(backend, ami, disk.gib)) for disk in data.disks]
    ami.ebs_snapshot = backend.snapshots[disks[0].snapshot_id]
    for snapshot in (backend.snapshots[disk.snapshot_id] for disk in disks if disk.snapshot_id):
        snapshot.from_ami = snapshot.from_ami or image_id  # which keeps DeleteSnapshot from it
    ami.data = ImageData(**{**vars(data), "disks": tuple(disks)})
    ami.deprecation_time = None if own else data.created + PUBLIC_LIFE
    backend.amis[image_id] = ami
    return ami


def _snapshot(backend: Any, ami: Ami, gib: int) -> str:
    volume = backend.create_volume(size=gib, zone_name=f"{backend.region_name}a")
    snapshot = backend.create_snapshot(volume.id, f"Created for {ami.id}", ami.owner_id, from_ami=ami.id)
    backend.delete_volume(volume.id)
    return snapshot.id


def content_of_snapshot(backend: Any, snapshot_id: str) -> Content:
    """Return what a snapshot holds: that of the image whose disk it is, or was made from."""
    while snapshot_id:
        snapshot = backend.snapshots[snapshot_id]
        image = backend.amis.get(snapshot.from_ami)
        if image is not None:
            return image.data.content
        snapshot_id = snapshot.volume.snapshot_id
    return UNKNOWN


def image_by_id(region: str, image_id: str) -> Any:
    """Return an image, or refuse."""
    [image] = ec2_backends[ACCOUNT][region].describe_images(ami_ids=[image_id])
    return image


def _record(region: str, image: Any) -> dict[str, Any]:
    windows = image.platform == "windows"
    return {
        "ImageId": image.id,
        "ImageLocation": image.image_location,
        "State": image.state,
        "OwnerId": image.owner_id,
        "ImageOwnerAlias": image.owner_alias,
        "CreationDate": format_timestamp(image.creation_date),
        "DeprecationTime": image.deprecation_time and format_timestamp(image.deprecation_time),
        "Public": image.is_public,
        "Architecture": image.architecture,
        "ImageType": image.image_type,
        "Platform": image.platform,
        "PlatformDetails": "Windows" if windows else "Linux/UNIX",
        "UsageOperation": "RunInstances:0002" if windows else "RunInstances",
        "BlockDeviceMappings": image.block_device_mappings,
        "Description": image.description,
        "EnaSupport": True,
        "Hypervisor": image.hypervisor,
        "Name": image.name,
        "RootDeviceName": image.root_device_name,
        "RootDeviceType": image.root_device_type,
        "SriovNetSupport": "simple",
        "VirtualizationType": image.virtualization_type,
        "Tags": tagging.tags_of(region, image.id),
    }


def describe_images(call: Call) -> Response:
    """Answer DescribeImages by ids, owners and filters; deprecated images only when asked for, or one's own."""
    refuse_dry_run(call)
    found = ec2_backends[ACCOUNT][call.region].describe_images(
        ami_ids=call.get("ImageIds"), owners=call.get("Owners"), exec_users=call.get("ExecutableUsers")
    )
    shown = [i for i in found if call.get("IncludeDeprecated") or i.owner_id == ACCOUNT or not _deprecated(i)]
    records = [_record(call.region, image) for image in shown]
    return xml.answer(call.action, listed(call, "Images", records, FILTERS))


def _deprecated(image: Any) -> bool:
    return image.deprecation_time is not None and image.deprecation_time <= datetime.now(UTC)


HANDLERS: Mapping[str, Any] = {"DescribeImages": describe_images}
