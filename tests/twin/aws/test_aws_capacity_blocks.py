from datetime import UTC, datetime, time, timedelta

import pytest
from botocore.exceptions import ClientError

NOW = datetime.now(UTC)


def into(identifier):
    return {
        "InstanceMarketOptions": {"MarketType": "capacity-block"},
        "CapacityReservationSpecification": {
            "CapacityReservationPreference": "capacity-reservations-only",
            "CapacityReservationTarget": {"CapacityReservationId": identifier},
        },
    }


def given(start, end, count=1):
    return {
        "instanceType": "p5.48xlarge",
        "zone": "us-west-2a",
        "instanceCount": count,
        "startDate": (NOW + timedelta(minutes=start)).isoformat(),
        "endDate": (NOW + timedelta(minutes=end)).isoformat(),
    }


@pytest.fixture
def shown(aws):
    """Reads a reservation."""

    def read(identifier):
        found = aws.client("ec2").describe_capacity_reservations(CapacityReservationIds=[identifier])
        return found["CapacityReservations"][0]

    return read


def test_a_block_is_offered_bought_and_launched_into(aws, network, shown, template, fleet, described):
    ec2 = aws.client("ec2")
    asked = {"InstanceType": "p5.48xlarge", "InstanceCount": 2, "CapacityDurationHours": 48}
    offerings = ec2.describe_capacity_block_offerings(**asked)["CapacityBlockOfferings"]
    assert [o["AvailabilityZone"] for o in offerings] == [f"us-west-2{zone}" for zone in "abcd"]
    offering = offerings[0]
    assert (offering["UpfrontFee"], offering["EndDate"].timetz()) == ("5283.84", time(11, 30, tzinfo=UTC))
    assert timedelta(hours=48) <= offering["EndDate"] - offering["StartDate"] < timedelta(hours=72)
    tags = [{"ResourceType": "capacity-reservation", "Tags": [{"Key": "pool", "Value": "train"}]}]
    bought = ec2.purchase_capacity_block(
        CapacityBlockOfferingId=offering["CapacityBlockOfferingId"],
        InstancePlatform="Linux/UNIX",
        TagSpecifications=tags,
    )
    reservation, [block] = bought["CapacityReservation"], bought["CapacityBlocks"]
    identifier = reservation["CapacityReservationId"]
    assert (reservation["ReservationType"], reservation["InstanceMatchCriteria"]) == ("capacity-block", "targeted")
    assert (reservation["State"], reservation["AvailableInstanceCount"]) == ("active", 2)
    assert (reservation["Tags"], block["CapacityReservationIds"]) == (tags[0]["Tags"], [identifier])
    answer = fleet(template(**into(identifier)), ["p5.48xlarge"], "capacity-block", subnets=network.subnet_ids[:1])
    [launched] = answer["Instances"]
    instance = described(launched["InstanceIds"][0])
    assert (launched["Lifecycle"], instance["InstanceLifecycle"]) == ("capacity-block", "capacity-block")
    assert (instance["CapacityReservationId"], instance["CapacityBlockId"]) == (identifier, block["CapacityBlockId"])
    assert shown(identifier)["AvailableInstanceCount"] == 1
    with pytest.raises(ClientError, match="it cannot be changed or cancelled"):
        ec2.cancel_capacity_reservation(CapacityReservationId=identifier)
    with pytest.raises(ClientError, match=r"InvalidCapacityBlockOfferingId\.NotFound"):
        ec2.purchase_capacity_block(
            CapacityBlockOfferingId=offering["CapacityBlockOfferingId"], InstancePlatform="Linux/UNIX"
        )
    ec2.terminate_instances(InstanceIds=launched["InstanceIds"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"InstanceType": "g5.xlarge"}, "Capacity Blocks are not supported for the instance type g5.xlarge"),
        ({"InstanceCount": 3}, "instanceCount must be one of 1, 2, 4, 8, 16, 32, 64"),
        ({"CapacityDurationHours": 15 * 24}, "not 360"),
        ({"CapacityDurationHours": 30}, "not 30"),
        ({"AllAvailabilityZones": True}, "does not model AllAvailabilityZones of DescribeCapacityBlockOfferings"),
    ],
)
def test_an_offering_that_ec2_does_not_have_is_refused(aws, change, message):
    asked = {"InstanceType": "p5.48xlarge", "InstanceCount": 1, "CapacityDurationHours": 24, **change}
    with pytest.raises(ClientError, match=message):
        aws.client("ec2").describe_capacity_block_offerings(**asked)


