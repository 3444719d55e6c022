"""What the cluster and node rooms can be told."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """How clusters and nodes of one twin behave; durations in seconds."""

    tools: Callable[[str], Path]
    """Path of a program by name, see `eks_twin.binaries.tool`."""
    access_key_id: str
    """Key with which the instance type catalogue is read from EC2."""
    secret_access_key: str
    """Secret of that key."""
    pod_ready_seconds: float = 0.5
    """From a pod's binding to Running and Ready, for pods whose containers are not run."""
    join_seconds: float = 300
    """How long the instances of a managed node group may take to become Ready; EKS gives them about 30 minutes."""
    drain_seconds: float = 60
    """How long a deleted node group's pods may resist eviction; EKS gives each node 15 minutes, then terminates it."""
    addon_degraded_seconds: float = 30
    """How long an add-on's workloads may be incomplete before it is DEGRADED; on EKS that takes some minutes."""
