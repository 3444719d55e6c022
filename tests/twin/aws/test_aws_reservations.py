from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

ONLY = "capacity-reservations-only"


def target(identifier, preference=ONLY):
    return {
        "CapacityReservationPreference": preference,
        "CapacityReservationTarget": {"CapacityReservationId": identifier},
    }


@pytest.fixture
def reserve(aws):
    """Creates capacity reservations; cancels those left and ends their instances."""
    ec2, made = aws.client("ec2"), []

    def create(kind="m5.large", count=1, **more):
        base = {"InstancePlatform": "Linux/UNIX", "AvailabilityZone": "us-west-2a", "InstanceMatchCriteria": "targeted"}
        arguments = {"InstanceType": kind, "InstanceCount": count, **base, **more}
        reservation = ec2.create_capacity_reservation(**arguments)["CapacityReservation"]
        made.append(reservation["CapacityReservationId"])
        return reservation

    yield create
    for identifier in made:
        [shown] = ec2.describe_capacity_reservations(CapacityReservationIds=[identifier])["CapacityReservations"]
        if shown["State"] == "active":
            ec2.cancel_capacity_reservation(CapacityReservationId=identifier)


@pytest.fixture
def left(aws):
    """Reads how many instances a reservation still takes."""

    def read(identifier):
        found = aws.client("ec2").describe_capacity_reservations(CapacityReservationIds=[identifier])
        return found["CapacityReservations"][0]["AvailableInstanceCount"]

    return read


def ids(answer):
    return [reservation["CapacityReservationId"] for reservation in answer["CapacityReservations"]]


def test_reservations_are_found_as_karpenter_asks(aws, reserve, name):
    tags = [{"ResourceType": "capacity-reservation", "Tags": [{"Key": "pool", "Value": name}]}]
    made = reserve(count=3, TagSpecifications=tags)
    ec2, identifier = aws.client("ec2"), made["CapacityReservationId"]
    active = {"Name": "state", "Values": ["active"]}
    assert ids(ec2.describe_capacity_reservations(CapacityReservationIds=[identifier], Filters=[active])) == [
        identifier
    ]
    for name_, values in (
        ("tag:pool", [name]),
        ("tag-key", ["pool"]),
        ("instance-match-criteria", ["targeted"]),
        ("owner-id", ["123456789012"]),
    ):
        filters = [active, {"Name": name_, "Values": values}]
        assert identifier in ids(ec2.describe_capacity_reservations(Filters=filters, MaxResults=1000))
    assert identifier not in ids(
        ec2.describe_capacity_reservations(Filters=[{"Name": "instance-match-criteria", "Values": ["open"]}])
    )
    assert (made["ReservationType"], made["EndDateType"]) == ("default", "unlimited")
    assert (made["TotalInstanceCount"], made["AvailabilityZoneId"]) == (3, "usw2-az2")
    with pytest.raises(ClientError, match=r"InvalidCapacityReservationId\.NotFound"):
        ec2.describe_capacity_reservations(CapacityReservationIds=["cr-0123456789abcdef0"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"InstancePlatform": "BeOS"}, "InstancePlatform: 'BeOS' is not one of Linux/UNIX"),
        ({"InstanceType": "m5.huge"}, "InvalidInstanceType"),
        ({"InstanceCount": 0}, "instanceCount must be 1 to 1000, not 0"),
        ({"InstanceType": "p5e.48xlarge"}, r"not supported in your requested Availability Zone \(us-west-2a\)"),
        ({"EndDateType": "limited"}, "endDateType is limited with endDate"),
        ({"EndDate": datetime(2024, 1, 1, tzinfo=UTC)}, "lies in the past"),
        ({"InstanceMatchCriteria": "some"}, "InstanceMatchCriteria: 'some' is not one of open, targeted"),
        ({"Tenancy": "host"}, "Tenancy: 'host' is not one of default, dedicated"),
        (
            {"PlacementGroupArn": "arn:aws:ec2:us-west-2:1:placement-group/p"},
            "does not model PlacementGroupArn of CreateCapacityReservation",
        ),
        ({"DryRun": True}, "DryRunOperation"),
    ],
)
def test_a_reservation_that_ec2_would_not_make_is_refused(reserve, change, message):
    arguments = {"kind": change.pop("InstanceType", "m5.large"), "count": change.pop("InstanceCount", 1), **change}
    with pytest.raises(ClientError, match=message):
        reserve(**arguments)


