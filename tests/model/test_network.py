import pytest


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ({"zones": ["us-west-2a"]}, "platform.network.zones = ['us-west-2a']: list should have at least 2 items"),
        ({"zones": ["us-west-2a", "us-west-2a"]}, "zones = 'us-west-2a': listed more than once"),
        ({"zones": ["us-west-2a", "us-west-2-lax-1a"]}, "zones[1] = 'us-west-2-lax-1a': not an availability zone"),
        ({"zones": ["us-west-2a", "us-west-2"]}, "zones[1] = 'us-west-2': not an availability zone"),
        ({"zones": ["us-west-2a", "us-east-1b"]}, "zones of one region; keep those of aws:region"),
        (
            {"zones": ["us-west-2a", "us-west-2b"], "cidr": "10.0.0.1/16"},
            "not an IPv4 network: 10.0.0.1/16 has host bits",
        ),
        (
            {"zones": ["us-west-2a", "us-west-2b"], "cidr": "10.0.0.0/15"},
            "a prefix from /16 (AWS's largest VPC) to /22",
        ),
        (
            {"zones": ["us-west-2a", "us-west-2b"], "cidr": "10.0.0.0/23"},
            "(smallest subnets are /28); e.g. 10.0.0.0/16",
        ),
        ({"zones": ["us-west-2a", "us-west-2b"], "nat": "none"}, "nodes in private subnets would have no route to EKS"),
    ],
)
def test_a_network_that_cannot_carry_the_cluster_is_refused(raw, refusal, network, expected):
    assert expected in refusal(raw(network=network))


@pytest.mark.parametrize(
    "zones",
    [["us-west-2a", "us-west-2b"], ["ap-northeast-1d", "ap-northeast-1a"], ["us-gov-west-1a", "us-gov-west-1b"]],
)
def test_zones_of_any_region_are_accepted(platform, zones):
    assert list(platform(network={"zones": zones}).network.zones) == zones
