"""The real Karpenter controller, started because its chart's Deployment landed on system nodes, launches nodes.

The tests share one cluster and run in the order of this file.
"""

import json

import psutil
import pytest

pytestmark = pytest.mark.twin
NAME = "demo"
KARPENTER = "1.14.1"
NEURON = "aws.amazon.com/neuron"
CHARTS = "oci://public.ecr.aws/karpenter"


@pytest.fixture(scope="module")
def kube(world):
    return world.cluster_for_karpenter(NAME)


def controllers(kube):
    return kube.list("v1", "Pod", "kube-system", labelSelector="app.kubernetes.io/name=karpenter")


def container(pod):
    return (pod["status"].get("containerStatuses") or [{}])[0]


def output(world, pod):
    name = f"{pod['metadata']['name']}_kube-system_controller.log"
    return (world.directory / "clusters" / NAME / "log" / "containers" / name).read_text()


def condition(thing, kind):
    return next((c["status"] for c in thing.get("status", {}).get("conditions", ()) if c["type"] == kind), "")


def claims(kube):
    return kube.list("karpenter.sh/v1", "NodeClaim")


def test_without_an_aws_identity_the_controller_crash_loops(world, kube):
    world.helm(NAME, "karpenter-crd", f"{CHARTS}/karpenter-crd", KARPENTER)
    resources = {"requests": {"cpu": "500m", "memory": "512Mi"}}
    settings = {"clusterName": NAME, "interruptionQueue": NAME}
    world.helm(
        NAME,
        "karpenter",
        f"{CHARTS}/karpenter",
        KARPENTER,
        settings=settings,
        controller={"resources": resources},
        logLevel="debug",
    )

    def looping():
        return [
            pod
            for pod in controllers(kube)
            if container(pod).get("state", {}).get("waiting", {}).get("reason") == "CrashLoopBackOff"
        ]

    pod = world.until("it crashes", looping)[0]
    assert container(pod)["lastState"]["terminated"]["exitCode"] == 2
    assert "unable to determine region from IMDS" in output(world, pod)


def test_with_a_pod_identity_association_both_replicas_become_ready_on_two_nodes(world, kube):
    world.associate_karpenter(NAME)
    for pod in controllers(kube):
        kube.delete(pod)
    world.until("both are ready", lambda: [condition(p, "Ready") for p in controllers(kube)] == ["True", "True"])
    assert len({pod["spec"]["nodeName"] for pod in controllers(kube)}) == 2


def test_the_controller_is_its_service_account_and_its_role(world, kube):
    principals = {
        call["principal"]
        for call in world.reconciler._aws._send("GET", "journal")["calls"]
        if call["action"] == "DescribeInstanceTypeOfferings"
    }
    assert {p.split("/")[1] for p in principals} == {"karpenter"}
    leases = kube.list("coordination.k8s.io/v1", "Lease", "kube-system")
    assert "karpenter-leader-election" in {lease["metadata"]["name"] for lease in leases}
    fields = kube.get("coordination.k8s.io/v1", "Lease", "karpenter-leader-election", "kube-system")
    assert fields["spec"]["holderIdentity"]


NODE_CLASS = {
    "apiVersion": "karpenter.k8s.aws/v1",
    "kind": "EC2NodeClass",
    "metadata": {"name": "train"},
    "spec": {
        "amiSelectorTerms": [{"alias": "al2023@latest"}],
        "role": "karpenter-node",
        "subnetSelectorTerms": [{"tags": {"karpenter.sh/discovery": NAME}}],
        "securityGroupSelectorTerms": [{"tags": {"karpenter.sh/discovery": NAME}}],
    },
}
NODE_POOL = {
    "apiVersion": "karpenter.sh/v1",
    "kind": "NodePool",
    "metadata": {"name": "train"},
    "spec": {
        "template": {
            "metadata": {"labels": {"team": "ml"}},
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "train"},
                "requirements": [
                    {"key": "karpenter.k8s.aws/instance-family", "operator": "In", "values": ["inf2"]},
                    {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"]},
                ],
                "taints": [{"key": NEURON, "value": "true", "effect": "NoSchedule"}],
            },
        }
    },
}
WORKER = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "worker", "namespace": "default"},
    "spec": {
        "nodeSelector": {"team": "ml"},
        "tolerations": [{"key": NEURON, "operator": "Exists"}],
        "containers": [
            {
                "name": "main",
                "image": "example.com/train:1",
                "resources": {"limits": {NEURON: "1", "cpu": "1", "memory": "1Gi"}},
            }
        ],
    },
}


