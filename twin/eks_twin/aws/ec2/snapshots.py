"""Snapshots: by owner, which moto does not look at, and whose image they are disks of."""

from collections.abc import Mapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.utils import format_timestamp

from eks_twin.aws.calls import AwsError, Call, Response, refuse_others
from eks_twin.aws.ec2 import tagging, xml
from eks_twin.aws.ec2.catalogue import refuse_dry_run
from eks_twin.aws.ec2.filters import TAGS, listed, members, path
from eks_twin.aws.principals import ACCOUNT

FILTERS = {
    **members("Description", "Encrypted", "OwnerId", "SnapshotId", "StartTime", "VolumeId", "VolumeSize"),
    "status": path("State"),
    **TAGS,
}


def _record(region: str, snapshot: Any) -> dict[str, Any]:
    return {
        "SnapshotId": snapshot.id,
        "VolumeId": snapshot.volume.id,
        "State": snapshot.status,
        "StartTime": format_timestamp(snapshot.start_time),
        "Progress": snapshot.progress,
        "OwnerId": snapshot.owner_id,
        "Description": snapshot.description,
        "VolumeSize": snapshot.volume_size,
        "Encrypted": snapshot.encrypted,
        "KmsKeyId": snapshot.kms_key_id,
        "StorageTier": snapshot.storage_tier,
        "Tags": tagging.tags_of(region, snapshot.id),
    }


def describe_snapshots(call: Call) -> Response:
    """Answer DescribeSnapshots by ids, owners and filters."""
    refuse_others(call, "DryRun", "Filters", "MaxResults", "NextToken", "OwnerIds", "SnapshotIds")
    refuse_dry_run(call)
    found = ec2_backends[ACCOUNT][call.region].describe_snapshots(call.get("SnapshotIds"))
    owners = call.get("OwnerIds", [])
    records = [_record(call.region, snapshot) for snapshot in found if _owned(snapshot.owner_id, owners)]
    return xml.answer(call.action, listed(call, "Snapshots", records, FILTERS))


def _owned(owner: str, asked: list[str]) -> bool:
    alias = "self" if owner == ACCOUNT else "amazon"
    return not asked or owner in asked or alias in asked


def check_not_amazons(call: Call) -> None:
    """Refuse to take away an image or snapshot of another account; moto deletes it."""
    backend = ec2_backends[ACCOUNT][call.region]
    identifier = call.get("ImageId") or call.get("SnapshotId")
    thing = backend.amis.get(identifier) or backend.snapshots.get(identifier)
    if thing is not None and thing.owner_id != ACCOUNT:
        raise AwsError("AuthFailure", f"Not authorized for {identifier}: it belongs to {thing.owner_id}")


HANDLERS: Mapping[str, Any] = {"DescribeSnapshots": describe_snapshots}
CHECKS = {"DeregisterImage": check_not_amazons, "DeleteSnapshot": check_not_amazons}
