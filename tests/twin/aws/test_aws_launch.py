import base64
import re
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def one_zone(network, roles, template, fleet):
    """Asks for one type in us-west-2a only."""
    return lambda kind, market: fleet(template(), [kind], market, subnets=network.subnet_ids[:1])


def test_a_fleet_instance_carries_all_of_its_launch_template(aws, described, network, template, fleet, state):
    answer = fleet(template(), ["inf2.xlarge"], subnets=network.subnet_ids[1:2])
    assert answer["Errors"] == []
    [launched] = answer["Instances"]
    instance = described(launched["InstanceIds"][0])
    assert [g["GroupId"] for g in instance["SecurityGroups"]] == [network.group_id]
    assert instance["IamInstanceProfile"]["Arn"].endswith(":instance-profile/test-node")
    assert (instance["MetadataOptions"]["HttpTokens"], instance["MetadataOptions"]["HttpPutResponseHopLimit"]) == (
        "required",
        1,
    )
    assert instance["Placement"]["AvailabilityZone"] == "us-west-2b"
    assert instance["Placement"]["AvailabilityZoneId"].startswith("usw2-az")
    tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
    assert tags["karpenter.sh/nodepool"] == "p"
    assert tags["aws:ec2:fleet-id"] == answer["FleetId"]
    address = instance["PrivateIpAddress"].replace(".", "-")
    assert instance["PrivateDnsName"] == f"ip-{address}.us-west-2.compute.internal"
    [volume] = aws.client("ec2").describe_volumes(
        Filters=[{"Name": "attachment.instance-id", "Values": [instance["InstanceId"]]}]
    )["Volumes"]
    assert (volume["Size"], volume["VolumeType"], volume["Throughput"], volume["Encrypted"]) == (100, "gp3", 300, True)
    assert volume["Tags"] == [{"Key": "owner", "Value": "test"}]
    seen = state(instance["InstanceId"])
    assert (seen["userData"], seen["roleArn"], seen["lifecycle"]) == (
        "#!node",
        "arn:aws:iam::123456789012:role/test-node",
        "on-demand",
    )
    assert seen["imageName"].startswith("amazon-eks-node-al2023-x86_64-standard-1.35-v")


@pytest.mark.parametrize("market", ["on-demand", "spot"])
def test_the_cheapest_offer_is_taken(template, fleet, roles, market):
    [launched] = fleet(template(), ["g5.12xlarge", "g5.xlarge", "g5.48xlarge"], market, count=2)["Instances"]
    assert (launched["InstanceType"], launched["Lifecycle"], len(launched["InstanceIds"])) == ("g5.xlarge", market, 2)


def test_the_priority_counts_where_no_price_is_known(aws, network, template):
    name = template()
    overrides = [
        {"InstanceType": kind, "SubnetId": network.subnet_ids[0], "Priority": priority}
        for kind, priority in (("g7.8xlarge", 3.0), ("g7.4xlarge", 2.0))
    ]
    answer = aws.client("ec2").create_fleet(
        Type="instant",
        LaunchTemplateConfigs=[{"LaunchTemplateSpecification": {"LaunchTemplateName": name}, "Overrides": overrides}],
        TargetCapacitySpecification={"TotalTargetCapacity": 1, "DefaultTargetCapacityType": "on-demand"},
    )
    assert answer["Instances"][0]["InstanceType"] == "g7.4xlarge"


def test_offers_that_cannot_be_had_are_errors_and_the_next_one_is_taken(aws, network, template, fleet):
    fault = {
        "instanceType": "g6.xlarge",
        "zone": "us-west-2a",
        "capacityType": "on-demand",
        "code": "InsufficientInstanceCapacity",
    }
    aws.private("POST", "faults", fault)
    try:
        answer = fleet(template(), ["g6.xlarge"], subnets=network.subnet_ids[:2])
    finally:
        aws.private("DELETE", "faults")
    [error] = answer["Errors"]
    assert (error["ErrorCode"], error["LaunchTemplateAndOverrides"]["Overrides"]["SubnetId"]) == (
        "InsufficientInstanceCapacity",
        network.subnet_ids[0],
    )
    assert answer["Instances"][0]["LaunchTemplateAndOverrides"]["Overrides"]["SubnetId"] == network.subnet_ids[1]


