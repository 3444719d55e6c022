"""EKS add-ons that the twin has, with their versions per Kubernetes minor, newest first.

Source: EKS user guide, "Amazon EKS add-ons". A version outside of this table is refused by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Addon:
    """One add-on."""

    type: str
    """What DescribeAddonVersions calls its kind."""
    releases: tuple[str, ...] | Mapping[str, tuple[str, ...]]
    """Versions, newest first: the same for all minors, or per minor."""
    namespace: str = "kube-system"
    needs_iam: bool = False
    """Whether its pods call AWS and so need a role."""

    def versions(self, minor: str) -> tuple[str, ...]:
        """Return the versions for a Kubernetes minor, newest first; the first one is the default."""
        return self.releases if isinstance(self.releases, tuple) else self.releases.get(minor, ())


ADDONS: dict[str, Addon] = {
    "vpc-cni": Addon(
        "networking",
        ("v1.21.1-eksbuild.3", "v1.21.1-eksbuild.1", "v1.20.4-eksbuild.2", "v1.20.0-eksbuild.1"),
        needs_iam=True,
    ),
    "kube-proxy": Addon(
        "networking",
        {
            "1.31": ("v1.31.14-eksbuild.2", "v1.31.13-eksbuild.2"),
            "1.32": ("v1.32.10-eksbuild.2", "v1.32.9-eksbuild.2"),
            "1.33": ("v1.33.6-eksbuild.2", "v1.33.5-eksbuild.2"),
            "1.34": ("v1.34.3-eksbuild.2", "v1.34.1-eksbuild.2"),
            "1.35": ("v1.35.4-eksbuild.2", "v1.35.0-eksbuild.2"),
        },
    ),
    "coredns": Addon(
        "networking",
        {
            "1.31": ("v1.11.4-eksbuild.28", "v1.11.4-eksbuild.24"),
            "1.32": ("v1.11.4-eksbuild.28", "v1.11.4-eksbuild.24"),
            "1.33": ("v1.12.4-eksbuild.1", "v1.12.3-eksbuild.1"),
            "1.34": ("v1.12.4-eksbuild.1", "v1.12.3-eksbuild.1"),
            "1.35": ("v1.13.2-eksbuild.1", "v1.13.1-eksbuild.1", "v1.12.4-eksbuild.1"),
        },
    ),
    "eks-pod-identity-agent": Addon("security", ("v1.3.10-eksbuild.3", "v1.3.10-eksbuild.2", "v1.3.10-eksbuild.1")),
    "metrics-server": Addon("observability", ("v0.8.0-eksbuild.6", "v0.8.0-eksbuild.5")),
    "eks-node-monitoring-agent": Addon("observability", ("v1.4.2-eksbuild.1", "v1.4.1-eksbuild.1")),
    "aws-ebs-csi-driver": Addon("storage", ("v1.57.1-eksbuild.1", "v1.54.0-eksbuild.1"), needs_iam=True),
    "aws-efs-csi-driver": Addon("storage", ("v2.2.0-eksbuild.1", "v2.1.15-eksbuild.1"), needs_iam=True),
    "aws-fsx-csi-driver": Addon("storage", ("v1.8.0-eksbuild.1", "v1.7.0-eksbuild.1"), needs_iam=True),
    "aws-mountpoint-s3-csi-driver": Addon("storage", ("v2.2.1-eksbuild.1", "v2.1.0-eksbuild.1"), needs_iam=True),
    "snapshot-controller": Addon("storage", ("v8.3.0-eksbuild.2", "v8.3.0-eksbuild.1")),
}
