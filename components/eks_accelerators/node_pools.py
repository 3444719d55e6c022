"""NodePools: the kinds of node that workloads can ask for."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from .args import NodeClassArgs, NodeOverlaySpecArgs, PoolArgs
from .model import labels, manifests
from .model.class_plan import ClassPlan
from .model.parse import parse
from .model.placements import placement
from .model.pool_plan import PoolPlan
from .model.pool_set import PoolSet
from .ordering import once

_DRAIN_TIMEOUT: Final = "30m"
"""Deleting a pool waits until its last node is drained and terminated; the provider's ten minutes are too short for
nodes whose pods leave slowly."""


class NodePoolsArgs(TypedDict):
    """What pools are made from."""

    node_role_name: pulumi.Input[str]
    """Name, not ARN, of the role that nodes assume."""
    subnet_ids: pulumi.Input[list[str]]
    """Private subnets with a route out."""
    security_group_id: pulumi.Input[str]
    """The cluster's own security group."""
    pools: list[PoolArgs]
    """Kinds of node, by unique name."""
    node_classes: NotRequired[dict[str, NodeClassArgs]]
    """What nodes of several pools are made from, by the name that a pool's `shared_class` says."""
    overlays: NotRequired[dict[str, NodeOverlaySpecArgs]]
    """What Karpenter takes some instance types for, by name."""
    tags: NotRequired[dict[str, str]]
    """Tags of everything that every pool launches."""


class NodePools(pulumi.ComponentResource):
    """One NodePool for each entry of `pools`, its EC2NodeClass, and what both stand on.

    Deleting a pool drains its nodes. Whoever composes this component makes it depend on what nodes need until then: the
    controller, their role's policies and access entry, and name resolution for the pods that leave.
    """

    pool_names: pulumi.Output[list[str]]
    """Values for a `karpenter.sh/nodepool` node selector."""
    placements: pulumi.Output[dict[str, str]]
    """What a pod copies to run on each pool, as JSON by the pool's name: nodeSelector, tolerations, resources."""

    def __init__(self, name: str, args: NodePoolsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("accel:index:NodePools", name, None, opts)
        self._name, self._args, self._children = name, args, pulumi.ResourceOptions(parent=self)
        said = {key: value for key, value in args.items() if key in PoolSet.model_fields}
        plan = parse(PoolSet, said, at="args").plan
        fabric = self._fabric_rules(plan.pools)
        classes = {each.name: self._class(each, fabric) for each in plan.classes}
        for key, overlay in plan.overlays.items():
            self._object(manifests.NODE_OVERLAY_API, manifests.NODE_OVERLAY_KIND, key, overlay.manifest())
        made = [self._pool(pool, classes[pool.class_name]) for pool in plan.pools]
        self.pool_names = once([pool.name for pool in plan.pools], *(pool.id for pool in made))
        self.placements = once(
            {pool.name: json.dumps(placement(pool)) for pool in plan.pools}, *(pool.id for pool in made)
        )
        self.register_outputs({"pool_names": self.pool_names, "placements": self.placements})

    def _fabric_rules(self, pools: Sequence[PoolPlan]) -> Sequence[pulumi.Resource]:
        """EFA traffic needs a rule that names the group itself in both directions, and EKS makes the inbound one only.

        Outbound to everywhere does not count. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-start.html
        """
        if not any(pool.efa for pool in pools):
            return ()
        group = self._args["security_group_id"]
        rule = aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-efa",
            security_group_id=group,
            referenced_security_group_id=group,
            ip_protocol="-1",
            description="EFA traffic between nodes",
            opts=self._children,
        )
        return (rule,)

    def _class(self, plan: ClassPlan, fabric: Sequence[pulumi.Resource]) -> "k8s.apiextensions.CustomResource":
        placement = None
        if plan.placement is not None:
            placement = aws.ec2.PlacementGroup(
                f"{self._name}-{plan.name}-placement", strategy=plan.placement, opts=self._children
            )
        spec = self._located(manifests.node_class(plan), placement)
        # no value flows: a node that launches without the rule has adapters that reach nobody
        opts = pulumi.ResourceOptions(parent=self, depends_on=[*fabric])
        return self._object(manifests.NODE_CLASS_API, manifests.NODE_CLASS_KIND, plan.name, spec, opts=opts)

    def _located(self, spec: manifests.Manifest, placement: "aws.ec2.PlacementGroup | None") -> Mapping[str, Any]:
        """`spec` with what exists, or will, in place of what stands for it.

        Subnets and security group are given by id, not by discovery tag: an id exists when its resource does, selects
        exactly one thing, and makes the class depend on what its nodes stand on.
        """
        groups = [{"id": self._args["security_group_id"]}]
        later: dict[str, tuple[object, Any]] = {
            "role": (manifests.ROLE_LATER, self._args["node_role_name"]),
            "subnetSelectorTerms": (
                manifests.SUBNETS_LATER,
                pulumi.Output.from_input(self._args["subnet_ids"]).apply(_id_terms),
            ),
            "securityGroupSelectorTerms": (manifests.SECURITY_GROUPS_LATER, groups),
        }
        if placement is not None:
            later["placementGroupSelector"] = (manifests.PLACEMENT_GROUP_LATER, {"name": placement.name})
        located = {key: value for key, (stands_for, value) in later.items() if spec.get(key) == stands_for}
        return {**spec, **located}

    def _pool(
        self, plan: PoolPlan, node_class: "k8s.apiextensions.CustomResource"
    ) -> "k8s.apiextensions.CustomResource":
        # no value flows, as the reference is a name; and a class cannot go while a pool's nodes use it
        after_class = pulumi.ResourceOptions(
            parent=self, depends_on=[node_class], custom_timeouts=pulumi.CustomTimeouts(delete=_DRAIN_TIMEOUT)
        )
        spec = manifests.node_pool(plan)
        return self._object(manifests.NODE_POOL_API, manifests.NODE_POOL_KIND, plan.name, spec, opts=after_class)

    def _object(
        self,
        api: str,
        kind: str,
        key: str,
        spec: Mapping[str, Any],
        *,
        opts: pulumi.ResourceOptions | None = None,
    ) -> "k8s.apiextensions.CustomResource":
        metadata: dict[str, Any] = {"name": key}
        if kind != manifests.NODE_CLASS_KIND:
            # A pool is Ready when its class is: alias, subnets, role and a launch of the pool's own types were tried.
            # To wait for the class alone would try types that the pool excludes, and a layout of interfaces fits few.
            metadata["annotations"] = {labels.WAIT_FOR: "condition=Ready"}
        return k8s.apiextensions.CustomResource(
            f"{self._name}-{key}-{_ROLES[kind]}",
            api_version=api,
            kind=kind,
            metadata=metadata,
            spec=spec,
            opts=self._children if opts is None else opts,
        )


_ROLES: Final = {
    manifests.NODE_CLASS_KIND: "class",
    manifests.NODE_POOL_KIND: "pool",
    manifests.NODE_OVERLAY_KIND: "overlay",
}
"""Last part of an object's logical name."""


def _id_terms(ids: Sequence[str]) -> list[dict[str, str]]:
    return [{"id": identifier} for identifier in ids]
