"""A container's variables are resolved as a kubelet resolves them."""

import base64

import pytest
from eks_twin.nodes.environment import ConfigError, Source, environment
from eks_twin.nodes.quantity import amount

POD = {
    "metadata": {
        "name": "p",
        "namespace": "ns",
        "uid": "u-1",
        "labels": {"app": "web"},
        "annotations": {"example.com/note": "hello"},
    },
    "spec": {"nodeName": "n", "serviceAccountName": "sa", "containers": []},
}
OBJECTS = {
    ("ConfigMap", "settings"): {"data": {"mode": "fast", "level": "3"}},
    ("Secret", "token"): {"data": {"value": base64.b64encode(b"s3cret").decode()}},
}
SOURCE = Source(POD, "10.0.0.4", "100.64.0.2", {"cpu": "3920m", "memory": "14162Mi"}, lambda *key: OBJECTS.get(key))


def container(**fields):
    return {"name": "main", "resources": {"requests": {"cpu": "250m"}, "limits": {"memory": "1Gi"}}, **fields}


def field(path):
    return {"valueFrom": {"fieldRef": {"fieldPath": path}}}


def resource(name, **more):
    return {"valueFrom": {"resourceFieldRef": {"resource": name, **more}}}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"value": "x"}, "x"),
        ({}, ""),
        (field("metadata.name"), "p"),
        (field("metadata.namespace"), "ns"),
        (field("metadata.uid"), "u-1"),
        (field("metadata.labels['app']"), "web"),
        (field("metadata.annotations['example.com/note']"), "hello"),
        (field("spec.nodeName"), "n"),
        (field("spec.serviceAccountName"), "sa"),
        (field("status.hostIP"), "10.0.0.4"),
        (field("status.podIP"), "100.64.0.2"),
        (resource("requests.cpu", divisor="1m"), "250"),
        (resource("requests.cpu"), "1"),  # rounded up
        (resource("limits.memory", divisor="0"), str(1024**3)),
        (resource("limits.memory", divisor="1Mi"), "1024"),
        (resource("limits.cpu", divisor="1m"), "3920"),  # no limit: the node's allocatable
        ({"valueFrom": {"configMapKeyRef": {"name": "settings", "key": "mode"}}}, "fast"),
        ({"valueFrom": {"secretKeyRef": {"name": "token", "key": "value"}}}, "s3cret"),
        ({"valueFrom": {"secretKeyRef": {"name": "none", "key": "value", "optional": True}}}, None),
        ({"valueFrom": {"configMapKeyRef": {"name": "settings", "key": "none", "optional": True}}}, None),
    ],
)
def test_each_kind_of_value_is_resolved(entry, expected):
    assert environment(container(env=[{"name": "X", **entry}]), SOURCE).get("X") == expected


def test_earlier_variables_are_expanded_and_env_wins_over_env_from():
    env = [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "$(A)-$(mode)-$(NONE)-$$(A)"},
        {"name": "level", "value": "9"},
    ]
    resolved = environment(container(envFrom=[{"configMapRef": {"name": "settings"}}], env=env), SOURCE)
    assert resolved == {"A": "1", "B": "1-fast-$(NONE)-$(A)", "level": "9", "mode": "fast"}


def test_env_from_takes_a_prefix():
    resolved = environment(container(envFrom=[{"prefix": "T_", "secretRef": {"name": "token"}}]), SOURCE)
    assert resolved == {"T_value": "s3cret"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"env": [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "no", "key": "k"}}}]}, 'secret "no" not found'),
        (
            {"env": [{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "k"}}}]},
            "couldn't find key k in ConfigMap ns/settings",
        ),
        ({"envFrom": [{"configMapRef": {"name": "no"}}]}, 'configmap "no" not found'),
        ({"env": [{"name": "X", **field("status.phase")}]}, "unsupported fieldPath: status.phase"),
        ({"env": [{"name": "X", "valueFrom": {"fileKeyRef": {}}}]}, "env X: valueFrom fileKeyRef is not modelled"),
    ],
)
def test_what_is_missing_or_not_modelled_is_named(fields, message):
    with pytest.raises(ConfigError, match=message):
        environment(container(**fields), SOURCE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500m", 0.5),
        ("2", 2),
        ("1Gi", 2**30),
        ("700G", 7e11),
        ("1e3", 1000),
        (".5", 0.5),
        ("1E", 1e18),
        ("-1Ki", -1024),
    ],
)
def test_quantities_are_numbers(text, value):
    assert amount(text) == value


@pytest.mark.parametrize("text", ["", "1gb", "1 Gi", "x", "1.2.3"])
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(ValueError, match="is not a Kubernetes quantity"):
        amount(text)
