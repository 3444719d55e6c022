"""Helm releases, run by the real Helm against a real API server."""

import pytest
from eks_twin.plugins.base import InitError, PluginError
from eks_twin.plugins.kubernetes.helm import inputs, manifest
from eks_twin.plugins.kubernetes.helm.program import message
from eks_twin.plugins.wire import UNKNOWN

RELEASE = "kubernetes:helm.sh/v3:Release"


@pytest.fixture
def chart(tmp_path):
    """A chart with one ConfigMap, one CRD, and an object that can be made to fail."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "crds").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: small\nversion: 1.2.3\nappVersion: '9'\n")
    (tmp_path / "values.yaml").write_text("level: info\nbroken: false\nstuck: false\n")
    (tmp_path / "templates" / "all.yaml").write_text("""
apiVersion: v1
kind: ConfigMap
metadata: {name: small, namespace: {{ .Release.Namespace }}}
data: {level: {{ .Values.level | quote }}}
{{- if .Values.broken }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: NOT-A-NAME}
{{- end }}
{{- if .Values.stuck }}
---
apiVersion: v1
kind: Pod
metadata: {name: stuck}
spec: {containers: [{name: a, image: a}]}
{{- end }}
""")
    (tmp_path / "crds" / "widgets.yaml").write_text("""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.small.example.com}
spec:
  group: small.example.com
  scope: Cluster
  names: {kind: Widget, plural: widgets}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
""")
    return str(tmp_path)


def release(chart: str, namespace: str, **more) -> dict:
    return {"chart": chart, "name": "small", "namespace": namespace, "skipCrds": True, **more}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"chart": "x", "postrender": "sed"}, "postrender: .* does not model this input"),
        ({"chart": "x", "dependencyUpdate": True}, "dependencyUpdate: .* does not model"),
        (
            {"chart": "x", "repositoryOpts": {"repo": "r", "password": "p"}},
            r"repositoryOpts\.password: .* does not model",
        ),
        ({"chart": "x", "vlaues": {}}, "vlaues: a Release has no such input"),
        ({}, "chart: required"),
    ],
)
def test_inputs_that_are_not_modelled_are_refused_by_name(given, message):
    (failure,) = inputs.failures(given)
    with pytest.raises(ValueError, match=message):
        raise ValueError(failure.reason)


def test_the_stored_inputs_are_complete():
    stored = inputs.complete({"chart": "x", "compat": "true", "version": "1"})
    assert {key for key, value in stored.items() if value not in (False, "", {})} == {"chart", "version", "timeout"}
    assert stored["timeout"] == inputs.DEFAULT_SECONDS
    assert inputs.complete({"chart": "x", "skipAwait": True})["timeout"] == 0
    assert not stored.keys() & {"compat", "maxHistory", "repositoryOpts", "resourceNames", "status"}


def test_resources_are_named_by_kind_group_and_namespace():
    text = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: b, namespace: n}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, namespace: n}
---
apiVersion: v1
kind: Service
metadata: {name: s}
---
# nothing
"""
    assert manifest.resource_names(text) == {"Deployment.apps/apps/v1": ["n/a", "n/b"], "Service/v1": ["s"]}


@pytest.mark.parametrize(
    ("stderr", "expected"),
    [
        ("WARNING: x\nError: INSTALLATION FAILED: no such chart\n", "no such chart"),
        ("Error: UPGRADE FAILED: timed out", "timed out"),
        (
            "Error: uninstall: Release not loaded: x: release: not found",
            "uninstall: Release not loaded: x: release: not found",
        ),
        ("Error: a\nb\n\nUse --debug flag to render out invalid YAML\n", "a\nb"),
        ("nothing known", "nothing known"),
    ],
)
def test_helms_message_is_its_own_words(stderr, expected):
    assert message(stderr) == expected


@pytest.mark.twin
def test_a_release_is_installed_upgraded_and_uninstalled(engine, chart, namespace, kube):
    thing = engine(RELEASE)
    seen = thing.preview(release(chart, namespace))
    assert (seen["version"], seen["status"], seen["resourceNames"]) == ("1.2.3", UNKNOWN, UNKNOWN)
    state = thing.up(release(chart, namespace))
    assert thing.id == f"{namespace}/small"
    assert state["resourceNames"] == {"ConfigMap/v1": [f"{namespace}/small"]}
    assert state["status"] == {
        "name": "small",
        "namespace": namespace,
        "revision": 1,
        "status": "deployed",
        "chart": "small",
        "version": "1.2.3",
        "appVersion": "9",
    }
    assert thing.refresh() == thing.id
    assert not thing.diff(release(chart, namespace)).changes

    changed = release(chart, namespace, values={"level": "debug"})
    assert thing.diff(changed).changes == {"values": "add"}
    assert thing.up(changed)["status"]["revision"] == 2
    assert kube.get("v1", "ConfigMap", "small", namespace)["data"] == {"level": "debug"}
    assert thing.diff(release(chart, namespace) | {"name": "other"}).replaces == ("name",)

    thing.destroy()
    assert kube.find("v1", "ConfigMap", "small", namespace) is None
    assert thing.refresh() == ""
    with pytest.raises(PluginError, match="Release not loaded: small: release: not found"):
        thing.destroy()


