"""A container that is a process: started, probed, restarted with back-off, stopped."""

import sys
import time

import pytest
from eks_twin.nodes.environment import ConfigError
from eks_twin.nodes.identity import NO_AGENT, Aws, aws_environment
from eks_twin.nodes.ports import free_port
from eks_twin.nodes.probes import Check
from eks_twin.nodes.runner import Container, ImageError, Launch, Report, backoff, end_all, waiting
from eks_twin.nodes.status import pod_status, running
from eks_twin.processes import Processes

SLEEP = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


@pytest.fixture
def processes(tmp_path):
    ledger = Processes(tmp_path / "ledger")
    yield ledger
    ledger.sweep()


@pytest.fixture
def make(tmp_path, processes):
    def make(program, spec=None, ports=None):
        def launch():
            if isinstance(program, Exception):
                raise program
            return Launch([sys.executable, "-c", program], {"GREETING": "hello"}, ports or {})

        return Container({"name": "main", **(spec or {})}, launch, tmp_path / "log", "ns/p/main", processes)

    return make


def until(container, condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition(container.report()):
        assert time.monotonic() < deadline, container.report()
        container.tick(time.monotonic())
        time.sleep(0.02)
    return container.report()


def reason(report):
    return report.state.get("waiting", {}).get("reason")


def test_without_a_readiness_probe_a_running_process_is_ready(make):
    report = until(make(SLEEP), lambda report: report.ready)
    assert report.restarts == 0


def test_the_first_restart_is_immediate_and_the_second_waits(make, tmp_path):
    container = make("import os, sys; print(os.environ['GREETING']); sys.exit(3)")
    report = until(container, lambda report: report.restarts == 2)
    assert reason(report) == "CrashLoopBackOff"
    assert report.last["terminated"]["exitCode"] == 3
    assert report.last["terminated"]["message"] == "hello\nhello\n"
    container.tick(time.monotonic() + 5)
    assert not container.running
    container.tick(time.monotonic() + 11)
    assert container.running


@pytest.mark.parametrize(("restarts", "seconds"), [(1, 0), (2, 10), (3, 20), (4, 40), (7, 300), (50, 300)])
def test_the_pause_doubles_up_to_five_minutes(restarts, seconds):
    assert backoff(restarts) == seconds


@pytest.mark.parametrize(
    ("error", "expected"),
    [(ImageError("not found"), "ErrImagePull"), (ConfigError("no secret"), "CreateContainerConfigError")],
)
def test_what_cannot_start_says_why_and_is_tried_again(make, error, expected):
    container = make(error)
    container.tick(100.0)
    report = container.report()
    assert (reason(report), report.state["waiting"]["message"]) == (expected, str(error))


SERVER = """
import http.server, pathlib, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if pathlib.Path('healthy').exists() else 500)
        self.end_headers()
http.server.HTTPServer(('127.0.0.1', {port}), Handler).serve_forever()
"""


def test_readiness_is_asked_of_the_port_the_process_really_has(make, tmp_path):
    port = free_port()
    probe = {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 0.05, "failureThreshold": 1}
    spec = {"readinessProbe": probe, "ports": [{"name": "http", "containerPort": 8081}]}
    container = make(SERVER.format(port=port), spec, {8081: port})
    until(container, lambda report: "running" in report.state)
    assert not container.report().ready
    (tmp_path / "healthy").touch()
    until(container, lambda report: report.ready)
    (tmp_path / "healthy").unlink()
    until(container, lambda report: not report.ready)


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        ({"exec": {"command": ["true"]}}, "exec probes are not modelled"),
        ({"httpGet": {"port": "web"}}, 'couldn\'t find port "web"'),
    ],
)
def test_a_probe_that_cannot_be_asked_is_refused(probe, message):
    with pytest.raises(ConfigError, match=message):
        Check.of(probe, {"name": "main"}, {})


def test_a_process_that_ignores_sigterm_is_killed_after_its_grace(make, tmp_path):
    container = make(DEAF)
    until(container, lambda report: "running" in report.state)
    while "deaf" not in (tmp_path / "log").read_text():
        time.sleep(0.01)
    container.terminate()
    assert not end_all([container], time.monotonic() + 60)
    assert end_all([container], time.monotonic())
    assert not container.running


POD = {
    "metadata": {"name": "p", "namespace": "ns", "uid": "u"},
    "spec": {
        "serviceAccountName": "sa",
        "initContainers": [{"name": "first", "image": "i"}, {"name": "side", "image": "i", "restartPolicy": "Always"}],
        "containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "i"}],
    },
    "status": {"conditions": [{"type": "PodScheduled", "status": "True"}]},
}
CRASHED = Report(waiting("CrashLoopBackOff"), restarts=2, last={"terminated": {"exitCode": 1}})


@pytest.mark.parametrize(
    ("reports", "phase", "ready"),
    [
        ({"a": running(), "b": running()}, "Running", "True"),
        ({"a": running(), "b": CRASHED}, "Running", "False"),
        ({"a": CRASHED, "b": CRASHED}, "Running", "False"),
        ({"a": Report(waiting("ContainerCreating")), "b": Report(waiting("ContainerCreating"))}, "Pending", "False"),
    ],
)
def test_phase_and_readiness_follow_from_the_containers(reports, phase, ready):
    status = pod_status(POD, reports, "10.0.0.4", "100.64.0.2")
    conditions = {condition["type"]: condition for condition in status["conditions"]}
    assert (status["phase"], conditions["Ready"]["status"]) == (phase, ready)
    assert (status["hostIP"], status["podIP"]) == ("10.0.0.4", "100.64.0.2")
    states = [next(iter(init["state"])) for init in status["initContainerStatuses"]]
    assert states == (["terminated", "running"] if phase == "Running" else ["waiting", "waiting"])


def test_a_condition_keeps_its_time_while_it_does_not_change():
    since = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    pod = {**POD, "status": {"conditions": [since]}}
    status = pod_status(pod, {"a": running(), "b": running()}, "h", "p")
    assert next(c for c in status["conditions"] if c["type"] == "Ready")["lastTransitionTime"] == "2026-01-01T00:00:00Z"


ROLE = "arn:aws:iam::123456789012:role/r"


def identity(associations, annotations, *, agent=True):
    account = {"metadata": {"annotations": annotations}}
    aws = Aws("http://127.0.0.1:1", "us-west-2", associations, agent)
    return aws_environment(POD, account, aws, lambda audience: f"/tokens/{audience}")


def test_a_pod_without_a_role_gets_nothing():
    assert identity({("other", "sa"): ROLE}, {}) == {}


def test_pod_identity_wins_over_irsa():
    given = identity({("ns", "sa"): ROLE}, {"eks.amazonaws.com/role-arn": "other"})
    assert given["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == "http://127.0.0.1:1/_twin/pod-identity/credentials"
    assert given["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] == "/tokens/pods.eks.amazonaws.com"
    assert "AWS_ROLE_ARN" not in given


def test_without_the_agent_on_the_node_nobody_answers_for_credentials():
    assert identity({("ns", "sa"): ROLE}, {}, agent=False)["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == NO_AGENT


def test_an_annotated_service_account_gets_a_web_identity():
    given = identity({}, {"eks.amazonaws.com/role-arn": ROLE})
    assert given["AWS_ROLE_ARN"] == ROLE
    assert given["AWS_WEB_IDENTITY_TOKEN_FILE"] == "/tokens/sts.amazonaws.com"
    assert given["AWS_REGION"] == "us-west-2"
