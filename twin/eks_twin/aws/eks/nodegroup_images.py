"""AMI types of managed node groups, and the image each one means."""

from collections.abc import Mapping
from dataclasses import dataclass

from moto.ssm.models import ssm_backends

from eks_twin.aws.eks.store import invalid_parameter
from eks_twin.aws.principals import ACCOUNT

AL2023 = "/aws/service/eks/optimized-ami/{minor}/amazon-linux-2023/{path}/recommended"
BOTTLEROCKET = "/aws/service/bottlerocket/aws-k8s-{minor}{path}/latest"
CUSTOM = "CUSTOM"
"""AMI type of a group whose launch template names its own image."""


@dataclass(frozen=True)
class AmiType:
    """One AMI type."""

    directory: str
    """SSM directory of its newest image; `{minor}` is the Kubernetes version, `{path}` is filled in already."""
    architecture: str


def _type(template: str, path: str, architecture: str) -> AmiType:
    return AmiType(template.replace("{path}", path), architecture)


AMI_TYPES: Mapping[str, AmiType] = {
    "AL2023_x86_64_STANDARD": _type(AL2023, "x86_64/standard", "x86_64"),
    "AL2023_x86_64_NVIDIA": _type(AL2023, "x86_64/nvidia", "x86_64"),
    "AL2023_x86_64_NEURON": _type(AL2023, "x86_64/neuron", "x86_64"),
    "AL2023_ARM_64_STANDARD": _type(AL2023, "arm64/standard", "arm64"),
    "AL2023_ARM_64_NVIDIA": _type(AL2023, "arm64/nvidia", "arm64"),
    "BOTTLEROCKET_x86_64": _type(BOTTLEROCKET, "/x86_64", "x86_64"),
    "BOTTLEROCKET_ARM_64": _type(BOTTLEROCKET, "/arm64", "arm64"),
    "BOTTLEROCKET_x86_64_NVIDIA": _type(BOTTLEROCKET, "-nvidia/x86_64", "x86_64"),
    "BOTTLEROCKET_ARM_64_NVIDIA": _type(BOTTLEROCKET, "-nvidia/arm64", "arm64"),
}
DEFAULT_BY_ARCHITECTURE = {"x86_64": "AL2023_x86_64_STANDARD", "arm64": "AL2023_ARM_64_STANDARD"}


@dataclass(frozen=True)
class Resolved:
    """The image that a group launches."""

    image_id: str
    release_version: str


def resolve(region: str, ami_type: str, minor: str, release: str | None) -> Resolved:
    """Return the image of an AMI type: the newest one, or the one of a release."""
    if ami_type not in AMI_TYPES:
        raise invalid_parameter(f"the twin has the AMI types {', '.join(AMI_TYPES)}, not {ami_type}")
    parameters = ssm_backends[ACCOUNT][region]._parameters  # noqa: SLF001  public parameters are seeded there
    newest = AMI_TYPES[ami_type].directory.format(minor=minor)
    parent = newest.rpartition("/")[0]
    releases = {
        parameters[name][-1].value: name.rpartition("/")[0]
        for name in list(parameters)
        if name.startswith(f"{parent}/") and name.endswith("/release_version")
    }
    wanted = release or parameters[f"{newest}/release_version"][-1].value
    if wanted not in releases:
        there = ", ".join(releases)
        raise invalid_parameter(
            f"Requested release version {release} is not valid for kubernetes version {minor}; there is {there}"
        )
    return Resolved(parameters[f"{releases[wanted]}/image_id"][-1].value, wanted)
