import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def group(aws, name):
    """Creates a placement group of the test's name with a strategy and returns it; deletes it with its instances."""
    ec2 = aws.client("ec2")

    def create(strategy, **more):
        return ec2.create_placement_group(GroupName=name, Strategy=strategy, **more)["PlacementGroup"]

    yield create
    members = [i["instanceId"] for i in aws.private("GET", "state")["instances"] if i["placementGroup"] == name]
    if members:
        ec2.terminate_instances(InstanceIds=members)
    if ec2.describe_placement_groups(Filters=[{"Name": "group-name", "Values": [name]}])["PlacementGroups"]:
        ec2.delete_placement_group(GroupName=name)


def tagged(**tags):
    return [{"ResourceType": "placement-group", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}]


@pytest.mark.parametrize(
    ("strategy", "more", "shown"),
    [
        ("cluster", {}, {}),
        ("spread", {}, {"SpreadLevel": "rack"}),
        ("partition", {}, {"PartitionCount": 2}),
        ("partition", {"PartitionCount": 7}, {"PartitionCount": 7}),
    ],
)
def test_a_group_is_found_by_name_id_and_tag(aws, group, name, strategy, more, shown):
    made = group(strategy, TagSpecifications=tagged(team=name), **more)
    ec2 = aws.client("ec2")
    state = [{"Name": "state", "Values": ["available"]}]
    for wanted in (
        {"GroupNames": [name], "Filters": state},
        {"GroupIds": [made["GroupId"]], "Filters": state},
        {"Filters": [{"Name": "tag:team", "Values": [name]}, {"Name": "strategy", "Values": [strategy]}]},
    ):
        [found] = ec2.describe_placement_groups(**wanted)["PlacementGroups"]
        assert found == made
    assert {key: made[key] for key in ("SpreadLevel", "PartitionCount") if key in made} == shown
    ec2.create_tags(Resources=[made["GroupId"]], Tags=[{"Key": "late", "Value": "1"}])
    [found] = ec2.describe_placement_groups(Filters=[{"Name": "tag-key", "Values": ["late"]}])["PlacementGroups"]
    assert found["GroupId"] == made["GroupId"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"Strategy": "near"}, "Strategy: 'near' is not one of cluster, spread, partition"),
        ({"Strategy": "precision-time"}, "strategy precision-time; it has cluster, partition, spread"),
        ({}, "strategy None; it has cluster, partition, spread"),
        ({"Strategy": "cluster", "PartitionCount": 3}, "partitionCount is only valid with the strategy partition"),
        ({"Strategy": "partition", "PartitionCount": 8}, "partitionCount must be 1 to 7, not 8"),
        ({"Strategy": "cluster", "SpreadLevel": "rack"}, "spreadLevel is only valid with the strategy spread"),
        ({"Strategy": "spread", "SpreadLevel": "host"}, "host needs an Outpost"),
        ({"Strategy": "cluster", "GroupName": "g" * 256}, "1 to 255 characters, not 256"),
        ({"Strategy": "cluster", "LinkedGroupId": "pg-1"}, "does not model LinkedGroupId of CreatePlacementGroup"),
        ({"Strategy": "cluster", "DryRun": True}, "DryRunOperation"),
    ],
)
def test_a_group_that_ec2_would_not_create_is_refused(aws, name, arguments, message):
    with pytest.raises(ClientError, match=message):
        aws.client("ec2").create_placement_group(**{"GroupName": name, **arguments})


def test_names_are_unique_and_unknown_ones_refused(aws, group, name):
    group("cluster")
    ec2 = aws.client("ec2")
    with pytest.raises(ClientError, match=r"InvalidPlacementGroup\.Duplicate"):
        ec2.create_placement_group(GroupName=name, Strategy="spread")
    with pytest.raises(ClientError, match=r"InvalidPlacementGroup\.Unknown"):
        ec2.describe_placement_groups(GroupNames=["none"])
    with pytest.raises(ClientError, match=r"InvalidPlacementGroupId\.NotFound"):
        ec2.describe_placement_groups(GroupIds=["pg-0123456789abcdef0"])
    with pytest.raises(ClientError, match=r"InvalidPlacementGroupId\.NotFound"):
        ec2.create_tags(Resources=["pg-0123456789abcdef0"], Tags=[{"Key": "a", "Value": "b"}])


