"""The provider's own configuration."""

import pytest
import yaml
from eks_twin.plugins.base import PluginError
from eks_twin.plugins.kubernetes.access import resolve
from eks_twin.plugins.kubernetes.plugin import Kubernetes
from eks_twin.plugins.kubernetes.settings import failures, parse
from eks_twin.plugins.wire import UNKNOWN


def kubeconfig(server: str = "https://a", token: str = "t") -> str:
    return yaml.safe_dump(
        {
            "current-context": "main",
            "clusters": [
                {"name": "c", "cluster": {"server": server}},
                {"name": "d", "cluster": {"server": "https://d"}},
            ],
            "users": [{"name": "u", "user": {"token": token}}],
            "contexts": [
                {"name": "main", "context": {"cluster": "c", "user": "u", "namespace": "team"}},
                {"name": "other", "context": {"cluster": "d", "user": "u"}},
            ],
        }
    )


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"renderYamlToDirectory": "x"}, "renderYamlToDirectory: .* does not model this setting"),
        ({"kubeClientSettings": "{}"}, "kubeClientSettings: .* does not model this setting"),
        ({"kubeconfg": "x"}, "kubeconfg: .* does not model this setting"),
        ({"enableServerSideApply": "false"}, "models server-side apply only"),
        ({"helmReleaseSettings": '{"drivr": "x"}'}, r"helmReleaseSettings\.drivr: unknown; known: driver"),
    ],
)
def test_settings_that_are_not_modelled_are_refused_by_name(config, message):
    with pytest.raises(PluginError, match=message):
        parse(config)
    assert len(failures(config)) == 1


def test_a_flag_that_is_no_boolean_is_refused():
    with pytest.raises(PluginError, match="enablePatchForce: 'yes' is not a boolean"):
        parse({"enablePatchForce": "yes"})


def test_an_input_wins_over_the_environment_and_the_environment_over_the_default(monkeypatch):
    monkeypatch.setenv("PULUMI_K8S_DELETE_UNREACHABLE", "true")
    assert parse({}).on("deleteUnreachable")
    assert not parse({"deleteUnreachable": "false"}).on("deleteUnreachable")
    assert not parse({}).on("enablePatchForce")


def test_helm_settings_become_helms_own_variables():
    assert parse({"helmReleaseSettings": '{"driver": "configmap"}'}).helm == (("HELM_DRIVER", "configmap"),)


@pytest.mark.parametrize(
    ("texts", "server", "namespace"),
    [
        ({}, "https://a", "team"),
        ({"context": "other"}, "https://d", "default"),
        ({"cluster": "d"}, "https://d", "team"),
        ({"namespace": "mine"}, "https://a", "mine"),
    ],
)
def test_overrides_choose_the_cluster_and_namespace(texts, server, namespace):
    access = resolve({"kubeconfig": kubeconfig(), **texts})
    assert (access.cluster["server"], access.namespace) == (server, namespace)


def test_a_kubeconfig_may_be_a_path(tmp_path):
    path = tmp_path / "config"
    path.write_text(kubeconfig())
    assert resolve({"kubeconfig": str(path)}).cluster["server"] == "https://a"


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"kubeconfig": "{"}, "not YAML"),
        ({"kubeconfig": "[]"}, "neither a path nor"),
        ({"kubeconfig": kubeconfig(), "context": "gone"}, "no 'gone' under contexts; it has .'main', 'other'."),
        ({"kubeconfig": kubeconfig(), "cluster": "gone"}, "no 'gone' under clusters"),
    ],
)
def test_a_kubeconfig_that_cannot_be_understood_says_why(texts, message):
    with pytest.raises(ValueError, match=message):
        resolve(texts)


def test_a_cluster_that_does_not_answer_is_no_error_until_it_is_needed(monkeypatch):
    monkeypatch.delenv("KUBECONFIG", raising=False)
    plugin = Kubernetes()
    plugin.configure({"kubeconfig": "{}"})
    with pytest.raises(PluginError, match="configured Kubernetes cluster is unreachable"):
        plugin.session.require()


A, B = kubeconfig(), kubeconfig(server="https://b")


@pytest.mark.parametrize(
    ("old", "new", "replaces"),
    [
        ({"kubeconfig": A}, {"kubeconfig": B}, ("kubeconfig",)),
        ({"kubeconfig": A}, {"kubeconfig": kubeconfig(token="other")}, ()),
        ({"kubeconfig": A}, {"kubeconfig": A, "context": "other"}, ("context",)),
        ({"kubeconfig": A}, {"kubeconfig": UNKNOWN}, ("kubeconfig",)),
        ({"kubeconfig": A, "clusterIdentifier": "x"}, {"kubeconfig": B, "clusterIdentifier": "x"}, ()),
        (
            {"kubeconfig": A, "clusterIdentifier": "x"},
            {"kubeconfig": A, "clusterIdentifier": "y"},
            ("clusterIdentifier",),
        ),
        ({"kubeconfig": A}, {"kubeconfig": A, "clusterIdentifier": "x"}, ()),
    ],
)
def test_another_active_cluster_replaces_and_another_user_does_not(old, new, replaces):
    found = Kubernetes().diff_config(old, new)
    assert found.changes
    assert found.replaces == replaces