@pytest.mark.parametrize(
    ("kind", "market", "code", "message"),
    [
        (
            "p5e.48xlarge",
            "on-demand",
            "Unsupported",
            r"not supported in your requested Availability Zone \(us-west-2a\).*us-west-2c",
        ),
        ("trn2.48xlarge", "on-demand", "InvalidInstanceType", "do not exist"),
        ("g5g.xlarge", "on-demand", "InvalidParameterValue", "architecture 'arm64'"),
        ("u-6tb1.56xlarge", "spot", "UnsupportedOperation", "Spot is not supported"),
    ],
)
def test_an_offer_that_never_works_says_why(one_zone, kind, market, code, message):
    answer = one_zone(kind, market)
    assert answer["Instances"] == []
    assert answer["Errors"][0]["ErrorCode"] == code
    assert re.search(message, answer["Errors"][0]["ErrorMessage"])


def test_a_dry_run_checks_and_launches_nothing(aws, template, fleet, network, image):
    ec2 = aws.client("ec2")
    before = len(ec2.describe_instances(MaxResults=1000)["Reservations"])
    with pytest.raises(ClientError, match="DryRunOperation"):
        fleet(template(), ["m5.large"], DryRun=True)
    with pytest.raises(ClientError, match="DryRunOperation"):
        ec2.run_instances(ImageId=image, InstanceType="m5.large", MinCount=1, MaxCount=1, DryRun=True)
    with pytest.raises(ClientError, match="InvalidInstanceType"):
        ec2.run_instances(ImageId=image, InstanceType="m5.huge", MinCount=1, MaxCount=1, DryRun=True)
    assert len(ec2.describe_instances(MaxResults=1000)["Reservations"]) == before


