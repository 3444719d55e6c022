import pytest
from eks_accelerators.network import Network

ZONES = ["us-west-2a", "us-west-2b", "us-west-2c"]


@pytest.fixture
def network(run):
    """What a network with the given settings registers."""
    return lambda **settings: run(
        lambda: Network("net", {"cluster_name": "eks-workshop", "settings": {"zones": ZONES, **settings}})
    )


@pytest.mark.parametrize(("nat", "gateways", "routes"), [("none", 0, 1), ("single", 1, 4), ("per_zone", 3, 4)])
def test_nat_decides_how_many_ways_out_there_are(network, nat, gateways, routes):
    made = network(nat=nat)
    assert (len(made.of("NatGateway")), len(made.of("Eip")), len(made.of("Route"))) == (gateways, gateways, routes)


def test_each_zone_goes_out_through_its_own_gateway(network):
    made = network(nat="per_zone")
    for zone in ZONES:
        assert made.named(f"net-private-{zone}", "Route").inputs["natGatewayId"] == f"net-nat-{zone}-id"


def test_a_single_gateway_stands_in_the_first_zone_and_serves_all(network):
    made = network()
    assert [n.name for n in made.of("NatGateway")] == ["net-nat-us-west-2a"]
    ways = {made.named(f"net-private-{zone}", "Route").inputs["natGatewayId"] for zone in ZONES}
    assert ways == {"net-nat-us-west-2a-id"}


def test_subnets_are_tagged_for_load_balancers_and_only_private_ones_for_karpenter(network):
    made = network()
    public = made.named("net-public-us-west-2b", "Subnet").inputs
    private = made.named("net-private-us-west-2b", "Subnet").inputs
    assert public["tags"] == {"Name": "net-public-us-west-2b", "kubernetes.io/role/elb": "1"}
    assert private["tags"] == {
        "Name": "net-private-us-west-2b",
        "kubernetes.io/role/internal-elb": "1",
        "karpenter.sh/discovery": "eks-workshop",
    }
    assert not public["mapPublicIpOnLaunch"]


def test_a_zone_keeps_its_addresses_whatever_the_other_zones_are(run):
    def cidr(zones):
        made = run(lambda: Network("net", {"cluster_name": "c", "settings": {"zones": zones}}))
        return made.named("net-private-us-west-2b", "Subnet").inputs["cidrBlock"]

    assert cidr(["us-west-2a", "us-west-2b"]) == cidr(["us-west-2d", "us-west-2b", "us-west-2c"]) == "10.0.32.0/19"


def test_s3_is_reached_from_every_private_subnet_without_nat(network):
    endpoint = network().of("VpcEndpoint")[0].inputs
    assert endpoint["serviceName"] == "com.amazonaws.us-west-2.s3"
    assert endpoint["routeTableIds"] == [f"net-private-{zone}-id" for zone in ZONES]


def test_a_nat_gateway_waits_for_the_way_out_of_its_own_subnet(network):
    assert "Route net-public" in network().of("NatGateway")[0].dependencies