@pytest.mark.twin
def test_a_name_is_made_up_from_the_resource_and_kept(engine, chart, namespace):
    thing = engine(RELEASE, "web")
    inputs = {key: value for key, value in release(chart, namespace).items() if key != "name"}
    thing.up(inputs)
    assert thing.inputs["name"].startswith("web-")
    assert not thing.diff(inputs).changes


@pytest.mark.twin
def test_custom_kinds_of_a_chart_have_a_scope_in_preview(engine, chart, namespace):
    engine(RELEASE).preview(release(chart, namespace, skipCrds=False))
    widget = {"apiVersion": "small.example.com/v1", "kind": "Widget", "metadata": {"name": "one"}}
    assert engine("kubernetes:small.example.com/v1:Widget").preview(widget)["metadata"] == {"name": "one"}


@pytest.mark.twin
def test_a_chart_that_cannot_be_had_fails_the_check(plugin, engine, namespace):
    thing = engine(RELEASE)
    _, (failure,) = plugin.check(thing.request(inputs=release("./nowhere", namespace)))
    assert failure.property == "chart"
    assert failure.reason.startswith('path "./nowhere" not found')
    assert failure.reason.endswith("; check the chart name and repository configuration.")


@pytest.mark.twin
def test_a_failed_install_is_stored_and_the_next_up_upgrades_it(engine, plugin, chart, namespace):
    thing = engine(RELEASE)
    wanted = release(chart, namespace, values={"broken": True})
    with pytest.raises(InitError, match=r"(?s)was created, but failed to initialize completely.*NOT-A-NAME") as failure:
        thing.up(wanted)
    assert "was created but has a failed status" in plugin.logged[-1]
    thing.id, thing.state, thing.inputs = failure.value.id, failure.value.state, thing.check(wanted)
    # With no values at all Helm would reuse those of the last release, broken as they are.
    status = thing.up(release(chart, namespace, values={"broken": False}))["status"]
    assert (status["revision"], status["status"]) == (2, "deployed")


@pytest.mark.twin
def test_a_release_that_does_not_become_ready_fails_at_its_timeout(engine, chart, namespace):
    stuck = release(chart, namespace, values={"stuck": True}, timeout=2)
    with pytest.raises(InitError, match="context deadline exceeded"):
        engine(RELEASE).up(stuck)


@pytest.mark.twin
def test_an_atomic_install_that_fails_leaves_nothing(engine, chart, namespace, kube):
    stuck = release(chart, namespace, values={"stuck": True}, timeout=2, atomic=True)
    with pytest.raises(PluginError, match="has been uninstalled due to atomic being set"):
        engine(RELEASE).up(stuck)
    assert kube.find("v1", "ConfigMap", "small", namespace) is None


@pytest.mark.twin
def test_a_name_in_use_and_objects_of_others_are_refused(engine, chart, namespace, kube):
    thing = engine(RELEASE)
    thing.up(release(chart, namespace))
    with pytest.raises(PluginError, match="cannot re-use a name that is still in use"):
        engine(RELEASE).up(release(chart, namespace))
    with pytest.raises(PluginError, match="invalid ownership metadata"):
        engine(RELEASE).up(release(chart, namespace, name="other"))
    engine(RELEASE).up(release(chart, namespace, name="other", takeOwnership=True))


@pytest.mark.twin
def test_skip_await_does_not_wait(engine, chart, namespace):
    thing = engine(RELEASE)
    state = thing.up(release(chart, namespace, values={"stuck": True}, skipAwait=True))
    assert state["status"]["status"] == "deployed"
    thing.destroy()


@pytest.mark.twin
def test_a_release_of_a_lost_cluster_cannot_be_deleted(engine, plugin, chart, namespace):
    thing = engine(RELEASE)
    thing.up(release(chart, namespace))
    plugin.configure({"kubeconfig": "{}"})
    with pytest.raises(PluginError, match=r"can't delete Helm Release with unreachable cluster\. Reason: kubeconfig"):
        thing.destroy()
