"""`accel explain` and `accel render` answer from a stack's own file, and refuse what they cannot read."""

import json
import re
from pathlib import Path

import pytest
import yaml
from eks_accelerators.model import manifests
from eks_accelerators.model.parse import parse
from eks_accelerators.model.platform import PlatformConfig

from tests.cli.conftest import PLATFORM

ROOT = Path(__file__).parents[2]
POD = """
kind: Pod
metadata: {name: worker}
spec: {containers: [{name: a, resources: {limits: {aws.amazon.com/neuron: 12}}}]}
"""
HUGE = POD.replace("12", "16").replace("worker", "huge")


def test_all_pools_in_short(accel, project):
    answer = accel("-C", project(), "explain", "-s", "dev")
    assert answer.exit_code == 0
    assert re.search(r"cpu +\d+ +m5.large +0.096 +on-demand", answer.output)
    assert re.search(r"inf2 +4 +inf2.xlarge +0.758 +on-demand +≤ \d+ \(\S+\) +1 neuron, 2 *", answer.output)


def test_one_pool_in_full(accel, project):
    answer = accel("-C", project(), "explain", "-s", "dev", "--pool", "inf2")
    assert "inf2.48xlarge" in answer.output
    assert "requirement:" in answer.output
    assert "In [inf2]" in answer.output
    assert "m5.large" not in answer.output


def test_a_pod_names_the_pool_that_takes_it(accel, project, tmp_path):
    path = tmp_path / "pod.yaml"
    path.write_text(POD)
    answer = accel("-C", project(), "explain", "-s", "dev", "--pod", path)
    assert answer.exit_code == 0
    assert "worker requests aws.amazon.com/neuron 12" in answer.output
    assert "→ inf2 launches it" in answer.output


def test_a_pod_that_fits_nowhere_ends_with_1_and_says_what_to_change(accel, project):
    answer = accel("-C", project(), "explain", "-s", "dev", "--pod", "-", "-f", "text", stdin=POD + "---" + HUGE)
    assert answer.exit_code == 1
    lines = answer.output.splitlines()
    assert "worker: launched from inf2" in lines
    assert "huge: stays pending" in lines
    assert any(line.startswith("huge: inf2: no: aws.amazon.com/neuron 16; the largest") for line in lines)
    assert any(line.endswith("request at most 12, or admit larger types to the pool") for line in lines)


def test_json_is_the_report_itself(accel, project):
    answer = json.loads(accel("-C", project(), "explain", "-s", "dev", "-f", "json").output)
    assert [report["pool"] for report in answer["pools"]] == ["cpu", "inf2"]
    assert answer["pools"][1]["choices"][0]["type"] == "inf2.xlarge"
    answer = json.loads(accel("-C", project(), "explain", "-s", "dev", "--pod", "-", "-f", "json", stdin=POD).output)
    assert answer["pods"][0]["chosen"] == "inf2"


def test_text_has_a_line_for_everything(accel, project):
    lines = accel("-C", project(), "explain", "-s", "dev", "--pool", "inf2", "-f", "text").output.splitlines()
    assert lines[0].startswith("inf2: launches inf2.xlarge: 0.758; on-demand; us-west-2a, b; ≤ ")
    assert re.fullmatch(r"inf2: \d+ types out, requirement: \S+ In \[inf2\] \(.+ and \d+ more\)", lines[4])


def test_daemonsets_count(accel, project):
    pods = POD.replace("aws.amazon.com/neuron: 12", "aws.amazon.com/neuron: 12, cpu: 191")
    arguments = ("-C", project(), "explain", "-s", "dev", "--pod", "-", "-f", "text")
    assert accel(*arguments, stdin=pods).exit_code == 0
    answer = accel(*arguments, "--daemons", "cpu=1,pods=6", stdin=pods)
    assert answer.exit_code == 1
    assert "offers 191.45 and DaemonSets take 1" in answer.output


def test_storage_beside_a_pod_counts(accel, project):
    claim = """
---
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {storageClassName: far}
---
kind: StorageClass
metadata: {name: far}
allowedTopologies: [{matchLabelExpressions: [{key: topology.kubernetes.io/zone, values: [us-west-2d]}]}]
"""
    pod = POD.replace("spec: {", "spec: {volumes: [{persistentVolumeClaim: {claimName: data}}], ") + claim
    answer = accel("-C", project(), "explain", "-s", "dev", "--pod", "-", "-f", "text", stdin=pod)
    assert "add subnets in us-west-2d" in answer.output


