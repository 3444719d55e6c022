"""The Kubernetes side of a Cluster: its provider, the aws-auth ConfigMap and storage classes.

They are registered by type, without pulumi-kubernetes's SDK: any version of its plugin knows them.
"""

import importlib.metadata
from collections.abc import Mapping
from typing import Any, Final

import pulumi

from eks_twin.plugins.checking import scalar

PARAMETERS: Final = ("type", "zones", "iopsPerGb", "encrypted", "kmsKeyId")
"""Inputs of a storage class that are parameters of the EBS provisioner."""
DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"


def _version() -> str | None:
    """The version of the SDK in this environment, which is the plugin that the program itself asks for."""
    try:
        return importlib.metadata.version("pulumi-kubernetes")
    except importlib.metadata.PackageNotFoundError:
        return None


class Provider(pulumi.ProviderResource):
    """A `pulumi:providers:kubernetes` for the cluster."""

    def __init__(self, name: str, kubeconfig: pulumi.Input[str], mutable: Any, opts: pulumi.ResourceOptions) -> None:
        inputs = {"kubeconfig": kubeconfig, "enableConfigMapMutable": mutable}
        own = pulumi.ResourceOptions(version=_version())
        given = {key: value for key, value in inputs.items() if value is not None}
        super().__init__("kubernetes", name, given, pulumi.ResourceOptions.merge(opts, own))


class Object(pulumi.CustomResource):
    """One Kubernetes object of any kind."""

    def __init__(self, kind: tuple[str, str], name: str, body: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        api, noun = kind
        version = api if "/" in api else f"core/{api}"
        full = {"apiVersion": api, "kind": noun, **body}
        own = pulumi.ResourceOptions(version=_version())
        super().__init__(f"kubernetes:{version}:{noun}", name, full, pulumi.ResourceOptions.merge(opts, own))


def auth_config_map(name: str, opts: pulumi.ResourceOptions) -> Object:
    """aws-auth without mappings, as pulumi-eks makes it in API_AND_CONFIG_MAP mode."""
    body = {
        "metadata": {
            "name": "aws-auth",
            "namespace": "kube-system",
            "annotations": {"pulumi.com/patchForce": "true"},
        },
        "immutable": False,
        "data": {"mapRoles": "[]\n"},
    }
    return Object(("v1", "ConfigMap"), f"{name}-nodeAccess", body, opts)


def storage_classes(name: str, given: Any, opts: pulumi.ResourceOptions) -> dict[str, Object]:
    """Classes of the in-tree EBS provisioner: one default class for a string, one per key for a map."""
    classes: Mapping[str, Any] = {given: {"type": given, "default": True}} if isinstance(given, str) else given or {}
    return {
        key: Object(("storage.k8s.io/v1", "StorageClass"), f"{name.lower()}-{key}", storage_class(value), opts)
        for key, value in classes.items()
    }


def storage_class(value: Mapping[str, Any]) -> dict[str, Any]:
    """The object for one storage class input."""
    metadata = dict(value.get("metadata") or {})
    if value.get("default"):
        metadata["annotations"] = {**(metadata.get("annotations") or {}), DEFAULT_CLASS: "true"}
    kept = ("allowVolumeExpansion", "mountOptions", "reclaimPolicy", "volumeBindingMode")
    return {
        **({"metadata": metadata} if metadata else {}),
        "provisioner": "kubernetes.io/aws-ebs",
        "parameters": {name: _parameter(value[name]) for name in PARAMETERS if value.get(name) is not None},
        **{name: value[name] for name in kept if value.get(name) is not None},
    }


def _parameter(value: Any) -> Any:
    """Parameters of a storage class are text; a list of zones is joined."""
    if isinstance(value, pulumi.Output):
        return value.apply(_parameter)
    return ",".join(value) if isinstance(value, list) else scalar(value, "parameters", "string")
