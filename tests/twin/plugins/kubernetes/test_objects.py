"""Objects on a real API server."""

import functools

import pytest
import yaml
from eks_twin.kube import KubeError
from eks_twin.plugins.base import InitError, PluginError
from eks_twin.plugins.kubernetes import objects, readiness, waiting
from eks_twin.plugins.wire import UNKNOWN

pytestmark = pytest.mark.twin

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(objects, "RETRY_SECONDS", (0.1,) * 5)


def config(namespace: str, **data) -> dict:
    return {"metadata": {"name": "settings", "namespace": namespace}, "data": data}


def deployment(namespace: str, replicas: int = 0) -> dict:
    container = {"name": "web", "image": "web:1", "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}}}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return {"metadata": {"name": "web", "namespace": namespace}, "spec": spec}


def definition(kind: str, scope: str = "Namespaced") -> dict:
    plural = f"{kind.lower()}s"
    schema = {"openAPIV3Schema": {"type": "object", "x_kubernetes_preserve_unknown_fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema, "subresources": {"status": {}}}
    return {
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "scope": scope,
            "names": {"kind": kind, "plural": plural},
            "versions": [version],
        },
    }


def managers(live: dict) -> set[tuple[str, str]]:
    return {
        (entry["manager"].rstrip("0123456789abcdef"), entry["operation"]) for entry in live["metadata"]["managedFields"]
    }


def test_an_object_is_created_changed_and_deleted(engine, namespace, kube):
    thing = engine("kubernetes:apps/v1:Deployment")
    assert thing.preview(deployment(namespace))["metadata"]["name"] == "web"
    state = thing.up(deployment(namespace))
    assert thing.id == f"{namespace}/web"
    assert ("pulumi-kubernetes", "Update") in managers(state)
    assert not thing.diff(deployment(namespace)).changes

    changed = deployment(namespace)
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = "web:2"
    changed["spec"]["minReadySeconds"] = 1
    assert thing.diff(changed).changes == {
        "spec.template.spec.containers[0].image": "update",
        "spec.minReadySeconds": "add",
    }
    assert "status" not in thing.preview(changed)
    state = thing.up(changed)
    assert state["spec"]["template"]["spec"]["containers"][0]["image"] == "web:2"
    assert ("pulumi-kubernetes-", "Apply") in managers(state)

    removed = deployment(namespace)
    thing.up(removed)
    assert "minReadySeconds" not in kube.get("apps/v1", "Deployment", "web", namespace)["spec"]
    thing.destroy()
    assert kube.find("apps/v1", "Deployment", "web", namespace) is None
    thing.destroy()


def test_refresh_sees_drift_and_what_is_gone(engine, namespace, kube):
    thing = engine(CONFIG_MAP)
    state = thing.up(config(namespace, level="info"))
    kube.patch(state | {"kind": "ConfigMap", "apiVersion": "v1"}, {"data": {"level": "debug", "more": "x"}})
    assert thing.refresh() == thing.id
    assert thing.inputs["data"] == {"level": "debug"}
    assert thing.diff(config(namespace, level="info")).changes == {"data.level": "update-replace"}
    kube.delete(state)
    assert thing.refresh() == ""


def test_an_object_that_exists_is_not_taken_over(engine, namespace, kube):
    kube.create({"apiVersion": "v1", "kind": "ConfigMap", **config(namespace)})
    thing = engine(CONFIG_MAP)
    assert thing.preview(config(namespace))["metadata"]["name"] == "settings"
    with pytest.raises(PluginError, match=r"already exists\nThe resource already exists in the cluster"):
        thing.up(config(namespace))


def test_upsert_takes_over_what_exists(engine, plugin, control_plane, namespace, kube):
    kube.create({"apiVersion": "v1", "kind": "ConfigMap", **config(namespace)})
    plugin.configure({"kubeconfig": str(control_plane.kubeconfig), "upsertExistingObjects": "true"})
    assert engine(CONFIG_MAP).up(config(namespace, a="1"))["data"] == {"a": "1"}


def test_a_namespace_that_comes_later_is_waited_for(engine, kube):
    thing = engine(CONFIG_MAP)
    assert thing.preview(config("not-there"))["metadata"]["namespace"] == "not-there"
    with pytest.raises(PluginError, match=r'was not successfully created .*namespaces "not-there" not found'):
        thing.up(config("not-there"))


def test_a_preview_fails_where_the_schema_would(engine, namespace):
    wrong = deployment(namespace)
    wrong["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    with pytest.raises(PluginError, match="`selector` does not match template `labels`"):
        engine("kubernetes:apps/v1:Deployment").preview(wrong)


def test_a_preview_with_unknowns_echoes_the_inputs(engine, namespace):
    inputs = config(namespace, a=UNKNOWN)
    thing = engine(CONFIG_MAP)
    assert thing.preview(inputs)["data"] == {"a": UNKNOWN}


def test_a_custom_object_can_be_previewed_before_its_kind_exists_and_created_after(engine, namespace, kube):
    crd, thing = engine(DEFINITION), engine("kubernetes:example.com/v1:Gadget")
    inputs = {"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "one"}, "spec": {"size": 1}}
    crd.preview(definition("Gadget", scope="Cluster"))
    assert "namespace" not in thing.preview(inputs)["metadata"]
    with pytest.raises(PluginError, match="the apiVersion for this resource does not exist"):
        thing.up(inputs)
    state = crd.up(definition("Gadget", scope="Cluster"))
    assert state["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["x_kubernetes_preserve_unknown_fields"] is True
    assert not crd.diff(definition("Gadget", scope="Cluster")).changes
    thing.up(inputs)
    assert thing.id == "one"
    labelled = definition("Gadget", scope="Cluster")
    labelled["metadata"]["labels"] = {"a": "b"}
    assert crd.up(labelled)["metadata"]["labels"] == {"a": "b"}
    crd.destroy()
    assert thing.refresh() == ""


def test_a_deletion_that_hangs_names_the_finalizers(engine, namespace, kube):
    held = config(namespace)
    held["metadata"] |= {"finalizers": ["example.com/hold"], "annotations": {"pulumi.com/timeoutSeconds": "1"}}
    thing = engine(CONFIG_MAP)
    thing.up(held)
    with pytest.raises(PluginError, match=r"finalizers might be preventing deletion \(.*example.com/hold"):
        thing.destroy()
    kube.patch(thing.state, {"metadata": {"finalizers": None}})
    thing.destroy()


def test_an_object_that_does_not_become_ready_is_kept_and_retried(engine, namespace, kube):
    thing = engine("kubernetes:apps/v1:Deployment")
    with pytest.raises(InitError, match="'web' timed out waiting to be Ready; minimum number of live Pods") as failure:
        thing.up(deployment(namespace, replicas=1), timeout=2)
    assert failure.value.id == f"{namespace}/web"
    thing.id, thing.state, thing.inputs = failure.value.id, failure.value.state, thing.check(deployment(namespace, 1))
    with pytest.raises(InitError, match="was created but failed to initialize") as unready:
        thing.refresh()
    assert unready.value.inputs["spec"]["replicas"] == 1
    thing.up(deployment(namespace))


def test_an_interrupt_ends_a_wait(engine, namespace, cancel_after):
    cancel_after(0.5)
    with pytest.raises(InitError, match='Resource operation was cancelled for "web"'):
        engine("kubernetes:apps/v1:Deployment").up(deployment(namespace, replicas=1))


def test_skip_await_and_wait_for_steer_the_wait(engine, namespace):
    skipped = deployment(namespace, replicas=1)
    skipped["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    engine("kubernetes:apps/v1:Deployment").up(skipped)
    waiting = config(namespace)
    waiting["metadata"]["annotations"] = {
        "pulumi.com/waitFor": "jsonpath={.data.ready}",
        "pulumi.com/timeoutSeconds": "1",
    }
    with pytest.raises(InitError, match=r"waiting for jsonpath=\{\.data\.ready\}"):
        engine(CONFIG_MAP).up(waiting)


def test_a_field_of_another_manager_is_a_conflict_until_forced(engine, namespace, kube):
    thing = engine("kubernetes:apps/v1:Deployment")
    thing.up(deployment(namespace))
    thing.up(deployment(namespace))
    minimal = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": namespace},
        "spec": {"revisionHistoryLimit": 3},
    }  # fmt: skip
    kube.apply(minimal, "someone")
    wanted = deployment(namespace)
    wanted["spec"]["revisionHistoryLimit"] = 5
    with pytest.raises(PluginError, match=r"(?s)server-side apply field conflict.*had an apply conflict.*someone"):
        thing.up(wanted)
    wanted["metadata"]["annotations"] = {"pulumi.com/patchForce": "true"}
    assert thing.up(wanted)["spec"]["revisionHistoryLimit"] == 5


def test_ignored_fields_stay_with_their_owner(engine, namespace, kube):
    thing = engine("kubernetes:apps/v1:Deployment")
    thing.up(deployment(namespace))
    scaled = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": namespace},
        "spec": {"paused": True},
    }  # fmt: skip
    kube.apply(scaled, "someone")
    wanted = deployment(namespace)
    wanted["spec"] |= {"paused": False, "minReadySeconds": 1}
    state = thing.up(wanted, ignore_changes=("spec.paused",))
    assert state["spec"]["paused"] is True
    assert state["spec"]["minReadySeconds"] == 1


def test_a_patch_owns_its_fields_and_gives_them_back(engine, namespace, kube):
    kube.create({"apiVersion": "v1", "kind": "ConfigMap", **config(namespace, a="1")})
    patch = engine("kubernetes:core/v1:ConfigMapPatch")
    patch.up(config(namespace, b="2"))
    assert kube.get("v1", "ConfigMap", "settings", namespace)["data"] == {"a": "1", "b": "2"}
    patch.up(config(namespace, b="3"))
    with pytest.raises(PluginError, match="had an apply conflict"):
        patch.up(config(namespace, a="9"))
    patch.destroy()
    assert kube.get("v1", "ConfigMap", "settings", namespace)["data"] == {"a": "1"}


def test_a_service_without_endpoints_becomes_ready(engine, namespace, monkeypatch):
    monkeypatch.setattr(waiting, "View", functools.partial(readiness.View, settle=1))
    service = {
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
    assert engine("kubernetes:core/v1:Service").up(service)["spec"]["clusterIP"].startswith("10.100.")


def test_an_import_gives_the_inputs_a_program_would_need(engine, namespace, kube):
    kube.create({"apiVersion": "v1", "kind": "ConfigMap", **config(namespace, a="1")})
    thing = engine(CONFIG_MAP)
    thing.id = f"{namespace}/settings"
    assert thing.refresh() == thing.id
    assert thing.inputs == {"apiVersion": "v1", "kind": "ConfigMap", **config(namespace, a="1")}


def test_a_missing_object_fails_an_update_and_names_the_way_out(engine, namespace, kube):
    thing = engine(CONFIG_MAP)
    kube.delete(thing.up(config(namespace, a="1")))
    with pytest.raises(PluginError, match=r"ConfigMap .*/settings not found; run `pulumi refresh`"):
        thing.up(config(namespace, a="2"))


def test_an_orphaning_delete_leaves_the_dependants(engine, namespace, kube):
    inputs = deployment(namespace)
    inputs["metadata"]["annotations"] = {"pulumi.com/deletionPropagationPolicy": "orphan"}
    thing = engine("kubernetes:apps/v1:Deployment")
    thing.up(inputs)
    thing.destroy()
    assert kube.list("apps/v1", "ReplicaSet", namespace)


def test_a_wrong_token_makes_the_cluster_unreachable(plugin, control_plane):
    document = yaml.safe_load(control_plane.kubeconfig.read_text())
    document["users"][0]["user"] = {"token": "nobody"}
    plugin.configure({"kubeconfig": yaml.safe_dump(document)})
    with pytest.raises(PluginError, match="configured Kubernetes cluster is unreachable"):
        plugin.session.require()


def test_a_lost_cluster_keeps_its_resources_unless_told_otherwise(engine, plugin, namespace):
    thing = engine(CONFIG_MAP)
    thing.up(config(namespace))
    plugin.configure({"kubeconfig": "{}"})
    with pytest.raises(PluginError, match="PULUMI_K8S_DELETE_UNREACHABLE"):
        thing.destroy()
    plugin.configure({"kubeconfig": "{}", "deleteUnreachable": "true"})
    thing.destroy()
    assert thing.refresh() == ""


def test_a_server_error_names_the_object(engine, namespace):
    wrong = {"metadata": {"name": "UPPER", "namespace": namespace}}
    with pytest.raises(PluginError, match=r'"UPPER" is invalid') as failure:
        engine(CONFIG_MAP).up(wrong)
    assert isinstance(failure.value.__cause__, KubeError)