def test_a_later_start_and_an_earlier_end_are_honoured(aws):
    ec2 = aws.client("ec2")
    asked = {"InstanceType": "trn1.32xlarge", "InstanceCount": 1, "CapacityDurationHours": 24}
    later = (NOW + timedelta(days=7)).replace(microsecond=0)
    [first, *_] = ec2.describe_capacity_block_offerings(**asked, StartDateRange=later)["CapacityBlockOfferings"]
    assert first["StartDate"] == later
    bought = ec2.purchase_capacity_block(
        CapacityBlockOfferingId=first["CapacityBlockOfferingId"], InstancePlatform="Linux/UNIX"
    )
    assert bought["CapacityReservation"]["State"] == "scheduled"
    early = ec2.describe_capacity_block_offerings(**asked, EndDateRange=NOW + timedelta(hours=1))
    assert early["CapacityBlockOfferings"] == []


@pytest.mark.parametrize(
    ("dates", "state", "left"), [((-9, 90), "active", 1), ((9, 90), "scheduled", 0), ((-90, -9), "expired", 0)]
)
def test_a_block_is_active_between_its_dates(aws, shown, run, dates, state, left):
    identifier = aws.private("POST", "capacity-blocks", given(*dates))["capacityReservationId"]
    assert (shown(identifier)["State"], shown(identifier)["AvailableInstanceCount"]) == (state, left)
    if not left:
        with pytest.raises(ClientError, match="ReservationCapacityExceeded"):
            run("p5.48xlarge", **into(identifier))


def test_instances_end_half_an_hour_before_their_block(aws, shown, run, described, state):
    identifier = aws.private("POST", "capacity-blocks", given(-90, 20))["capacityReservationId"]
    instance = run("p5.48xlarge", **into(identifier))
    assert shown(identifier)["State"] == "active"
    assert state(instance["InstanceId"])["state"] == "terminated"
    assert described(instance["InstanceId"])["State"]["Name"] == "terminated"


def test_a_block_is_given_whole_and_of_a_type_that_has_them(aws):
    answer = aws.private("POST", "capacity-blocks", {"instanceType": "p5.48xlarge"})
    assert answer["message"].startswith("a capacity block has endDate, instanceCount, instanceType, startDate, zone")
    answer = aws.private("POST", "capacity-blocks", {**given(0, 90), "instanceType": "g5.xlarge"})
    assert "not supported for the instance type g5.xlarge" in answer["message"]


def test_market_and_reservation_must_both_say_capacity_block(aws, network, run, template, fleet):
    identifier = aws.private("POST", "capacity-blocks", given(0, 90))["capacityReservationId"]
    asked = into(identifier)
    with pytest.raises(ClientError, match="is a Capacity Block: the market type capacity-block fits these"):
        run("p5.48xlarge", CapacityReservationSpecification=asked["CapacityReservationSpecification"])
    with pytest.raises(ClientError, match="capacity-block needs a capacityReservationId"):
        run("p5.48xlarge", InstanceMarketOptions=asked["InstanceMarketOptions"])
    with pytest.raises(
        ClientError, match="on-demand does not go with the launch template's market type capacity-block"
    ):
        fleet(template(**asked), ["p5.48xlarge"])
    with pytest.raises(ClientError, match="does not model the capacity type reserved-capacity"):
        fleet(template(), ["p5.48xlarge"], "reserved-capacity")
