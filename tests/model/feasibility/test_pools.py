"""A pool's report says what it launches and accounts for every other type."""

from decimal import Decimal

import pytest
from eks_accelerators.model import catalogue
from eks_accelerators.model.feasibility import Place, explain_pod, explain_pool

from tests.model.feasibility.conftest import FAMILY, make_place, make_pod, make_pool, need

CAPACITY_TYPE, ZONE, TYPE = (
    "karpenter.sh/capacity-type",
    "topology.kubernetes.io/zone",
    "node.kubernetes.io/instance-type",
)
GPU = "nvidia.com/gpu"
INF2 = need(FAMILY, "In", "inf2")
RESERVED = {"capacityReservationSelectorTerms": [{"id": "cr-1"}]}
EFA = [{"networkCardIndex": 0, "deviceIndex": 0, "interfaceType": "interface"}] + [
    {"networkCardIndex": card, "deviceIndex": 1, "interfaceType": "efa-only"} for card in range(4)
]


def names(report):
    """The types that a pool launches."""
    return [choice.type for choice in report.choices]


def test_choices_are_ordered_by_price_and_say_what_the_limits_allow():
    report = explain_pool(make_pool("p", INF2, limits={"cpu": "400", "aws.amazon.com/neuron": 18}), make_place())
    found = [(choice.type, choice.price, choice.nodes, choice.stopped_by) for choice in report.choices]
    neuron = "aws.amazon.com/neuron"
    assert found == [
        ("inf2.xlarge", Decimal("0.7582"), 18, neuron),
        ("inf2.8xlarge", Decimal("1.96786"), 12, "cpu"),
        ("inf2.24xlarge", Decimal("6.49063"), 3, neuron),
        ("inf2.48xlarge", Decimal("12.98127"), 1, neuron),
    ]
    assert report.cheapest.devices == {neuron: 1, "aws.amazon.com/neuroncore": 2}


def test_without_limits_nothing_stops_it():
    cheapest = explain_pool(make_pool("p", INF2), make_place()).cheapest
    assert (cheapest.nodes, cheapest.stopped_by) == (None, None)


@pytest.mark.parametrize("requirements", [[INF2], [], [need(FAMILY, "In", "no such family")]])
def test_every_type_is_either_a_choice_or_out_for_one_reason(requirements):
    report = explain_pool(make_pool("p", *requirements, limits={"cpu": "100"}), make_place())
    out = [name for group in report.excluded for name in group.types]
    assert sorted([*names(report), *out]) == sorted(catalogue.instance_types())
    assert len(out) == len(set(out))


EXCLUDED = [
    # pool, kind, rule, a type that is out for it
    (make_pool("p", INF2), "requirement", "karpenter.k8s.aws/instance-family In [inf2]", "m5.large"),
    (make_pool("p", labels={"kubernetes.io/arch": "amd64"}), "requirement",
     "kubernetes.io/arch In [amd64]", "m6g.large"),
    (make_pool("p"), "class", "Amazon Linux 2023 does not run on a1", "a1.large"),
    (make_pool("p"), "zone", "offered in us-west-2a, us-west-2b, us-west-2c", "trn1n.32xlarge"),
    (make_pool("p", need(CAPACITY_TYPE, "In", "spot")), "capacity type", "sold as spot", "u7i-12tb.224xlarge"),
    (make_pool("p", limits={"cpu": "100"}), "limit", "limits.cpu: 100", "inf2.48xlarge"),
    (make_pool("p", node_class={"kubelet": {"systemReserved": {"memory": "2Gi"}}}), "resource",
     "kubelet, system and eviction keep no more than there is", "t3.micro"),
    (make_pool("p", node_class={"cpuOptions": {"nestedVirtualization": "enabled"}}), "class",
     "supports nested virtualization", "inf2.xlarge"),
    (make_pool("p", node_class={"connectionTracking": {"udpTimeout": 30}}), "class", "connection tracking needs Nitro",
     "m4.large"),
    (make_pool("p", node_class={"networkInterfaces": EFA}), "class",
     "has the network cards and device indexes of networkInterfaces (cards up to 3)", "g6.8xlarge"),
    (make_pool("p", node_class={"networkInterfaces": EFA[:2]}), "class", "takes 1 EFA interfaces", "inf2.8xlarge"),
    (make_pool("p", node_class={"networkInterfaces": EFA[:1]}), "class", "network interfaces need ENA", "c3.large"),
    (make_pool("p", placement="cluster"), "class", "can be in a placement group of strategy cluster", "t3.large"),
    (make_pool("p", node_class={"amiFamily": "Windows2022"}), "class", "Windows needs amd64", "m6g.large"),
]  # fmt: skip


