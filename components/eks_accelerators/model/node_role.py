"""What every node's role may do, whoever launches the node."""

from typing import Final

POLICIES: Final = {
    "worker": "AmazonEKSWorkerNodePolicy",
    "cni": "AmazonEKS_CNI_Policy",
    "registry": "AmazonEC2ContainerRegistryPullOnly",
    "session-manager": "AmazonSSMManagedInstanceCore",
}
"""AWS's policies by a short name of ours: Karpenter's guide's four, no more."""
