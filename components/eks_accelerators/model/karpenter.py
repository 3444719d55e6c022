"""Karpenter's settings."""

from typing import Literal

from pydantic import Field

from . import forms, versions
from .quantities import Quantity
from .values import Value


class KarpenterSettings(Value):
    """The controller that launches and removes the pools' nodes."""

    version: str = Field(default=versions.DEFAULT_KARPENTER, pattern=forms.SEMANTIC_VERSION)
    """Version of both charts, controller and CRDs, such as `1.14.1`."""
    replicas: int = Field(default=2, ge=1, le=5)
    """Controller pods; one leads, others stand by. No two share a node, so the system nodes bound it."""
    cpu: Quantity = "1"
    """CPU request and limit of each; Karpenter's guide's own figure."""
    memory: Quantity = "1Gi"
    """Memory request and limit of each; Karpenter's guide's own figure."""
    log_level: Literal["debug", "info", "error"] = "info"
    """Verbosity of the controller's log."""
    create_spot_role: bool = False
    """Whether to create EC2 Spot's service-linked role. An account has it once Spot was used there, and a second one is
    refused; a new account lacks it and then every Spot launch fails, because Karpenter may not create roles."""
