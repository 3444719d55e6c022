"""Which versions go together. One literal per pin, each with its source.

Bumping Kubernetes or an add-on is one row here; the rules of `platform.py` and the components read these tables.
"""

import re
from typing import Final

DEFAULT_KUBERNETES: Final = "1.35"
DEFAULT_KARPENTER: Final = "1.14.1"
"""Newest release read; policies, rules and CRDs of this library are those of 1.13 to 1.14, a superset of older ones."""
DEFAULT_AMI: Final = "al2023@v20260724"
"""Pinned: with `@latest` every node is replaced on the day AWS releases an image (Karpenter: "not for production").
https://github.com/awslabs/amazon-eks-ami/releases"""

VPC_CNI: Final = "vpc-cni"
KUBE_PROXY: Final = "kube-proxy"
POD_IDENTITY_AGENT: Final = "eks-pod-identity-agent"
COREDNS: Final = "coredns"
EBS_CSI_DRIVER: Final = "aws-ebs-csi-driver"

ADDONS_BEFORE_COMPUTE: Final = (VPC_CNI, KUBE_PROXY, POD_IDENTITY_AGENT)
"""DaemonSets that a first node needs to become Ready, and Karpenter's pods for their credentials."""
ADDONS: Final = (*ADDONS_BEFORE_COMPUTE, COREDNS, EBS_CSI_DRIVER)
"""Every add-on the library installs."""

ADDON_VERSIONS: Final = {
    "1.33": {
        VPC_CNI: "v1.21.1-eksbuild.1",
        KUBE_PROXY: "v1.33.5-eksbuild.2",
        POD_IDENTITY_AGENT: "v1.3.10-eksbuild.1",
        COREDNS: "v1.12.4-eksbuild.1",
        EBS_CSI_DRIVER: "v1.54.0-eksbuild.1",
    },
    "1.34": {
        VPC_CNI: "v1.21.1-eksbuild.1",
        KUBE_PROXY: "v1.34.1-eksbuild.2",
        POD_IDENTITY_AGENT: "v1.3.10-eksbuild.2",
        COREDNS: "v1.12.4-eksbuild.1",
        EBS_CSI_DRIVER: "v1.54.0-eksbuild.1",
    },
    "1.35": {
        VPC_CNI: "v1.21.1-eksbuild.3",
        KUBE_PROXY: "v1.35.0-eksbuild.2",
        POD_IDENTITY_AGENT: "v1.3.10-eksbuild.3",
        COREDNS: "v1.13.2-eksbuild.1",
        EBS_CSI_DRIVER: "v1.57.1-eksbuild.1",
    },
}
"""Add-on versions per Kubernetes minor: sets that run together in public stacks, as `aws eks describe-addon-versions`
offers them for the minor. Newer ones: `cluster.addons.<name>.version`."""

_MINIMUM_KARPENTER: Final = {"1.33": (1, 5), "1.34": (1, 6), "1.35": (1, 9), "1.36": (1, 13)}
"""https://karpenter.sh/docs/upgrading/compatibility/"""
_KARPENTER_MINORS: Final = ((1, 13), (1, 15))
"""Oldest and newest minor whose CRDs have every field we write and whose chart has our values: connectionTracking,
cpuOptions and the zonal-shift policy came with 1.13. https://karpenter.sh/docs/upgrading/upgrade-guide/"""
_IMAGE_ENDS: Final = {
    "al2": ((1, 32), "AL2 images end with Kubernetes 1.32; Karpenter refuses the alias on newer clusters")
}
"""Last Kubernetes minor of an image family. https://docs.aws.amazon.com/eks/latest/userguide/eks-ami-deprecation-faqs.html"""
_DATED: Final = {
    "al2": re.compile(r"^(latest|v\d{8})$"),
    "al2023": re.compile(r"^(latest|v\d{8})$"),
    "bottlerocket": re.compile(r"^(latest|v?\d+\.\d+\.\d+)$"),
}
"""How each family names its releases; another name is accepted by the API server and never found by the controller."""
BALANCED_CONSOLIDATION: Final = (1, 14)
"""First minor with the consolidation policy `Balanced` (its CRD's enum)."""

