"""The algebra of requirements is Karpenter's, and sound on the catalogue's own labels."""

import re

import pytest
from eks_accelerators.model import catalogue
from eks_accelerators.model.feasibility.index import index
from eks_accelerators.model.feasibility.requirement import (
    Requirement,
    conflicts,
    merged,
    of_labels,
    of_terms,
    requirement,
    undefined,
)
from eks_accelerators.model.feasibility.wire import ManifestError
from hypothesis import given
from hypothesis import strategies as st

GPU_MEMORY = "karpenter.k8s.aws/instance-gpu-memory"
LABELS = {name: catalogue.labels(instance) for name, instance in catalogue.instance_types().items()}
KEYS = sorted({key for labels in LABELS.values() for key in labels})
VALUES = {key: sorted({labels[key] for labels in LABELS.values() if key in labels}) for key in KEYS}
NUMBERS = st.integers(min_value=0, max_value=500_000).map(str)


@st.composite
def requirements(draw: st.DrawFn, keys: list[str] = KEYS) -> Requirement:
    """A requirement as a manifest may have it, on a label of the catalogue, mostly with values that occur."""
    key = draw(st.sampled_from(keys))
    operator = draw(st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"]))
    some = st.lists(st.sampled_from([*VALUES[key], "no such value"]), min_size=1, max_size=4)
    bound = st.one_of(NUMBERS, st.sampled_from([v for v in VALUES[key] if v.isdecimal()] or ["0"]))
    values = {"In": some, "NotIn": some, "Exists": st.just([]), "DoesNotExist": st.just([])}
    return requirement(key, operator, draw(values.get(operator, bound.map(lambda value: [value]))))


def values_of(found: Requirement) -> set[str]:
    """The values of the catalogue that a requirement admits."""
    return {value for value in VALUES[found.key] if found.admits(value)}


PAIRS = st.sampled_from(KEYS).flatmap(lambda key: st.tuples(requirements([key]), requirements([key])))


@given(PAIRS)
def test_intersection_commutes(pair):
    assert pair[0].intersection(pair[1]) == pair[1].intersection(pair[0])


@given(PAIRS)
def test_intersection_admits_exactly_what_both_admit(pair):
    assert values_of(pair[0].intersection(pair[1])) == values_of(pair[0]) & values_of(pair[1])


@given(PAIRS.flatmap(lambda pair: st.tuples(st.just(pair), requirements([pair[0].key]))))
def test_intersection_associates(triple):
    (a, b), c = triple
    assert values_of(a.intersection(b).intersection(c)) == values_of(a.intersection(b.intersection(c)))


@given(PAIRS)
def test_requirements_that_share_a_value_intersect(pair):
    if values_of(pair[0]) & values_of(pair[1]):
        assert pair[0].intersects(pair[1])


@given(requirements())
def test_the_index_finds_what_brute_force_finds(found):
    """A type's label is one value or absent; Karpenter takes absence for the requirement DoesNotExist."""
    absent = requirement(found.key, "DoesNotExist")
    by_hand = {
        name
        for name, labels in LABELS.items()
        if (requirement(found.key, "In", [labels[found.key]]) if found.key in labels else absent).intersects(found)
    }
    table = index(catalogue.current(), "us-west-2")
    assert set(table.named(table.admitted(found))) == by_hand


TEXTS = [
    (requirement("a", "In", ["y", "x"]), "a In [x, y]"),
    (requirement("a", "In", list("abcdefg")), "a In [a, b, c, d, e, and 2 more]"),
    (requirement("a", "NotIn", ["x"]), "a NotIn [x]"),
    (requirement("a", "Gt", ["4"]), "a >= 5"),
    (requirement("a", "Lt", ["4"]), "a <= 3"),
    (requirement("a", "Gte", ["4"]).intersection(requirement("a", "Lte", ["8"])), "a >= 4 and <= 8"),
    (requirement("a", "NotIn", ["5"]).intersection(requirement("a", "Lte", ["8"])), "a NotIn [5] <= 8"),
    (requirement("a", "Gt", ["8"]).intersection(requirement("a", "Lt", ["4"])), "a DoesNotExist"),
    (requirement("a", "Exists"), "a Exists"),
    (requirement("a", "In", ["1", "9", "x"]).intersection(requirement("a", "Gte", ["2"])), "a In [9]"),
    (requirement("a", "Gt", [str(2**63 - 1)]), "a DoesNotExist"),
    (requirement("beta.kubernetes.io/arch", "In", ["arm64"]), "kubernetes.io/arch In [arm64]"),
]


@pytest.mark.parametrize(("found", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_a_requirement_reads_as_karpenter_understands_it(found, text):
    assert str(found) == text


def test_the_larger_min_values_wins():
    few, many = requirement("a", "Exists", min_values=2), requirement("a", "In", ["x"], 5)
    assert few.intersection(many).min_values == many.intersection(few).min_values == 5


REFUSED = [
    (("a", "Equals", ["x"]), "a: operator 'Equals' is none of DoesNotExist, Exists"),
    (("a", "Gt", ["4", "5"]), "a Gt ['4', '5']: needs exactly one whole number"),
    (("a", "Lte", ["four"]), "a Lte ['four']: needs exactly one whole number"),
    (("a", "Gt", []), "a Gt []: needs exactly one whole number"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_what_the_api_server_refuses_is_refused(arguments, message):
    with pytest.raises(ManifestError, match=re.escape(message)):
        requirement(*arguments)


UNDEFINED = [
    # operator of the pod, whether nodes without the label will do
    ("In", False),
    ("Exists", False),
    ("NotIn", True),
    ("DoesNotExist", True),
]


@pytest.mark.parametrize(("operator", "fine"), UNDEFINED)
def test_a_custom_label_that_the_pool_lacks_suits_only_negative_demands(operator, fine):
    demands = of_terms([{"key": "team", "operator": operator, "values": ["x"]}])
    assert (next(undefined({}, demands, frozenset()), None) is None) is fine


def test_a_well_known_label_may_be_left_open():
    assert not list(undefined({}, of_labels({GPU_MEMORY: "16384"}), frozenset({GPU_MEMORY})))


def test_demands_on_one_key_meet():
    both = merged(of_labels({"a": "x"}).values(), [requirement("a", "NotIn", ["x"])])
    assert both["a"].operator == "DoesNotExist"


CONFLICTS = [
    # existing, incoming, whether they conflict
    (("In", "x"), ("In", "y"), True),
    (("In", "x"), ("NotIn", "x"), True),
    (("In", "x"), ("DoesNotExist",), True),
    (("NotIn", "x"), ("DoesNotExist",), False),
    (("DoesNotExist",), ("DoesNotExist",), False),
    (("DoesNotExist",), ("Exists",), True),
    (("Exists",), ("In", "x"), False),
]


@pytest.mark.parametrize(("existing", "incoming", "conflict"), CONFLICTS)
def test_labels_conflict_unless_absence_satisfies_both(existing, incoming, conflict):
    pair = [{"a": requirement("a", operator, values)} for operator, *values in (existing, incoming)]
    assert bool(list(conflicts(*pair))) is conflict
