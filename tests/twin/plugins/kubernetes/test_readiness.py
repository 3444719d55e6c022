"""When objects are ready, from their status alone."""

import pytest
from eks_twin.plugins.base import PluginError
from eks_twin.plugins.kubernetes import conditions
from eks_twin.plugins.kubernetes.readiness import SETTLE_SECONDS, TABLE, NeverReadyError, View


class Objects:
    """Answers for the few look-ups that checks make."""

    def __init__(self, found=None, listed=()):
        self.found, self.listed = found, listed

    def find(self, *_):
        return self.found

    def list(self, *_):
        return self.listed


def conditions_of(**statuses) -> list[dict]:
    return [{"type": kind, "status": status} for kind, status in statuses.items()]


def reasons(group: str, kind: str, live: dict, view: View | None = None) -> list[str]:
    live = {"metadata": {"name": "x", "uid": "u", "generation": 2}, "spec": {}, **live}
    return TABLE[(group, kind)].check(live, view or View(Objects()))


OBSERVED = {"observedGeneration": 2}


@pytest.mark.parametrize(
    ("group", "kind", "live"),
    [
        ("apps", "StatefulSet", {"spec": {"replicas": 1}, "status": {**OBSERVED, "replicas": 1, "readyReplicas": 1}}),
        ("apps", "DaemonSet", {"status": {**OBSERVED, "desiredNumberScheduled": 0}}),
        ("batch", "Job", {"status": {"conditions": conditions_of(Complete="True")}}),
        ("", "Pod", {"status": {"phase": "Succeeded"}}),
        (
            "",
            "Pod",
            {
                "status": {
                    "phase": "Running",
                    "conditions": conditions_of(PodScheduled="True", Initialized="True", Ready="True"),
                }
            },
        ),
        ("", "PersistentVolume", {"status": {"phase": "Available"}}),
        ("", "PersistentVolumeClaim", {"status": {"phase": "Bound"}}),
        ("", "ResourceQuota", {"spec": {"hard": {"pods": "1"}}, "status": {"hard": {"pods": "1"}}}),
        ("", "Secret", {"type": "Opaque"}),
        ("", "Service", {"spec": {"type": "ExternalName"}}),
        ("", "Service", {"spec": {"selector": {"a": "b"}, "clusterIP": "None"}}),
        ("networking.k8s.io", "Ingress", {"status": {"loadBalancer": {"ingress": [{"hostname": "x"}]}}}),
        ("", "ReplicationController", {"spec": {"replicas": 0}}),
    ],
)
def test_a_ready_object_needs_no_wait(group, kind, live):
    assert reasons(group, kind, live) == []


@pytest.mark.parametrize(
    ("group", "kind", "live", "reason"),
    [
        ("apps", "StatefulSet", {"status": {**OBSERVED, "replicas": 1}}, "readyReplicas is 0 of 1"),
        (
            "apps",
            "StatefulSet",
            {"spec": {"replicas": 0}, "status": {**OBSERVED, "updateRevision": "b"}},
            "new revision",
        ),
        ("apps", "DaemonSet", {"status": {"desiredNumberScheduled": 0}}, "observe the change"),
        (
            "apps",
            "DaemonSet",
            {"status": {**OBSERVED, "desiredNumberScheduled": 2, "numberReady": 1}},
            "numberReady is 1 of 2",
        ),
        ("batch", "Job", {"status": {}}, "to complete"),
        ("", "Pod", {"status": {"phase": "Pending"}}, "PodScheduled: not yet"),
        ("", "PersistentVolumeClaim", {"status": {"phase": "Pending"}}, "phase is Pending, not Bound"),
        ("", "ResourceQuota", {"spec": {"hard": {"pods": "1"}}}, "quota"),
        ("", "Secret", {"type": "kubernetes.io/service-account-token"}, "token"),
        ("", "Service", {"spec": {"type": "LoadBalancer"}, "status": {}}, "load balancer"),
        ("networking.k8s.io", "Ingress", {"status": {}}, "load balancer"),
    ],
)
def test_an_object_that_is_not_ready_says_what_it_waits_for(group, kind, live, reason):
    assert reason in "; ".join(reasons(group, kind, live))


def test_a_failed_job_is_not_waited_for():
    with pytest.raises(NeverReadyError, match="job failed"):
        reasons("batch", "Job", {"status": {"conditions": conditions_of(Failed="True")}})


