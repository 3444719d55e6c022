"""The reconciler reads state and reports; trouble of one cluster stays with it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from eks_twin.cluster.nodegroups import NodeGroups
from eks_twin.cluster.reconciler import Reconciler, Settings
from eks_twin.processes import Processes

CLUSTER = {
    "name": "good",
    "status": "CREATING",
    "version": "1.30",
    "region": "us-west-2",
    "addons": [],
    "nodegroups": [],
    "accessEntries": [],
}


class Aws:
    """The private API, with state that the test sets and reports that it reads."""

    def __init__(self):
        self.state = {"clusters": [], "instances": []}
        self.reports = []
        aws = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(aws.state)

            def do_PATCH(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                aws.reports.append((self.path, body))
                self.answer({})

            def answer(self, document):
                data = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def aws():
    aws = Aws()
    yield aws
    aws.server.shutdown()
    aws.server.server_close()


@pytest.fixture
def reconciler(aws, tmp_path):
    apiserver = tmp_path / "kube-apiserver"
    apiserver.write_text("#!/bin/sh\necho Kubernetes v1.35.4\n")
    apiserver.chmod(0o755)
    settings = Settings(tools=lambda name: tmp_path / name, access_key_id="k", secret_access_key="s")
    reconciler = Reconciler(aws.url, tmp_path / "run", Processes(tmp_path / "ledger"), settings)
    yield reconciler
    reconciler.close()


def test_one_bad_cluster_does_not_stop_another(aws, reconciler, tmp_path):
    bad = {**CLUSTER, "name": "bad", "version": "1.35"}  # its service range is missing
    aws.state = {"clusters": [bad, CLUSTER], "instances": []}
    reconciler.tick()
    assert [path for path, _ in aws.reports] == ["/_twin/clusters/good"]
    assert "KeyError: 'serviceIpv4Cidr'" in (tmp_path / "run" / "clusters" / "bad" / "trouble.log").read_text()


def test_a_version_without_programs_is_reported_with_the_one_that_there_is(aws, reconciler):
    aws.state = {"clusters": [CLUSTER], "instances": []}
    reconciler.tick()
    [(_, body)] = aws.reports
    assert body["status"] == "FAILED"
    assert body["health"]["issues"][0]["message"].endswith("version 1.30; it has 1.35")


def test_an_aws_process_that_is_gone_is_no_crash(aws, reconciler, caplog):
    aws.server.shutdown()
    aws.server.server_close()
    reconciler.tick()
    assert "the aws process does not answer" in caplog.text


def group(**changes):
    return {"name": "system", "status": "CREATING", "instanceIds": ["i-1", "i-2"], **changes}


class Agent:
    def __init__(self, ready=(), refused=None, named=()):
        self.ready = set(ready).__contains__
        self.refusal = (refused or {}).get
        self.node_name = {name: name for name in named}.get

    def pods_on(self, _name):
        return []


@pytest.fixture
def groups():
    reports = []
    aws = SimpleNamespace(
        report_part=lambda _cluster, part, body: reports.append((part, body)),
        drop_part=lambda _cluster, part: reports.append((part, None)),
    )
    kube = SimpleNamespace(patch=lambda *_: None)

    def make(agent, seconds):
        settings = Settings(tools=lambda name: name, access_key_id="", secret_access_key="", join_seconds=seconds)
        return NodeGroups("demo", aws, kube, agent, settings)

    return make, reports


def test_a_group_is_active_when_all_its_nodes_are_ready(groups):
    make, reports = groups
    make(Agent(ready=["i-1"]), 60).tick([group()])
    assert reports == []
    make(Agent(ready=["i-1", "i-2"]), 60).tick([group()])
    assert reports == [("nodegroups/system", {"status": "ACTIVE", "health": {"issues": []}})]


@pytest.mark.parametrize(
    ("agent", "message"),
    [
        (Agent(refused={"i-1": "no access entry"}), "Instances failed to join the kubernetes cluster; no access entry"),
        (Agent(named=["i-1", "i-2"]), "their pod network is not ready; is vpc-cni installed?"),
    ],
)
def test_a_group_whose_nodes_stay_away_fails_and_says_why(groups, agent, message):
    make, reports = groups
    make(agent, -1).tick([group()])
    [(_, body)] = reports
    [issue] = body["health"]["issues"]
    assert (body["status"], issue["code"], issue["resourceIds"]) == (
        "CREATE_FAILED",
        "NodeCreationFailure",
        ["i-1", "i-2"],
    )
    assert message in issue["message"]


def test_a_drained_group_is_dropped(groups):
    make, reports = groups
    make(Agent(named=["i-1"]), 60).tick([group(status="DELETING")])
    assert reports == [("nodegroups/system", None)]
