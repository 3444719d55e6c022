"""Karpenter: the controller that launches and removes nodes, and what it stands on in AWS."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from . import system_nodes
from .args import KarpenterSettingsArgs
from .interruption_queue import InterruptionQueue
from .model import charts, iam, names, versions
from .model.karpenter import KarpenterSettings
from .model.karpenter_policy import Scope, controller_policies
from .model.parse import parse
from .ordering import once
from .workload_role import WorkloadRole


class KarpenterArgs(TypedDict):
    """What the controller is made from."""

    cluster_name: str
    """Name of the cluster; plain, because IAM condition keys contain it."""
    cluster_endpoint: pulumi.Input[str]
    """URL of its API server."""
    node_group: pulumi.Input[str]
    """Managed node group for the controller's pods, with as many nodes as there are replicas."""
    settings: NotRequired[KarpenterSettingsArgs]
    """Version and size of the controller."""
    needed_gates: NotRequired[list[str]]
    """Feature gates without which the pools would not work; absent: none."""
    image_parameters: NotRequired[list[str]]
    """SSM parameters of the account that pools find images by, name or ARN; absent: none."""
    volume_keys: NotRequired[list[str]]
    """KMS keys of the account that encrypt pools' volumes, by id, ARN or alias; absent: none."""


class Karpenter(pulumi.ComponentResource):
    """A running controller that may launch, tag and terminate this cluster's instances and nobody else's."""

    node_role_name: pulumi.Output[str]
    """Name of the role that launched instances assume, as an EC2NodeClass wants it."""
    queue_name: pulumi.Output[str]
    """Name of the queue that announces interruptions."""

    def __init__(self, name: str, args: KarpenterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("accel:index:Karpenter", name, None, opts)
        self._name, self._children = name, pulumi.ResourceOptions(parent=self)
        self._settings = parse(KarpenterSettings, args.get("settings", {}), at="karpenter")
        self._cluster_name = args["cluster_name"]
        # the same name, but only once the cluster of this name exists
        self._cluster = once(self._cluster_name, pulumi.Output.from_input(args["cluster_endpoint"]))
        node_role, node_grants = self._node_role()
        queue = InterruptionQueue(f"{name}-interruption", {"cluster_name": self._cluster_name}, self._children)
        if self._settings.create_spot_role:
            aws.iam.ServiceLinkedRole(f"{name}-spot", aws_service_name="spot.amazonaws.com", opts=self._children)
        controller = self._controller_role(node_role, queue, args)
        release = self._charts(
            controller,
            {
                "cluster_name": self._cluster_name,
                "cluster_endpoint": args["cluster_endpoint"],
                "queue_name": queue.queue_name,
                "node_group": args["node_group"],
                "needed_gates": args.get("needed_gates", []),
            },
        )
        # what a node needs to join, and to drain and leave; for depends_on within this program
        self.node_foundations: list[pulumi.Resource] = [release, *node_grants]
        self.node_role_name, self.queue_name = node_role.name, queue.queue_name
        self.register_outputs({"node_role_name": self.node_role_name, "queue_name": self.queue_name})

    def _node_role(self) -> "tuple[aws.iam.Role, list[pulumi.Resource]]":
        """The nodes' role, and what lets them in: its policies and its access entry."""
        role = aws.iam.Role(
            f"{self._name}-nodes",
            name=names.node_role(self._cluster_name),
            assume_role_policy=iam.service_trust("AllowEC2", "ec2.amazonaws.com"),
            opts=self._children,
        )
        attached = system_nodes.attach_node_policies(f"{self._name}-nodes", role, self._children)
        entry = aws.eks.AccessEntry(
            f"{self._name}-nodes",
            cluster_name=self._cluster,
            principal_arn=role.arn,
            type="EC2_LINUX",
            opts=self._children,
        )
        return role, [*attached, entry]

    def _controller_role(
        self, node_role: "aws.iam.Role", queue: InterruptionQueue, args: KarpenterArgs
    ) -> WorkloadRole:
        invoke = pulumi.InvokeOptions(parent=self)
        scope = Scope(
            partition=aws.get_partition_output(opts=invoke).partition,
            region=aws.get_region_output(opts=invoke).region,
            account=aws.get_caller_identity_output(opts=invoke).account_id,
            cluster=self._cluster_name,
            queue_arn=queue.queue_arn,
            node_role_arn=node_role.arn,
            image_parameters=args.get("image_parameters", ()),
            volume_keys=args.get("volume_keys", ()),
        )
        policies: Mapping[str, pulumi.Input[str]] = {
            key: iam.document(statements) for key, statements in controller_policies(scope).items()
        }
        return WorkloadRole(
            f"{self._name}-controller",
            {
                "cluster_name": self._cluster,
                "namespace": charts.KARPENTER_NAMESPACE,
                "service_account": charts.KARPENTER_SERVICE_ACCOUNT,
                "policies": {**policies},
            },
            self._children,
        )

    def _charts(self, controller: WorkloadRole, place: charts.ControllerPlace) -> "k8s.helm.v3.Release":
        """The CRDs in a release of their own, since Helm never upgrades a chart's crds/; then the controller without
        them.
        """
        definitions = k8s.helm.v3.Release(
            f"{self._name}-crd",
            name="karpenter-crd",
            chart=versions.KARPENTER_CRD_CHART,
            version=self._settings.version,
            namespace=charts.KARPENTER_NAMESPACE,
            opts=self._children,
        )
        return k8s.helm.v3.Release(
            f"{self._name}-controller",
            name="karpenter",
            chart=versions.KARPENTER_CHART,
            version=self._settings.version,
            namespace=charts.KARPENTER_NAMESPACE,
            skip_crds=True,
            values=charts.karpenter_values(self._settings, place),
            # no value flows: it watches kinds that must exist, and without its permissions it does not start
            opts=pulumi.ResourceOptions(parent=self, depends_on=[definitions, *controller.grants]),
        )
