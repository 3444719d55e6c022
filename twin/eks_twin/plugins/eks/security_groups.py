"""The security groups of a cluster and of the nodes that join it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws


def _rule(description: str, ports: tuple[int, int], protocol: str = "tcp", **peer: Any) -> dict[str, Any]:
    """Arguments of an ingress rule, or of the kind that `peer` says."""
    head = {"type": "ingress", "from_port": ports[0], "to_port": ports[1], "protocol": protocol}
    return {**head, "description": description, **peer}


EGRESS: Final = _rule("Allow internet access.", (0, 0), "-1", type="egress", cidr_blocks=["0.0.0.0/0"])


@dataclass(frozen=True)
class Groups:
    """Both groups, and the rule that lets pods reach the API server; None with skipDefaultSecurityGroups."""

    cluster: aws.ec2.SecurityGroup | None = None
    nodes: aws.ec2.SecurityGroup | None = None
    ingress: aws.ec2.SecurityGroupRule | None = None


def cluster_group(
    name: str, vpc_id: Any, tags: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> aws.ec2.SecurityGroup:
    """The control plane's group, with a way out."""
    own = f"{name}-eksClusterSecurityGroup"
    group = aws.ec2.SecurityGroup(
        own, vpc_id=vpc_id, revoke_rules_on_delete=True, tags={"Name": own, **tags}, opts=opts
    )
    aws.ec2.SecurityGroupRule(f"{name}-eksClusterInternetEgressRule", security_group_id=group.id, **EGRESS, opts=opts)
    return group


def node_group(
    name: str, cluster: tuple[Any, aws.ec2.SecurityGroup], inputs: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> tuple[aws.ec2.SecurityGroup, aws.ec2.SecurityGroupRule]:
    """The nodes' group and the five rules between it and the control plane.

    `cluster` is the cluster's name and group, `inputs` hold `vpcId` and `tags`.
    """
    cluster_name, cluster_sg = cluster
    own = f"{name}-nodeSecurityGroup"
    owned = pulumi.Output.from_input(cluster_name).apply(
        lambda value: {"Name": own, f"kubernetes.io/cluster/{value}": "owned"}
    )
    tags = pulumi.Output.all(owned, inputs["tags"]).apply(lambda both: {**both[0], **both[1]})
    nodes = aws.ec2.SecurityGroup(own, vpc_id=inputs["vpcId"], revoke_rules_on_delete=True, tags=tags, opts=opts)
    for rule, arguments in _node_rules(cluster_sg).items():
        aws.ec2.SecurityGroupRule(f"{name}-{rule}", security_group_id=nodes.id, **arguments, opts=opts)
    ingress = aws.ec2.SecurityGroupRule(
        f"{name}-eksClusterIngressRule",
        security_group_id=cluster_sg.id,
        **_rule("Allow pods to communicate with the cluster API Server", (443, 443), source_security_group_id=nodes.id),
        opts=opts,
    )
    return nodes, ingress


def _node_rules(cluster: aws.ec2.SecurityGroup) -> dict[str, dict[str, Any]]:
    """Name → arguments of the rules on the nodes' group."""
    return {
        "eksNodeIngressRule": _rule("Allow nodes to communicate with each other", (0, 0), "-1", self=True),
        "eksNodeClusterIngressRule": _rule(
            "Allow worker Kubelets and pods to receive communication from the cluster control plane",
            (1025, 65535),
            source_security_group_id=cluster.id,
        ),
        "eksExtApiServerClusterIngressRule": _rule(
            "Allow pods running extension API servers on port 443 to receive communication from cluster control plane",
            (443, 443),
            source_security_group_id=cluster.id,
        ),
        "eksNodeInternetEgressRule": EGRESS,
    }