@pytest.mark.parametrize(("pool", "kind", "rule", "name"), EXCLUDED)
def test_a_type_is_out_for_the_first_constraint_that_it_violates(pool, kind, rule, name):
    found = [(group.kind, group.rule) for group in explain_pool(pool, make_place()).excluded if name in group.types]
    assert found == [(kind, rule)]


def test_an_efa_layout_leaves_types_with_as_many_cards():
    pool = make_pool("p", need("karpenter.k8s.aws/instance-gpu-manufacturer", "In", "nvidia"),
                     node_class={"networkInterfaces": EFA})  # fmt: skip
    report = explain_pool(pool, make_place(zones=("us-west-2a", "us-west-2b", "us-west-2c", "us-west-2d")))
    assert {"p4d.24xlarge", "p5.48xlarge", "g6e.48xlarge"} <= set(names(report))
    assert all(choice.devices["vpc.amazonaws.com/efa"] == 4 for choice in report.choices)


def test_daemonsets_that_leave_no_room_exclude_a_type():
    report = explain_pool(make_pool("p", INF2), make_place(daemons={"cpu": "4"}))
    assert names(report) == ["inf2.8xlarge", "inf2.24xlarge", "inf2.48xlarge"]
    assert report.excluded[-1].rule == "room for the DaemonSets: cpu 4"


def test_an_isolated_controller_launches_nothing_that_has_no_price():
    pool = make_pool("p", need(FAMILY, "In", "p5", "p5e", "g7"))
    place = {"zones": ("us-west-2a", "us-west-2b", "us-west-2c", "us-west-2d")}
    assert explain_pool(pool, make_place(**place)).choices[-1].price is None
    assert "p5e.48xlarge" not in names(explain_pool(pool, make_place(isolated_vpc=True, **place)))


def test_reserved_capacity_needs_no_price():
    pool = make_pool("p", need(FAMILY, "In", "p5e"), need(CAPACITY_TYPE, "In", "reserved"), node_class=RESERVED)
    zones = ("us-west-2a", "us-west-2b", "us-west-2c", "us-west-2d")
    assert names(explain_pool(pool, make_place(isolated_vpc=True, zones=zones))) == ["p5e.48xlarge"]


def test_a_price_by_overlay_admits_a_type_to_an_isolated_controller():
    overlay = {"requirements": [need(TYPE, "In", "p5e.48xlarge")], "price": "60"}
    pool = make_pool("p", need(FAMILY, "In", "p5e"), overlays=[overlay])
    place = make_place(
        isolated_vpc=True, node_overlay=True, zones=("us-west-2a", "us-west-2b", "us-west-2c", "us-west-2d")
    )
    assert [(choice.type, choice.price) for choice in explain_pool(pool, place).choices] == [
        ("p5e.48xlarge", Decimal(60))
    ]


def test_reserved_capacity_is_taken_for_granted_and_said():
    pool = make_pool("p", INF2, need(CAPACITY_TYPE, "In", "reserved"), node_class=RESERVED)
    report = explain_pool(pool, make_place())
    assert report.cheapest.capacity_types == ("reserved",)
    assert report.notes[0].startswith("reserved: taken for granted of every type")


@pytest.mark.parametrize(("node_class", "gate"), [({}, True), (RESERVED, False)])
def test_without_selector_or_gate_nothing_is_reserved(node_class, gate):
    pool = make_pool("p", INF2, need(CAPACITY_TYPE, "In", "reserved"), node_class=node_class)
    report = explain_pool(pool, make_place(reserved_capacity=gate))
    assert not report.choices
    assert report.excluded[-1].rule == f"nothing to buy meets {CAPACITY_TYPE} In [reserved]"


FRACTION = need(FAMILY, "In", "g6f")


def test_an_overlay_gives_a_share_of_a_gpu_to_pods():
    overlay = {"requirements": [FRACTION], "capacity": {GPU: "1"}}
    pool = make_pool("p", FRACTION, overlays=[overlay])
    assert explain_pod(make_pod({GPU: "1"}), [pool], make_place(node_overlay=True)).fits
    report = explain_pool(pool, make_place())
    assert report.cheapest.devices == {}
    assert report.notes == ("overlays have no effect: settings.featureGates.nodeOverlay is off",)


PRICES = [
    # overlay, price of inf2.xlarge, which is listed at 0.7582
    ({"price": "2"}, "2"),
    ({"priceAdjustment": "+10%"}, "0.83402"),
    ({"priceAdjustment": "-0.5"}, "0.2582"),
    ({"priceAdjustment": "-100%"}, "0"),
    ({"priceAdjustment": "-2"}, "0"),
    ({"price": "2", "requirements": [need(CAPACITY_TYPE, "In", "spot")]}, "0.7582"),  # on demand stays cheaper
    ({"price": "0.1", "requirements": [need(CAPACITY_TYPE, "In", "spot")]}, "0.1"),
    ({"price": "0.1", "requirements": [need(ZONE, "In", "us-west-2a")]}, "0.1"),
    ({"price": "0.1", "requirements": [need(FAMILY, "In", "trn1")]}, "0.7582"),
    ({"price": "0.1", "requirements": [need("karpenter.sh/nodepool", "In", "p")]}, "0.1"),
    ({"price": "0.1", "requirements": [need("karpenter.sh/nodepool", "In", "q")]}, "0.7582"),
    ({"price": "0.1", "requirements": [need("team", "In", "ml")]}, "0.1"),
    ({"price": "0.1", "requirements": [need("other", "In", "ml")]}, "0.7582"),
    ({"price": "0.1", "requirements": [need("other", "DoesNotExist")]}, "0.1"),
]


