import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def group(aws, cluster, network, roles):
    """Creates a node group in the cluster."""

    def create(**more):
        arguments = {
            "clusterName": cluster,
            "nodegroupName": "system",
            "nodeRole": roles["node"],
            "subnets": network.subnet_ids,
            "scalingConfig": {"minSize": 2, "maxSize": 4, "desiredSize": 2},
            "instanceTypes": ["m6i.large"],
            **more,
        }
        return aws.client("eks").create_nodegroup(**arguments)["nodegroup"]

    return create


def ids(state, cluster):
    return state(cluster)["nodegroups"][0]["instanceIds"]


def report(aws, cluster, status="ACTIVE"):
    assert aws.private("PATCH", f"clusters/{cluster}/nodegroups/system", {"status": status}) == {}


def test_a_group_runs_instances_of_its_kind_across_its_subnets(aws, cluster, group, network, roles, state):
    created = group(labels={"role": "system"}, taints=[{"key": "a", "value": "b", "effect": "NO_SCHEDULE"}])
    assert (created["status"], created["amiType"]) == ("CREATING", "AL2023_x86_64_STANDARD")
    [seen] = state(cluster)["nodegroups"]
    assert (seen["labels"], seen["nodeRoleArn"]) == ({"role": "system"}, roles["node"])
    instances = [state(instance_id) for instance_id in seen["instanceIds"]]
    assert {i["subnetId"] for i in instances} == set(network.subnet_ids[:2])
    for instance in instances:
        assert (instance["instanceType"], instance["state"], instance["roleArn"]) == (
            "m6i.large",
            "running",
            roles["node"],
        )
        assert instance["imageName"].startswith("amazon-eks-node-al2023-x86_64-standard-1.35-v")
        assert instance["tags"][f"kubernetes.io/cluster/{cluster}"] == "owned"
        assert instance["tags"]["eks:nodegroup-name"] == "system"
        assert instance["blockDeviceMappings"][0]["VolumeSize"] == 20
    group_id = state(cluster)["clusterSecurityGroupId"]
    described = aws.client("ec2").describe_instances(InstanceIds=seen["instanceIds"])["Reservations"]
    groups = {g["GroupId"] for r in described for i in r["Instances"] for g in i["SecurityGroups"]}
    assert groups == {group_id}


def test_the_node_role_gets_an_access_entry(aws, cluster, group, roles):
    group()
    entry = aws.client("eks").describe_access_entry(clusterName=cluster, principalArn=roles["node"])["accessEntry"]
    assert entry["type"] == "EC2_LINUX"


def test_a_launch_template_is_honoured(aws, cluster, group, network, state, name):
    data = {
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 50, "VolumeType": "gp3", "Encrypted": True}}
        ],
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "SecurityGroupIds": [network.group_id],
    }
    aws.client("ec2").create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    created = group(launchTemplate={"name": name})
    assert created["launchTemplate"]["version"] == "1"
    instance = state(ids(state, cluster)[0])
    assert instance["blockDeviceMappings"][0] | {"VolumeId": ""} == {
        "DeviceName": "/dev/xvda", "VolumeId": "", "VolumeSize": 50, "VolumeType": "gp3", "Encrypted": True,
    }  # fmt: skip
    assert (instance["metadataOptions"]["HttpTokens"], instance["metadataOptions"]["HttpPutResponseHopLimit"]) == (
        "required",
        1,
    )
    described = aws.client("ec2").describe_instances(InstanceIds=[instance["instanceId"]])
    assert described["Reservations"][0]["Instances"][0]["SecurityGroups"][0]["GroupId"] == network.group_id


def test_sizes_labels_and_taints_change_in_place(aws, cluster, group, state):
    group(labels={"a": "1", "b": "2"})
    eks, which = aws.client("eks"), {"clusterName": cluster, "nodegroupName": "system"}
    with pytest.raises(ClientError, match="cannot be updated as it is currently in CREATING state"):
        eks.update_nodegroup_config(**which, labels={"addOrUpdateLabels": {"a": "3"}})
    report(aws, cluster)
    before = ids(state, cluster)
    size = {"minSize": 1, "maxSize": 4, "desiredSize": 3}
    eks.update_nodegroup_config(
        **which, scalingConfig=size, labels={"removeLabels": ["a"], "addOrUpdateLabels": {"b": "3"}}
    )
    assert ids(state, cluster)[:2] == before
    assert len(ids(state, cluster)) == 3
    taints = [{"key": "x", "value": "y", "effect": "NO_EXECUTE"}]
    eks.update_nodegroup_config(**which, scalingConfig=size | {"desiredSize": 1}, taints={"addOrUpdateTaints": taints})
    assert ids(state, cluster) == before[:1]
    assert state(before[1])["state"] == "terminated"
    seen = eks.describe_nodegroup(**which)["nodegroup"]
    assert (seen["labels"], seen["taints"]) == ({"b": "3"}, taints)


