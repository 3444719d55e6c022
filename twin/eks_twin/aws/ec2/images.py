"""EKS-optimized images and the public SSM parameters that lead to them.

Names and parameter paths: EKS user guide ("Retrieve recommended AMI IDs") and Karpenter's alias resolution. Image ids
are made from the names, so they are the same in every run.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import Ami
from moto.ssm.models import Parameter, ssm_backends

from eks_twin.aws.eks.versions import VERSIONS
from eks_twin.aws.principals import ACCOUNT

EKS_OWNER = "602401143452"
BOTTLEROCKET_OWNER = "092701018921"
AL2023_RELEASES = ("20250715", "20260520", "20260724", "20261101")
"""Release dates of the AL2023 images that exist in the twin, oldest first; the alias `al2023@v<date>` names one."""
BOTTLEROCKET_RELEASES = {"1.50.0": ("5a3a0a4e", "20251015"), "1.54.0": ("c8b1f3d2", "20260610")}
"""Version → (build, date), oldest first; the alias `bottlerocket@v<version>` names one."""
AL2023_VARIANTS = (
    ("x86_64", "standard"),
    ("x86_64", "nvidia"),
    ("x86_64", "neuron"),
    ("arm64", "standard"),
    ("arm64", "nvidia"),
)
BOTTLEROCKET_VARIANTS = (("x86_64", ""), ("x86_64", "-nvidia"), ("arm64", ""), ("arm64", "-nvidia"))
"""No neuron variant: Neuron types use the standard image."""
AL2023_DISKS = {"/dev/xvda": 20}
BOTTLEROCKET_DISKS = {"/dev/xvda": 4, "/dev/xvdb": 20}
"""Device → GiB of its snapshot; a launch cannot ask for less."""


@dataclass(frozen=True)
class Image:
    """A public image and how SSM leads to it."""

    name: str
    architecture: str
    owner: str
    released: str
    """Date as YYYYMMDD."""
    disks: dict[str, int]
    release_version: str
    """What a managed node group calls its image's release."""
    directories: tuple[str, ...]
    """SSM paths under which image_id (and friends) of this image stand."""

    @property
    def id(self) -> str:
        """Image id, derived from the name."""
        return f"ami-0{hashlib.sha256(self.name.encode()).hexdigest()[:16]}"


class PublicAmi(Ami):
    """moto's image with the disks of the real one; moto gives every image one disk of 15 GiB."""

    disks: dict[str, int]

    @property
    def block_device_mappings(self) -> list[dict[str, Any]]:
        """Disks of the image."""
        return [
            {
                "DeviceName": device,
                "Ebs": {
                    "SnapshotId": self.ebs_snapshot.id,
                    "VolumeSize": gib,
                    "VolumeType": "gp3",
                    "DeleteOnTermination": True,
                    "Encrypted": False,
                },
            }
            for device, gib in self.disks.items()
        ]


def _al2023(minor: str, architecture: str, variant: str) -> Iterator[Image]:
    base = f"/aws/service/eks/optimized-ami/{minor}/amazon-linux-2023/{architecture}/{variant}"
    for date in AL2023_RELEASES:
        name = f"amazon-eks-node-al2023-{architecture}-{variant}-{minor}-v{date}"
        recommended = (f"{base}/recommended",) if date == AL2023_RELEASES[-1] else ()
        release = f"{VERSIONS[minor].patch}-{date}"
        yield Image(name, architecture, EKS_OWNER, date, AL2023_DISKS, release, (f"{base}/{name}", *recommended))


def _bottlerocket(minor: str, architecture: str, variant: str) -> Iterator[Image]:
    base = f"/aws/service/bottlerocket/aws-k8s-{minor}{variant}/{architecture}"
    latest = list(BOTTLEROCKET_RELEASES)[-1]
    for version, (build, date) in BOTTLEROCKET_RELEASES.items():
        name = f"bottlerocket-aws-k8s-{minor}{variant}-{architecture}-v{version}-{build}"
        directories = (f"{base}/{version}", *((f"{base}/latest",) if version == latest else ()))
        release = f"{version}-{build}"
        yield Image(name, architecture, BOTTLEROCKET_OWNER, date, BOTTLEROCKET_DISKS, release, directories)


def images() -> Iterator[Image]:
    """Return every image of every supported Kubernetes version."""
    for minor in VERSIONS:
        for architecture, variant in AL2023_VARIANTS:
            yield from _al2023(minor, architecture, variant)
        for architecture, variant in BOTTLEROCKET_VARIANTS:
            yield from _bottlerocket(minor, architecture, variant)


def seed(region: str) -> None:
    """Put the images into EC2 and their parameters into SSM, where PutParameter may not write."""
    backend, parameters = ec2_backends[ACCOUNT][region], ssm_backends[ACCOUNT][region]._parameters  # noqa: SLF001  the only way in
    for image in images():
        ami: Any = PublicAmi(
            backend,
            image.id,
            name=image.name,
            description=f"EKS-optimized image {image.release_version} of the twin",
            owner_id=image.owner,
            owner_alias="amazon",
            public=True,
            virtualization_type="hvm",
            architecture=image.architecture,
            creation_date=datetime.strptime(image.released, "%Y%m%d").replace(tzinfo=UTC),
            hypervisor="xen",
            root_device_type="ebs",
            root_device_name="/dev/xvda",
            image_location=f"amazon/{image.name}",
            region_name=f"{region}a",
        )
        ami.disks = image.disks
        backend.amis[image.id] = ami
        values = {"image_id": image.id, "image_name": image.name, "release_version": image.release_version}
        values["image_version"] = image.release_version
        for directory in image.directories:
            for key, value in values.items():
                name = f"{directory}/{key}"
                parameters[name] = [_parameter(name, value, ami.creation_date)]


def _parameter(name: str, value: str, date: datetime) -> Any:
    data_type = "aws:ec2:image" if name.endswith("/image_id") else "text"
    return Parameter(ACCOUNT, name, value, "String", None, None, None, date, 1, data_type)
