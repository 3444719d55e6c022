"""Fabric, reservations, sharing and static pools: what follows from each, and what cannot be."""

from datetime import UTC, datetime

import pytest
from eks_accelerators.model import catalogue
from eks_accelerators.model.manifests import node_class, node_pool
from eks_accelerators.model.parse import ConfigError, parse
from eks_accelerators.model.pool_set import PoolSet
from eks_accelerators.model.pool_types import efa_layout

BLOCK = {"id": "cr-1", "instance_type": "p5.48xlarge", "zone": "us-west-2a", "count": 4}


def plan(**fields):
    return parse(PoolSet, {"pools": [{"name": "p", **fields}]}, at="args").plan


def refusal(**fields):
    with pytest.raises(ConfigError, match=r"problems? in the configuration") as caught:
        plan(**fields)
    return str(caught.value)


@pytest.mark.parametrize("name", [n for n, i in catalogue.instance_types().items() if i.efa_interfaces])
def test_every_layout_is_one_that_ec2_takes(name):
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html"""
    instance = catalogue.instance_types()[name]
    layout = efa_layout(instance)
    cards = {card.index: card for card in instance.cards}
    assert layout[0] == (0, 0, "interface")
    assert len(layout) == len({place[:2] for place in layout})
    fabric = [card for card, _, kind in layout if kind == "efa-only"]
    assert len(fabric) == len(set(fabric)) <= instance.efa_interfaces
    assert all(cards[card].efa and device < cards[card].interfaces for card, device, _ in layout[1:])


@pytest.mark.parametrize(
    ("name", "first", "count"),
    [
        ("p5.48xlarge", (0, 1, "efa-only"), 32),
        ("p5en.48xlarge", (0, 1, "efa-only"), 16),
        ("p6-b300.48xlarge", (1, 0, "efa-only"), 16),
        ("trn1.32xlarge", (0, 1, "efa-only"), 8),
        ("p4d.24xlarge", (0, 1, "efa-only"), 4),
    ],
)
def test_all_adapters_are_used_and_card_0_only_where_it_has_one(name, first, count):
    layout = efa_layout(catalogue.instance_types()[name])
    assert (layout[1], len(layout) - 1) == (first, count)


def test_efa_takes_the_machines_that_have_most_of_it():
    made = plan(accelerator="h100", efa=True)
    assert made.pools[0].requirements[0].values == ("p5.48xlarge",)
    assert len(node_class(made.classes[0])["networkInterfaces"]) == 33


def test_a_placement_group_is_left_for_whoever_creates_it():
    spec = node_class(plan(accelerator="h100", placement="cluster", zones=["us-west-2a"]).classes[0])
    assert spec["placementGroupSelector"] == {"name": "placement-group-of-the-pool"}


def test_a_reservation_decides_type_zone_capacity_and_number():
    made = plan(accelerator="h100", reservation={**BLOCK, "ends": "2026-12-24T11:30:00Z"})
    spec = node_pool(made.pools[0])
    requirements = {r["key"]: r["values"] for r in spec["template"]["spec"]["requirements"]}
    assert requirements == {
        "node.kubernetes.io/instance-type": ["p5.48xlarge"],
        "kubernetes.io/arch": ["amd64"],
        "karpenter.sh/capacity-type": ["reserved"],
        "topology.kubernetes.io/zone": ["us-west-2a"],
        "karpenter.k8s.aws/capacity-reservation-id": ["cr-1"],
    }
    assert spec["limits"] == {"nodes": "4"}
    assert spec["template"]["metadata"]["annotations"] == {"eks-accelerators/reservation-ends": "2026-12-24T11:30:00Z"}
    assert node_class(made.classes[0])["capacityReservationSelectorTerms"] == [{"id": "cr-1"}]


def test_with_on_demand_behind_it_a_reservation_is_only_preferred():
    made = plan(accelerator="h100", reservation=BLOCK, capacity_types=["reserved", "on-demand"])
    keys = [r.key for r in made.pools[0].requirements]
    assert "karpenter.k8s.aws/capacity-reservation-id" not in keys


def test_a_static_pool_has_no_limits_but_the_ones_given():
    assert "limits" not in node_pool(plan(replicas=2).pools[0])
    assert node_pool(plan(replicas=2, limits={"nodes": 3}).pools[0])["limits"] == {"nodes": "3"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"efa": True}, "efa = True: nothing says which machines the interfaces are for"),
        ({"accelerator": "inferentia2", "efa": True}, "inf2 has no Elastic Fabric Adapter"),
        (
            {"accelerator": "h100", "efa": True, "instance_types": ["p5.4xlarge", "p5.48xlarge"]},
            "one layout of interfaces fits one number of adapters (p5.4xlarge: 1, p5.48xlarge: 32); make it two pools",
        ),
        (
            {"accelerator": "h100", "efa": True, "node_class": {"associate_public_ip_address": True}},
            "EC2 gives no public address to instances with several interfaces",
        ),
        ({"accelerator": "h100", "placement": "cluster"}, "a cluster placement group lies in one zone"),
        ({"accelerator": "h100", "zones": ["us-west"]}, "zones[0] = 'us-west': not an availability zone"),
        ({"accelerator": "trainium", "zones": ["us-west-2a"]}, "is not offered there; use one of: us-west-2b"),
        (
            {"accelerator": "h100", "reservation": BLOCK, "zones": ["us-west-2b"]},
            "zones = ('us-west-2b',): reservation",
        ),
        ({"accelerator": "h100", "reservation": BLOCK, "capacity_types": ["spot"]}, "would never take its reservation"),
        (
            {"accelerator": "h100", "reservation": {**BLOCK, "instance_type": "p5.47xlarge"}},
            "reservation.instance_type = 'p5.47xlarge': no such instance type; did you mean 'p5.4xlarge'?",
        ),
        (
            {"accelerator": "h200", "reservation": BLOCK},
            "reservation.instance_type = 'p5.48xlarge': p5 does not carry h200",
        ),
        (
            {"reservation": BLOCK},
            "p5 carries accelerators, and without `accelerator` no device plugin would serve them",
        ),
        ({"accelerator": "h100", "reservation": {**BLOCK, "ends": "Christmas"}}, "not a time with its zone"),
        ({"sharing": {"time_slicing": 4}}, "only NVIDIA GPUs can be shared"),
        ({"accelerator": "inferentia2", "sharing": {"mps": 4}}, "only NVIDIA GPUs can be shared"),
        ({"accelerator": "l4-fractional", "sharing": {"mps": 4}}, "l4-fractional is a share of a GPU already"),
        ({"accelerator": "h100", "sharing": {}}, "one of time_slicing, mps and mig"),
        ({"accelerator": "h100", "sharing": {"mps": 4, "mig": "1g.10gb"}}, "one of time_slicing, mps and mig"),
        ({"accelerator": "t4", "sharing": {"mig": "1g.10gb"}}, "t4 has no MIG; time_slicing or mps"),
        ({"accelerator": "h100", "sharing": {"mig": "1g.5gb"}}, "h100 has no such MIG profile; did you mean"),
        ({"replicas": 2, "weight": 3}, "weight = 3: a static pool (replicas) is not chosen"),
        ({"replicas": 2, "limits": {"cpu": 100}}, "limits.cpu = '100': a static pool (replicas) is limited by `nodes`"),
        (
            {"shared_class": "x", "node_class": {"context": "c"}},
            "a shared class leaves nothing for one of the pool's own",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(fields, expected):
    assert expected in refusal(**fields)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"pools": [{"name": "p", "shared_class": "x"}]}, "pools[0].shared_class = 'x': not in node_classes"),
        ({"pools": [{"name": "p"}], "node_classes": {"x": {}}}, "node_classes.x = {}: no pool uses it"),
        (
            {"pools": [{"name": "p"}, {"name": "q", "shared_class": "p"}], "node_classes": {"p": {}}},
            "node_classes.p = 'p': the class of a pool of this name has it already",
        ),
        (
            {
                "pools": [
                    {"name": "p", "accelerator": "h100", "efa": True, "shared_class": "x"},
                    {"name": "q", "shared_class": "x"},
                ],
                "node_classes": {"x": {}},
            },
            "one class has one layout of interfaces",
        ),
        (
            {"pools": [{"name": "p", "shared_class": "x"}], "node_classes": {"x": {"raw": {"tenancy": "dedicated"}}}},
            "node_classes.x.raw.tenancy = 'dedicated': unknown key",
        ),
    ],
    ids=str,
)
def test_classes_and_pools_that_do_not_go_together_are_refused(config, expected):
    with pytest.raises(ConfigError, match=r"problems? in the configuration") as caught:
        parse(PoolSet, config, at="args")
    assert expected in str(caught.value)


def test_a_time_that_yaml_read_as_one_is_taken_as_its_text():
    ends = datetime(2026, 12, 24, 11, 30, tzinfo=UTC)
    made = plan(accelerator="h100", reservation={**BLOCK, "ends": ends})
    assert made.pools[0].annotations == {"eks-accelerators/reservation-ends": "2026-12-24T11:30:00+00:00"}
