"""Quantities, comparisons and field ownership: functions of JSON alone."""

import pytest
from eks_twin.plugins.kubernetes import ownership, quantities, trees


@pytest.mark.parametrize(
    ("written", "served"),
    [
        ("1000m", "1"),
        ("100m", "100m"),
        (0.5, "500m"),
        (2, "2"),
        ("2000", "2k"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Ki", "512"),
        ("700G", "700G"),
        ("1e3", "1e3"),
        ("1E6", "1e6"),
        ("0", "0"),
        ("0.1n", "1n"),
        ("-1500m", "-1500m"),
        ("cpu", "cpu"),
        (True, True),
    ],
)
def test_quantities_take_the_form_the_api_server_serves(written, served):
    assert quantities.canonical(written) == served


def test_quantities_are_found_where_a_kind_holds_them():
    pod = {"spec": {"containers": [{"resources": {"limits": {"cpu": "2000m"}}, "env": [{"value": "1000m"}]}]}}
    assert quantities.normalised("Pod", pod) == {
        "spec": {"containers": [{"resources": {"limits": {"cpu": "2"}}, "env": [{"value": "1000m"}]}]}
    }
    assert quantities.normalised("ResourceQuota", {"spec": {"hard": {"pods": 1000}}}) == {
        "spec": {"hard": {"pods": "1k"}}
    }
    assert quantities.normalised("ConfigMap", {"data": {"hard": "1000m"}}) == {"data": {"hard": "1000m"}}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1}, {"a": True}, [("a", "update")]),
        ({"a": "x"}, {}, [("a", "delete")]),
        ({}, {"a": {"b": "x"}}, [("a", "add")]),
        ({}, {"a": {}, "b": [], "c": None}, []),
        ({"a": [1, 2]}, {"a": [1]}, [("a[1]", "delete")]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, [("a[0].b", "update")]),
        ({"a": {"x.y/z": 1}}, {"a": {"x.y/z": 2}}, [('a["x.y/z"]', "update")]),
    ],
)
def test_differences_are_reported_per_leaf(old, new, expected):
    assert list(trees.differences(old, new)) == expected


@pytest.mark.parametrize(
    ("path", "ancestor", "expected"),
    [
        ("spec.containers[0].image", ".spec.containers[*].image", True),
        ("spec.containers[0].name", ".spec.containers[*].image", False),
        ("data.a", ".data", True),
        ("database", ".data", False),
        ('metadata.annotations["a.b"]', 'metadata.annotations["a.b"]', True),
    ],
)
def test_a_path_is_under_its_ancestors_and_no_namesake(path, ancestor, expected):
    assert trees.under(path, [ancestor]) is expected


def test_live_state_is_pruned_to_the_shape_of_the_inputs():
    live = {"spec": {"replicas": 1, "paused": False, "list": [{"a": 1, "b": 2}, {"a": 3}]}, "status": {}}
    assert trees.pruned(live, {"spec": {"replicas": 9, "list": [{"a": 0}]}}) == {
        "spec": {"replicas": 1, "list": [{"a": 1}]}
    }


def entry(manager: str, operation: str, fields: dict, **more) -> dict:
    return {"manager": manager, "operation": operation, "fieldsV1": fields, **more}


def test_what_was_created_by_a_plain_post_becomes_the_resources_own():
    entries = [
        entry("pulumi-kubernetes", "Update", {"f:spec": {"f:a": {}}}),
        entry("mine", "Apply", {"f:spec": {"f:b": {}}}),
        entry("controller", "Update", {"f:status": {}}, subresource="status"),
    ]
    assert ownership.transferred(entries, "mine") == [
        entry("mine", "Apply", {"f:spec": {"f:a": {}, "f:b": {}}}),
        entry("controller", "Update", {"f:status": {}}, subresource="status"),
    ]


def test_fields_of_strangers_are_left_alone():
    entries = [entry("hpa", "Update", {"f:spec": {"f:replicas": {}}})]
    assert ownership.transferred(entries, "mine") is entries
    live = {"metadata": {"managedFields": entries}}
    assert ownership.owned_by_others_only(live, "spec.replicas", "mine")
    assert not ownership.owned_by_others_only(live, "spec.paused", "mine")
