"""Cluster: an EKS control plane, its add-ons, and the nodes that are there before Karpenter."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_eks as eks

from . import system_nodes
from .args import ClusterSettingsArgs
from .model import labels, names, versions
from .model.cluster import Access, ClusterSettings
from .model.parse import parse
from .ordering import once


class ClusterArgs(TypedDict):
    """What a cluster is made from."""

    vpc_id: pulumi.Input[str]
    """VPC of the subnets."""
    public_subnet_ids: pulumi.Input[list[str]]
    """Subnets for public load balancers."""
    private_subnet_ids: pulumi.Input[list[str]]
    """Subnets for the control plane's interfaces."""
    node_subnet_ids: pulumi.Input[list[str]]
    """Private subnets with a route out, for the system nodes."""
    settings: ClusterSettingsArgs
    """Everything that is decided before the first resource exists."""


class Cluster(pulumi.ComponentResource):
    """An EKS cluster with encrypted secrets, kept logs, access entries, pinned add-ons and system nodes.

    No node needs a security group but the one that EKS makes: control plane, system nodes and Karpenter's nodes share
    it, and it alone carries the discovery tag, because two groups with it break the AWS Load Balancer Controller.
    """

    name: pulumi.Output[str]
    """Name of the cluster, known once its API server answers."""
    endpoint: pulumi.Output[str]
    """URL of the API server."""
    kubeconfig: pulumi.Output[str]
    """Kubeconfig as JSON; it holds no secret but calls `aws eks get-token`."""
    security_group_id: pulumi.Output[str]
    """The security group of the control plane and of every node."""
    node_group: pulumi.Output[str]
    """Name of the system nodes' group, known once they are Ready."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("accel:index:Cluster", name, None, opts)
        self._name, self._children = name, pulumi.ResourceOptions(parent=self)
        self._settings = parse(ClusterSettings, args["settings"], at="cluster")
        control_plane = self._control_plane(args)
        self.endpoint = pulumi.Output.from_input(control_plane.core.endpoint)
        self.name = once(self._settings.name, self.endpoint)
        self.kubeconfig = control_plane.kubeconfig_json
        self.security_group_id = control_plane.cluster_security_group_id
        aws.ec2.Tag(
            f"{name}-discovery",
            resource_id=self.security_group_id,
            key=labels.DISCOVERY,
            value=self._settings.name,
            opts=self._children,
        )
        before = [self._addon(addon, self._children) for addon in versions.ADDONS_BEFORE_COMPUTE]
        nodes = system_nodes.create(
            system_nodes.Place(name=name, parent=self, cluster=self.name, subnets=args["node_subnet_ids"]),
            self._settings,
            # no value flows: a node becomes Ready with CNI and proxy, and its pods find the agent when they start
            pulumi.ResourceOptions(parent=self, depends_on=before),
        )
        # no value flows: without nodes CoreDNS stays DEGRADED until its creation times out
        after_nodes = pulumi.ResourceOptions(parent=self, depends_on=[nodes])
        # for depends_on within this program: system nodes, and name resolution
        self.nodes, self.dns = nodes, self._addon(versions.COREDNS, after_nodes)
        self.node_group = nodes.node_group_name
        self.register_outputs(
            {
                "name": self.name,
                "endpoint": self.endpoint,
                "kubeconfig": self.kubeconfig,
                "security_group_id": self.security_group_id,
                "node_group": self.node_group,
            }
        )

    def _control_plane(self, args: ClusterArgs) -> eks.Cluster:
        settings = self._settings
        log_group = aws.cloudwatch.LogGroup(
            f"{self._name}-logs",
            name=names.control_plane_log_group(settings.name),
            retention_in_days=settings.log_retention_days,
            opts=self._children,
        )
        public = len(settings.public_access_cidrs) > 0
        return eks.Cluster(
            f"{self._name}-control-plane",
            name=settings.name,
            version=settings.kubernetes,
            vpc_id=args["vpc_id"],
            public_subnet_ids=args["public_subnet_ids"],
            private_subnet_ids=args["private_subnet_ids"],
            endpoint_private_access=True,
            endpoint_public_access=public,
            public_access_cidrs=list(settings.public_access_cidrs) if public else None,
            authentication_mode=eks.AuthenticationMode.API,
            access_entries=self._access_entries(),
            encryption_config_key_arn=self._secrets_key(),
            enabled_cluster_log_types=list(settings.logs),
            deletion_protection=settings.deletion_protection,
            skip_default_node_group=True,
            skip_default_security_groups=True,
            # one owner for each add-on: this component
            bootstrap_self_managed_addons=False,
            use_default_vpc_cni=True,
            kube_proxy_addon_options=eks.KubeProxyAddonOptionsArgs(enabled=False),
            # no value flows: EKS uses a log group that exists and otherwise makes one that is kept for ever; and
            # since a cluster that is going away still writes, the group goes after it
            opts=pulumi.ResourceOptions(parent=self, depends_on=[log_group]),
        )

    def _secrets_key(self) -> pulumi.Output[str]:
        """ARN of the key that encrypts Kubernetes secrets in etcd."""
        key = aws.kms.Key(
            f"{self._name}-secrets",
            description=f"Secrets of EKS cluster {self._settings.name}",
            enable_key_rotation=True,
            opts=self._children,
        )
        aws.kms.Alias(
            f"{self._name}-secrets",
            name=f"alias/eks/{self._settings.name}",
            target_key_id=key.key_id,
            opts=self._children,
        )
        return key.arn

    def _access_entries(self) -> dict[str, eks.AccessEntryArgs]:
        if not self._settings.access:
            return {}
        partition = aws.get_partition_output(opts=pulumi.InvokeOptions(parent=self)).partition
        return {key: _access_entry(access, partition) for key, access in self._settings.access.items()}

    def _addon(self, addon: str, opts: pulumi.ResourceOptions) -> "aws.eks.Addon":
        configuration = self._settings.configuration_of(addon)
        return aws.eks.Addon(
            f"{self._name}-{addon}",
            cluster_name=self.name,
            addon_name=addon,
            addon_version=self._settings.addon_versions[addon],
            configuration_values=pulumi.Output.json_dumps(configuration, sort_keys=True) if configuration else None,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            opts=opts,
        )


def _access_entry(access: Access, partition: pulumi.Output[str]) -> eks.AccessEntryArgs:
    return eks.AccessEntryArgs(
        principal_arn=access.principal,
        access_policies={} if access.policy is None else {"policy": _access_policy(access, access.policy, partition)},
        kubernetes_groups=list(access.groups) if access.groups else None,
    )


def _access_policy(access: Access, policy: str, partition: pulumi.Output[str]) -> eks.AccessPolicyAssociationArgs:
    namespaces = list(access.namespaces)
    return eks.AccessPolicyAssociationArgs(
        policy_arn=pulumi.Output.concat("arn:", partition, ":eks::aws:cluster-access-policy/", policy),
        access_scope=aws.eks.AccessPolicyAssociationAccessScopeArgs(
            type="namespace" if namespaces else "cluster", namespaces=namespaces or None
        ),
    )