def test_a_pod_that_asks_for_neuron_gets_a_node_that_is_not_initialized_without_the_plugin(world, kube):
    kube.forget_kinds()
    kube.create(NODE_CLASS)
    kube.create(NODE_POOL)
    world.until(
        "the class is ready",
        lambda: condition(kube.get("karpenter.k8s.aws/v1", "EC2NodeClass", "train"), "Ready") == "True",
    )
    kube.create(WORKER)
    claim = world.until(
        "a node is registered", lambda: [c for c in claims(kube) if condition(c, "Registered") == "True"]
    )[0]
    node = claim["status"]["nodeName"]
    world.until("it is Ready", lambda: condition(kube.get("v1", "Node", node), "Ready") == "True")
    world.spend(5)
    [claim] = claims(kube)
    assert condition(claim, "Initialized") != "True"
    found = kube.get("v1", "Node", node)
    assert found["metadata"]["labels"]["node.kubernetes.io/instance-type"] == "inf2.xlarge"
    assert found["metadata"]["labels"]["team"] == "ml"
    assert "-neuron-" in found["status"]["nodeInfo"]["osImage"]
    assert NEURON not in found["status"]["allocatable"]
    assert kube.get("v1", "Pod", "worker", "default")["status"]["phase"] == "Pending"


def test_with_the_plugins_pod_the_node_is_initialized_and_the_worker_runs(world, kube):
    chart = "oci://public.ecr.aws/neuron/neuron-helm-chart"
    world.helm(NAME, "neuron", chart, "1.10.0", npd={"enabled": False})
    world.until("it is initialized", lambda: [condition(c, "Initialized") for c in claims(kube)] == ["True"])
    world.until("the worker runs", lambda: kube.get("v1", "Pod", "worker", "default")["status"]["phase"] == "Running")


def test_the_node_offers_exactly_what_karpenter_had_computed(world, kube):
    [claim] = claims(kube)
    node = kube.get("v1", "Node", claim["status"]["nodeName"])
    for resource in ("cpu", "pods", NEURON, "aws.amazon.com/neuroncore"):
        if resource in claim["status"]["allocatable"]:
            assert node["status"]["allocatable"][resource] == claim["status"]["allocatable"][resource]


def test_the_device_is_withdrawn_when_the_plugins_pod_goes(world, kube):
    kube.delete(kube.get("apps/v1", "DaemonSet", "neuron-device-plugin", "kube-system"))
    [claim] = claims(kube)
    name = claim["status"]["nodeName"]
    world.until("nothing is offered", lambda: kube.get("v1", "Node", name)["status"]["allocatable"][NEURON] == "0")


def test_a_deleted_pool_drains_its_node_and_ends_its_instance(world, kube):
    [claim] = claims(kube)
    instance = claim["status"]["providerID"].rpartition("/")[2]
    kube.delete(
        {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "train"}},
        {"propagationPolicy": "Foreground"},
    )
    world.until("the claim is gone", lambda: not claims(kube))
    [reservation] = world.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"]
    assert reservation["Instances"][0]["State"]["Name"] == "terminated"
    assert kube.find("v1", "Node", claim["status"]["nodeName"]) is None
    kube.delete({"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "metadata": {"name": "train"}})
    world.until("the class is gone", lambda: kube.find("karpenter.k8s.aws/v1", "EC2NodeClass", "train") is None)


def test_a_killed_controller_is_started_again(world, kube):
    record = next(r for r in world.processes.records() if r.name.endswith("/controller"))
    psutil.Process(record.pid).kill()
    world.until("a restart is counted", lambda: sum(container(pod)["restartCount"] for pod in controllers(kube)) == 1)


def test_an_image_tag_that_the_twin_has_not_is_an_image_error_that_names_the_one_it_has(world, kube):
    target = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "karpenter", "namespace": "kube-system"},
    }
    path = "/spec/template/spec/containers/0/image"
    image = "public.ecr.aws/karpenter/controller:9.9.9"
    kube.patch(target, [{"op": "replace", "path": path, "value": image}], content_type="application/json-patch+json")

    def failing():
        return [
            s["message"]
            for pod in controllers(kube)
            if (s := container(pod).get("state", {}).get("waiting", {})).get("reason") == "ErrImagePull"
        ]

    message = world.until("the image is refused", failing)[0]
    assert message.endswith(f"the twin has public.ecr.aws/karpenter/controller:{KARPENTER}")


def test_deleted_controllers_end_their_processes(world, kube):
    kube.delete(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "karpenter", "namespace": "kube-system"}}
    )
    world.until("no pod is left", lambda: not controllers(kube))
    assert [r.name for r in world.processes.records() if r.name.endswith("/controller")] == []
    logs = world.directory / "clusters" / NAME / "log" / "containers"
    assert json.loads((next(logs.glob("karpenter-*"))).read_text().splitlines()[0])
