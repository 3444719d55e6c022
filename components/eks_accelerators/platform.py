"""Platform: everything, in the right order. The only file that knows in which order components are made and removed."""

import pulumi
import pulumi_kubernetes as k8s

from .args import PlatformArgs
from .cluster import Cluster
from .device_plugins import DevicePlugins
from .karpenter import Karpenter
from .model import versions
from .model.cluster import ClusterSettings
from .model.parse import parse
from .model.platform import PlatformConfig
from .network import Network
from .node_pools import NodePools
from .storage import Storage, StorageArgs


class Platform(pulumi.ComponentResource):
    """A cluster that launches the pools' nodes as soon as pods ask for them, and leaves nothing behind when it goes.

    Made from left to right, removed from right to left: network, control plane, add-ons, system nodes, Karpenter,
    pools.
    """

    cluster_name: pulumi.Output[str]
    """Name of the cluster."""
    cluster_endpoint: pulumi.Output[str]
    """URL of its API server."""
    kubeconfig: pulumi.Output[str]
    """Kubeconfig as JSON; it holds no secret but calls `aws eks get-token`."""
    node_role_name: pulumi.Output[str]
    """Role that launched nodes assume; what an EC2NodeClass of your own names."""
    pool_names: pulumi.Output[list[str]]
    """Values for a `karpenter.sh/nodepool` node selector."""
    placements: pulumi.Output[dict[str, str]]
    """What a pod copies to run on each pool, as JSON by the pool's name: nodeSelector, tolerations, resources."""

    def __init__(self, name: str, args: PlatformArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("accel:index:Platform", name, None, opts)
        # the whole first, so that a contradiction between two parts is found before either exists
        config = parse(PlatformConfig, args, at="platform")
        network = Network(
            f"{name}-network",
            {"cluster_name": config.cluster.name, "settings": args["network"]},
            pulumi.ResourceOptions(parent=self),
        )
        cluster = Cluster(
            f"{name}-cluster",
            {
                "vpc_id": network.vpc_id,
                "public_subnet_ids": network.public_subnet_ids,
                "private_subnet_ids": network.private_subnet_ids,
                "node_subnet_ids": network.node_subnet_ids,
                "settings": args["cluster"],
            },
            pulumi.ResourceOptions(parent=self),
        )
        kubernetes = k8s.Provider(
            f"{name}-kubernetes", kubeconfig=cluster.kubeconfig, opts=pulumi.ResourceOptions(parent=self)
        )
        in_cluster = pulumi.ResourceOptions(parent=self, providers=[kubernetes])
        karpenter = Karpenter(
            f"{name}-karpenter",
            {
                "cluster_name": config.cluster.name,
                "cluster_endpoint": cluster.endpoint,
                "node_group": cluster.node_group,
                "settings": args.get("karpenter", {}),
                "needed_gates": [*config.needed_gates],
                "image_parameters": [*config.image_parameters],
                "volume_keys": [*config.volume_keys],
            },
            in_cluster,
        )
        # no value flows: nodes join, drain and leave by these, and their pods resolve names until the end
        foundations = [*karpenter.node_foundations, cluster.dns]
        drained_first = pulumi.ResourceOptions(parent=self, providers=[kubernetes], depends_on=foundations)
        pools = NodePools(
            f"{name}-pools",
            {
                "node_role_name": karpenter.node_role_name,
                "subnet_ids": network.node_subnet_ids,
                "security_group_id": cluster.security_group_id,
                "pools": args["pools"],
                "node_classes": args.get("node_classes", {}),
                "overlays": args.get("overlays", {}),
                "tags": args.get("tags", {}),
            },
            drained_first,
        )
        DevicePlugins(
            f"{name}-device-plugins",
            {
                "pools": args["pools"],
                "node_classes": args.get("node_classes", {}),
                "kubernetes": config.cluster.kubernetes,
                "settings": args.get("device_plugins", {}),
            },
            in_cluster,
        )
        # no value flows: the driver's controller needs a node to run on
        on_nodes = pulumi.ResourceOptions(parent=self, providers=[kubernetes], depends_on=[cluster.nodes])
        Storage(f"{name}-storage", _storage(config.cluster, cluster.name), on_nodes)
        self.cluster_name, self.cluster_endpoint = cluster.name, cluster.endpoint
        self.kubeconfig = cluster.kubeconfig
        self.node_role_name = karpenter.node_role_name
        self.pool_names, self.placements = pools.pool_names, pools.placements
        self.register_outputs(
            {
                "cluster_name": self.cluster_name,
                "cluster_endpoint": self.cluster_endpoint,
                "kubeconfig": self.kubeconfig,
                "node_role_name": self.node_role_name,
                "pool_names": self.pool_names,
                "placements": self.placements,
            }
        )


def _storage(settings: ClusterSettings, cluster_name: pulumi.Input[str]) -> StorageArgs:
    driver = versions.EBS_CSI_DRIVER
    args: StorageArgs = {"cluster_name": cluster_name, "driver_version": settings.addon_versions[driver]}
    if configuration := settings.configuration_of(driver):
        args["driver_configuration"] = pulumi.Output.json_dumps(configuration, sort_keys=True)
    return args
