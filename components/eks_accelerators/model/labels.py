"""The vocabulary: every label, taint, tag and resource key the library writes, and which ones users may not."""

from typing import Final

KARPENTER_GROUP: Final = "karpenter.sh"
KARPENTER_AWS_GROUP: Final = "karpenter.k8s.aws"

NODE_POOL: Final = "karpenter.sh/nodepool"
CAPACITY_TYPE: Final = "karpenter.sh/capacity-type"
DISCOVERY: Final = "karpenter.sh/discovery"
"""Tag on subnets and on the cluster's security group; its value is the cluster's name."""
INSTANCE_FAMILY: Final = "karpenter.k8s.aws/instance-family"
INSTANCE_CATEGORY: Final = "karpenter.k8s.aws/instance-category"
INSTANCE_GENERATION: Final = "karpenter.k8s.aws/instance-generation"
INSTANCE_TYPE: Final = "node.kubernetes.io/instance-type"
ARCHITECTURE: Final = "kubernetes.io/arch"
OPERATING_SYSTEM: Final = "kubernetes.io/os"
HOSTNAME: Final = "kubernetes.io/hostname"
NODE_GROUP: Final = "eks.amazonaws.com/nodegroup"
"""Set by EKS on the nodes of a managed node group; its value is the group's name."""

ZONE: Final = "topology.kubernetes.io/zone"
CAPACITY_RESERVATION_ID: Final = "karpenter.k8s.aws/capacity-reservation-id"
RESERVATION_ENDS: Final = "eks-accelerators/reservation-ends"
"""Annotation of ours: when the capacity that a pool's nodes stand on ends."""
ACCELERATOR_MANUFACTURER: Final = "karpenter.k8s.aws/instance-accelerator-manufacturer"
GPU_COUNT: Final = "karpenter.k8s.aws/instance-gpu-count"

NVIDIA_GPU: Final = "nvidia.com/gpu"
"""Extended resource and taint key: one NVIDIA GPU, or one share of it."""
GPU_PRESENT: Final = "nvidia.com/gpu.present"
"""Node label that NVIDIA's device plugin selects. The pool sets it: who would set it on the node runs too late."""
PLUGIN_CONFIG: Final = "nvidia.com/device-plugin.config"
"""Node label: which entry of the device plugin's configuration holds on the node."""
MIG_CONFIG: Final = "nvidia.com/mig.config"
"""Node label: how NVIDIA's MIG manager parts the GPUs of the node."""
GPU_OPERANDS: Final = "nvidia.com/gpu.deploy.operands"
"""Node label: `false` keeps everything that the GPU operator would install off the node."""
EFA: Final = "vpc.amazonaws.com/efa"
"""Extended resource: one Elastic Fabric Adapter."""
NEURON: Final = "aws.amazon.com/neuron"
"""Extended resource and taint key: one Neuron device."""
NEURON_CORE: Final = "aws.amazon.com/neuroncore"
"""Extended resource: one core of a Neuron device."""

CRITICAL_ADDONS_ONLY: Final = "CriticalAddonsOnly"
ELB_ROLE: Final = "kubernetes.io/role/elb"
INTERNAL_ELB_ROLE: Final = "kubernetes.io/role/internal-elb"
CLUSTER_TAG_PREFIX: Final = "kubernetes.io/cluster/"
EKS_CLUSTER_TAG: Final = "eks:eks-cluster-name"
DEFAULT_STORAGE_CLASS: Final = "storageclass.kubernetes.io/is-default-class"
WAIT_FOR: Final = "pulumi.com/waitFor"

AWS_WELL_KNOWN: Final = frozenset(
    f"{KARPENTER_AWS_GROUP}/{name}"
    for name in (
        "capacity-reservation-id",
        "capacity-reservation-interruptible",
        "capacity-reservation-type",
        "ec2nodeclass",
        "instance-accelerator-count",
        "instance-accelerator-manufacturer",
        "instance-accelerator-name",
        "instance-capability-flex",
        "instance-category",
        "instance-cpu",
        "instance-cpu-manufacturer",
        "instance-cpu-sustained-clock-speed-mhz",
        "instance-ebs-bandwidth",
        "instance-encryption-in-transit-supported",
        "instance-family",
        "instance-generation",
        "instance-gpu-count",
        "instance-gpu-manufacturer",
        "instance-gpu-memory",
        "instance-gpu-name",
        "instance-hypervisor",
        "instance-local-nvme",
        "instance-memory",
        "instance-network-bandwidth",
        "instance-size",
        "instance-tenancy",
        "placement-group-id",
        "placement-group-partition",
    )
)
"""Keys of Karpenter's AWS domain that its NodePool CRD admits (rules of v1.14.1)."""

_INSTEAD: Final = {
    f"{KARPENTER_AWS_GROUP}/instance-type": INSTANCE_TYPE,
    f"{KARPENTER_AWS_GROUP}/instance-pods": "kubelet.max_pods of the node class",
}
"""Keys that labs and posts name, and that no Karpenter ever took."""

_RESTRICTED_TAGS: Final = frozenset(
    {EKS_CLUSTER_TAG, NODE_POOL, "karpenter.sh/nodeclaim", f"{KARPENTER_AWS_GROUP}/ec2nodeclass"}
)
"""Tags that Karpenter sets itself and its EC2NodeClass CRD refuses."""


def is_restricted_label(key: str) -> bool:
    """Whether Karpenter's NodePool CRD refuses `key` as a node label or requirement (v1.14.1)."""
    domain = key.partition("/")[0]  # a key without a domain is looked at as if it were one
    if key in (NODE_POOL, HOSTNAME):
        return True
    if domain.endswith(KARPENTER_AWS_GROUP):
        return key not in AWS_WELL_KNOWN
    return domain.endswith(KARPENTER_GROUP) and key != CAPACITY_TYPE


def instead_of(key: str) -> str:
    """What to ask for in place of the restricted `key`."""
    return f"use {_INSTEAD[key]}" if key in _INSTEAD else "use a key of EC2's instance types, or of your own domain"


def is_restricted_tag(key: str) -> bool:
    """Whether Karpenter's EC2NodeClass CRD, or EC2 itself (`aws:`), refuses `key` as an instance tag."""
    return key in _RESTRICTED_TAGS or key.startswith((CLUSTER_TAG_PREFIX.rstrip("/"), "aws:"))
