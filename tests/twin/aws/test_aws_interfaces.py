import pytest
from botocore.exceptions import ClientError


def card(index, device, kind=None, **more):
    kinds = {"InterfaceType": kind} if kind else {}
    return {"NetworkCardIndex": index, "DeviceIndex": device, **kinds, **more}


@pytest.fixture
def launch(network, template, fleet, described):
    """Launches a type with these interfaces as Karpenter does: in a template, with subnets as overrides."""

    def start(kind, interfaces, **more):
        named = [{"Groups": [network.group_id], **interface} for interface in interfaces]
        answer = fleet(template(NetworkInterfaces=named, **more), [kind], subnets=network.subnet_ids[:1])
        if answer["Errors"]:
            return answer["Errors"][0]
        return described(answer["Instances"][0]["InstanceIds"][0])

    return start


def test_efa_interfaces_stand_on_their_cards(aws, network, launch, state):
    efa = [card(i, 1 if i else 0, "efa") for i in range(32)]
    instance = launch("p5.48xlarge", efa)
    shown = {i["Attachment"]["NetworkCardIndex"]: i for i in instance["NetworkInterfaces"]}
    assert sorted(shown) == list(range(32))
    assert {i["Attachment"]["DeviceIndex"] for i in shown.values()} == {0, 1}
    assert {i["InterfaceType"] for i in shown.values()} == {"efa"}
    assert {g["GroupId"] for i in shown.values() for g in i["Groups"]} == {network.group_id}
    assert sum(i["interfaceType"] == "efa" for i in state(instance["InstanceId"])["networkInterfaces"]) == 32
    aws.client("ec2").terminate_instances(InstanceIds=[instance["InstanceId"]])


def test_an_efa_only_interface_has_no_address(launch, state):
    interfaces = [card(0, 0, "interface"), card(0, 1, "efa-only"), card(1, 1, "efa-only"), card(1, 0, "interface")]
    instance = launch("p4d.24xlarge", interfaces)
    addressed = {
        (i["Attachment"]["NetworkCardIndex"], i["Attachment"]["DeviceIndex"], i["InterfaceType"]): bool(
            i.get("PrivateIpAddress") or i["PrivateIpAddresses"]
        )
        for i in instance["NetworkInterfaces"]
    }
    assert addressed == {
        (0, 0, "interface"): True,
        (0, 1, "efa-only"): False,
        (1, 1, "efa-only"): False,
        (1, 0, "interface"): True,
    }
    told = [(i["networkCardIndex"], i["deviceIndex"]) for i in state(instance["InstanceId"])["networkInterfaces"]]
    assert told == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_a_card_without_efa_keeps_its_plain_interface(launch):
    refused = launch("p6-b300.48xlarge", [card(i, 1 if i else 0, "efa") for i in range(16)])
    assert refused["ErrorMessage"] == "Network card 0 of p6-b300.48xlarge takes interface, not efa"
    plain = [card(0, 0, "interface"), *(card(i, 0, "efa-only") for i in range(1, 17))]
    assert len(launch("p6-b300.48xlarge", plain)["NetworkInterfaces"]) == 17


def test_prefixes_are_delegated_counted_and_given_back(aws, network, launch):
    ec2, subnet = aws.client("ec2"), network.subnet_ids[0]

    def free():
        return ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"]

    before = free()
    instance = launch("m5.large", [card(0, 0, Ipv4PrefixCount=3)])
    [interface] = instance["NetworkInterfaces"]
    assert len({p["Ipv4Prefix"] for p in interface["Ipv4Prefixes"]}) == 3
    assert all(p["Ipv4Prefix"].endswith("/28") for p in interface["Ipv4Prefixes"])
    assert before - free() == 1 + 3 * 16
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert free() == before


def test_a_subnet_without_addresses_is_an_error_of_capacity(aws, network, template, fleet):
    ec2 = aws.client("ec2")
    small = ec2.create_subnet(VpcId=network.vpc_id, CidrBlock="10.0.250.0/28", AvailabilityZone="us-west-2a")["Subnet"]
    answer = fleet(template(), ["m5.large"], count=12, subnets=[small["SubnetId"]])
    [launched] = answer["Instances"]
    assert (len(launched["InstanceIds"]), answer["Errors"][0]["ErrorCode"]) == (11, "InsufficientFreeAddressesInSubnet")
    ec2.terminate_instances(InstanceIds=launched["InstanceIds"])
    again = fleet(template(), ["m5.large"], count=11, subnets=[small["SubnetId"]])
    assert len(again["Instances"][0]["InstanceIds"]) == 11
    ec2.terminate_instances(InstanceIds=again["Instances"][0]["InstanceIds"])


def test_connection_tracking_and_a_single_public_address_are_shown(launch):
    tracking = {"TcpEstablishedTimeout": 350, "UdpStreamTimeout": 60, "UdpTimeout": 30}
    alone = card(0, 0, ConnectionTrackingSpecification=tracking, AssociatePublicIpAddress=True)
    instance = launch("m5.large", [alone])
    assert instance["NetworkInterfaces"][0]["ConnectionTrackingConfiguration"] == tracking
    assert instance["PublicIpAddress"]


