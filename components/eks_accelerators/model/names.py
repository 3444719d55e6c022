"""Names that other systems must know, and their lengths. Too long is refused, never cut: two cut names can meet."""

from typing import Final

NODE_ROLE_PREFIX: Final = "KarpenterNodeRole-"
"""Of Karpenter's own installation guide, so that its documents and examples apply as they stand."""
CLUSTER_NAME_MAX: Final = 64 - len(NODE_ROLE_PREFIX)
"""46: an IAM role name has at most 64 characters and the node role's contains the cluster's name."""


def node_role(cluster: str) -> str:
    """The IAM role that instances launched by Karpenter assume."""
    return f"{NODE_ROLE_PREFIX}{cluster}"


def interruption_queue(cluster: str) -> str:
    """The SQS queue that carries EC2's notices to Karpenter; named as the cluster, as its guide does."""
    return cluster


def control_plane_log_group(cluster: str) -> str:
    """Where EKS writes control plane logs. The name is EKS's: a group made before is used, else EKS makes its own."""
    return f"/aws/eks/{cluster}/cluster"