def replica_set(revision: str, ready: int = 0, replicas: int = 1) -> dict:
    return {
        "metadata": {
            "ownerReferences": [{"uid": "u"}],
            "annotations": {"deployment.kubernetes.io/revision": revision},
        },
        "spec": {"replicas": replicas},
        "status": {"readyReplicas": ready},
    }


def deployment(revision: str = "1", template: str = "a", progressing: str = "") -> dict:
    progress = {"type": "Progressing", "status": "True", "reason": progressing}
    return {
        "metadata": {
            "name": "x", "uid": "u", "generation": 2, "annotations": {"deployment.kubernetes.io/revision": revision},
        },
        "spec": {"template": template},
        "status": {**OBSERVED, "conditions": [*conditions_of(Available="True"), progress]},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("live", "sets", "previous", "reason"),
    [
        (deployment(), [replica_set("1", ready=1)], None, ""),
        (deployment(), [replica_set("1", replicas=0)], None, ""),
        (deployment(), [replica_set("1")], None, "0 of 1 Pods"),
        (deployment(), [], None, "waiting for the ReplicaSet"),
        (deployment(template="b"), [replica_set("1", ready=1)], deployment(), "rollout to start"),
        (deployment("2"), [replica_set("2", ready=1)], None, "rollout not complete"),
        (deployment("2", "b", "NewReplicaSetAvailable"), [replica_set("2", ready=1)], deployment(), ""),
    ],
)
def test_a_deployment_is_ready_when_its_current_revision_is(live, sets, previous, reason):
    found = "; ".join(reasons("apps", "Deployment", live, View(Objects(listed=sets), previous)))
    assert (reason in found) if reason else not found


def test_a_service_is_ready_once_its_endpoints_have_settled_even_without_any():
    now = [0.0]
    view = View(Objects({"subsets": []}), clock=lambda: now[0])
    live = {"spec": {"selector": {"a": "b"}}}
    assert "stay unchanged" in reasons("", "Service", live, view)[0]
    now[0] = SETTLE_SECONDS
    assert reasons("", "Service", live, view) == []
    view.kube.found = {"subsets": [{"notReadyAddresses": [{"ip": "1"}]}]}
    assert len(reasons("", "Service", live, view)) == 2


def test_a_claim_of_a_class_that_waits_for_a_pod_is_ready_while_pending():
    view = View(Objects({"volumeBindingMode": "WaitForFirstConsumer"}))
    live = {"spec": {"storageClassName": "gp3"}, "status": {"phase": "Pending"}}
    assert reasons("", "PersistentVolumeClaim", live, view) == []


def waits(expression: str, status: dict) -> list[str]:
    wanted = conditions.named({"metadata": {"annotations": {"pulumi.com/waitFor": expression}}})
    return wanted.check({"metadata": {"generation": 1}, "status": status}, View(Objects()))


@pytest.mark.parametrize(
    ("expression", "status", "ready"),
    [
        ("condition=Ready", {"conditions": conditions_of(Ready="True")}, True),
        ("condition=Ready=false", {"conditions": conditions_of(Ready="False")}, True),
        ("condition=Ready", {"conditions": conditions_of(Ready="False")}, False),
        ("condition=Ready", {}, False),
        ("condition=Ready", {"conditions": conditions_of(Ready="True"), "observedGeneration": 0}, False),
        ("jsonpath={.status.phase}=Bound", {"phase": "Bound"}, True),
        ("jsonpath={.status.phase}=Bound", {"phase": "Lost"}, False),
        ("jsonpath={.status.nodes[0]['x.y']}", {"nodes": [{"x.y": 1}]}, True),
        ("jsonpath={.status.nodes[*].ready}=true", {"nodes": [{}, {"ready": True}]}, True),
        (
            'jsonpath={.status.conditions[?(@.type=="Ready")].status}=True',
            {"conditions": conditions_of(Ready="True")},
            True,
        ),
        ("jsonpath={.status.phase}", {}, False),
        ('["condition=Ready", "jsonpath={.status.a}"]', {"conditions": conditions_of(Ready="True")}, False),
    ],
)
def test_a_program_may_name_what_to_wait_for(expression, status, ready):
    assert (waits(expression, status) == []) is ready


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("ready", 'expected a "jsonpath=" or "condition=" prefix'),
        ("jsonpath=.status", "does not model this JSONPath"),
        ("jsonpath={.status..phase}", "does not model this JSONPath"),
    ],
)
def test_a_condition_that_is_not_modelled_is_refused(expression, message):
    with pytest.raises(PluginError, match=message):
        waits(expression, {})
