"""Which changes update, which replace, and which are none."""

import threading

import pytest
from eks_twin.plugins.base import Request
from eks_twin.plugins.kubernetes import diffing
from eks_twin.plugins.kubernetes.kinds import target
from eks_twin.plugins.kubernetes.session import Session
from eks_twin.plugins.kubernetes.settings import parse


def session(**config) -> Session:
    return Session(parse(config), threading.Event(), lambda *_, **__: None)


def request(token: str, **fields) -> Request:
    return Request(urn=f"urn:pulumi:dev::p::{token}::thing", type=token, name="thing", seed=b"seed", **fields)


def difference(token: str, old: dict, new: dict, live: dict | None = None, ignore: tuple[str, ...] = (), **config):
    asked = request(token, inputs=new, old_inputs=old, state=live or old, ignore_changes=ignore)
    return diffing.diff(session(**config), target(token, new), asked)


def obj(kind: str, version: str, **fields) -> dict:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "x", "namespace": "default"}, **fields}


@pytest.mark.parametrize(
    ("token", "old", "new", "replaces"),
    [
        ("core/v1:ConfigMap", {"data": {"a": "1"}}, {"data": {"a": "2"}}, ("data.a",)),
        ("core/v1:Secret", {"type": "Opaque"}, {"type": "other"}, ("type",)),
        ("core/v1:Service", {"spec": {"clusterIP": "None"}}, {"spec": {"clusterIP": "10.0.0.1"}}, ("spec.clusterIP",)),
        ("apps/v1:Deployment", {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}, ()),
        (
            "apps/v1:Deployment",
            {"spec": {"selector": {"matchLabels": {"a": "1"}}}},
            {"spec": {"selector": {"matchLabels": {"a": "2"}}}},
            ("spec.selector.matchLabels.a",),
        ),
        (
            "core/v1:Pod",
            {"spec": {"containers": [{"image": "a"}]}},
            {"spec": {"containers": [{"image": "b"}]}},
            ("spec.containers[0].image",),
        ),
        ("karpenter.sh/v1:NodePool", {"spec": {"weight": 1}}, {"spec": {"weight": 2}}, ()),
        ("core/v1:ConfigMapPatch", {"data": {"a": "1"}}, {"data": {"a": "2"}}, ()),
    ],
)
def test_replacement_follows_the_table_of_each_kind(token, old, new, replaces):
    version, kind = token.split(":")
    found = difference(
        f"kubernetes:{token}",
        obj(kind.removesuffix("Patch"), version.removeprefix("core/"), **old),
        obj(kind.removesuffix("Patch"), version.removeprefix("core/"), **new),
    )
    assert found.changes
    assert found.replaces == replaces
    assert found.delete_before_replace == bool(replaces)


@pytest.mark.parametrize(
    ("flag", "immutable", "replaces"), [({}, False, True), ({"enableConfigMapMutable": "true"}, False, False),
                                        ({"enableConfigMapMutable": "true"}, True, True)],
)  # fmt: skip
def test_a_config_map_is_replaced_unless_it_may_change_in_place(flag, immutable, replaces):
    old, new = (obj("ConfigMap", "v1", data={"a": value}, immutable=immutable) for value in "12")
    assert bool(difference("kubernetes:core/v1:ConfigMap", old, new, **flag).replaces) is replaces


def test_an_autonamed_object_is_created_before_the_old_one_goes():
    old, new = (obj("ConfigMap", "v1", data={"a": value}) for value in "12")
    for side in (old, new):
        side["metadata"]["annotations"] = {"pulumi.com/autonamed": "true"}
    assert not difference("kubernetes:core/v1:ConfigMap", old, new).delete_before_replace


def test_drift_of_a_field_the_program_sets_is_a_change_and_of_any_other_is_not():
    inputs = obj("ConfigMap", "v1", data={"a": "1"})
    live = {**inputs, "data": {"a": "2", "b": "3"}, "metadata": {**inputs["metadata"], "uid": "u"}}
    assert difference("kubernetes:core/v1:ConfigMap", inputs, inputs, live).changes == {"data.a": "update-replace"}


def test_no_namespace_is_the_default_namespace():
    old = obj("ConfigMap", "v1")
    assert not difference("kubernetes:core/v1:ConfigMap", old, {**old, "metadata": {"name": "x"}}).changes


def test_ignored_changes_are_no_difference():
    old, new = (obj("Deployment", "apps/v1", spec={"replicas": count}) for count in (1, 2))
    assert not difference("kubernetes:apps/v1:Deployment", old, new, ignore=("spec.replicas",)).changes
