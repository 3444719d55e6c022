"""Which container images the twin can really run, and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from eks_twin.binaries import PROGRAMS


@dataclass(frozen=True)
class Program:
    """A local program that stands for an image."""

    tool: str
    """Name by which `eks_twin.binaries.tool` finds it."""
    tag: str
    """Image tag that has the program's version; any other is an ErrImagePull, as a missing tag is."""
    ports: tuple[str, ...]
    """Variables that name the ports it listens on; each gets a free port, since all pods share one loopback."""
    namespace: str
    """Variable that says what a pod reads in the mounted file `namespace` beside its token; a process has no mounts."""


KARPENTER: Final = Program(
    "karpenter",
    PROGRAMS["karpenter"].version,
    ports=("METRICS_PORT", "HEALTH_PROBE_PORT"),
    namespace="LEADER_ELECTION_NAMESPACE",
)
RUN: Final[Mapping[str, Program]] = {
    "public.ecr.aws/karpenter/controller": KARPENTER,
    "inftyai/karpenter-provider-aws": KARPENTER,
    "docker.io/inftyai/karpenter-provider-aws": KARPENTER,
}
"""Image repository → program. Containers of other images are marked Running without anything behind them.

A fork runs as the Karpenter it was forked from, without what the fork adds.
"""


def repository(image: str) -> str:
    """`image` without tag and digest."""
    name, _, _ = image.partition("@")
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def tag(image: str) -> str:
    """The tag of `image`; `latest` where it has none."""
    name, _, _ = image.partition("@")
    return name.rpartition("/")[2].partition(":")[2] or "latest"


def program(image: str) -> Program | None:
    """What runs for `image`, or None where nothing does."""
    return RUN.get(repository(image))
