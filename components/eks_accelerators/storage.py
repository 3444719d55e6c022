"""Storage: what a PersistentVolumeClaim gets that names no class."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from .model import labels, storage, versions
from .ordering import once
from .workload_role import WorkloadRole


class StorageArgs(TypedDict):
    """What the driver is made from."""

    cluster_name: pulumi.Input[str]
    """Cluster it runs in, with nodes for its controller."""
    driver_version: pulumi.Input[str]
    """Version of the EKS add-on."""
    driver_configuration: NotRequired[pulumi.Input[str]]
    """Its configuration values as JSON; absent: its defaults."""


class Storage(pulumi.ComponentResource):
    """The EBS CSI driver with its own role, and an encrypted gp3 class as the cluster's default."""

    class_name: pulumi.Output[str]
    """Name of the storage class, known once the driver that serves it runs."""

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("accel:index:Storage", name, None, opts)
        role = WorkloadRole(
            f"{name}-driver",
            {
                "cluster_name": args["cluster_name"],
                "namespace": "kube-system",
                "service_account": storage.SERVICE_ACCOUNT,
                "managed_policies": {"ebs": storage.POLICY},
            },
            pulumi.ResourceOptions(parent=self),
        )
        driver = aws.eks.Addon(
            f"{name}-driver",
            cluster_name=args["cluster_name"],
            addon_name=versions.EBS_CSI_DRIVER,
            addon_version=args["driver_version"],
            configuration_values=args.get("driver_configuration"),
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            # no value flows: the controller finds its credentials when it starts, or crash-loops until it is restarted
            opts=pulumi.ResourceOptions(parent=self, depends_on=role.grants),
        )
        made = k8s.storage.v1.StorageClass(
            f"{name}-{storage.CLASS_NAME}",
            metadata={"name": storage.CLASS_NAME, "annotations": {labels.DEFAULT_STORAGE_CLASS: "true"}},
            provisioner=storage.PROVISIONER,
            parameters=storage.PARAMETERS,
            # a volume is made in the zone of the pod that wants it
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            reclaim_policy="Delete",
            # no value flows: a class without its driver leaves every claim Pending
            opts=pulumi.ResourceOptions(parent=self, depends_on=[driver]),
        )
        self.class_name = once(storage.CLASS_NAME, made.id)
        self.register_outputs({"class_name": self.class_name})