def test_the_shared_gpu_of_a_pool_is_known_from_its_own_overlay(accel, project):
    pools = [{"name": "shared", "accelerator": "l4", "sharing": {"time_slicing": 4}}]
    pod = POD.replace("aws.amazon.com/neuron: 12", "nvidia.com/gpu: 3")
    answer = accel("-C", project(pools=pools), "explain", "-s", "dev", "--pod", "-", "-f", "text", stdin=pod)
    assert "worker: shared: fits: g6.xlarge" in answer.output


def test_render_prints_what_is_deployed(accel, project):
    documents = list(yaml.safe_load_all(accel("-C", project(), "render", "-s", "dev").output))
    assert [(each["kind"], each["metadata"]["name"]) for each in documents] == [
        ("EC2NodeClass", "cpu"),
        ("EC2NodeClass", "inf2"),
        ("NodePool", "cpu"),
        ("NodePool", "inf2"),
    ]
    plan = parse(PlatformConfig, PLATFORM, at="platform").plan
    assert documents[3]["spec"] == manifests.node_pool(plan.pools[1])
    assert documents[3]["apiVersion"] == "karpenter.sh/v1"


@pytest.mark.parametrize("path", sorted(ROOT.glob("stacks/Pulumi.*.yaml")), ids=lambda path: path.name)
def test_every_pool_of_the_repositorys_own_stacks_launches_something(accel, path):
    answer = accel("-C", ROOT, "explain", "-s", path.name.split(".")[1], "-f", "json")
    assert answer.exit_code == 0, answer.output


@pytest.mark.parametrize("path", sorted(ROOT.glob("stacks/workloads/*.yaml")), ids=lambda path: path.name)
def test_every_workload_of_the_repository_fits_its_stack(accel, path):
    answer = accel("-C", ROOT, "explain", "-s", path.stem, "--pod", path, "-f", "text")
    assert answer.exit_code == 0, answer.output


REFUSED = [
    # arguments after the project's, standard input, message
    (["explain", "-s", "prod"], None, r"Pulumi\.prod\.yaml: no such stack; use one of: dev"),
    (["explain", "-s", "dev", "--pool", "inf"], None, r"--pool inf: no such pool; (did you mean|use one of)"),
    (["explain", "-s", "dev", "--pod", "nowhere.yaml"], None, r"--pod nowhere.yaml: No such file or directory"),
    (["explain", "-s", "dev", "--pod", "-"], "kind: Service", r"--pod -: holds no pod; give one of Pod"),
    (["explain", "-s", "dev", "--pod", "-"], "a: [", r"-: not YAML: while parsing"),
    (["explain", "-s", "dev", "--pod", "-"], "text", r"-: 'text' is not a Kubernetes object"),
    (["explain", "-s", "dev", "--pod", "-"], POD.replace("12", "many"), r"neuron: 'many' is not a quantity"),
    (["explain", "-s", "dev", "--daemons", "200m"], None, r"--daemons 200m: write resource=amount"),
    (["explain", "-s", "dev", "--daemons", "cpu=some"], None, r"cpu: 'some' is not a quantity"),
]


@pytest.mark.parametrize(("arguments", "stdin", "message"), REFUSED)
def test_what_cannot_be_read_is_refused_with_2(accel, project, arguments, stdin, message):
    answer = accel("-C", project(), *arguments, stdin=stdin)
    assert answer.exit_code == 2
    assert re.search(message, answer.output)


CONFIGURATIONS = [
    ({"aws:region": "us-west-2"}, r"config\.lab:platform is missing; add it"),
    ({"lab:platform": PLATFORM}, r"config\.aws:region is missing; add it \(us-west-2\)"),
    ({"aws:region": "us-east-1", "lab:platform": PLATFORM}, r"has us-west-2a, us-west-2b, not in us-east-1"),
    ({"aws:region": "us-west-2", "lab:platform": {**PLATFORM, "pools": [{"nam": "x"}]}}, r"platform\.pools\[0\]\.nam"),
]


@pytest.mark.parametrize(("values", "message"), CONFIGURATIONS)
def test_a_stack_that_does_not_parse_is_refused_with_2(accel, project, values, message):
    answer = accel("-C", project(values), "explain", "-s", "dev")
    assert answer.exit_code == 2
    assert re.search(message, answer.output)


def test_outside_a_project_the_command_says_where_it_looked(accel, tmp_path):
    answer = accel("-C", tmp_path, "explain", "-s", "dev")
    assert answer.exit_code == 2
    assert "no Pulumi.yaml here or above" in answer.output


def test_a_directory_that_is_not_there_is_refused(accel):
    answer = accel("-C", "/nowhere", "explain", "-s", "dev")
    assert (answer.exit_code, "--cwd /nowhere: No such file" in answer.output) == (2, True)
