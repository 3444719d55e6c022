"""Charts that must be had without a registry."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from eks_twin.binaries import tool
from eks_twin.binaries.recipes import KARPENTER
from eks_twin.charts import ChartError, locate, location, served

NEURON = "oci://public.ecr.aws/neuron/neuron-helm-chart"
CHART = Path(served.__file__).parent / "neuron-helm-chart"


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setattr(location, "_reachable", lambda _: False)
    locate.cache_clear()
    yield
    locate.cache_clear()


def rendered(chart: Path, **values) -> list[dict]:
    answer = subprocess.run(
        [tool("helm"), "template", "release", chart, "--namespace", "kube-system", "--include-crds", "--values", "-"],
        input=json.dumps(values),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise AssertionError(answer.stderr)
    return [document for document in yaml.safe_load_all(answer.stdout) if document]


def named(objects: list[dict], kind: str) -> dict[str, dict]:
    return {item["metadata"]["name"]: item for item in objects if item["kind"] == kind}


@pytest.mark.parametrize("version", ["", "1.10.0", "v1.10.0"])
def test_a_served_chart_is_found_without_a_registry(version):
    assert (locate(NEURON, version=version) / "Chart.yaml").is_file()


@pytest.mark.parametrize(
    ("chart", "repo", "version", "message"),
    [
        (NEURON, "", "1.9.0", r"neuron-helm-chart 1\.9\.0 is not served here; available: 1\.10\.0"),
        (
            "oci://ghcr.io/x/y",
            "",
            "",
            r"ghcr\.io does not answer, and no chart oci://ghcr\.io/x/y is served here; served: ",
        ),
        ("nvdp", "https://nvidia.github.io/k8s-device-plugin", "", r"k8s-device-plugin/nvdp is served here"),
        ("gpu-operator", "https://helm.ngc.nvidia.com/nvidia", "v25.3.0", r"not served here; available: v26\.7\.0"),
        ("./nowhere", "", "", r'path "\./nowhere" not found'),
        ("nvdp", "nvidia", "", r"repository 'nvidia' is a configured name"),
    ],
)
def test_a_chart_that_cannot_be_had_is_refused_with_what_is_served(chart, repo, version, message):
    with pytest.raises(ChartError, match=message):
        locate(chart, repo, version)


def test_a_chart_on_disk_is_used_as_it_is(tmp_path):
    (tmp_path / "Chart.yaml").write_text("name: x")
    assert locate(str(tmp_path)) == tmp_path


@pytest.mark.twin
def test_the_karpenter_chart_carries_the_release_version_and_the_crds():
    chart = locate("oci://public.ecr.aws/karpenter/karpenter", version=KARPENTER)
    objects = rendered(chart, settings={"clusterName": "c"})
    (container,) = named(objects, "Deployment")["release-karpenter"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"public.ecr.aws/karpenter/controller:{KARPENTER}"
    assert "nodepools.karpenter.sh" in named(objects, "CustomResourceDefinition")
    assert yaml.safe_load((chart / "Chart.yaml").read_text())["version"] == KARPENTER


@pytest.mark.twin
def test_the_crd_chart_templates_what_the_controller_chart_carries():
    charts = [locate(f"oci://public.ecr.aws/karpenter/{name}") for name in ("karpenter", "karpenter-crd")]
    values = {"settings": {"clusterName": "c"}}
    carried, templated = (set(named(rendered(chart, **values), "CustomResourceDefinition")) for chart in charts)
    assert carried == templated


@pytest.mark.twin
def test_neuron_daemon_sets_select_nodes_by_the_instance_list():
    sets = named(rendered(CHART, neuronInstances=["inf2.xlarge"]), "DaemonSet")
    assert sets.keys() == {"neuron-device-plugin", "node-problem-detector"}
    assert sets["node-problem-detector"]["metadata"]["namespace"] == "neuron-healthcheck-system"
    for item in sets.values():
        affinity = item["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]
        (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        assert term["matchExpressions"][0] == {
            "key": "node.kubernetes.io/instance-type",
            "operator": "In",
            "values": ["inf2.xlarge"],
        }


@pytest.mark.twin
def test_the_neuron_scheduler_brings_both_deployments():
    objects = rendered(CHART, scheduler={"enabled": True}, npd={"enabled": False})
    deployments = named(objects, "Deployment")
    assert deployments.keys() == {"k8s-neuron-scheduler", "my-scheduler"}
    assert deployments["k8s-neuron-scheduler"]["spec"]["template"]["spec"]["schedulerName"] == "my-scheduler"
    assert {"my-scheduler-as-kube-scheduler", "my-scheduler-as-volume-scheduler"} <= named(
        objects, "ClusterRoleBinding"
    ).keys()


@pytest.mark.twin
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"scheduler": {"enabled": True}, "devicePlugin": {"enabled": False}}, "requires devicePlugin.enabled"),
        ({"scheduler": {"enabled": True, "defaultScheduler": {"enabled": True}}}, "exclude each other"),
        ({"scheduler": {"enabled": True}, "draDriver": {"enabled": True}}, "exclude each other"),
        ({"draDriver": {"enabled": True}}, "does not model it"),
        ({"devicePlugin": {"tolerationz": []}}, "'tolerationz' not allowed"),
        ({"neuronInstances": []}, "minItems"),
    ],
)
def test_neuron_values_that_cannot_work_fail_while_rendering(values, message):
    with pytest.raises(AssertionError, match=message):
        rendered(CHART, **values)
