"""The Inferentia2 lab from nothing to pods on accelerators and back, on the real engine, API server and Karpenter.

The tests share one stack and run in the order of this file, as a person would go through them.
"""

import json

import pytest
import yaml

pytestmark = pytest.mark.twin
NEURON = "aws.amazon.com/neuron"
WORKER = ("get", "pod", "llama2-worker", "-n", "llama2")


@pytest.fixture(scope="module")
def lab(make_lab):
    lab = make_lab("inferentia")
    lab.pulumi("up", "--yes", "--skip-preview")
    return lab


def conditions(thing):
    return {c["type"]: c["status"] for c in thing["status"].get("conditions", ())}


def running(twin, pod):
    found = twin.kubectl("get", "pod", pod, "-n", "llama2")
    return found if conditions(found).get("Ready") == "True" else None


def node_of(twin, pod):
    return twin.kubectl("get", "node", twin.kubectl("get", "pod", pod, "-n", "llama2")["spec"]["nodeName"])


def test_a_second_up_changes_nothing(lab):
    lab.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")


def test_a_refresh_finds_nothing_that_drifted(lab):
    lab.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    lab.pulumi("preview", "--expect-no-changes")


def test_raising_one_limit_is_exactly_one_update_that_names_the_field(lab):
    original = lab.config.read_text()
    document = yaml.safe_load(original)
    platform = document["config"]["eks-accelerators:platform"]
    next(pool for pool in platform["pools"] if pool["name"] == "inferentia-inf2")["limits"]["cpu"] = 768
    lab.config.write_text(yaml.safe_dump(document))
    try:
        preview = json.loads(lab.pulumi("preview", "--json").stdout)
    finally:
        lab.config.write_text(original)
    changed = [step for step in preview["steps"] if step["op"] != "same"]
    assert [step["op"] for step in changed] == ["update"]
    assert changed[0]["urn"].endswith("inferentia-inf2-pool")
    assert list(changed[0]["detailedDiff"]) == ["spec.limits.cpu"]


def test_without_the_neuron_plugin_the_worker_waits_and_its_node_is_not_initialized(lab):
    releases = json.loads(lab.twin.run("exec", "--", "helm", "list", "-A", "-o", "json").stdout)
    neuron = next(r for r in releases if r["chart"].startswith("neuron-helm-chart"))
    lab.twin.run("exec", "--", "helm", "uninstall", neuron["name"], "-n", neuron["namespace"], "--wait")
    lab.twin.run("kubectl", "apply", "-f", str(lab.workload))

    def registered():
        claims = [
            c for c in lab.twin.kubectl("get", "nodeclaims")["items"] if NEURON in c["spec"]["resources"]["requests"]
        ]
        return [c for c in claims if conditions(c).get("Registered") == "True"]

    claim = lab.twin.wait("a NodeClaim for the worker registers", registered)[0]
    node = lab.twin.wait(
        "its node is Ready",
        lambda: (
            (n := lab.twin.kubectl("get", "node", claim["status"]["nodeName"]))
            and conditions(n)["Ready"] == "True"
            and n
        ),
    )
    assert NEURON not in node["status"]["allocatable"] or node["status"]["allocatable"][NEURON] == "0"
    claim = lab.twin.kubectl("get", "nodeclaim", claim["metadata"]["name"])
    assert conditions(claim)["Initialized"] != "True"
    assert lab.twin.kubectl(*WORKER)["status"]["phase"] == "Pending"


def test_refresh_sees_the_missing_plugin_and_up_brings_it_back(lab):
    lab.pulumi("up", "--yes", "--skip-preview", "--refresh")
    lab.twin.wait("the worker runs", lambda: running(lab.twin, "llama2-worker"))


def test_the_worker_runs_on_an_inf2_48xlarge_of_its_pool(lab):
    labels = node_of(lab.twin, "llama2-worker")["metadata"]["labels"]
    assert labels["node.kubernetes.io/instance-type"] == "inf2.48xlarge"
    assert labels["karpenter.sh/nodepool"] == "inferentia-inf2"
    claims = lab.twin.kubectl("get", "nodeclaims", "-l", "karpenter.sh/nodepool=inferentia-inf2")["items"]
    assert [conditions(claim)["Initialized"] for claim in claims] == ["True"]


def test_the_head_runs_on_a_general_purpose_node_of_the_cpu_pool(lab):
    lab.twin.wait("the head runs", lambda: running(lab.twin, "llama2-head"))
    labels = node_of(lab.twin, "llama2-head")["metadata"]["labels"]
    assert labels["karpenter.k8s.aws/instance-family"] in {"c5", "m5", "r5"}
    assert labels["karpenter.sh/nodepool"] == "x86-cpu-karpenter"


def test_the_controller_is_the_only_one_who_launched_the_nodes(lab):
    calls = lab.twin.run("exec", "--", "sh", "-c", "curl -s $AWS_ENDPOINT_URL/_twin/journal").stdout
    launches = {call["principal"] for call in json.loads(calls)["calls"] if call["action"] == "CreateFleet"}
    assert len(launches) == 1
    assert "karpenter" in launches.pop().lower()


def test_audit_lists_what_costs_money_while_the_lab_runs(lab):
    answer = lab.twin.run("audit", check=False)
    assert answer.returncode == 1
    costly = ("NodeClaim", "Node ", "EC2NodeClass", "instance ", "instance-profile", "launch-template", "llama2")
    assert [word for word in costly if word not in answer.stdout] == []


def test_destroy_with_the_workloads_running_leaves_an_empty_account(lab):
    lab.pulumi("destroy", "--yes", "--skip-preview")
    answer = lab.twin.run("audit", check=False)
    assert (answer.returncode, answer.stdout.strip()) == (0, "the account is empty")
