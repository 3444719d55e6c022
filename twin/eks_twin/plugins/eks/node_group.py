"""`eks:index:ManagedNodeGroup` and `eks:index:Addon`: what is added to a Cluster that exists."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi
import pulumi_aws as aws
from pulumi.resource import DependencyResource

from .inputs import Inputs, refuse
from .reference import ClusterReference, core_of

PASSED: Final = (
    "amiType",
    "capacityType",
    "diskSize",
    "forceUpdateVersion",
    "instanceTypes",
    "labels",
    "launchTemplate",
    "nodeGroupName",
    "nodeGroupNamePrefix",
    "releaseVersion",
    "remoteAccess",
    "tags",
    "taints",
)
"""Inputs handed to aws.eks.NodeGroup under the same name."""
CUSTOM_USER_DATA: Final = ("bootstrapExtraArgs", "bottlerocketSettings", "kubeletExtraArgs", "nodeadmExtraOptions")
REFUSED: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (*CUSTOM_USER_DATA, "userData", "amiId"), "user data and AMIs of one's own are not modelled by the twin"
    ),
    "enableEfaSupport": "EFA on managed node groups is not modelled by the twin; use a Karpenter pool",
    "gpu": "choosing an AMI type by gpu is not modelled by the twin; set amiType",
    "operatingSystem": "choosing an AMI type by operating system is not modelled by the twin; set amiType",
    "placementGroupAvailabilityZone": "EFA on managed node groups is not modelled by the twin",
}
SCALING: Final = {"desiredSize": 2, "minSize": 1, "maxSize": 2}
"""pulumi-eks's defaults; they are always set."""


def snake(name: str) -> str:
    """A camelCase name as Python writes it."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _problems(inputs: Inputs) -> list[tuple[str, str]]:
    role = [name for name in ("nodeRole", "nodeRoleArn") if name in inputs]
    problems: list[tuple[str, str]] = []
    if len(role) == 2:
        problems.append(("nodeRole", "nodeRole and nodeRoleArn are mutually exclusive to create a managed node group"))
    if not role:
        reason = "An IAM role, or role ARN must be provided to create a managed node group"
        problems.append(("nodeRole", reason))
    problems += [(name, reason) for name, reason in REFUSED.items() if inputs.get(name) not in (None, False)]
    if "launchTemplate" in inputs and inputs.get("enableIMDSv2") is not None:
        problems.append(("launchTemplate", "launchTemplate and enableIMDSv2 are mutually exclusive"))
    return problems


class ManagedNodeGroup(pulumi.ComponentResource):
    """A node group of EKS, with a launch template where IMDSv2 is asked for."""

    def __init__(self, name: str, inputs: Inputs, opts: pulumi.ResourceOptions | None) -> None:
        if problems := _problems(inputs):
            raise refuse(f"{inputs.component}: The input properties for the managed node group are invalid", *problems)
        super().__init__("eks:index:ManagedNodeGroup", name, None, opts)
        core = core_of(inputs)
        template = self._template(name, inputs)
        passed = {snake(key): value for key, value in inputs.only(*PASSED).items()}
        if template is not None:
            passed["launch_template"] = {"id": template.id, "version": template.latest_version.apply(str)}
            passed.pop("disk_size", None)  # it is part of the template
        version = inputs.get("version")
        if version is None and "launchTemplate" not in inputs:
            version = core.apply(lambda value: value["cluster"].version)
        ignored = ["scalingConfig.desiredSize"] if inputs.plain("ignoreScalingChanges") else []
        group = aws.eks.NodeGroup(
            name,
            cluster_name=inputs.get("clusterName") or core.apply(lambda value: value["cluster"].name),
            node_role_arn=self._role(inputs),
            scaling_config=scaling(inputs.get("scalingConfig") or {}),
            subnet_ids=inputs.get("subnetIds") or core.apply(subnets),
            version=version,
            **passed,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=ignored),
        )
        self.state = {"nodeGroup": group, "placementGroupName": ""}
        self.register_outputs(self.state)

    @staticmethod
    def _role(inputs: Inputs) -> Any:
        role = inputs.get("nodeRole")
        return inputs.get("nodeRoleArn") if role is None else pulumi.Output.from_input(role).apply(lambda r: r.arn)

    def _template(self, name: str, inputs: Inputs) -> aws.ec2.LaunchTemplate | None:
        """A template when enableIMDSv2 is set either way, as in pulumi-eks."""
        wanted = inputs.plain("enableIMDSv2")
        if wanted is None:
            return None
        size = inputs.get("diskSize")
        return aws.ec2.LaunchTemplate(
            f"{name}-launchTemplate",
            metadata_options={
                "http_tokens": "required" if wanted else "optional",
                "http_put_response_hop_limit": 2,
                "http_endpoint": "enabled",
            },
            block_device_mappings=None
            if size is None
            else [{"device_name": "/dev/xvda", "ebs": {"volume_size": size}}],
            tags=inputs.get("tags"),
            opts=pulumi.ResourceOptions(parent=self),
        )


def scaling(given: Any) -> aws.eks.NodeGroupScalingConfigArgs:
    """The scaling configuration with pulumi-eks's defaults."""
    sizes = pulumi.Output.from_input(given).apply(lambda own: {**SCALING, **own})
    return aws.eks.NodeGroupScalingConfigArgs(**{snake(key): sizes[key] for key in SCALING})


def subnets(core: Mapping[str, Any]) -> Any:
    """The cluster's subnets: all, else the private, else the public ones."""
    return next((core[key] for key in ("subnetIds", "privateSubnetIds", "publicSubnetIds") if core.get(key)), [])


class Addon(pulumi.ComponentResource):
    """An EKS add-on, as a child of its Cluster."""

    def __init__(self, name: str, inputs: Inputs, opts: pulumi.ResourceOptions | None) -> None:
        cluster = inputs.get("cluster")
        # by its URN, not as an object: what depends on an object waits for its children too, which this is going to be
        parent = (
            pulumi.ResourceOptions(parent=DependencyResource(cluster.known_urn))
            if isinstance(cluster, ClusterReference)
            else None
        )
        super().__init__("eks:index:Addon", name, None, pulumi.ResourceOptions.merge(opts, parent))
        values = inputs.get("configurationValues")
        given = inputs.only(
            "addonName",
            "addonVersion",
            "preserve",
            "resolveConflictsOnCreate",
            "resolveConflictsOnUpdate",
            "serviceAccountRoleArn",
            "tags",
        )
        addon = aws.eks.Addon(
            name,
            cluster_name=core_of(inputs).apply(lambda core: core["cluster"].name),
            configuration_values=None if values is None else pulumi.Output.json_dumps(values, separators=(",", ":")),
            **{snake(key): value for key, value in given.items()},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.state = {"addon": addon}
