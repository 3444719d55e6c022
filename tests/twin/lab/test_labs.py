"""Every other lab from nothing to pods on the types that it expects and back; test_inferentia.py goes into depth."""

import pytest
import yaml

pytestmark = pytest.mark.twin

LABS = {
    "trainium": {"mistral-head": {"m5.xlarge"}, "mistral-worker": {"trn1.2xlarge"}},
    "nvidia": {"nvidia-smi": {"g4dn.xlarge", "g4dn.2xlarge"}},
    "llmaz": {"qwen2-0--5b-t4": {"g4dn.xlarge"}, "qwen2-0--5b-t4g": {"g5g.xlarge"}},
    "accelerators": {
        "web": {"c6a.large", "m6a.large", "c5a.large"},
        "web-arm64": {"c6g.large", "c7g.large", "m6g.large"},
        "pretraining": {"p5.48xlarge"},
        "finetuning": {"trn1.32xlarge"},
        "llama": {"inf2.xlarge"},
        "diffusion": {"g6e.xlarge"},
        "notebook-1": {"g5.2xlarge"},
        "notebook-2": {"g5.2xlarge"},
        "embeddings": {"g6f.large", "g6f.xlarge"},
        "reranker": {"g6.xlarge"},
    },
}
"""Pods of each lab, and the cheapest types that Karpenter may launch for them."""


@pytest.fixture(scope="module", params=LABS)
def lab(request, make_lab):
    lab = make_lab(request.param)
    lab.pulumi("up", "--yes", "--skip-preview")
    return lab


def ready(pod):
    return {c["type"]: c["status"] for c in pod["status"].get("conditions", ())}.get("Ready") == "True"


def pods(lab):
    return {pod["metadata"]["name"]: pod for pod in lab.twin.kubectl("get", "pods", "-A")["items"]}


def test_every_pod_of_the_workload_runs_on_the_type_it_expects(lab):
    lab.twin.run("kubectl", "apply", "-f", str(lab.workload))
    expected = LABS[lab.name]
    written = {d["metadata"]["name"] for d in yaml.safe_load_all(lab.workload.read_text()) if d["kind"] == "Pod"}
    assert set(expected) == written
    lab.twin.wait(
        "the workload runs",
        lambda: all(name in (found := pods(lab)) and ready(found[name]) for name in expected),
        seconds=180,
    )
    found = pods(lab)
    nodes = {node["metadata"]["name"]: node for node in lab.twin.kubectl("get", "nodes")["items"]}
    types = {
        name: nodes[found[name]["spec"]["nodeName"]]["metadata"]["labels"]["node.kubernetes.io/instance-type"]
        for name in expected
    }
    assert {name: kind for name, kind in types.items() if kind not in expected[name]} == {}


def test_every_node_of_a_pool_is_initialized(lab):
    """Its devices were registered, so Karpenter may use and remove it."""

    def waiting():
        claims = lab.twin.kubectl("get", "nodeclaims")["items"]
        conditions = {
            c["metadata"]["name"]: {x["type"]: x["status"] for x in c["status"]["conditions"]} for c in claims
        }
        return [name for name, said in conditions.items() if said.get("Initialized") != "True"]

    lab.twin.wait("all nodes are initialized", lambda: not waiting())


def test_a_second_up_changes_nothing(lab):
    lab.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")


def test_destroy_with_the_workload_running_leaves_an_empty_account(lab):
    lab.pulumi("destroy", "--yes", "--skip-preview")
    answer = lab.twin.run("audit", check=False)
    assert (answer.returncode, answer.stdout.strip()) == (0, "the account is empty")
