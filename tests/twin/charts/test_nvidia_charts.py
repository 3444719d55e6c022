"""The stand-ins of NVIDIA's and AWS' accelerator charts select, tolerate and fail as the real ones do."""

import json
import subprocess

import pytest
import yaml
from eks_twin.binaries import tool
from eks_twin.charts import locate, location

NVDP = "https://nvidia.github.io/k8s-device-plugin/nvidia-device-plugin"
OPERATOR = "https://helm.ngc.nvidia.com/nvidia/gpu-operator"
DCGM = "https://nvidia.github.io/dcgm-exporter/helm-charts/dcgm-exporter"
EFA = "https://aws.github.io/eks-charts/aws-efa-k8s-device-plugin"
GPU_ANY = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
GPU_PRESENT = {"key": "nvidia.com/gpu", "operator": "Equal", "value": "present", "effect": "NoSchedule"}
CRITICAL = {"key": "CriticalAddonsOnly", "operator": "Exists"}


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setattr(location, "_reachable", lambda _: False)
    locate.cache_clear()
    yield
    locate.cache_clear()


def rendered(reference, into="gpu", **values) -> dict[tuple[str, str], dict]:
    repository, _, name = reference.rpartition("/")
    command = [tool("helm"), "template", "release", locate(name, repository), "--namespace", into]
    answer = subprocess.run(
        [*command, "--values", "-"], input=json.dumps(values), capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise AssertionError(answer.stderr)
    documents = [document for document in yaml.safe_load_all(answer.stdout) if document]
    return {(document["kind"], document["metadata"]["name"]): document for document in documents}


def pod(objects, name, kind="DaemonSet"):
    return objects[kind, name]["spec"]["template"]["spec"]


def daemon_sets(objects):
    return {name for kind, name in objects if kind == "DaemonSet"}


def terms(spec):
    required = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return required["nodeSelectorTerms"]


PLUGIN = "release-nvidia-device-plugin"
NFD = "release-node-feature-discovery"


@pytest.mark.parametrize(
    ("reference", "version"), [(NVDP, "0.20.0"), (OPERATOR, "v26.7.0"), (DCGM, "4.8.2"), (EFA, "v0.5.30")]
)
def test_each_chart_is_served_in_its_version_with_and_without_v(reference, version):
    repository, _, name = reference.rpartition("/")
    for asked in (version, version.removeprefix("v")):
        chart = yaml.safe_load((locate(name, repository, asked) / "Chart.yaml").read_text())
        assert (chart["name"], chart["version"]) == (name, version)


@pytest.mark.twin
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {PLUGIN, f"{PLUGIN}-mps-control-daemon"}),
        ({"devicePlugin": {"enabled": False}}, set()),
        (
            {"gfd": {"enabled": True}},
            {PLUGIN, f"{PLUGIN}-mps-control-daemon", f"{PLUGIN}-gpu-feature-discovery", f"{NFD}-worker"},
        ),
        (
            {"gfd": {"enabled": True}, "nfd": {"enabled": False}},
            {PLUGIN, f"{PLUGIN}-mps-control-daemon", f"{PLUGIN}-gpu-feature-discovery"},
        ),
        ({"nfd": {"enabled": True}}, {PLUGIN, f"{PLUGIN}-mps-control-daemon", f"{NFD}-worker"}),
    ],
)
def test_node_feature_discovery_comes_with_gpu_feature_discovery_unless_told_otherwise(values, expected):
    assert daemon_sets(rendered(NVDP, **values)) == expected


@pytest.mark.twin
def test_the_plugin_needs_one_of_three_labels_and_tolerates_any_gpu_taint():
    spec = pod(rendered(NVDP), PLUGIN)
    keys = [[expression["key"] for expression in term["matchExpressions"]] for term in terms(spec)]
    assert keys == [
        ["feature.node.kubernetes.io/pci-10de.present"],
        ["feature.node.kubernetes.io/cpu-model.vendor_id"],
        ["nvidia.com/gpu.present"],
    ]
    assert spec["tolerations"] == [CRITICAL, GPU_ANY]


