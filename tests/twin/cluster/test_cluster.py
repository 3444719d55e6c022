"""A cluster is created by creating it: control plane, access, add-ons, nodes, pods, and its end.

The tests share one cluster and run in the order of this file.
"""

import pytest
import requests
from eks_twin.kube import KubeError

pytestmark = pytest.mark.twin
NAME = "demo"


@pytest.fixture(scope="module")
def subnets(world):
    return world.network()


@pytest.fixture(scope="module")
def kube(world, subnets):
    world.create_cluster(NAME, subnets)
    world.until("the cluster is ACTIVE", lambda: world.cluster(NAME)["status"] == "ACTIVE")
    return world.kube(NAME)


def phases(kube, **labels):
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    return [pod["status"]["phase"] for pod in kube.list("v1", "Pod", labelSelector=selector)]


def ready_nodes(kube):
    return [
        node["metadata"]["name"]
        for node in kube.list("v1", "Node")
        if any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"]["conditions"])
    ]


def test_the_api_server_is_verified_by_the_cas_certificate_that_aws_tells(world, kube):
    cluster = world.cluster(NAME)
    assert kube.server == cluster["endpoint"]
    assert world.as_user(NAME, world.token(NAME)).request("GET", "/version")["minor"] == "35"
    with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        requests.get(cluster["endpoint"], timeout=5)


def test_eks_gives_a_new_cluster_gp2_which_is_not_the_default(kube):
    classes = kube.list("storage.k8s.io/v1", "StorageClass")
    assert [(c["metadata"]["name"], c["metadata"].get("annotations", {})) for c in classes] == [("gp2", {})]


def test_a_token_of_the_creator_is_an_administrator(world, kube):
    assert world.as_user(NAME, world.token(NAME)).list("v1", "Secret", "kube-system") == []


def test_a_token_of_a_principal_without_an_access_entry_is_refused(world, kube):
    iam = world.client("iam")
    iam.create_user(UserName="stranger")
    key = iam.create_access_key(UserName="stranger")["AccessKey"]
    stranger = world.as_user(NAME, world.token(NAME, key["AccessKeyId"], key["SecretAccessKey"]))
    with pytest.raises(KubeError, match="Unauthorized"):
        stranger.list("v1", "Pod")


def test_a_namespace_scoped_policy_opens_that_namespace_only(world, kube):
    iam, eks = world.client("iam"), world.client("eks")
    arn = iam.create_user(UserName="dev")["User"]["Arn"]
    key = iam.create_access_key(UserName="dev")["AccessKey"]
    eks.create_access_entry(clusterName=NAME, principalArn=arn)
    eks.associate_access_policy(
        clusterName=NAME,
        principalArn=arn,
        policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy",
        accessScope={"type": "namespace", "namespaces": ["dev-*"]},
    )
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dev-a"}})
    dev = world.as_user(NAME, world.token(NAME, key["AccessKeyId"], key["SecretAccessKey"]))

    def allowed():
        try:
            return dev.list("v1", "Pod", "dev-a") == []
        except KubeError:
            return False

    world.until("the policy is in force", allowed)
    with pytest.raises(KubeError, match='cannot list resource "pods"'):
        dev.list("v1", "Pod", "default")


def test_an_add_on_with_an_unknown_key_fails_and_names_it(world, kube):
    world.addon(NAME, "metrics-server", configurationValues='{"replica": 3}')
    world.until("it failed", lambda: world.addon_status(NAME, "metrics-server") == "CREATE_FAILED")
    issues = world.client("eks").describe_addon(clusterName=NAME, addonName="metrics-server")["addon"]["health"]
    assert issues["issues"][0]["code"] == "ConfigurationConflict"
    assert issues["issues"][0]["message"].startswith("replica: not a configuration key of metrics-server")
    world.client("eks").delete_addon(clusterName=NAME, addonName="metrics-server")


def test_daemon_sets_are_active_before_there_is_a_node_and_coredns_is_degraded(world, kube):
    for name in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent", "coredns"):
        world.addon(NAME, name)
    for name in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent"):
        world.until(f"{name} is ACTIVE", lambda name=name: world.addon_status(NAME, name) == "ACTIVE")
    world.until("coredns is DEGRADED", lambda: world.addon_status(NAME, "coredns") == "DEGRADED")


def test_nodes_of_a_node_group_join_and_coredns_recovers(world, kube, subnets):
    world.create_nodes(NAME, subnets, labels={"team": "platform"})
    world.until("the node group is ACTIVE", lambda: world.nodegroup(NAME)["status"] == "ACTIVE")
    assert len(ready_nodes(kube)) == 2
    node = kube.list("v1", "Node")[0]
    labels = node["metadata"]["labels"]
    assert labels["eks.amazonaws.com/nodegroup"] == "system"
    assert labels["team"] == "platform"
    assert labels["node.kubernetes.io/instance-type"] == "m5.large"
    assert node["spec"]["providerID"].startswith("aws:///us-west-2")
    assert node["status"]["allocatable"]["cpu"] == "1930m"
    world.until("coredns is ACTIVE", lambda: world.addon_status(NAME, "coredns") == "ACTIVE")
    assert sorted(phases(kube, **{"k8s-app": "kube-dns"})) == ["Running", "Running"]