def test_a_request_lays_its_subnet_over_the_templates_interfaces(aws, network, template):
    interfaces = [card(0, 0, "efa", Groups=[network.group_id]), card(1, 1, "efa", Groups=[network.group_id])]
    name = template(NetworkInterfaces=interfaces)
    subnet = network.subnet_ids[2]
    laid = [card(0, 0, SubnetId=subnet), card(1, 1, SubnetId=subnet)]
    started = aws.client("ec2").run_instances(
        LaunchTemplate={"LaunchTemplateName": name, "Version": "$Latest"},
        InstanceType="p4d.24xlarge",
        NetworkInterfaces=laid,
        MinCount=1,
        MaxCount=1,
    )["Instances"][0]
    assert {i["InterfaceType"] for i in started["NetworkInterfaces"]} == {"efa"}
    assert (started["SubnetId"], started["SecurityGroups"][0]["GroupId"]) == (subnet, network.group_id)


@pytest.mark.parametrize(
    ("kind", "interfaces", "code", "message"),
    [
        ("t3.micro", [card(0, 0, "efa")], "UnsupportedOperation", "'efa': 1 requested, t3.micro supports 0"),
        ("m5.large", [card(1, 1)], "InvalidParameterCombination", "primary network interface must be on card 0"),
        ("p4d.24xlarge", [card(0, 0, "efa-only")], "InvalidParameterCombination", "and not efa-only"),
        ("m5.large", [card(0, 0), card(0, 0)], "InvalidParameterCombination", "unique device index per card"),
        ("m5.large", [card(0, 0), card(1, 1)], "InvalidParameterValue", "m5.large has the cards 0 to 0"),
        (
            "m5.large",
            [card(0, 0), card(0, 3)],
            "InvalidParameterValue",
            "Network card 0 of m5.large takes 3 interfaces",
        ),
        (
            "p4d.24xlarge",
            [card(0, 0, "efa"), card(0, 1, "efa-only")],
            "InvalidParameterValue",
            "takes one EFA, not 2",
        ),
        ("m5.large", [card(0, 0, "warp")], "InvalidParameterValue", "interface, efa, efa-only, not warp"),
        (
            "m5.large",
            [card(0, 0, AssociatePublicIpAddress=True), card(0, 1)],
            "InvalidParameterCombination",
            "associatePublicIPAddress parameter cannot be specified",
        ),
        (
            "p4d.24xlarge",
            [card(0, 0, "efa"), card(1, 1, "efa-only", Ipv4PrefixCount=1)],
            "InvalidParameterValue",
            "takes no IP address: leave out Ipv4PrefixCount",
        ),
        ("m5.large", [card(0, 0, Ipv4PrefixCount=10)], "InvalidParameterValue", "m5.large takes 9 prefixes"),
        (
            "m5.large",
            [card(0, 0, ConnectionTrackingSpecification={"UdpTimeout": 61})],
            "InvalidParameterValue",
            "UdpTimeout must be 30 to 60 seconds, not 61",
        ),
        ("m5.large", [card(0, 0, Ipv6AddressCount=1)], "UnsupportedOperation", "does not model Ipv6AddressCount"),
    ],
)
def test_interfaces_that_ec2_would_refuse_are_refused(launch, kind, interfaces, code, message):
    error = launch(kind, interfaces)
    assert error["ErrorCode"] == code
    assert message in error["ErrorMessage"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"SubnetId": 0}, "Network interfaces and an instance-level SubnetId may not be specified"),
        (
            {"SecurityGroupIds": "GROUP"},
            "an instance-level SecurityGroupIds may not be specified",
        ),
        ({"second": 1}, "does not model interfaces in several subnets"),
    ],
)
def test_subnet_and_groups_are_named_in_one_place(aws, network, image, more, message):
    interfaces = [card(0, 0, SubnetId=network.subnet_ids[0])]
    if "second" in more:
        interfaces.append(card(0, 1, SubnetId=network.subnet_ids[more.pop("second")]))
    more = {k: [network.group_id] if v == "GROUP" else network.subnet_ids[v] for k, v in more.items()}
    base = {"ImageId": image, "InstanceType": "m5.large", "MinCount": 1, "MaxCount": 1}
    with pytest.raises(ClientError, match=message):
        aws.client("ec2").run_instances(**base, NetworkInterfaces=interfaces, **more)


def test_an_interface_that_outlives_its_instance_stays(aws, launch):
    ec2 = aws.client("ec2")
    instance = launch("m5.large", [card(0, 0, Description="mine"), card(0, 1, DeleteOnTermination=False)])
    first, second = sorted(instance["NetworkInterfaces"], key=lambda i: i["Attachment"]["DeviceIndex"])
    assert (first["Description"], second["Attachment"]["DeleteOnTermination"]) == ("mine", False)
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    left = ec2.describe_network_interfaces(NetworkInterfaceIds=[second["NetworkInterfaceId"]])["NetworkInterfaces"]
    assert len(left) == 1
    ec2.delete_network_interface(NetworkInterfaceId=second["NetworkInterfaceId"])