@pytest.mark.twin
def test_the_mps_daemon_needs_the_label_of_gpu_feature_discovery():
    spec = pod(rendered(NVDP, nodeSelector={"team": "ml"}), f"{PLUGIN}-mps-control-daemon")
    assert spec["nodeSelector"] == {"nvidia.com/mps.capable": "true", "team": "ml"}


@pytest.mark.twin
@pytest.mark.parametrize(("reference", "toleration"), [(NVDP, GPU_PRESENT), (OPERATOR, GPU_ANY)])
def test_only_the_operators_feature_discovery_tolerates_every_gpu_taint(reference, toleration):
    worker = pod(rendered(reference, **({"gfd": {"enabled": True}} if reference == NVDP else {})), f"{NFD}-worker")
    assert [t for t in worker["tolerations"] if t["key"] == "nvidia.com/gpu"] == [toleration]


@pytest.mark.twin
def test_a_map_of_configurations_becomes_a_config_map_that_the_plugin_mounts():
    objects = rendered(NVDP, config={"map": {"shared": "version: v1", "plain": "version: v1"}, "default": "plain"})
    assert objects["ConfigMap", f"{PLUGIN}-configs"]["data"].keys() == {"shared", "plain"}
    spec = pod(objects, PLUGIN)
    assert {"name": "available-configs", "configMap": {"name": f"{PLUGIN}-configs"}} in spec["volumes"]
    assert {"name": "DEFAULT_CONFIG", "value": "plain"} in spec["initContainers"][0]["env"]


@pytest.mark.twin
@pytest.mark.parametrize(
    ("values", "present", "absent"),
    [
        ({}, {"nvidia-driver-daemonset", "nvidia-container-toolkit-daemonset", "nvidia-mig-manager"}, {"nvidia-dcgm"}),
        ({"driver": {"enabled": False}}, {"nvidia-operator-validator"}, {"nvidia-driver-daemonset"}),
        ({"toolkit": {"enabled": False}}, set(), {"nvidia-container-toolkit-daemonset"}),
        ({"devicePlugin": {"enabled": False}}, {"gpu-feature-discovery"}, {"nvidia-device-plugin-daemonset"}),
        ({"gfd": {"enabled": False}}, set(), {"gpu-feature-discovery"}),
        ({"dcgm": {"enabled": True}}, {"nvidia-dcgm", "nvidia-dcgm-exporter"}, set()),
        ({"dcgmExporter": {"enabled": False}}, set(), {"nvidia-dcgm-exporter"}),
        ({"migManager": {"enabled": False}}, set(), {"nvidia-mig-manager"}),
        ({"nfd": {"enabled": False}}, {"nvidia-device-plugin-daemonset"}, {f"{NFD}-worker"}),
    ],
)
def test_each_operand_follows_its_switch(values, present, absent):
    found = daemon_sets(rendered(OPERATOR, **values))
    assert present <= found
    assert not absent & found


@pytest.mark.twin
def test_every_operand_waits_for_the_operators_label_and_takes_the_common_tolerations():
    objects = rendered(OPERATOR, daemonsets={"tolerations": [{"key": "a", "operator": "Exists"}]})
    for name in daemon_sets(objects) - {f"{NFD}-worker"}:
        spec = pod(objects, name)
        assert next(iter(spec["nodeSelector"])).startswith("nvidia.com/gpu.deploy.")
        assert spec["tolerations"] == [{"key": "a", "operator": "Exists"}]


@pytest.mark.twin
def test_the_runtime_class_comes_with_the_toolkit():
    assert ("RuntimeClass", "nvidia") in rendered(OPERATOR)
    assert ("RuntimeClass", "nvidia") not in rendered(OPERATOR, toolkit={"enabled": False})