KARPENTER_CHART: Final = "oci://public.ecr.aws/karpenter/karpenter"
KARPENTER_CRD_CHART: Final = "oci://public.ecr.aws/karpenter/karpenter-crd"
NEURON_CHART: Final = "oci://public.ecr.aws/neuron/neuron-helm-chart"
NVIDIA_PLUGIN_REPO: Final = "https://nvidia.github.io/k8s-device-plugin"
NVIDIA_PLUGIN_VERSION: Final = "0.20.0"
GPU_OPERATOR_REPO: Final = "https://helm.ngc.nvidia.com/nvidia"
GPU_OPERATOR_VERSION: Final = "v26.7.0"
DCGM_EXPORTER_REPO: Final = "https://nvidia.github.io/dcgm-exporter/helm-charts"
DCGM_EXPORTER_VERSION: Final = "4.8.2"
EKS_CHARTS_REPO: Final = "https://aws.github.io/eks-charts"
EFA_PLUGIN_VERSION: Final = "v0.5.30"
KUBE_SCHEDULER_IMAGE: Final = "registry.k8s.io/kube-scheduler"
KUBE_SCHEDULER_TAGS: Final = {"1.33": "v1.33.5", "1.34": "v1.34.1", "1.35": "v1.35.0"}
"""Upstream's own images, of the patch releases that the cluster's kube-proxy add-on is of."""
NEURON_MONITOR_IMAGE: Final = "public.ecr.aws/neuron/neuron-monitor:1.10.0"
"""Newest tag that public stacks run."""
NEURON_CHART_VERSION: Final = "1.10.0"
"""Neuron SDK 2.32; the first chart list with every type of our table is that of 1.5.0."""


def minor_of(version: str) -> tuple[int, int]:
    """Major and minor of `1.14.1` or `1.35`, comparable as numbers (1.9 is before 1.14)."""
    major, minor, *_ = version.split(".")
    return int(major), int(minor)


def kubernetes_problem(version: str) -> tuple[str, str] | None:
    """Rule and fix when we know no add-on set for `version`."""
    if version in ADDON_VERSIONS:
        return None
    return "no set of add-on versions is known for this minor", f"use one of: {', '.join(ADDON_VERSIONS)}"


def karpenter_problem(karpenter: str, kubernetes: str) -> tuple[str, str] | None:
    """Rule and fix when Karpenter `karpenter` is not for Kubernetes `kubernetes`, or not one we can install."""
    minor, (oldest, newest) = minor_of(karpenter), _KARPENTER_MINORS
    if not oldest <= minor <= newest:
        return f"Karpenter {_text(oldest)} to {_text(newest)} can be installed", f"e.g. {DEFAULT_KARPENTER}"
    least = _MINIMUM_KARPENTER[kubernetes]
    if minor < least:
        return f"Kubernetes {kubernetes} needs Karpenter {_text(least)} or newer", f"e.g. {DEFAULT_KARPENTER}"
    return None


def image_problem(alias: str, kubernetes: str) -> tuple[str, str] | None:
    """Rule and fix when no image of `alias` exists for Kubernetes `kubernetes`."""
    family, _, release = alias.partition("@")
    if family in _IMAGE_ENDS and minor_of(kubernetes) > _IMAGE_ENDS[family][0]:
        return _IMAGE_ENDS[family][1], f"e.g. {DEFAULT_AMI}"
    if family in _DATED and not _DATED[family].match(release):
        example = "bottlerocket@1.50.0" if family == "bottlerocket" else f"{family}@v20260724"
        return f"not a release of {family}", f"{family}@latest, or a dated release such as {example}"
    return None


def _text(minor: tuple[int, int]) -> str:
    return f"{minor[0]}.{minor[1]}"
