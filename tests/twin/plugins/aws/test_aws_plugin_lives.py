"""Every type through its whole life against the twin's AWS: plan, create, read, change in place, delete twice."""

import json

import pytest
from eks_twin.plugins.aws.tables import KINDS
from eks_twin.plugins.base import UNKNOWN

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}],
    }
)


def policy(action):
    statement = {"Sid": "One", "Effect": "Allow", "Action": [action], "Resource": ["*"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def queue_policy(world, service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:*", "Resource": world.queue_arn}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


PATTERN = json.dumps({"source": ["aws.ec2"]})
HEALTH = json.dumps({"source": ["aws.health"]})
TAGS, RETAGGED = {"tags": {"a": "1", "b": "2"}}, {"tags": {"a": "3"}}

# type → (world → inputs, world → inputs that change in place, paths of the difference)
LIVES = {
    "ec2/vpc:Vpc": (
        lambda w: {"cidrBlock": "10.50.0.0/16", **TAGS},
        lambda w: {
            "cidrBlock": "10.50.0.0/16",
            "enableDnsHostnames": True,
            "assignGeneratedIpv6CidrBlock": True,
            **RETAGGED,
        },
        {"enableDnsHostnames", "assignGeneratedIpv6CidrBlock", "tags.a", "tags.b"},
    ),
    "ec2/subnet:Subnet": (
        lambda w: {"vpcId": w.vpc, "cidrBlock": "10.40.9.0/24", "availabilityZone": "us-west-2c", **TAGS},
        lambda w: {
            "vpcId": w.vpc,
            "cidrBlock": "10.40.9.0/24",
            "availabilityZone": "us-west-2c",
            "mapPublicIpOnLaunch": True,
            **RETAGGED,
        },
        {"mapPublicIpOnLaunch", "tags.a", "tags.b"},
    ),
    "ec2/internetGateway:InternetGateway": (lambda w: {**TAGS}, lambda w: {**RETAGGED}, {"tags.a", "tags.b"}),
    "ec2/eip:Eip": (lambda w: {"domain": "vpc", **TAGS}, lambda w: {"domain": "vpc", **RETAGGED}, {"tags.a", "tags.b"}),
    "ec2/natGateway:NatGateway": (
        lambda w: {"subnetId": w.subnets[0], "allocationId": w.address, **TAGS},
        lambda w: {"subnetId": w.subnets[0], "allocationId": w.address},
        {"tags"},
    ),
    "ec2/routeTable:RouteTable": (
        lambda w: {"vpcId": w.vpc, "routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": w.gateway}]},
        lambda w: {
            "vpcId": w.vpc,
            "routes": [
                {"cidrBlock": "10.1.0.0/16", "gatewayId": w.gateway},
                {"cidrBlock": "10.2.0.0/16", "gatewayId": w.gateway},
            ],
        },
        {"routes"},
    ),
    "ec2/route:Route": (
        lambda w: {"routeTableId": w.table, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": w.gateway},
        None,
        set(),
    ),
    "ec2/routeTableAssociation:RouteTableAssociation": (
        lambda w: {"routeTableId": w.table, "subnetId": w.subnets[0]},
        None,
        set(),
    ),
    "ec2/securityGroup:SecurityGroup": (
        lambda w: {
            "vpcId": w.vpc,
            "ingress": [{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.0.0.0/8"]}],
            **TAGS,
        },
        lambda w: {
            "vpcId": w.vpc,
            "ingress": [
                {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.0.0.0/8"], "self": True}
            ],
            "egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}],
            **RETAGGED,
        },
        {"ingress", "egress", "tags.a", "tags.b"},
    ),
    "ec2/securityGroupRule:SecurityGroupRule": (
        lambda w: {
            "type": "ingress",
            "securityGroupId": w.group,
            "protocol": "tcp",
            "fromPort": 80,
            "toPort": 80,
            "cidrBlocks": ["10.8.0.0/16"],
            "description": "one",
        },
        lambda w: {
            "type": "ingress",
            "securityGroupId": w.group,
            "protocol": "tcp",
            "fromPort": 80,
            "toPort": 80,
            "cidrBlocks": ["10.8.0.0/16"],
            "description": "two",
        },
        {"description"},
    ),
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": (
        lambda w: {
            "securityGroupId": w.group,
            "ipProtocol": "tcp",
            "fromPort": 81,
            "toPort": 81,
            "cidrIpv4": "10.3.0.0/16",
            "description": "one",
            **TAGS,
        },
        lambda w: {
            "securityGroupId": w.group,
            "ipProtocol": "tcp",
            "fromPort": 81,
            "toPort": 82,
            "cidrIpv4": "10.4.0.0/16",
            "description": "two",
            **RETAGGED,
        },
        {"toPort", "cidrIpv4", "description", "tags.a", "tags.b"},
    ),
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": (
        lambda w: {"securityGroupId": w.group, "ipProtocol": "-1", "referencedSecurityGroupId": w.group},
        None,
        set(),
    ),
    "ec2/vpcEndpoint:VpcEndpoint": (
        lambda w: {
            "vpcId": w.vpc,
            "serviceName": "com.amazonaws.us-west-2.ecr.api",
            "vpcEndpointType": "Interface",
            "subnetIds": w.subnets[:1],
            "securityGroupIds": [w.group],
            "privateDnsEnabled": True,
            **TAGS,
        },
        lambda w: {
            "vpcId": w.vpc,
            "serviceName": "com.amazonaws.us-west-2.ecr.api",
            "vpcEndpointType": "Interface",
            "subnetIds": w.subnets,
            "securityGroupIds": [w.group],
            "privateDnsEnabled": True,
            **RETAGGED,
        },
        {"subnetIds", "tags.a", "tags.b"},
    ),
    "ec2/launchTemplate:LaunchTemplate": (
        lambda w: {
            "instanceType": "m6i.large",
            "ebsOptimized": True,
            "metadataOptions": {"httpTokens": "required"},
            "networkInterfaces": [{"deviceIndex": 0, "interfaceType": "efa", "securityGroups": [w.group]}],
            "tagSpecifications": [{"resourceType": "instance", "tags": {"x": "y"}}],
            "updateDefaultVersion": True,
            **TAGS,
        },
        lambda w: {
            "instanceType": "m6i.xlarge",
            "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 2},
            "updateDefaultVersion": True,
            **RETAGGED,
        },
        {
            "instanceType",
            "ebsOptimized",
            "metadataOptions.httpPutResponseHopLimit",
            "networkInterfaces",
            "tagSpecifications",
            "tags.a",
            "tags.b",
        },
    ),
    "ec2/placementGroup:PlacementGroup": (
        lambda w: {"strategy": "partition", "partitionCount": 3, **TAGS},
        lambda w: {"strategy": "partition", "partitionCount": 3, **RETAGGED},
        {"tags.a", "tags.b"},
    ),
    "ec2/tag:Tag": (
        lambda w: {"resourceId": w.group, "key": "k", "value": "1"},
        lambda w: {"resourceId": w.group, "key": "k", "value": "2"},
        {"value"},
    ),
    "iam/role:Role": (
        lambda w: {
            "assumeRolePolicy": TRUST,
            "description": "d",
            "inlinePolicies": [{"name": "a", "policy": policy("ec2:*")}],
            "managedPolicyArns": [w.policy_arn],
            **TAGS,
        },
        lambda w: {
            "assumeRolePolicy": json.loads(TRUST.replace("ec2.", "eks.")),
            "maxSessionDuration": 7200,
            "inlinePolicies": [{"name": "b", "policy": policy("ec2:*")}],
            "managedPolicyArns": [],
            **RETAGGED,
        },
        {
            "assumeRolePolicy",
            "description",
            "maxSessionDuration",
            "inlinePolicies",
            "managedPolicyArns",
            "tags.a",
            "tags.b",
        },
    ),
    "iam/policy:Policy": (
        lambda w: {"policy": policy("ec2:RunInstances"), "description": "d", **TAGS},
        lambda w: {"policy": policy("ec2:CreateFleet"), "description": "d", **RETAGGED},
        {"policy", "tags.a", "tags.b"},
    ),
    "iam/rolePolicy:RolePolicy": (
        lambda w: {"role": w.role, "policy": json.loads(policy("ec2:RunInstances"))},
        lambda w: {"role": w.role, "policy": json.loads(policy("ec2:CreateFleet"))},
        {"policy"},
    ),
    "iam/rolePolicyAttachment:RolePolicyAttachment": (
        lambda w: {"role": w.role, "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        None,
        set(),
    ),
    "iam/instanceProfile:InstanceProfile": (
        lambda w: {"role": w.role, **TAGS},
        lambda w: {**RETAGGED},
        {"role", "tags.a", "tags.b"},
    ),
    "iam/openIdConnectProvider:OpenIdConnectProvider": (
        lambda w: {
            "url": "https://oidc.example/id/ONE",
            "clientIdLists": ["sts.amazonaws.com"],
            "thumbprintLists": ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"],
            **TAGS,
        },
        lambda w: {
            "url": "https://oidc.example/id/ONE",
            "clientIdLists": ["sts.amazonaws.com"],
            "thumbprintLists": ["8e99a48a9960b14926bb7f3b02e22da2b0ab7280"],
            **RETAGGED,
        },
        {"thumbprintLists", "tags.a", "tags.b"},
    ),
    "iam/serviceLinkedRole:ServiceLinkedRole": (
        lambda w: {"awsServiceName": "spot.amazonaws.com", **TAGS},
        lambda w: {"awsServiceName": "spot.amazonaws.com", "description": "Spot", **RETAGGED},
        {"description", "tags.a", "tags.b"},
    ),
    "sqs/queue:Queue": (
        lambda w: {"messageRetentionSeconds": 300, "sqsManagedSseEnabled": True, **TAGS},
        lambda w: {"messageRetentionSeconds": 600, "sqsManagedSseEnabled": True, **RETAGGED},
        {"messageRetentionSeconds", "tags.a", "tags.b"},
    ),
    "sqs/queuePolicy:QueuePolicy": (
        lambda w: {"queueUrl": w.queue_url, "policy": queue_policy(w, "events.amazonaws.com")},
        lambda w: {"queueUrl": w.queue_url, "policy": queue_policy(w, "sns.amazonaws.com")},
        {"policy"},
    ),
    "cloudwatch/eventRule:EventRule": (
        lambda w: {"eventPattern": PATTERN, "description": "d", **TAGS},
        lambda w: {"eventPattern": HEALTH, "state": "DISABLED", **RETAGGED},
        {"eventPattern", "description", "state", "tags.a", "tags.b"},
    ),
    "cloudwatch/logGroup:LogGroup": (
        lambda w: {"retentionInDays": 7, **TAGS},
        lambda w: {**RETAGGED},
        {"retentionInDays", "tags.a", "tags.b"},
    ),
    "kms/key:Key": (
        lambda w: {"description": "d", "enableKeyRotation": True, "deletionWindowInDays": 7, **TAGS},
        lambda w: {"description": "e", "isEnabled": False, "deletionWindowInDays": 7, **RETAGGED},
        {"description", "enableKeyRotation", "isEnabled", "tags.a", "tags.b"},
    ),
    "kms/alias:Alias": (lambda w: {"targetKeyId": w.key_arn}, None, set()),
    "eks/cluster:Cluster": (
        lambda w: {
            "roleArn": w.role_arn,
            "version": "1.33",
            "vpcConfig": {"subnetIds": w.subnets},
            "accessConfig": {"authenticationMode": "API"},
            "encryptionConfig": {"provider": {"keyArn": w.key_arn}, "resources": ["secrets"]},
            "enabledClusterLogTypes": ["api"],
            **TAGS,
        },
        lambda w: {
            "roleArn": w.role_arn,
            "version": "1.34",
            "vpcConfig": {
                "subnetIds": w.subnets,
                "endpointPrivateAccess": True,
                "publicAccessCidrs": ["203.0.113.0/24"],
            },
            "accessConfig": {"authenticationMode": "API"},
            "encryptionConfig": {"provider": {"keyArn": w.key_arn}, "resources": ["secrets"]},
            "enabledClusterLogTypes": ["api", "audit"],
            **RETAGGED,
        },
        {
            "version",
            "vpcConfig.endpointPrivateAccess",
            "vpcConfig.publicAccessCidrs",
            "enabledClusterLogTypes",
            "tags.a",
            "tags.b",
        },
    ),
    "eks/nodeGroup:NodeGroup": (
        lambda w: {
            "clusterName": w.cluster,
            "nodeRoleArn": w.role_arn,
            "subnetIds": w.subnets,
            "scalingConfig": {"desiredSize": 2, "minSize": 1, "maxSize": 3},
            "instanceTypes": ["m6i.large"],
            "labels": {"a": "1", "b": "2"},
            "taints": [{"key": "CriticalAddonsOnly", "effect": "NO_SCHEDULE", "value": "true"}],
            **TAGS,
        },
        lambda w: {
            "clusterName": w.cluster,
            "nodeRoleArn": w.role_arn,
            "subnetIds": w.subnets,
            "scalingConfig": {"desiredSize": 1, "minSize": 1, "maxSize": 3},
            "instanceTypes": ["m6i.large"],
            "labels": {"a": "3"},
            **RETAGGED,
        },
        {"scalingConfig.desiredSize", "labels.a", "labels.b", "taints", "tags.a", "tags.b"},
    ),
    "eks/addon:Addon": (
        lambda w: {"clusterName": w.cluster, "addonName": "eks-pod-identity-agent", "preserve": True, **TAGS},
        lambda w: {"clusterName": w.cluster, "addonName": "eks-pod-identity-agent", "preserve": True, **RETAGGED},
        {"tags.a", "tags.b"},
    ),
    "eks/accessEntry:AccessEntry": (
        lambda w: {"clusterName": w.cluster, "principalArn": w.person_arn, "kubernetesGroups": ["a"], **TAGS},
        lambda w: {"clusterName": w.cluster, "principalArn": w.person_arn, "kubernetesGroups": ["b"], **RETAGGED},
        {"kubernetesGroups", "tags.a", "tags.b"},
    ),
    "eks/podIdentityAssociation:PodIdentityAssociation": (
        lambda w: {
            "clusterName": w.cluster,
            "namespace": "kube-system",
            "serviceAccount": "x",
            "roleArn": w.role_arn,
            **TAGS,
        },
        lambda w: {
            "clusterName": w.cluster,
            "namespace": "kube-system",
            "serviceAccount": "x",
            "roleArn": w.role_arn,
            **RETAGGED,
        },
        {"tags.a", "tags.b"},
    ),
}
NEED_ANOTHER = {"cloudwatch/eventTarget:EventTarget", "eks/accessPolicyAssociation:AccessPolicyAssociation"}
"""Types whose lives need a sibling resource; their tests are below."""


def test_every_type_has_a_life():
    assert {f"aws:{type_}" for type_ in [*LIVES, *NEED_ANOTHER]} == set(KINDS)


def fulfilled(planned, made):
    """Whether what a preview knew is what came."""
    if isinstance(planned, dict) and isinstance(made, dict):
        return planned.keys() | made.keys() == planned.keys() and all(fulfilled(planned[k], made[k]) for k in made)
    return planned is UNKNOWN or planned == made


def prove_life(resource, inputs, changed, paths):
    planned = resource.preview(**inputs)
    assert UNKNOWN in planned.values() or not resource.plugin._type(resource.request)[1].outputs
    resource.create(**inputs)
    assert [name for name, value in planned.items() if not fulfilled(value, resource.state.get(name))] == []
    assert resource.diff(**inputs).changes == {}
    assert resource.read()[:2] == (resource.id, resource.state)
    assert resource.read()[2] == resource.inputs
    if changed:
        difference = resource.diff(**changed)
        assert set(difference.changes) == paths
        assert difference.replaces == ()
        resource.update(**changed)
        assert resource.diff(**changed).changes == {}
        assert resource.read()[1] == resource.state
    resource.delete()
    assert resource.read() == ("", {}, {})
    resource.delete()
    resource.id = ""


@pytest.mark.parametrize("type_", LIVES)
def test_is_planned_created_read_changed_and_deleted(life, world, type_):
    inputs, changed, paths = LIVES[type_]
    prove_life(life(type_), inputs(world), changed and changed(world), paths)


@pytest.mark.parametrize(("strategy", "filled_in"), [("cluster", {}), ("spread", {"spreadLevel": "rack"})])
def test_a_placement_group_leaves_to_aws_what_the_program_does_not_say(life, strategy, filled_in):
    resource = life("ec2/placementGroup:PlacementGroup")
    prove_life(resource, {"strategy": strategy}, None, set())
    state = resource.create(strategy=strategy).state
    assert {name: state[name] for name in ("partitionCount", "spreadLevel") if state.get(name)} == filled_in
    assert resource.id == state["name"]
    assert state["arn"] == f"arn:aws:ec2:us-west-2:123456789012:placement-group/{resource.id}"


def test_a_protection_that_the_program_takes_away_is_switched_off(life, world):
    inputs = {"roleArn": world.role_arn, "vpcConfig": {"subnetIds": world.subnets}}
    cluster = life("eks/cluster:Cluster", **inputs, deletionProtection=True)
    cluster.update(**inputs)
    assert cluster.diff(**inputs).changes == {}


def test_an_event_target_lives_on_a_rule(life, world):
    rule = life("cloudwatch/eventRule:EventRule", eventPattern=PATTERN)
    inputs = {"rule": rule.state["name"], "arn": world.queue_arn}
    prove_life(life("cloudwatch/eventTarget:EventTarget"), inputs, None, set())


def test_a_policy_association_lives_on_an_access_entry(life, world):
    entry = life("eks/accessEntry:AccessEntry", clusterName=world.cluster, principalArn=world.person_arn)
    inputs = {
        "clusterName": world.cluster,
        "principalArn": entry.state["principalArn"],
        "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
        "accessScope": {"type": "namespace", "namespaces": ["a", "b"]},
    }
    prove_life(life("eks/accessPolicyAssociation:AccessPolicyAssociation"), inputs, None, set())
