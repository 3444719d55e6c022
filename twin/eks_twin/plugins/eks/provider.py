"""The plugin: which component a request is for."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi.provider import CallResult, ConstructResult, Provider

from eks_twin.plugins.facts import package

from . import reference
from .cluster import Cluster
from .inputs import Inputs, refuse
from .kubeconfig import Credentials, with_credentials
from .node_group import Addon, ManagedNodeGroup

COMPONENTS: Final[Mapping[str, type[Cluster] | type[ManagedNodeGroup] | type[Addon]]] = {
    "eks:index:Cluster": Cluster,
    "eks:index:ManagedNodeGroup": ManagedNodeGroup,
    "eks:index:Addon": Addon,
}
KUBECONFIG: Final = "eks:index:Cluster/getKubeconfig"


class Eks(Provider):
    """pulumi-eks, as far as `COMPONENTS` go."""

    def __init__(self) -> None:
        version = package("eks")["version"]
        super().__init__(version, json.dumps({"name": "eks", "version": version}))
        reference.register()

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: Mapping[str, Any],
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        """The component of `resource_type`; any other is an error that names what there is."""
        if resource_type not in COMPONENTS:
            known = ", ".join(COMPONENTS)
            raise refuse(
                resource_type, ("type", f"the twin's eks plugin does not model this component; modelled: {known}")
            )
        component = COMPONENTS[resource_type](name, Inputs.checked(resource_type, inputs), options)
        return ConstructResult(urn=component.urn, state=component.state)

    def call(self, token: str, args: Mapping[str, Any]) -> CallResult:
        """getKubeconfig: the cluster's kubeconfig under the identity asked for, as JSON."""
        if token != KUBECONFIG:
            raise refuse(token, ("method", f"the twin's eks plugin does not model this method; modelled: {KUBECONFIG}"))
        if unknown := sorted(set(args) - {"__self__", "profileName", "roleArn"}):
            raise refuse(token, *((name, "there is no such argument") for name in unknown))
        wanted = pulumi.Output.all(args.get("profileName"), args.get("roleArn"), args["__self__"].kubeconfig)
        text = wanted.apply(lambda v: json.dumps(with_credentials(v[2], Credentials(v[0] or "", v[1] or ""))))
        return CallResult(outputs={"result": text})
