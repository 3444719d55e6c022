"""NVIDIA, EFA and Bottlerocket pools of the real Karpenter, with the plugins' charts as users install them.

The tests share one cluster and run in the order of this file.
"""

import pytest

pytestmark = pytest.mark.twin
NAME = "demo"
GPU, EFA = "nvidia.com/gpu", "vpc.amazonaws.com/efa"
PCI, PRESENT = "feature.node.kubernetes.io/pci-10de.present", "nvidia.com/gpu.present"
NVDP = "https://nvidia.github.io/k8s-device-plugin/nvidia-device-plugin"
OPERATOR = "https://helm.ngc.nvidia.com/nvidia/gpu-operator"
DCGM = "https://nvidia.github.io/dcgm-exporter/helm-charts/dcgm-exporter"
EFA_CHART = "https://aws.github.io/eks-charts/aws-efa-k8s-device-plugin"
TOLERATE_ANY = [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}]
FOUR_EACH = "version: v1\nsharing: {timeSlicing: {resources: [{name: nvidia.com/gpu, replicas: 4}]}}"


@pytest.fixture(scope="module")
def kube(world):
    kube = world.cluster_for_karpenter(NAME)
    world.associate_karpenter(NAME)
    charts = "oci://public.ecr.aws/karpenter"
    world.helm(NAME, "karpenter-crd", f"{charts}/karpenter-crd", "1.14.1")
    settings = {"clusterName": NAME, "interruptionQueue": NAME}
    world.helm(NAME, "karpenter", f"{charts}/karpenter", "1.14.1", settings=settings, replicas=1)
    kube.forget_kinds()
    pods = {"labelSelector": "app.kubernetes.io/name=karpenter"}
    world.until(
        "Karpenter is ready",
        lambda: [condition(p, "Ready") for p in kube.list("v1", "Pod", "kube-system", **pods)] == ["True"],
    )
    return kube


def condition(thing, kind):
    return next((c["status"] for c in thing.get("status", {}).get("conditions", ()) if c["type"] == kind), "")


def create_pool(world, kube, name, instance_type, *, alias="al2023@latest", labels=None, user_data=None):
    selector = [{"tags": {"karpenter.sh/discovery": NAME}}]
    spec = {
        "amiSelectorTerms": [{"alias": alias}],
        "role": "karpenter-node",
        "subnetSelectorTerms": selector,
        "securityGroupSelectorTerms": selector,
        **({"userData": user_data} if user_data else {}),
    }
    group = {"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "metadata": {"name": name}}
    kube.create({**group, "spec": spec})
    requirements = [
        {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": [instance_type]},
        {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"]},
    ]
    template = {
        "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": name},
        "requirements": requirements,
        "taints": [{"key": GPU, "effect": "NoSchedule"}],
    }
    pool = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": name}}
    kube.create(
        {**pool, "spec": {"template": {"metadata": {"labels": {"pool": name, **(labels or {})}}, "spec": template}}}
    )
    world.until(
        f"class {name} is ready",
        lambda: condition(kube.get("karpenter.k8s.aws/v1", "EC2NodeClass", name), "Ready") == "True",
    )


def create_pod(kube, pool, **limits):
    spec = {
        "nodeSelector": {"pool": pool},
        "tolerations": TOLERATE_ANY,
        "containers": [{"name": "main", "image": "example.com/infer:1", "resources": {"limits": limits}}],
    }
    kube.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pool, "namespace": "default"}, "spec": spec})


def node(kube, pool):
    found = kube.list("v1", "Node", labelSelector=f"pool={pool}")
    return found[0] if found else None


def labels(kube, pool):
    return node(kube, pool)["metadata"]["labels"]


def runs(world, kube, pool):
    world.until(f"{pool} runs", lambda: kube.get("v1", "Pod", pool, "default")["status"]["phase"] == "Running")
    return node(kube, pool)["status"]["allocatable"]


def initialized(kube, pool):
    claims = kube.list("karpenter.sh/v1", "NodeClaim", labelSelector=f"karpenter.sh/nodepool={pool}")
    return [condition(claim, "Initialized") for claim in claims] == ["True"]


def test_with_chart_defaults_the_plugin_runs_by_the_nodes_own_label_and_feature_discovery_does_not(world, kube):
    world.helm(NAME, "nvidia-device-plugin", NVDP, "0.20.0", gfd={"enabled": True})
    create_pool(world, kube, "gpu", "g4dn.xlarge")
    create_pod(kube, "gpu", **{GPU: "1"})
    assert runs(world, kube, "gpu")[GPU] == "1"
    world.until("it is initialized", lambda: initialized(kube, "gpu"))
    found = labels(kube, "gpu")
    assert (found[PRESENT], found["nvidia.com/gpu.product"]) == ("true", "Tesla-T4")
    assert PCI not in found


