"""AMI types of managed node groups, and the image each one means."""

from functools import cache

from eks_twin.aws.ec2.images import Image, images
from eks_twin.aws.eks.store import invalid_parameter

CUSTOM = "CUSTOM"
"""AMI type of a group whose launch template names its own image."""
DEFAULT_BY_ARCHITECTURE = {"x86_64": "AL2023_x86_64_STANDARD", "arm64": "AL2023_ARM_64_STANDARD"}


@cache
def by_type() -> dict[str, list[Image]]:
    """Return AMI type → its images for every Kubernetes minor, oldest first. Windows node groups are not modelled."""
    found: dict[str, list[Image]] = {}
    for image in images():
        if not image.data.content.windows:
            found.setdefault(_ami_type(image), []).append(image)
    return found


def _ami_type(image: Image) -> str:
    """Name an image's AMI type as EKS does (EKS API reference, CreateNodegroup)."""
    content, machine = image.data.content, image.data.architecture.replace("arm64", "ARM_64")
    variant = content.variant.upper()
    if content.family == "Bottlerocket":
        return f"BOTTLEROCKET_{machine}" + ("" if variant == "STANDARD" else f"_{variant}")
    return f"{content.family}_{machine}_{variant}"


def resolve(ami_type: str, minor: str, release: str | None) -> Image:
    """Return the image of an AMI type: the newest one, or the one of a release."""
    if ami_type not in by_type():
        raise invalid_parameter(f"the twin has the AMI types {', '.join(by_type())}, not {ami_type}")
    releases = {image.release_version: image for image in by_type()[ami_type] if image.data.content.kubernetes == minor}
    wanted = release or list(releases)[-1]
    if wanted not in releases:
        there = ", ".join(releases)
        raise invalid_parameter(
            f"Requested release version {release} is not valid for kubernetes version {minor}; there is {there}"
        )
    return releases[wanted]
