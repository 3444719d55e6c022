import pytest
from eks_accelerators.model.layers import combined
from hypothesis import given
from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=2), below, max_size=3),
)
MAPPINGS = st.dictionaries(st.text(max_size=2), JSON, max_size=3)


@pytest.mark.parametrize(
    ("shared", "own", "expected"),
    [
        ({"a": 1, "b": {"c": 2}}, {"b": {"d": 3}}, {"a": 1, "b": {"c": 2, "d": 3}}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({"zones": ["a", "b"]}, {"zones": ["a"]}, {"zones": ["a"]}),
        (
            {"pools": [{"name": "cpu", "limits": {"cpu": 8}}, {"name": "gpu", "use": "inference"}]},
            {"pools": [{"name": "gpu", "use": "batch"}, {"name": "new"}]},
            {
                "pools": [
                    {"name": "cpu", "limits": {"cpu": 8}},
                    {"name": "gpu", "use": "batch"},
                    {"name": "new"},
                ]
            },
        ),
        ({"taints": [{"key": "a"}]}, {"taints": []}, {"taints": []}),
        ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
        ({}, {"a": {"b": None}}, {"a": {}}),
    ],
)
def test_own_words_win_where_they_are_said(shared, own, expected):
    assert combined(shared, own) == expected


@given(MAPPINGS)
def test_saying_nothing_changes_nothing(shared):
    assert combined(shared, {}) == {key: value for key, value in shared.items() if value is not None}


@given(MAPPINGS, MAPPINGS)
def test_saying_it_twice_is_saying_it_once(shared, own):
    once = combined(shared, own)
    assert combined(once, own) == once
