from ipaddress import IPv4Network

from eks_accelerators.model import subnets
from hypothesis import given
from hypothesis import strategies as st

ranges = st.builds(
    lambda address, prefix: str(IPv4Network((address, prefix), strict=False)),
    st.integers(0, 2**32 - 1),
    st.integers(subnets.LARGEST, subnets.SMALLEST),
)
zones = st.sets(st.sampled_from([f"eu-west-1{letter}" for letter in subnets.ZONE_LETTERS]), min_size=2)


@given(ranges, zones)
def test_all_subnets_lie_in_the_vpc_and_none_overlaps_another(cidr, chosen):
    made = [IPv4Network(part) for zone in chosen for part in vars(subnets.plan(cidr, zone)).values()]
    assert all(part.subnet_of(IPv4Network(cidr)) for part in made)
    assert not any(a.overlaps(b) for i, a in enumerate(made) for b in made[:i])


@given(ranges, zones)
def test_every_subnet_has_a_size_that_aws_accepts(cidr, chosen):
    prefixes = {IPv4Network(part).prefixlen for zone in chosen for part in vars(subnets.plan(cidr, zone)).values()}
    assert prefixes <= set(range(16, 29))


@given(ranges)
def test_nodes_get_at_least_half_of_the_range(cidr):
    plans = [subnets.plan(cidr, f"us-east-1{letter}") for letter in subnets.ZONE_LETTERS]
    assert sum(IPv4Network(plan.private).num_addresses for plan in plans) * 2 >= IPv4Network(cidr).num_addresses


def test_the_default_range_gives_the_documented_sizes():
    plan = subnets.plan("10.0.0.0/16", "us-west-2c")
    assert plan == subnets.ZoneSubnets(private="10.0.64.0/19", public="10.0.200.0/22")