def test_a_reservation_needs_the_capacity_that_a_launch_needs(aws, reserve):
    aws.private("POST", "faults", {"instanceType": "m5.large", "code": "InsufficientInstanceCapacity"})
    try:
        with pytest.raises(ClientError, match=r"do not have sufficient m5\.large capacity"):
            reserve()
    finally:
        aws.private("DELETE", "faults")


def test_a_targeted_launch_uses_the_reservation_whatever_the_pool_lacks(aws, reserve, left, run, state):
    identifier = reserve(count=2)["CapacityReservationId"]
    aws.private("POST", "faults", {"instanceType": "m5.large", "code": "InsufficientInstanceCapacity"})
    try:
        instance = run(CapacityReservationSpecification=target(identifier))
    finally:
        aws.private("DELETE", "faults")
    assert (instance["CapacityReservationId"], left(identifier)) == (identifier, 1)
    assert instance["CapacityReservationSpecification"] == target(identifier)
    assert "InstanceLifecycle" not in instance
    assert state(instance["InstanceId"])["capacityReservationId"] == identifier
    aws.client("ec2").terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert left(identifier) == 2


def test_a_fleet_takes_what_the_reservation_has_and_tells_the_rest(network, reserve, left, template, fleet, described):
    identifier = reserve(count=2)["CapacityReservationId"]
    reserved = template(CapacityReservationSpecification=target(identifier))
    answer = fleet(reserved, ["m5.large"], count=3, subnets=network.subnet_ids[:1])
    [launched] = answer["Instances"]
    assert (launched["Lifecycle"], len(launched["InstanceIds"]), left(identifier)) == ("on-demand", 2, 0)
    assert {described(i)["CapacityReservationId"] for i in launched["InstanceIds"]} == {identifier}
    assert [error["ErrorCode"] for error in answer["Errors"]] == ["ReservationCapacityExceeded"]
    answer = fleet(reserved, ["m5.large"], subnets=network.subnet_ids[:1])
    assert (answer["Instances"], answer["Errors"][0]["ErrorCode"]) == ([], "ReservationCapacityExceeded")


@pytest.mark.parametrize("change", [{"kind": "m5.xlarge"}, {"SubnetId": 1}, {"Placement": {"Tenancy": "dedicated"}}])
def test_another_type_zone_or_tenancy_is_not_compatible(network, reserve, run, change):
    identifier = reserve()["CapacityReservationId"]
    if "SubnetId" in change:
        change = {"SubnetId": network.subnet_ids[change["SubnetId"]]}
    with pytest.raises(ClientError, match="ReservationCapacityExceeded"):
        run(**change, CapacityReservationSpecification=target(identifier))


@pytest.mark.parametrize(
    ("criteria", "preference", "used"),
    [("open", None, True), ("open", "open", True), ("open", "none", False), ("targeted", "open", False)],
)
def test_an_untargeted_launch_uses_open_reservations_unless_it_prefers_none(reserve, run, criteria, preference, used):
    identifier = reserve("c5.xlarge", InstanceMatchCriteria=criteria)["CapacityReservationId"]
    asked = {"CapacityReservationSpecification": {"CapacityReservationPreference": preference}} if preference else {}
    instance = run("c5.xlarge", **asked)
    assert instance.get("CapacityReservationId") == (identifier if used else None)
    assert instance["CapacityReservationSpecification"]["CapacityReservationPreference"] == (preference or "open")
    overflow = run("c5.xlarge", **asked)
    assert "CapacityReservationId" not in overflow


def test_running_instances_move_into_an_open_reservation_that_they_fit(aws, reserve, left, run, described):
    wish = {"CapacityReservationPreference": "none"}
    plain, apart = run("c5.4xlarge"), run("c5.4xlarge", CapacityReservationSpecification=wish)
    first = reserve("c5.4xlarge", 2)["CapacityReservationId"]
    assert left(first) == 2
    aws.client("ec2").modify_capacity_reservation(CapacityReservationId=first, InstanceMatchCriteria="open")
    assert (left(first), described(plain["InstanceId"])["CapacityReservationId"]) == (1, first)
    second = reserve("c5.4xlarge", 1, InstanceMatchCriteria="open")["CapacityReservationId"]
    assert left(second) == 1
    assert "CapacityReservationId" not in described(apart["InstanceId"])


