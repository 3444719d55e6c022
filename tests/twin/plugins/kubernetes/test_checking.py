"""Which kind a type names, and what Check fills in."""

import threading

import pytest
from eks_twin.plugins.base import PluginError, Request
from eks_twin.plugins.kubernetes import checking
from eks_twin.plugins.kubernetes.kinds import target
from eks_twin.plugins.kubernetes.session import Session
from eks_twin.plugins.kubernetes.settings import parse
from eks_twin.plugins.wire import UNKNOWN, Secret


def session(**config) -> Session:
    return Session(parse(config), threading.Event(), lambda *_, **__: None)


def request(token: str, **fields) -> Request:
    return Request(urn=f"urn:pulumi:dev::p::{token}::thing", type=token, name="thing", seed=b"seed", **fields)


def checked(token: str, inputs: dict, old: dict | None = None, **config) -> dict:
    asked = request(token, inputs=inputs, old_inputs=old or {})
    result, failures = checking.check(session(**config), target(token, inputs), asked)
    assert failures == []
    return result


@pytest.mark.parametrize(
    ("token", "inputs", "expected"),
    [
        ("kubernetes:core/v1:Pod", {}, ("v1", "Pod", False)),
        (
            "kubernetes:apps/v1:Deployment",
            {"apiVersion": "apps/v1", "kind": "Deployment"},
            ("apps/v1", "Deployment", False),
        ),
        (
            "kubernetes:storage.k8s.io/v1:StorageClassPatch",
            {"kind": "StorageClass"},
            ("storage.k8s.io/v1", "StorageClass", True),
        ),
        ("kubernetes:yaml.example.com/v1:Thing", {}, ("yaml.example.com/v1", "Thing", False)),
        ("kubernetes:karpenter.sh/v1:NodePool", {"kind": "NodePool"}, ("karpenter.sh/v1", "NodePool", False)),
    ],
)
def test_a_type_token_names_a_kind(token, inputs, expected):
    found = target(token, inputs)
    assert (found.api_version, found.kind, found.patch) == expected


@pytest.mark.parametrize(
    ("token", "inputs", "message"),
    [
        ("kubernetes:core/v1:ConfigMapList", {"items": []}, "cannot be created directly"),
        ("kubernetes:helm.sh/v4:Chart", {}, r"kubernetes:helm\.sh/v4:Chart: .* does not model this type"),
        ("kubernetes:yaml/v2:ConfigGroup", {}, "does not model this type"),
    ],
)
def test_types_that_are_not_modelled_are_refused_by_name(token, inputs, message):
    with pytest.raises(PluginError, match=message):
        target(token, inputs)


def test_a_name_is_made_up_once_and_kept():
    first = checked("kubernetes:core/v1:ConfigMap", {"data": {"a": "1"}})
    assert first["metadata"]["name"].startswith("thing-")
    assert first["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert checked("kubernetes:core/v1:ConfigMap", {"data": {"a": "2"}}, first)["metadata"] == first["metadata"]


def test_an_unknown_name_counts_as_a_name():
    inputs = {"metadata": {"name": UNKNOWN}}
    assert checked("kubernetes:core/v1:ConfigMap", inputs)["metadata"] == {"name": UNKNOWN, "namespace": "default"}


@pytest.mark.parametrize(
    ("token", "config", "namespace"),
    [
        ("kubernetes:core/v1:ConfigMap", {}, "default"),
        ("kubernetes:core/v1:ConfigMap", {"namespace": "team"}, "team"),
        ("kubernetes:core/v1:Namespace", {"namespace": "team"}, None),
        ("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", {}, None),
        ("kubernetes:example.com/v1:Unheard", {}, "default"),
    ],
)
def test_the_namespace_is_filled_in_for_namespaced_kinds(token, config, namespace):
    assert checked(token, {"metadata": {"name": "x"}}, **config)["metadata"].get("namespace") == namespace


def test_a_custom_kind_has_the_scope_its_definition_in_the_program_declares():
    opened = session()
    token = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
    definition = {
        "metadata": {"name": "things.example.com"},
        "spec": {"group": "example.com", "scope": "Cluster", "names": {"kind": "Thing"}},
    }
    checking.check(opened, target(token, definition), request(token, inputs=definition))
    assert not opened.namespaced(target("kubernetes:example.com/v1:Thing", {}))


def test_inputs_take_the_servers_form():
    token = "kubernetes:core/v1:Secret"
    secret = checked(
        token, {"metadata": {"name": "x", "uid": "u"}, "stringData": {"key": "value"}, "data": {"a": "Yg=="}}
    )
    assert secret["data"] == Secret({"a": "Yg==", "key": "dmFsdWU="})
    assert "stringData" not in secret
    assert "uid" not in secret["metadata"]


def test_definitions_are_not_normalised():
    limits = {"properties": {"limits": {"default": "1000m"}}}
    token = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
    assert checked(token, {"metadata": {"name": "x"}, "spec": limits})["spec"] == limits


@pytest.mark.parametrize(
    ("token", "inputs", "message"),
    [
        ("kubernetes:core/v1:ConfigMap", {"metadata": {"generateName": "x-"}}, "generateName"),
        ("kubernetes:core/v1:ConfigMapPatch", {"metadata": {}}, "require the `.metadata.name` field"),
    ],
)
def test_names_that_apply_cannot_use_are_refused(token, inputs, message):
    _, failures = checking.check(session(), target(token, inputs), request(token, inputs=inputs))
    assert message in failures[0].reason