@pytest.mark.twin
def test_the_exporter_selects_nothing_tolerates_no_gpu_taint_and_wants_a_service_monitor():
    objects = rendered(DCGM)
    spec = pod(objects, "release-dcgm-exporter")
    assert "affinity" not in spec
    assert "nodeSelector" not in spec
    assert [toleration["key"] for toleration in spec["tolerations"]] == ["node-role.kubernetes.io/control-plane"]
    assert ("ServiceMonitor", "release-dcgm-exporter") in objects
    assert ("ServiceMonitor", "release-dcgm-exporter") not in rendered(DCGM, serviceMonitor={"enabled": False})


@pytest.mark.twin
def test_the_efa_plugin_adds_tolerations_to_its_own_and_selects_by_instance_type():
    spec = pod(rendered(EFA, tolerations=[GPU_ANY]), "release-aws-efa-k8s-device-plugin")
    assert spec["tolerations"] == [CRITICAL, GPU_ANY]
    (term,) = terms(spec)
    types, compute = term["matchExpressions"]
    assert {"p5.48xlarge", "trn1.32xlarge", "g4dn.8xlarge"} <= set(types["values"])
    assert "g4dn.xlarge" not in types["values"]
    assert compute == {"key": "eks.amazonaws.com/compute-type", "operator": "NotIn", "values": ["auto"]}


@pytest.mark.twin
@pytest.mark.parametrize(
    ("reference", "namespace", "values", "message"),
    [
        (NVDP, "default", {}, "namespace default: refused unless allowDefaultNamespace"),
        (NVDP, "gpu", {"namespaceOverride": "default"}, "namespace default: refused"),
        (NVDP, "gpu", {"namespace": "x"}, "namespace: no longer a value"),
        (NVDP, "gpu", {"config": {"name": "a", "map": {"b": ""}}}, "exclude each other"),
        (NVDP, "gpu", {"config": {"map": {"a": "", "b": ""}}}, "several entries and no default"),
        (NVDP, "gpu", {"config": {"map": {"a": ""}, "default": "b"}}, "config.map has no such entry"),
        (NVDP, "gpu", {"failOnInitError": "true"}, "failOnInitError.: got string"),
        (NVDP, "gpu", {"gdsEnabled": True}, "'gdsEnabled' not allowed"),
        (NVDP, "gpu", {"nfd": {"enabled": True, "worker": {"config": {}}}}, "'config' not allowed"),
        (NVDP, "gpu", {"image": {"repository": "example.com/plugin"}}, "value must be"),
        (OPERATOR, "gpu", {"gpuCluster": {"deployCR": True}}, "exclude each other"),
        (OPERATOR, "gpu", {"clusterPolicy": {"deployCR": False}}, "models the cluster policy only"),
        (OPERATOR, "gpu", {"cdi": {"nriPluginEnabled": True}, "toolkit": {"enabled": False}}, "toolkit.enabled"),
        (OPERATOR, "gpu", {"devicePlugin": {"config": {"create": True}}}, "requires devicePlugin.config.name"),
        (OPERATOR, "gpu", {"devicePlugin": {"config": {"data": {"a": ""}}}}, "config.create: true; set it"),
        (OPERATOR, "gpu", {"sandboxWorkloads": {"enabled": True}}, "sandboxWorkloads.enabled: .*does not model it"),
        (OPERATOR, "gpu", {"operator": {"defaultRuntime": "containerd"}}, "'defaultRuntime' not allowed"),
        (OPERATOR, "gpu", {"migManager": {"config": {"name": "own"}}}, "'name' not allowed"),
        (DCGM, "gpu", {"kubernetesDRA": {"enabled": True}}, "'kubernetesDRA' not allowed"),
        (EFA, "gpu", {"supportedInstanceLabels": {"values": []}}, "minItems"),
    ],
)
def test_values_that_cannot_work_or_are_not_modelled_fail_while_rendering(reference, namespace, values, message):
    with pytest.raises(AssertionError, match=message):
        rendered(reference, namespace, **values)