def deployment(name, **pod):
    labels = {"app": name}
    term = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    spec = {
        "containers": [{"name": "main", "image": "example.com/app:1"}],
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}},
        **pod,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def test_two_pods_that_avoid_each_other_run_on_two_nodes(world, kube):
    kube.create(deployment("pair"))
    world.until("both run", lambda: phases(kube, app="pair") == ["Running", "Running"])
    pods = kube.list("v1", "Pod", "default", labelSelector="app=pair")
    assert len({pod["spec"]["nodeName"] for pod in pods}) == 2
    assert len({pod["status"]["podIP"] for pod in pods}) == 2


def test_a_deployment_of_such_pods_is_available(world, kube):
    def available():
        return kube.get("apps/v1", "Deployment", "pair", "default")["status"].get("availableReplicas") == 2

    world.until("it is available", available)


def test_a_pod_waits_for_the_secret_it_refers_to(world, kube):
    reference = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "late", "key": "token"}}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "waits", "namespace": "default"},
        "spec": {"containers": [{"name": "main", "image": "example.com/app:1", "env": [reference]}]},
    }
    kube.create(pod)

    def waiting():
        statuses = kube.get("v1", "Pod", "waits", "default")["status"].get("containerStatuses") or [{}]
        return statuses[0].get("state", {}).get("waiting")

    state = world.until("it waits", waiting)
    assert (state["reason"], state["message"]) == ("CreateContainerConfigError", 'secret "late" not found')
    metadata = {"name": "late", "namespace": "default"}
    kube.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"token": "x"}})
    world.until("it runs", lambda: kube.get("v1", "Pod", "waits", "default")["status"]["phase"] == "Running")


def test_a_program_of_the_control_plane_that_dies_is_started_again(world, kube):
    record = next(r for r in world.processes.records() if r.name == f"{NAME}/kube-scheduler")
    record.process().kill()
    world.until(
        "a new scheduler",
        lambda: [r for r in world.processes.records() if r.name == record.name and r.pid != record.pid and r.process()],
    )


def test_an_instance_that_ends_takes_its_node_and_pods_with_it(world, kube):
    node = kube.list("v1", "Node")[0]
    name, instance = node["metadata"]["name"], node["spec"]["providerID"].rpartition("/")[2]
    world.client("ec2").terminate_instances(InstanceIds=[instance])
    world.until("the Node is gone", lambda: kube.find("v1", "Node", name) is None)
    world.until("its pods are gone", lambda: not kube.list("v1", "Pod", fieldSelector=f"spec.nodeName={name}"))


def test_deleting_a_node_group_evicts_then_ends_its_instances(world, kube):
    world.client("eks").delete_nodegroup(clusterName=NAME, nodegroupName="system")
    world.until("the nodes are gone", lambda: not kube.list("v1", "Node"))
    assert world.client("eks").list_nodegroups(clusterName=NAME)["nodegroups"] == []


def test_deleting_an_add_on_removes_its_objects_unless_it_is_preserved(world, kube):
    eks = world.client("eks")
    eks.delete_addon(clusterName=NAME, addonName="coredns")
    eks.delete_addon(clusterName=NAME, addonName="vpc-cni", preserve=True)
    world.until("both are gone", lambda: not {"coredns", "vpc-cni"} & set(eks.list_addons(clusterName=NAME)["addons"]))
    assert kube.find("apps/v1", "Deployment", "coredns", "kube-system") is None
    assert kube.find("v1", "Service", "kube-dns", "kube-system") is None
    assert kube.find("apps/v1", "DaemonSet", "aws-node", "kube-system") is not None


def test_a_deleted_cluster_leaves_no_process(world, kube):
    world.client("eks").delete_cluster(name=NAME)
    world.until("it is gone", lambda: NAME not in world.client("eks").list_clusters()["clusters"])
    assert world.processes.records() == []
    assert not (world.directory / "clusters" / NAME / "kubeconfig").exists()


def test_a_version_that_the_twin_has_not_fails_the_cluster_and_says_which_it_has(world, subnets):
    world.create_cluster("older", subnets, version="1.34")
    cluster = world.until("it failed", lambda: (c := world.cluster("older"))["status"] == "FAILED" and c)
    assert "no control plane of version 1.34; it has 1.35" in cluster["health"]["issues"][0]["message"]
    world.client("eks").delete_cluster(name="older")
    world.until("it is gone", lambda: world.client("eks").list_clusters()["clusters"] == [])
