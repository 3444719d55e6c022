"""A Cluster that another component was given: its outputs, read back from the engine."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime.rpc import ResourceModule, register_resource_module
from semver import VersionInfo as Version

from .inputs import Inputs, refuse

OUTPUTS = ("core", "kubeconfig")
"""The outputs that other components and methods read."""


class ClusterReference(pulumi.ComponentResource):
    """A Cluster known by its URN; nothing is created."""

    def __init__(self, name: str, urn: str) -> None:
        self.known_urn = urn
        super().__init__("eks:index:Cluster", name, dict.fromkeys(OUTPUTS), pulumi.ResourceOptions(urn=urn))

    @property
    def core(self) -> pulumi.Output[dict[str, Any]]:
        """What node groups need of the cluster."""
        return pulumi.get(self, "core")

    @property
    def kubeconfig(self) -> pulumi.Output[dict[str, Any]]:
        """The kubeconfig without a profile."""
        return pulumi.get(self, "kubeconfig")


class _Module(ResourceModule):
    """How a reference to a resource of this package becomes an object."""

    def version(self) -> Version | None:
        return None

    def construct(self, name: str, typ: str, urn: str) -> pulumi.Resource:
        if typ == "eks:index:Cluster":
            return ClusterReference(name, urn)
        return pulumi.resource.DependencyResource(urn)


def register() -> None:
    """Let references to clusters arrive as `ClusterReference`; once per process."""
    register_resource_module("eks", "index", _Module())


def core_of(inputs: Inputs) -> pulumi.Output[dict[str, Any]]:
    """The core of the `cluster` input, which is a Cluster or a core itself."""
    given = inputs.get("cluster")
    if isinstance(given, ClusterReference):
        return given.core
    if isinstance(given, Mapping):
        return pulumi.Output.from_input(dict(given))
    if isinstance(given, pulumi.Output):
        return given.apply(lambda value: value.core if isinstance(value, ClusterReference) else value)
    raise refuse(inputs.component, ("cluster", f"expected a Cluster or its core, got {given!r}"))