def test_reservations_only_without_a_target_needs_an_open_one(reserve, run):
    with pytest.raises(ClientError, match="ReservationCapacityExceeded"):
        run("c5.2xlarge", CapacityReservationSpecification={"CapacityReservationPreference": ONLY})
    identifier = reserve("c5.2xlarge", InstanceMatchCriteria="open")["CapacityReservationId"]
    instance = run("c5.2xlarge", CapacityReservationSpecification={"CapacityReservationPreference": ONLY})
    assert instance["CapacityReservationId"] == identifier


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"CapacityReservationSpecification": "OPEN"}, f"goes with the preference {ONLY}, not with open"),
        ({"CapacityReservationSpecification": {"CapacityReservationPreference": "maybe"}}, "'maybe' is not one of"),
        ({"InstanceMarketOptions": {"MarketType": "spot"}}, "Spot Instance does not run in a capacity reservation"),
        (
            {"InstanceType": "p5.48xlarge", "InstanceMarketOptions": {"MarketType": "capacity-block"}},
            "is no Capacity Block",
        ),
        (
            {"InstanceMarketOptions": {"MarketType": "interruptible-capacity-reservation"}},
            "does not model the market type interruptible-capacity-reservation",
        ),
    ],
)
def test_a_wish_that_contradicts_itself_is_refused(roles, reserve, run, arguments, message):
    identifier = reserve()["CapacityReservationId"]
    wish = {"CapacityReservationSpecification": target(identifier), **arguments}
    if wish["CapacityReservationSpecification"] == "OPEN":
        wish["CapacityReservationSpecification"] = target(identifier, "open")
    with pytest.raises(ClientError, match=message):
        run(wish.pop("InstanceType", "m5.large"), **wish)


def test_a_reservation_changes_while_its_users_allow_it(aws, reserve, left, run):
    identifier = reserve(count=2)["CapacityReservationId"]
    ec2 = aws.client("ec2")
    run(CapacityReservationSpecification=target(identifier))
    ec2.modify_capacity_reservation(CapacityReservationId=identifier, InstanceCount=5)
    assert left(identifier) == 4
    later = datetime.now(UTC) + timedelta(days=1)
    ec2.modify_capacity_reservation(CapacityReservationId=identifier, EndDate=later, EndDateType="limited")
    [shown] = ec2.describe_capacity_reservations(CapacityReservationIds=[identifier])["CapacityReservations"]
    assert shown["EndDateType"] == "limited"
    with pytest.raises(ClientError, match="only while nobody uses it"):
        ec2.modify_capacity_reservation(CapacityReservationId=identifier, InstanceMatchCriteria="open")
    with pytest.raises(ClientError, match="instanceCount must be 1 to 1000, not 0"):
        ec2.modify_capacity_reservation(CapacityReservationId=identifier, InstanceCount=0)


def test_a_cancelled_reservation_lets_its_instances_run_on(aws, reserve, run, described):
    identifier = reserve()["CapacityReservationId"]
    instance = run(CapacityReservationSpecification=target(identifier))
    ec2 = aws.client("ec2")
    listed = {(r["type"], r["id"]) for r in aws.private("GET", "inventory")}
    assert ("capacity-reservation", identifier) in listed
    ec2.cancel_capacity_reservation(CapacityReservationId=identifier)
    after = described(instance["InstanceId"])
    assert (after["State"]["Name"], "CapacityReservationId" in after) == ("running", False)
    [shown] = ec2.describe_capacity_reservations(CapacityReservationIds=[identifier])["CapacityReservations"]
    assert (shown["State"], shown["AvailableInstanceCount"]) == ("cancelled", 0)
    with pytest.raises(ClientError, match="is cancelled; only an active reservation"):
        ec2.cancel_capacity_reservation(CapacityReservationId=identifier)
    assert ("capacity-reservation", identifier) not in {(r["type"], r["id"]) for r in aws.private("GET", "inventory")}
