"""The real Karpenter as an oracle: a cluster on which it launches machines that never join.

A launch then costs a call to AWS and neither a Node nor its pods, so that hundreds of them take minutes. What is asked
about is decided before a machine joins.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from eks_accelerators.model.feasibility.pod import requests
from eks_accelerators.model.feasibility.quantities import text
from eks_twin.kube import MERGE, Kube

from tests.twin.cluster import conftest as cluster

NAME = "oracle"
KARPENTER = "1.14.1"
CHARTS = "oci://public.ecr.aws/karpenter"
MACHINES = "machines"
"""Role without an access entry: a machine that has it never becomes a Node."""
NODE_CLASS = ("karpenter.k8s.aws/v1", "EC2NodeClass")
NODE_POOL = ("karpenter.sh/v1", "NodePool")
NODE_CLAIM = ("karpenter.sh/v1", "NodeClaim")
NODE_OVERLAY = ("karpenter.sh/v1alpha1", "NodeOverlay")
SYSTEM = {"key": "CriticalAddonsOnly", "value": "true", "effect": "NoExecute"}
"""Keeps the pods that are asked about off the nodes on which the controller runs; its chart tolerates it."""
DISCOVERY = [{"tags": {"karpenter.sh/discovery": NAME}}]

world = cluster.world


def conditions(thing: Mapping[str, Any]) -> dict[str, str]:
    """Status of each condition, or the message of one that is not True."""
    found = thing.get("status", {}).get("conditions", ())
    return {c["type"]: "True" if c["status"] == "True" else f"{c['status']}: {c['message']}" for c in found}


@dataclass
class Oracle:
    """A cluster with a controller that can be asked."""

    world: Any
    kube: Kube
    zones: tuple[str, ...]

    def create(self, kind: tuple[str, str], name: str, spec: Mapping[str, Any], **metadata: Any) -> None:
        self.kube.create(
            {"apiVersion": kind[0], "kind": kind[1], "metadata": {"name": name, **metadata}, "spec": {**spec}}
        )

    def classes(self, specs: Mapping[str, Mapping[str, Any]]) -> None:
        """Node classes by name, each with the machines' role and the cluster's network, all of them ready."""
        for name, spec in specs.items():
            found = {"subnetSelectorTerms": DISCOVERY, "securityGroupSelectorTerms": DISCOVERY, "role": MACHINES}
            self.create(NODE_CLASS, name, {**spec, **found})
        self.ready(NODE_CLASS, specs)

    def ready(self, kind: tuple[str, str], names: Iterable[str]) -> None:
        """All of them say Ready."""

        def waiting() -> dict[str, Any]:
            things = [self.kube.get(*kind, name) for name in names]
            return {t["metadata"]["name"]: conditions(t) for t in things if conditions(t).get("Ready") != "True"}

        self.until_none(f"every {kind[1]} is ready", waiting)

    def until_none(self, what: str, left: Callable[[], Any], seconds: int = 60) -> None:
        """Tick until `left` gives nothing any more; what it gave last is the failure's text."""
        deadline = time.monotonic() + seconds
        while found := left():
            if time.monotonic() > deadline:
                pytest.fail(f"{what}: not within {seconds} s; left: {found}")
            self.world.spend(0.1)

    def daemons(self) -> dict[str, str]:
        """What the DaemonSets of every node request together, by resource."""
        sets = self.kube.list("apps/v1", "DaemonSet", "kube-system")
        total: dict[str, Any] = {}
        for each in sets:
            for resource, need in requests(each["spec"]["template"]["spec"]).items():
                total[resource] = total.get(resource, 0) + need
        return {resource: text(resource, need) for resource, need in total.items()}

    def claims(self) -> list[dict[str, Any]]:
        return self.kube.list(*NODE_CLAIM)

    def clear(self) -> None:
        """No pod that was asked about is left, and no machine."""
        self.kube.request("DELETE", "/api/v1/namespaces/default/pods", params={"gracePeriodSeconds": 0})
        self.kube.request("DELETE", "/apis/karpenter.sh/v1/nodeclaims")
        self.until_none("all machines are gone", lambda: [each["metadata"]["name"] for each in self.claims()])


def _network(world: Any) -> tuple[str, ...]:
    """Zones of the cluster's network, which has one subnet in each zone of the region."""
    ec2 = world.client("ec2")
    vpc = world.cluster(NAME)["resourcesVpcConfig"]["vpcId"]
    zones = [each["ZoneName"] for each in ec2.describe_availability_zones()["AvailabilityZones"]]
    tags = [{"Key": "karpenter.sh/discovery", "Value": NAME}]
    for subnet in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]:
        ec2.delete_tags(Resources=[subnet["SubnetId"]], Tags=[{"Key": "karpenter.sh/discovery"}])
    for number, zone in enumerate(zones):
        specification = [{"ResourceType": "subnet", "Tags": tags}]
        block = f"10.0.{16 * (number + 1)}.0/20"
        ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone, TagSpecifications=specification)
    return tuple(zones)


def _controller(world: Any, kube: Kube) -> None:
    """One replica, with the gates that are off by default, batching pods for a moment only."""
    world.associate_karpenter(NAME)
    world.client("iam").create_service_linked_role(AWSServiceName="spot.amazonaws.com")
    world.role(MACHINES, "ec2.amazonaws.com", policies=cluster.NODE_POLICIES)
    for node in kube.list("v1", "Node"):
        kube.patch(node, {"spec": {"taints": [SYSTEM]}}, content_type=MERGE)
    world.helm(NAME, "karpenter-crd", f"{CHARTS}/karpenter-crd", KARPENTER)
    values = {
        "replicas": 1,
        "logLevel": os.environ.get("ORACLE_LOG", "info"),
        "controller": {"resources": {"requests": {"cpu": "500m", "memory": "512Mi"}}},
        "settings": {
            "clusterName": NAME,
            "interruptionQueue": NAME,
            "batchIdleDuration": "500ms",
            "featureGates": {"nodeOverlay": True, "staticCapacity": True},
        },
    }
    world.helm(NAME, "karpenter", f"{CHARTS}/karpenter", KARPENTER, **values)

    def ready() -> bool:
        pods = kube.list("v1", "Pod", "kube-system", labelSelector="app.kubernetes.io/name=karpenter")
        return [conditions(pod).get("Ready") for pod in pods] == ["True"]

    world.until("the controller is ready", ready)


@pytest.fixture(scope="module")
def region() -> str:
    """Region of the module's world; a module that overrides it patches the world's own constant first."""
    return cluster.REGION


@pytest.fixture(scope="module")
def oracle(region: str, world: Any) -> Oracle:
    kube = world.cluster_for_karpenter(NAME)
    zones = _network(world)
    _controller(world, kube)
    kube.forget_kinds()
    return Oracle(world, kube, zones)