def test_a_release_update_replaces_the_instances(aws, cluster, group, state):
    created = group(releaseVersion="1.35.4-20260724")
    report(aws, cluster)
    before = ids(state, cluster)
    update = aws.client("eks").update_nodegroup_version(clusterName=cluster, nodegroupName="system")["update"]
    assert (update["type"], update["status"]) == ("VersionUpdate", "Successful")
    after = ids(state, cluster)
    assert not set(before) & set(after)
    assert created["releaseVersion"] == "1.35.4-20260724"
    assert state(after[0])["imageName"].endswith("v20261101")


def test_a_group_is_gone_once_it_is_drained(aws, cluster, group, state):
    group()
    eks, which = aws.client("eks"), {"clusterName": cluster, "nodegroupName": "system"}
    instance_ids = ids(state, cluster)
    with pytest.raises(ClientError, match="nodegroups attached: system"):
        eks.delete_cluster(name=cluster)
    assert "is CREATING, not DELETING" in aws.private("DELETE", f"clusters/{cluster}/nodegroups/system")["message"]
    assert eks.delete_nodegroup(**which)["nodegroup"]["status"] == "DELETING"
    assert state(instance_ids[0])["state"] == "running"
    profiles = {p["InstanceProfileName"] for p in aws.client("iam").list_instance_profiles()["InstanceProfiles"]}
    aws.private("DELETE", f"clusters/{cluster}/nodegroups/system")
    assert {state(i)["state"] for i in instance_ids} == {"terminated"}
    assert eks.list_nodegroups(clusterName=cluster)["nodegroups"] == []
    left = {p["InstanceProfileName"] for p in aws.client("iam").list_instance_profiles()["InstanceProfiles"]}
    assert len(profiles - left) == 1


def test_spot_groups_run_spot_instances(cluster, group, state):
    group(capacityType="SPOT")
    assert {state(i)["lifecycle"] for i in ids(state, cluster)} == {"spot"}


def test_without_capacity_the_group_says_why(aws, cluster, group):
    aws.private("POST", "faults", {"instanceType": "m6i.4xlarge", "code": "InsufficientInstanceCapacity"})
    try:
        created = group(instanceTypes=["m6i.4xlarge"])
    finally:
        aws.private("DELETE", "faults")
    assert created["status"] == "CREATE_FAILED"
    assert "InsufficientInstanceCapacity" in created["health"]["issues"][0]["message"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"nodeRole": "arn:aws:iam::123456789012:role/test-cluster"},
            "does not allow ec2.amazonaws.com",
        ),
        ({"instanceTypes": ["m6i.huge"]}, r"do not exist: \['m6i\.huge'\]"),
        ({"instanceTypes": ["m6i.large", "m6g.large"]}, "mix architectures"),
        ({"amiType": "AL2023_ARM_64_STANDARD"}, "not compatible with amiType AL2023_ARM_64_STANDARD"),
        ({"amiType": "FOO"}, "'FOO' is not one of"),
        ({"amiType": "WINDOWS_CORE_2022_x86_64"}, "the twin has the AMI types"),
        ({"releaseVersion": "1.35.4-20200101"}, r"Requested release version .* there is 1\.35\.4-2"),
        ({"scalingConfig": {"minSize": 3, "maxSize": 2, "desiredSize": 2}}, "minSize <= desiredSize <= maxSize"),
        ({"subnets": ["subnet-0123456789abcdef0"]}, "does not exist in the cluster's VPC"),
        ({"launchTemplate": {"name": "none"}}, "Launch template could not be read"),
        ({"remoteAccess": {"ec2SshKey": "k"}}, "does not model remoteAccess"),
        ({"version": "1.31"}, r"1\.31 must be from 3 minors below the cluster's 1\.35 up to it"),
    ],
)
def test_a_group_is_checked_as_eks_checks_it(group, arguments, message):
    with pytest.raises(ClientError, match=message):
        group(**arguments)


def test_a_group_of_a_capacity_block_launches_into_it(aws, cluster, network, group, state, described):
    dates = {"startDate": "2026-01-01T00:00:00+00:00", "endDate": "2099-01-01T00:00:00+00:00"}
    block = {"instanceType": "p5.48xlarge", "zone": "us-west-2a", "instanceCount": 1, **dates}
    identifier = aws.private("POST", "capacity-blocks", block)["capacityReservationId"]
    target = {"CapacityReservationTarget": {"CapacityReservationId": identifier}}
    data = {"InstanceMarketOptions": {"MarketType": "capacity-block"}, "CapacityReservationSpecification": target}
    template = aws.client("ec2").create_launch_template(
        LaunchTemplateName=cluster, LaunchTemplateData={"InstanceType": "p5.48xlarge", **data}
    )["LaunchTemplate"]
    created = group(
        capacityType="CAPACITY_BLOCK",
        instanceTypes=[],
        subnets=network.subnet_ids[:1],
        scalingConfig={"minSize": 1, "maxSize": 1, "desiredSize": 1},
        launchTemplate={"id": template["LaunchTemplateId"], "version": "1"},
    )
    assert created["capacityType"] == "CAPACITY_BLOCK"
    assert [described(i)["CapacityReservationId"] for i in ids(state, cluster)] == [identifier]
