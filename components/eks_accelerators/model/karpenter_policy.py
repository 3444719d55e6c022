"""What Karpenter's controller may do, and who may write to its queue.

The six policies, their Sids and conditions are those of Karpenter's own CloudFormation template (releases 1.13 to 1.14;
a superset of what older ones need). It splits them because one policy of all statements exceeds IAM's 6,144 characters
once a cluster's name is longer than about fifteen. What its documentation asks for besides, for images found by
parameters and volumes under keys of one's own, is added where a pool says so.
https://karpenter.sh/docs/reference/cloudformation/
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from . import labels
from .iam import Conditions, Operator, Statement

_OWNED: Final = "owned"
_REGION_KEY: Final = "topology.kubernetes.io/region"
_NODE_CLASS_KEY: Final = f"{labels.KARPENTER_AWS_GROUP}/ec2nodeclass"
_NODE_CLAIM_KEY: Final = "karpenter.sh/nodeclaim"
_TAGGED_KINDS: Final = ("fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request")
"""What a launch creates, hence what must carry the tags from its first moment."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The one cluster that the policies are about."""

    partition: pulumi.Input[str]
    """`aws`, `aws-cn`, …"""
    region: pulumi.Input[str]
    """Such as `us-west-2`."""
    account: pulumi.Input[str]
    """Twelve digits."""
    cluster: str
    """Name of the cluster; plain, because condition keys contain it."""
    queue_arn: pulumi.Input[str]
    """The interruption queue."""
    node_role_arn: pulumi.Input[str]
    """The one role that the controller may pass to instances."""
    image_parameters: Sequence[str] = ()
    """SSM parameters of the account that hold image ids, by name or ARN."""
    volume_keys: Sequence[str] = ()
    """KMS keys of the account that encrypt volumes, by id, ARN or alias."""

    def ec2(self, kind: str, account: pulumi.Input[str] = "*") -> pulumi.Output[str]:
        """ARN of every EC2 resource of `kind` in the region; images and snapshots have no account."""
        return pulumi.Output.concat("arn:", self.partition, ":ec2:", self.region, ":", account, ":", kind, "/*")

    @property
    def instance_profiles(self) -> pulumi.Output[str]:
        """ARN of every instance profile of the account."""
        return pulumi.Output.concat("arn:", self.partition, ":iam::", self.account, ":instance-profile/*")

    @property
    def cluster_arn(self) -> pulumi.Output[str]:
        """ARN of the cluster."""
        parts = (":eks:", self.region, ":", self.account, ":cluster/", self.cluster)
        return pulumi.Output.concat("arn:", self.partition, *parts)

    def own_parameter(self, name: str) -> pulumi.Input[str]:
        """ARN of the SSM parameter `name` of the account."""
        if name.startswith("arn:"):
            return name
        start = ("arn:", self.partition, ":ssm:", self.region, ":", self.account, ":parameter/")
        return pulumi.Output.concat(*start, name.removeprefix("/"))

    def key(self, key: str) -> pulumi.Input[str]:
        """ARN of the KMS key of this id; all keys of the account for an alias, which a condition then picks."""
        if key.startswith("arn:") and ":key/" in key:
            return key
        start = ("arn:", self.partition, ":kms:", self.region, ":", self.account, ":key/")
        return pulumi.Output.concat(*start, "*" if "alias/" in key else key)

    @property
    def public_parameters(self) -> pulumi.Output[str]:
        """ARN of AWS's public SSM parameters, where image ids are published."""
        return pulumi.Output.concat("arn:", self.partition, ":ssm:", self.region, "::parameter/aws/service/*")

    @property
    def tag_key(self) -> str:
        """The tag that says whose a resource is."""
        return f"{labels.CLUSTER_TAG_PREFIX}{self.cluster}"

    def asked(self, like: str) -> Conditions:
        """The request tags its resources as this cluster's and with some value for `like`."""
        equals = {f"aws:RequestTag/{self.tag_key}": _OWNED, f"aws:RequestTag/{labels.EKS_CLUSTER_TAG}": self.cluster}
        return {"StringEquals": equals, "StringLike": {f"aws:RequestTag/{like}": "*"}}

    def held(self, like: str) -> Conditions:
        """The resource is tagged as this cluster's and with some value for `like`."""
        equals = {f"aws:ResourceTag/{self.tag_key}": _OWNED}
        return {"StringEquals": equals, "StringLike": {f"aws:ResourceTag/{like}": "*"}}


