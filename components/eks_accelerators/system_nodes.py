"""The managed node group that runs Karpenter and the add-ons."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from .model import iam, node_role
from .model.cluster import ClusterSettings, SystemNodes

_AMI_TYPES: Final = {"amd64": "AL2023_x86_64_STANDARD", "arm64": "AL2023_ARM_64_STANDARD"}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the nodes are, and whose they are."""

    name: str
    """Prefix of logical names: that of the component they belong to."""
    parent: pulumi.Resource
    """The component."""
    cluster: pulumi.Input[str]
    """Cluster they join."""
    subnets: pulumi.Input[list[str]]
    """Private subnets with a route out."""


def create(place: Place, settings: ClusterSettings, opts: pulumi.ResourceOptions) -> "aws.eks.NodeGroup":
    """The node group, made with `opts`; its role outlives it."""
    children = pulumi.ResourceOptions(parent=place.parent)
    role = aws.iam.Role(
        f"{place.name}-system-nodes",
        assume_role_policy=iam.service_trust("AllowEC2", "ec2.amazonaws.com"),
        opts=children,
    )
    attached = attach_node_policies(f"{place.name}-system-nodes", role, children)
    nodes = settings.system_nodes
    template = _launch_template(place, nodes, children)
    # no value flows: nodes that lose their permissions first can neither drain nor release their network interfaces
    with_role = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=attached))
    return aws.eks.NodeGroup(
        f"{place.name}-system-nodes",
        cluster_name=place.cluster,
        node_role_arn=role.arn,
        subnet_ids=place.subnets,
        version=settings.kubernetes,
        ami_type=_AMI_TYPES[nodes.architecture],
        instance_types=list(nodes.instance_types),
        labels=dict(nodes.labels),
        # one more than wanted: an update starts a new node before it drains an old one
        scaling_config={"min_size": nodes.count, "desired_size": nodes.count, "max_size": nodes.count + 1},
        update_config={"max_unavailable": 1},
        launch_template={"id": template.id, "version": template.latest_version.apply(str)},
        opts=with_role,
    )


def attach_node_policies(name: str, role: "aws.iam.Role", opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """What a node needs to join and to pull images, attached to `role`."""
    partition = aws.get_partition_output(opts=pulumi.InvokeOptions(parent=opts.parent)).partition
    return [
        aws.iam.RolePolicyAttachment(
            f"{name}-{key}",
            role=role.name,
            policy_arn=pulumi.Output.concat("arn:", partition, ":iam::aws:policy/", policy),
            opts=opts,
        )
        for key, policy in node_role.POLICIES.items()
    ]


def _launch_template(place: Place, nodes: SystemNodes, opts: pulumi.ResourceOptions) -> "aws.ec2.LaunchTemplate":
    """Encrypted gp3 root volume and IMDSv2 within one hop; image, user data and security group stay EKS's."""
    tags = {"Name": f"{place.name}-system-node"}
    return aws.ec2.LaunchTemplate(
        f"{place.name}-system-nodes",
        block_device_mappings=[
            {
                "device_name": "/dev/xvda",
                "ebs": {
                    "volume_size": nodes.volume_gib,
                    "volume_type": "gp3",
                    "encrypted": "true",
                    "delete_on_termination": "true",
                },
            }
        ],
        metadata_options={"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1},
        tag_specifications=[
            {"resource_type": "instance", "tags": tags},
            {"resource_type": "volume", "tags": tags},
        ],
        opts=opts,
    )