def test_feature_discovery_that_tolerates_the_taint_labels_the_node(world, kube):
    worker = {"worker": {"tolerations": TOLERATE_ANY}}
    world.helm(NAME, "nvidia-device-plugin", NVDP, "0.20.0", gfd={"enabled": True}, nfd=worker)
    world.until("the label is there", lambda: labels(kube, "gpu").get(PCI) == "true")


def test_each_pool_is_shared_by_the_configuration_that_its_label_names(world, kube):
    config = {"map": {"whole": "version: v1", "shared": FOUR_EACH}, "default": "whole"}
    worker = {"worker": {"tolerations": TOLERATE_ANY}}
    world.helm(NAME, "nvidia-device-plugin", NVDP, "0.20.0", gfd={"enabled": True}, nfd=worker, config=config)
    create_pool(world, kube, "shared", "g4dn.xlarge", labels={"nvidia.com/device-plugin.config": "shared"})
    create_pod(kube, "shared", **{GPU: "1"})
    assert runs(world, kube, "shared")[GPU] == "4"
    assert node(kube, "gpu")["status"]["allocatable"][GPU] == "1"


def test_bottlerockets_gpu_needs_no_pod_and_a_plugin_beside_it_is_a_fault(world, kube):
    settings = '[settings.kubelet-device-plugins.nvidia]\ndevice-sharing-strategy = "time-slicing"\n'
    settings += "[settings.kubelet-device-plugins.nvidia.time-slicing]\nreplicas = 3\nrename-by-default = false\n"
    create_pool(world, kube, "rocket", "g5.xlarge", alias="bottlerocket@latest", user_data=settings)
    create_pod(kube, "rocket", **{GPU: "1"})
    runs(world, kube, "rocket")
    world.until(
        "the fault is named", lambda: "device plugin and kube-system/nvidia-device-plugin" in world.trouble(NAME)
    )
    assert node(kube, "rocket")["status"]["allocatable"][GPU] == "1"  # the pod's plugin took over: 3 before


def test_without_the_chart_the_gpu_that_was_taken_over_is_gone(world, kube):
    world.uninstall(NAME, "nvidia-device-plugin")
    world.until("it is gone", lambda: node(kube, "rocket")["status"]["allocatable"][GPU] == "0")
    world.until("it is gone", lambda: node(kube, "gpu")["status"]["allocatable"][GPU] == "0")


def test_the_operators_operands_follow_the_labels_that_it_sets(world, kube):
    world.helm(NAME, "gpu-operator", OPERATOR, "v26.7.0", toolkit={"enabled": False})
    world.until("the GPU is back", lambda: node(kube, "gpu")["status"]["allocatable"][GPU] == "1")
    world.until(
        "the driver pod withdrew", lambda: labels(kube, "gpu").get("nvidia.com/gpu.deploy.driver") == "pre-installed"
    )
    drivers = {"labelSelector": "app=nvidia-driver-daemonset"}
    world.until("no driver pod is left", lambda: not kube.list("v1", "Pod", "kube-system", **drivers))
    assert "nvidia.com/gpu.deploy.mig-manager" not in labels(kube, "gpu")


def test_mig_manager_cuts_the_gpus_of_a_pool_as_its_label_says(world, kube):
    create_pool(world, kube, "parted", "p5.4xlarge", labels={"nvidia.com/mig.config": "all-1g.10gb"})
    create_pod(kube, "parted", **{GPU: "1"})
    runs(world, kube, "parted")
    world.until("it is cut", lambda: node(kube, "parted")["status"]["allocatable"][GPU] == "7")
    found = labels(kube, "parted")
    assert found["nvidia.com/mig.config.state"] == "success"
    assert found["nvidia.com/gpu.product"] == "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb"


def test_the_exporters_chart_does_not_install_without_prometheus_kinds(world, kube):
    with pytest.raises(AssertionError, match='no matches for kind "ServiceMonitor"'):
        world.helm(NAME, "dcgm-exporter", DCGM, "4.8.2")


def test_efa_appears_only_where_the_plugin_tolerates_the_taint(world, kube):
    world.helm(NAME, "efa", EFA_CHART, "v0.5.30")
    create_pool(world, kube, "efa", "g5.8xlarge")
    create_pod(kube, "efa", **{GPU: "1", EFA: "1"})
    world.until(
        "the GPU is offered", lambda: (node(kube, "efa") or {}).get("status", {}).get("allocatable", {}).get(GPU)
    )
    world.spend(3)
    assert EFA not in node(kube, "efa")["status"]["allocatable"]
    assert not initialized(kube, "efa")
    world.helm(NAME, "efa", EFA_CHART, "v0.5.30", tolerations=TOLERATE_ANY)
    assert runs(world, kube, "efa")[EFA] == "1"
    world.until("it is initialized", lambda: initialized(kube, "efa"))
