"""EKS-optimized images and the public SSM parameters that lead to them.

Names and parameter paths: EKS user guide ("Retrieve recommended AMI IDs"), Karpenter's alias resolution. Releases:
awslabs/amazon-eks-ami and bottlerocket-os/bottlerocket on GitHub. Invented are the newest AL2023 date, the Windows
date, Bottlerocket's build ids and the dates of its first two. Every release has images for every minor. Image ids are
made from the names, so they are the same in every run.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ssm.models import Parameter, ssm_backends

from eks_twin.aws.ec2.image_store import Content, Disk, ImageData, add_image
from eks_twin.aws.eks.versions import VERSIONS
from eks_twin.aws.principals import ACCOUNT

EKS_OWNER = "602401143452"
BOTTLEROCKET_OWNER = "092701018921"
WINDOWS_OWNER = "801119661308"
AL2023_RELEASES = (
    "20241024", "20250715", "20260520", "20260610", "20260709", "20260724", "20260818", "20260903", "20261101",
)  # fmt: skip
"""Release dates of the AL2023 images that exist in the twin, oldest first; the alias `al2023@v<date>` names one.

The first is deprecated: older than two years.
"""
BOTTLEROCKET_RELEASES = {
    "1.50.0": ("5a3a0a4e", "20251015"),
    "1.54.0": ("c8b1f3d2", "20260205"),
    "1.57.0": ("2f0d9b61", "20260323"),
    "1.64.0": ("91e7ac05", "20260729"),
}
"""Version → (build, date), oldest version first; the alias `bottlerocket@v<version>` names one."""
WINDOWS_RELEASE = "2026.10.15"
"""Of all Windows images. Karpenter's Windows aliases take `@latest` only, so there is one."""
AL2023_VARIANTS = (
    ("x86_64", "standard"),
    ("x86_64", "nvidia"),
    ("x86_64", "neuron"),
    ("arm64", "standard"),
    ("arm64", "nvidia"),
)
BOTTLEROCKET_VARIANTS = (("x86_64", ""), ("x86_64", "-nvidia"), ("arm64", ""), ("arm64", "-nvidia"))
"""No neuron variant: Neuron types use the standard image."""
WINDOWS_SERVERS = {"2019": "1.31", "2022": "1.31", "2025": "1.35"}
"""Windows Server → first Kubernetes minor of the twin with an image (EKS user guide, "Windows AMI version")."""
AL2023_DISKS = (Disk("/dev/xvda", 20),)
BOTTLEROCKET_DISKS = {
    "": (Disk("/dev/xvda", 2), Disk("/dev/xvdb", 20)),
    "-nvidia": (Disk("/dev/xvda", 4), Disk("/dev/xvdb", 20)),
}
"""By variant: the nvidia system disk is the larger one (Karpenter issue 7928)."""
WINDOWS_DISKS = (Disk("/dev/sda1", 50),)


@dataclass(frozen=True)
class Image:
    """A public image and how SSM leads to it."""

    data: ImageData
    release_version: str
    """What a managed node group calls its image's release."""
    directories: tuple[str, ...]
    """SSM paths under which image_id (and friends) of this image stand."""

    @property
    def id(self) -> str:
        """Image id, derived from the name."""
        return f"ami-0{hashlib.sha256(self.data.name.encode()).hexdigest()[:16]}"


def _data(name: str, content: Content, build: tuple[str, str, str], disks: tuple[Disk, ...]) -> ImageData:
    architecture, owner, released = build
    created = datetime.strptime(released, "%Y%m%d").replace(tzinfo=UTC)
    return ImageData(
        name=name,
        description=f"EKS-optimized image for Kubernetes {content.kubernetes} of the twin",
        architecture=architecture,
        content=content,
        disks=disks,
        owner=owner,
        created=created,
    )


def _al2023(minor: str, architecture: str, variant: str) -> Iterator[Image]:
    base = f"/aws/service/eks/optimized-ami/{minor}/amazon-linux-2023/{architecture}/{variant}"
    for date in AL2023_RELEASES:
        name = f"amazon-eks-node-al2023-{architecture}-{variant}-{minor}-v{date}"
        data = _data(name, Content("AL2023", variant, minor), (architecture, EKS_OWNER, date), AL2023_DISKS)
        recommended = (f"{base}/recommended",) if date == AL2023_RELEASES[-1] else ()
        yield Image(data, f"{VERSIONS[minor].patch}-{date}", (f"{base}/{name}", *recommended))


def _bottlerocket(minor: str, architecture: str, variant: str) -> Iterator[Image]:
    base = f"/aws/service/bottlerocket/aws-k8s-{minor}{variant}/{architecture}"
    latest = list(BOTTLEROCKET_RELEASES)[-1]
    content = Content("Bottlerocket", variant.removeprefix("-") or "standard", minor)
    for version, (build, date) in BOTTLEROCKET_RELEASES.items():
        name = f"bottlerocket-aws-k8s-{minor}{variant}-{architecture}-v{version}-{build}"
        data = _data(name, content, (architecture, BOTTLEROCKET_OWNER, date), BOTTLEROCKET_DISKS[variant])
        directories = (f"{base}/{version}", *((f"{base}/latest",) if version == latest else ()))
        yield Image(data, f"{version}-{build}", directories)


def _windows(minor: str, server: str, edition: str) -> Iterator[Image]:
    path = f"Windows_Server-{server}-English-{edition}-EKS_Optimized-{minor}"
    content, date = Content(f"Windows{server}", edition.lower(), minor), WINDOWS_RELEASE.replace(".", "")
    data = _data(f"{path}-{WINDOWS_RELEASE}", content, ("x86_64", WINDOWS_OWNER, date), WINDOWS_DISKS)
    yield Image(data, f"{minor}-{WINDOWS_RELEASE}", (f"/aws/service/ami-windows-latest/{path}",))


def images() -> Iterator[Image]:
    """Return every image of every supported Kubernetes version."""
    minors = list(VERSIONS)
    for minor in minors:
        for architecture, variant in AL2023_VARIANTS:
            yield from _al2023(minor, architecture, variant)
        for architecture, variant in BOTTLEROCKET_VARIANTS:
            yield from _bottlerocket(minor, architecture, variant)
        for server, first in WINDOWS_SERVERS.items():
            for edition in ("Core", "Full") if minors.index(minor) >= minors.index(first) else ():
                yield from _windows(minor, server, edition)


def seed(region: str) -> None:
    """Put the images into EC2 and their parameters into SSM, where PutParameter may not write."""
    backend, parameters = ec2_backends[ACCOUNT][region], ssm_backends[ACCOUNT][region]._parameters  # noqa: SLF001  the only way in
    for image in images():
        add_image(backend, image.id, image.data)
        values: Mapping[str, str] = {
            "image_id": image.id,
            "image_name": image.data.name,
            "release_version": image.release_version,
            "image_version": image.release_version,
        }
        for directory in image.directories:
            for key, value in values.items():
                name = f"{directory}/{key}"
                parameters[name] = [_parameter(name, value, image.data.created)]


def _parameter(name: str, value: str, date: datetime) -> Any:
    data_type = "aws:ec2:image" if name.endswith("/image_id") else "text"
    return Parameter(ACCOUNT, name, value, "String", None, None, None, date, 1, data_type)