def controller_policies(scope: Scope) -> Mapping[str, Sequence[Statement]]:
    """Statements of the controller role, by the name of the policy that holds them."""
    return {
        "node-lifecycle": [*_launch(scope), *_tag_and_delete(scope)],
        "iam-integration": _instance_profiles(scope),
        "eks-integration": [
            Statement(
                sid="AllowAPIServerEndpointDiscovery", actions=["eks:DescribeCluster"], resources=[scope.cluster_arn]
            )
        ],
        "interruption": [
            Statement(
                sid="AllowInterruptionQueueActions",
                actions=["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
                resources=[scope.queue_arn],
            )
        ],
        "zonal-shift": [
            Statement(
                sid="AllowZonalShiftStatusReadOnly",
                actions=["arc-zonal-shift:GetManagedResource"],
                resources=["*"],
                conditions={"StringEquals": {"arc-zonal-shift:ResourceIdentifier": scope.cluster_arn}},
            )
        ],
        "resource-discovery": _discovery(scope),
        **({"volume-encryption": _volume_encryption(scope)} if scope.volume_keys else {}),
    }


def queue_policy(queue_arn: pulumi.Input[str]) -> Sequence[Statement]:
    """Who may write to the interruption queue: EventBridge and SQS, over TLS."""
    return [
        Statement(
            sid="AllowEvents",
            # literal service names: with a partition's own DNS suffix the queue receives nothing in China
            principal={"Service": ["events.amazonaws.com", "sqs.amazonaws.com"]},
            actions=["sqs:SendMessage"],
            resources=[queue_arn],
        ),
        Statement(
            sid="DenyHTTP",
            effect="Deny",
            principal="*",
            actions=["sqs:*"],
            resources=[queue_arn],
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
    ]


def _launch(scope: Scope) -> list[Statement]:
    launch = ["ec2:RunInstances", "ec2:CreateFleet"]
    shared = ("security-group", "subnet", "capacity-reservation", "placement-group")
    return [
        Statement(
            sid="AllowScopedEC2InstanceAccessActions",
            actions=launch,
            resources=[scope.ec2("image", ""), scope.ec2("snapshot", ""), *(scope.ec2(kind) for kind in shared)],
        ),
        Statement(
            sid="AllowScopedEC2LaunchTemplateAccessActions",
            actions=launch,
            resources=[scope.ec2("launch-template")],
            conditions=scope.held(labels.NODE_POOL),
        ),
        Statement(
            sid="AllowScopedEC2InstanceActionsWithTags",
            actions=[*launch, "ec2:CreateLaunchTemplate"],
            resources=[scope.ec2(kind) for kind in _TAGGED_KINDS],
            conditions=scope.asked(labels.NODE_POOL),
        ),
    ]


def _tag_and_delete(scope: Scope) -> list[Statement]:
    created_by = {"ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]}
    later_tags = [labels.EKS_CLUSTER_TAG, _NODE_CLAIM_KEY, "Name"]
    return [
        Statement(
            sid="AllowScopedResourceCreationTagging",
            actions=["ec2:CreateTags"],
            resources=[scope.ec2(kind) for kind in _TAGGED_KINDS],
            conditions=_and(scope.asked(labels.NODE_POOL), "StringEquals", created_by),
        ),
        Statement(
            sid="AllowScopedResourceTagging",
            actions=["ec2:CreateTags"],
            resources=[scope.ec2("instance")],
            conditions={
                **scope.held(labels.NODE_POOL),
                "StringEqualsIfExists": {f"aws:RequestTag/{labels.EKS_CLUSTER_TAG}": scope.cluster},
                "ForAllValues:StringEquals": {"aws:TagKeys": later_tags},
            },
        ),
        Statement(
            sid="AllowScopedDeletion",
            actions=["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
            resources=[scope.ec2("instance"), scope.ec2("launch-template")],
            conditions=scope.held(labels.NODE_POOL),
        ),
    ]


def _instance_profiles(scope: Scope) -> list[Statement]:
    profiles = [scope.instance_profiles]
    asked = _and(scope.asked(_NODE_CLASS_KEY), "StringEquals", {f"aws:RequestTag/{_REGION_KEY}": scope.region})
    held = _and(scope.held(_NODE_CLASS_KEY), "StringEquals", {f"aws:ResourceTag/{_REGION_KEY}": scope.region})
    both = _and(_and(held, "StringEquals", asked["StringEquals"]), "StringLike", asked["StringLike"])
    return [
        Statement(
            sid="AllowPassingInstanceRole",
            actions=["iam:PassRole"],
            resources=[scope.node_role_arn],
            conditions={"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]}},
        ),
        Statement(
            sid="AllowScopedInstanceProfileCreationActions",
            actions=["iam:CreateInstanceProfile"],
            resources=profiles,
            conditions=asked,
        ),
        Statement(
            sid="AllowScopedInstanceProfileTagActions",
            actions=["iam:TagInstanceProfile"],
            resources=profiles,
            conditions=both,
        ),
        Statement(
            sid="AllowScopedInstanceProfileActions",
            actions=["iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"],
            resources=profiles,
            conditions=held,
        ),
    ]


def _discovery(scope: Scope) -> list[Statement]:
    described = (
        "CapacityReservations",
        "Images",
        "Instances",
        "InstanceStatus",
        "InstanceTypeOfferings",
        "InstanceTypes",
        "LaunchTemplates",
        "PlacementGroups",
        "SecurityGroups",
        "SpotPriceHistory",
        "Subnets",
    )
    return [
        Statement(
            sid="AllowRegionalReadActions",
            actions=[f"ec2:Describe{what}" for what in described],
            resources=["*"],
            conditions={"StringEquals": {"aws:RequestedRegion": scope.region}},
        ),
        Statement(sid="AllowSSMReadActions", actions=["ssm:GetParameter"], resources=[scope.public_parameters]),
        *_own_parameters(scope),
        # neither action can be limited to a resource
        Statement(sid="AllowPricingReadActions", actions=["pricing:GetProducts"], resources=["*"]),
        Statement(sid="AllowUnscopedInstanceProfileListAction", actions=["iam:ListInstanceProfiles"], resources=["*"]),
        Statement(
            sid="AllowInstanceProfileReadActions",
            actions=["iam:GetInstanceProfile"],
            resources=[scope.instance_profiles],
        ),
    ]


def _own_parameters(scope: Scope) -> list[Statement]:
    if not scope.image_parameters:
        return []
    resources = [scope.own_parameter(name) for name in scope.image_parameters]
    return [Statement(sid="AllowOwnImageParameters", actions=["ssm:GetParameter"], resources=resources)]


def _volume_encryption(scope: Scope) -> list[Statement]:
    """What whoever launches instances needs on the keys of their volumes; a key's own policy must agree.

    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html#ebs-encryption-permissions
    """
    use = ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo")
    statements: list[Statement] = []
    for i, key in enumerate(scope.volume_keys):
        alias = "alias/" + key.partition("alias/")[2] if "alias/" in key else None
        only: Conditions = {} if alias is None else {"ForAnyValue:StringEquals": {"kms:ResourceAliases": [alias]}}
        statements += [
            Statement(
                sid=f"AllowVolumeKey{i}",
                actions=[f"kms:{action}" for action in use],
                resources=[scope.key(key)],
                conditions=only,
            ),
            Statement(
                sid=f"AllowGrantOnVolumeKey{i}",
                actions=["kms:CreateGrant"],
                resources=[scope.key(key)],
                conditions={**only, "Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
        ]
    return statements


def _and(
    conditions: Conditions, operator: Operator, keys: Mapping[str, pulumi.Input[str] | Sequence[str]]
) -> Conditions:
    """`conditions` with more keys under `operator`."""
    return {**conditions, operator: {**conditions.get(operator, {}), **keys}}