@pytest.mark.parametrize(("overlay", "price"), PRICES)
def test_an_overlay_changes_the_price_of_what_it_selects(overlay, price):
    pool = make_pool("p", INF2, labels={"team": "ml"}, overlays=[{"requirements": [], **overlay}])
    found = {each.type: each.price for each in explain_pool(pool, make_place(node_overlay=True)).choices}
    assert found["inf2.xlarge"] == Decimal(price)


def test_overlays_reorder_choices():
    overlay = {"requirements": [need(TYPE, "In", "inf2.48xlarge")], "price": "0.01"}
    report = explain_pool(make_pool("p", INF2, overlays=[overlay]), make_place(node_overlay=True))
    assert report.cheapest.type == "inf2.48xlarge"


def test_the_heaviest_overlay_wins_and_equals_contradict():
    heavy = {"requirements": [INF2], "price": "3", "weight": 10}
    light, other = {"requirements": [INF2], "price": "2"}, {"requirements": [INF2], "price": "1"}
    report = explain_pool(make_pool("p", INF2, overlays=[light, heavy]), make_place(node_overlay=True))
    assert report.cheapest.price == Decimal(3)
    report = explain_pool(make_pool("p", INF2, overlays=[light, other]), make_place(node_overlay=True))
    assert "another of weight 0 sets the same; Karpenter ignores one" in report.notes[0]


def test_overlays_on_other_offerings_do_not_contradict():
    spot = {"requirements": [INF2, need(CAPACITY_TYPE, "In", "spot")], "price": "0.2"}
    on_demand = {"requirements": [INF2, need(CAPACITY_TYPE, "In", "on-demand")], "price": "0.3"}
    report = explain_pool(make_pool("p", INF2, overlays=[on_demand, spot]), make_place(node_overlay=True))
    assert (report.cheapest.price, report.notes) == (Decimal("0.2"), ())


def test_a_label_that_no_type_of_a_small_catalogue_has_excludes_them_all():
    few = {"m5.large": catalogue.instance_types()["m5.large"]}
    zones = {"us-west-2": catalogue.offers(few, {"us-west-2a": frozenset(few)})}
    small = catalogue.Catalogue(few, zones, catalogue.current().price_lists, {})
    place = Place("us-west-2", ("us-west-2a",), catalogue=small)
    assert names(explain_pool(make_pool("p"), place)) == ["m5.large"]
    assert names(explain_pool(make_pool("p", need("karpenter.k8s.aws/instance-gpu-count", "Exists")), place)) == []


@pytest.mark.parametrize(("strategy", "notes"), [(None, 1), ("cluster", 0)])
def test_a_placement_group_of_unknown_strategy_is_noted(strategy, notes):
    pool = make_pool("p", INF2, node_class={"placementGroupSelector": {"name": "pg"}}, placement=strategy)
    report = explain_pool(pool, make_place())
    assert len([note for note in report.notes if note.startswith("placement group:")]) == notes


MIN_VALUES = [
    (
        need(FAMILY, "Exists", min_values=2),
        INF2,
        "minValues 2 of karpenter.k8s.aws/instance-family; the types left have 1",
    ),
    (need(ZONE, "Exists", min_values=4), INF2, "minValues 4 of topology.kubernetes.io/zone; the types left have 3"),
    (
        need(CAPACITY_TYPE, "Exists", min_values=3),
        INF2,
        "minValues 3 of karpenter.sh/capacity-type; the types left have 2",
    ),
]


@pytest.mark.parametrize(("flexible", "other", "note"), MIN_VALUES)
def test_min_values_that_cannot_be_reached_are_noted_where_the_policy_is_strict(flexible, other, note):
    pool = make_pool("p", flexible, other)
    assert note in explain_pool(pool, make_place()).notes
    assert note not in explain_pool(pool, make_place(strict_min_values=False)).notes


def test_an_answer_is_plain_json():
    wire = explain_pool(make_pool("p", INF2), make_place()).wire()
    assert wire["choices"][0]["zones"] == ["us-west-2a", "us-west-2b", "us-west-2c"]
    assert wire["excluded"][0]["kind"] == "requirement"