def test_efa_interfaces_are_attached_and_counted(aws, described, network, template, fleet):
    efa = [
        {"DeviceIndex": min(card, 1), "NetworkCardIndex": card, "InterfaceType": "efa", "Groups": [network.group_id]}
        for card in range(4)
    ]
    [launched] = fleet(template(NetworkInterfaces=efa), ["p4d.24xlarge"])["Instances"]
    assert len(described(launched["InstanceIds"][0])["NetworkInterfaces"]) == 4
    answer = fleet(template(NetworkInterfaces=efa), ["g5.8xlarge"])
    assert answer["Errors"][0]["ErrorMessage"] == "Interface type 'efa': 4 requested, g5.8xlarge supports 1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ImageId": "ami-0123456789abcdef0"}, r"InvalidAMIID\.NotFound"),
        ({"IamInstanceProfile": {"Name": "none"}}, r"Value \(none\) for parameter iamInstanceProfile\.name is invalid"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, r"InvalidGroup\.NotFound"),
        ({"SubnetId": "subnet-0123456789abcdef0"}, r"InvalidSubnetID\.NotFound"),
        ({"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8}}]}, "expect size>= 20GB"),
        ({"EnclaveOptions": {"Enabled": True}}, "does not model EnclaveOptions"),
        ({"Placement": {"AvailabilityZone": "us-west-2d"}}, "is in us-west-2a, not in the availabilityZone"),
        ({"HibernationOptions": {"Configured": True}}, "does not model HibernationOptions of a launch; leave it out"),
        ({"CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 1}}, r"model CpuOptions\.CoreCount, CpuOptions\.ThreadsPer"),
        ({"CpuOptions": {"NestedVirtualization": "enabled"}}, "m5.large does not support nested virtualization"),
        ({"MetadataOptions": {"HttpPutResponseHopLimit": 65}}, "HttpPutResponseHopLimit must be 1 to 64"),
        (
            {"MetadataOptions": {"HttpTokens": "maybe"}},
            r"MetadataOptions\.HttpTokens: 'maybe' is not one of optional, required",
        ),
        ({"UserData": "#" * 16_385}, r"InvalidUserData\.Malformed.*User data is limited to 16384 bytes"),
        ({"InstanceMarketOptions": {"SpotOptions": {"MaxPrice": "1"}}}, r"model InstanceMarketOptions\.SpotOptions"),
        (
            {"InstanceMarketOptions": {"MarketType": "capacity-block"}},
            "Capacity Block is not supported for the instance type m5.large",
        ),
    ],
)
def test_a_launch_that_ec2_would_refuse_is_refused(aws, network, image, arguments, message):
    base = {
        "ImageId": image,
        "InstanceType": "m5.large",
        "MinCount": 1,
        "MaxCount": 1,
        "SubnetId": network.subnet_ids[0],
    }
    with pytest.raises(ClientError, match=message):
        aws.client("ec2").run_instances(**{**base, **arguments})


def test_cpu_imds_and_monitoring_options_are_shown(run, state):
    imds = {"HttpTokens": "required", "HttpPutResponseHopLimit": 3, "HttpProtocolIpv6": "enabled"}
    options = {"MetadataOptions": imds, "Monitoring": {"Enabled": True}, "Placement": {"Tenancy": "dedicated"}}
    instance = run("m8i.xlarge", CpuOptions={"NestedVirtualization": "enabled"}, **options)
    assert instance["CpuOptions"] == {"CoreCount": 2, "ThreadsPerCore": 2, "NestedVirtualization": "enabled"}
    assert {key: instance["MetadataOptions"][key] for key in imds} == imds
    assert (instance["Monitoring"]["State"], instance["Placement"]["Tenancy"]) == ("enabled", "dedicated")
    seen = state(instance["InstanceId"])
    assert (seen["detailedMonitoring"], seen["tenancy"], seen["cpuOptions"]) == (
        True, "dedicated", instance["CpuOptions"],
    )  # fmt: skip


def test_a_template_with_too_much_user_data_is_refused(aws, name):
    data = {"UserData": base64.b64encode(b"#" * 16_385).decode()}
    with pytest.raises(ClientError, match=r"InvalidUserData\.Malformed.*limited to 16384 bytes"):
        aws.client("ec2").create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)


def test_a_spot_instance_carries_its_request(aws, roles, template, fleet, described):
    tags = [{"ResourceType": "spot-instances-request", "Tags": [{"Key": "pool", "Value": "p"}]}]
    [launched] = fleet(template(TagSpecifications=tags), ["m5.large"], "spot")["Instances"]
    instance = described(launched["InstanceIds"][0])
    assert (instance["InstanceLifecycle"], instance["SpotInstanceRequestId"][:4]) == ("spot", "sir-")
    wanted = [{"Name": "resource-id", "Values": [instance["SpotInstanceRequestId"]]}]
    assert [t["Key"] for t in aws.client("ec2").describe_tags(Filters=wanted)["Tags"]] == ["pool"]
    wanted = [{"Name": "instance-lifecycle", "Values": ["spot"]}, {"Name": "tenancy", "Values": ["default"]}]
    spot = aws.client("ec2").describe_instances(Filters=wanted)["Reservations"]
    assert instance["InstanceId"] in {i["InstanceId"] for r in spot for i in r["Instances"]}
    assert {i["InstanceLifecycle"] for r in spot for i in r["Instances"]} == {"spot"}
    assert "SpotInstanceRequestId" not in described(fleet(template(), ["m5.large"])["Instances"][0]["InstanceIds"][0])


def test_a_fleet_that_is_not_modelled_is_refused(aws, template, fleet):
    config = [{"LaunchTemplateSpecification": {"LaunchTemplateName": template()}}]
    target = {"TotalTargetCapacity": 1, "DefaultTargetCapacityType": "capacity-block"}
    with pytest.raises(ClientError, match="does not model fleets of type maintain; it has instant"):
        aws.client("ec2").create_fleet(LaunchTemplateConfigs=config, TargetCapacitySpecification=target)
    with pytest.raises(ClientError, match="capacity-block does not go with the launch template's market type None"):
        aws.client("ec2").create_fleet(Type="instant", LaunchTemplateConfigs=config, TargetCapacitySpecification=target)
    with pytest.raises(ClientError, match=r"does not model SpotOptions\.MaxTotalPrice, ValidFrom of CreateFleet"):
        fleet(template(), ["m5.large"], SpotOptions={"MaxTotalPrice": "1"}, ValidFrom=datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(ClientError, match="does not model the fleet override MaxPrice; it has AvailabilityZone"):
        aws.client("ec2").create_fleet(
            Type="instant",
            LaunchTemplateConfigs=[{**config[0], "Overrides": [{"MaxPrice": "1"}]}],
            TargetCapacitySpecification={"TotalTargetCapacity": 1},
        )
    with pytest.raises(ClientError, match="InvalidLaunchTemplateName"):
        fleet("none", ["m5.large"])


def test_termination_frees_interfaces_and_volumes(aws, described, network, template, fleet):
    ec2 = aws.client("ec2")
    [launched] = fleet(template(), ["m5.large"])["Instances"]
    [instance_id] = launched["InstanceIds"]
    before = described(instance_id)
    answer = ec2.terminate_instances(InstanceIds=[instance_id])["TerminatingInstances"][0]
    assert (answer["PreviousState"]["Name"], answer["CurrentState"]["Name"]) == ("running", "shutting-down")
    assert described(instance_id)["State"]["Name"] == "terminated"
    with pytest.raises(ClientError, match=r"InvalidNetworkInterfaceID\.NotFound"):
        ec2.describe_network_interfaces(NetworkInterfaceIds=[before["NetworkInterfaces"][0]["NetworkInterfaceId"]])
    with pytest.raises(ClientError, match=r"InvalidVolume\.NotFound"):
        ec2.describe_volumes(VolumeIds=[before["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]])
    assert (
        ec2.terminate_instances(InstanceIds=[instance_id])["TerminatingInstances"][0]["PreviousState"]["Name"]
        == "terminated"
    )
    with pytest.raises(ClientError, match=r"InvalidInstanceID\.NotFound"):
        ec2.terminate_instances(InstanceIds=["i-0123456789abcdef0"])


def test_what_a_template_switches_off_is_not_asked_for(template, fleet):
    off = template(EnclaveOptions={"Enabled": False}, HibernationOptions={"Configured": False})
    assert fleet(off, ["m5.large"])["Errors"] == []
    errors = fleet(template(EnclaveOptions={"Enabled": True}), ["m5.large"])["Errors"]
    assert {error["ErrorMessage"] for error in errors} == {
        "the twin does not model EnclaveOptions of a launch; leave it out"
    }


def test_spot_needs_its_service_linked_role(aws, one_zone):
    iam = aws.client("iam")
    iam.delete_service_linked_role(RoleName="AWSServiceRoleForEC2Spot")
    try:
        [error] = one_zone("m5.large", "spot")["Errors"]
    finally:
        iam.create_service_linked_role(AWSServiceName="spot.amazonaws.com")
    assert error["ErrorCode"] == "AuthFailure.ServiceLinkedRoleCreationNotPermitted"
    assert "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com" in error["ErrorMessage"]


def test_a_templates_own_tags_are_not_part_of_what_it_launches_with(aws, name):
    ec2 = aws.client("ec2")
    own = [{"ResourceType": "launch-template", "Tags": [{"Key": "team", "Value": "ml"}]}]
    inside = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
    made = ec2.create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData={"TagSpecifications": inside}, TagSpecifications=own
    )["LaunchTemplate"]
    version = ec2.describe_launch_template_versions(LaunchTemplateId=made["LaunchTemplateId"])["LaunchTemplateVersions"]
    assert (made["Tags"], version[0]["LaunchTemplateData"]["TagSpecifications"]) == (own[0]["Tags"], inside)