def test_a_cluster_group_keeps_to_one_zone_and_cannot_be_deleted_while_in_use(aws, network, group, name, run, state):
    group("cluster")
    ec2 = aws.client("ec2")
    instance = run("c5.large", Placement={"GroupName": name})
    assert instance["Placement"]["GroupName"] == name
    assert state(instance["InstanceId"])["placementGroup"] == name
    with pytest.raises(ClientError, match=r"InvalidPlacementGroup\.InUse.*another availability zone: us-west-2a"):
        run("c5.large", Placement={"GroupName": name}, SubnetId=network.subnet_ids[1])
    with pytest.raises(ClientError, match=r"InvalidPlacementGroup\.InUse.*may not be deleted"):
        ec2.delete_placement_group(GroupName=name)
    assert ("placement-group", name) in {(r["type"], r["name"]) for r in aws.private("GET", "inventory")}
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert run("c5.large", Placement={"GroupName": name}, SubnetId=network.subnet_ids[1])["Placement"]["GroupId"]


def test_partitions_are_filled_evenly_and_a_template_names_one(group, template, fleet, described):
    made = group("partition", PartitionCount=3)
    placed = template(Placement={"GroupId": made["GroupId"]})
    [launched] = fleet(placed, ["m5.large"], count=4)["Instances"]
    placements = [described(i)["Placement"] for i in launched["InstanceIds"]]
    assert [p["PartitionNumber"] for p in placements] == [1, 2, 3, 1]
    assert {(p["GroupId"], p["GroupName"]) for p in placements} == {(made["GroupId"], made["GroupName"])}
    third = template(Placement={"GroupId": made["GroupId"], "PartitionNumber": 3, "Tenancy": "default"})
    [launched] = fleet(third, ["m5.large"])["Instances"]
    assert described(launched["InstanceIds"][0])["Placement"]["PartitionNumber"] == 3


def test_a_spread_group_takes_seven_instances_per_zone(network, group, name, template, fleet):
    group("spread")
    spread = template(Placement={"GroupName": name})
    answer = fleet(spread, ["m5.large"], count=9, subnets=network.subnet_ids[:1])
    assert [len(launched["InstanceIds"]) for launched in answer["Instances"]] == [7]
    [error] = answer["Errors"]
    assert error["ErrorCode"] == "InsufficientInstanceCapacity"
    assert "limit of instances in this spread placement group" in error["ErrorMessage"]
    answer = fleet(spread, ["m5.large"], count=2, subnets=network.subnet_ids[:2])
    assert [len(launched["InstanceIds"]) for launched in answer["Instances"]] == [2]


@pytest.mark.parametrize(
    ("strategy", "kind", "placement", "message"),
    [
        ("cluster", "t3.micro", {}, "Cluster placement groups are not supported by the 't3.micro' instance type"),
        ("spread", "m5.large", {"Tenancy": "dedicated"}, "takes no Dedicated Instances"),
        ("spread", "m5.large", {"PartitionNumber": 1}, "partitionNumber needs a placement group of that strategy"),
        ("partition", "m5.large", {"PartitionNumber": 3}, "partitionNumber 3 is outside of the group's 1 to 2"),
        ("cluster", "m5.large", {"GroupId": "pg-0123456789abcdef0"}, "by groupName or groupId"),
        ("cluster", "m5.large", {"GroupName": "none"}, r"InvalidPlacementGroup\.Unknown"),
        ("cluster", "m5.large", {"Tenancy": "host"}, "tenancy host; it has default and dedicated"),
        ("cluster", "m5.large", {"HostId": "h-1"}, r"does not model Placement\.HostId"),
    ],
)
def test_a_launch_that_does_not_fit_its_group_is_refused(group, run, strategy, kind, placement, message):
    name = group(strategy)["GroupName"]
    with pytest.raises(ClientError, match=message):
        run(kind, Placement={"GroupName": name, **placement})
