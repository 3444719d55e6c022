"""Pools and pods at random, with words that meet often enough to be interesting."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

PREFIX = "karpenter.k8s.aws/instance-"
ZONES = ("us-west-2a", "us-west-2b", "us-west-2c")
LABELS: Mapping[str, Sequence[str]] = {
    f"{PREFIX}family": ("inf2", "inf1", "trn1", "g5", "g6", "g6f", "m5", "c5", "p5", "m7g", "g4dn", "hpc7g"),
    f"{PREFIX}category": ("c", "m", "r", "g", "inf", "trn", "p"),
    f"{PREFIX}generation": ("4", "5", "6"),
    f"{PREFIX}cpu": ("4", "16", "64", "96"),
    f"{PREFIX}gpu-count": ("0", "1", "4"),
    f"{PREFIX}gpu-memory": ("22888", "16384"),
    f"{PREFIX}gpu-name": ("l4", "a10g", "t4"),
    f"{PREFIX}accelerator-name": ("inferentia2", "trainium"),
    f"{PREFIX}size": ("xlarge", "metal", "48xlarge"),
    f"{PREFIX}local-nvme": ("900", "250"),
    f"{PREFIX}hypervisor": ("nitro", ""),
    f"{PREFIX}tenancy": ("default", "dedicated"),
    "karpenter.k8s.aws/capacity-reservation-id": ("cr-1",),
    "kubernetes.io/arch": ("amd64", "arm64"),
    "topology.kubernetes.io/zone": (*ZONES, "us-west-2d"),
    "karpenter.sh/capacity-type": ("spot", "on-demand", "reserved"),
    "node.kubernetes.io/instance-type": ("inf2.xlarge", "m5.large", "g6.xlarge", "p5.48xlarge"),
    "team": ("ml", "web"),
    "example.com/tier": ("1", "2", "3"),
}
OF_PODS: Mapping[str, Sequence[str]] = {
    **LABELS,
    "kubernetes.io/os": ("linux", "windows"),
    "kubernetes.io/hostname": ("node",),
    "node.kubernetes.io/windows-build": ("10.0.20348",),
    "karpenter.sh/nodepool": ("a", "b", "c"),
    "karpenter.k8s.aws/ec2nodeclass": ("class-0", "class-1"),
    "topology.kubernetes.io/region": ("us-west-2", "us-east-1"),
    "beta.kubernetes.io/arch": ("arm64", "amd64"),
}
NUMBERS = {f"{PREFIX}{name}" for name in ("generation", "cpu", "gpu-count", "gpu-memory", "local-nvme")}
TAINTS = (
    {"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"},
    {"key": "aws.amazon.com/neuron", "effect": "NoSchedule"},
    {"key": "team", "value": "ml", "effect": "NoExecute"},
    {"key": "soft", "value": "x", "effect": "PreferNoSchedule"},
    {"key": "level", "value": "7", "effect": "NoSchedule"},
)
TOLERATIONS = (
    {"operator": "Exists"},
    {"key": "team", "operator": "Equal", "value": "ml"},
    {"key": "team", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "aws.amazon.com/neuron", "operator": "Exists"},
    {"key": "level", "operator": "Gt", "value": "5"},
    {"key": "soft", "operator": "Exists"},
)
_FIRST = {"networkCardIndex": 0, "deviceIndex": 0, "interfaceType": "interface"}
_EFA = {"networkCardIndex": 0, "deviceIndex": 1, "interfaceType": "efa-only"}
CLASSES: Sequence[Mapping[str, Any]] = (
    {"amiSelectorTerms": [{"alias": "al2023@latest"}]},
    {
        "amiSelectorTerms": [{"alias": "bottlerocket@latest"}],
        "instanceStorePolicy": "RAID0",
        "kubelet": {"maxPods": 50, "systemReserved": {"memory": "1Gi"}},
    },
    {"amiFamily": "Windows2022", "amiSelectorTerms": [{"alias": "windows2022@latest"}]},
    {
        "amiSelectorTerms": [{"alias": "al2023@latest"}],
        "networkInterfaces": [_FIRST, _EFA],
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": "300Gi"}}],
    },
    {
        "amiFamily": "Custom",
        "amiSelectorTerms": [{"id": "ami-1"}],
        "connectionTracking": {"udpTimeout": 30},
        "kubelet": {"kubeReserved": {"cpu": "1"}, "evictionHard": {"memory.available": "5%"}, "podsPerCore": 2},
        "blockDeviceMappings": [{"deviceName": "/dev/sda", "ebs": {"volumeSize": "50Gi"}}],
    },
)
WINDOWS = 2
"""Position of the class whose pools must say that they are Windows; Karpenter would offer them Graviton otherwise."""
DEVICES = ("nvidia.com/gpu", "aws.amazon.com/neuron", "aws.amazon.com/neuroncore", "vpc.amazonaws.com/efa")


class Dice:
    """Everything random, from one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.choose, self.some = self._random.choice, self._random.sample

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def case(self) -> dict[str, Any]:
        """One to three pools and a pod."""
        return {"Pools": [self._pool(name) for name in "abc"[: self.choose((1, 2, 3))]], "Pod": self._pod()}

    def _term(self, labels: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        key = self.choose(list(labels))
        bounds = ("Gt", "Lt", "Gte", "Lte") if labels is LABELS else ("Gt", "Lt")  # affinities have no Gte and Lte
        operators = ("In", "In", "In", "NotIn", "Exists", "DoesNotExist", *(bounds if key in NUMBERS else ()))
        operator = self.choose(operators)
        if operator in ("Exists", "DoesNotExist"):
            return {"key": key, "operator": operator}
        count = self.choose(range(1, min(3, len(labels[key])) + 1)) if operator in ("In", "NotIn") else 1
        return {"key": key, "operator": operator, "values": self.some(list(labels[key]), count)}

    def _pool(self, name: str) -> dict[str, Any]:
        position = self.choose((0, 0, 0, 1, 2, 3, 4))
        terms = [self._term(LABELS) for _ in range(self.choose((0, 1, 2)))]
        for term in terms:
            if self.chance(0.1) and term["operator"] != "In":
                term["minValues"] = self.choose((2, 3))
        labels = {"kubernetes.io/os": "windows"} if position == WINDOWS else {}
        if self.chance(0.3):
            labels["team"] = self.choose(("ml", "web"))
        spec = {
            "requirements": terms,
            "taints": self.some(TAINTS, self.choose((0, 0, 0, 1, 2))),
            "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": f"class-{position}"},
            "expireAfter": "720h",
        }
        pool: dict[str, Any] = {
            "template": {"metadata": {"labels": labels}, "spec": spec},
            "disruption": {"consolidateAfter": "0s"},
        }
        if self.chance(0.4):
            pool["limits"] = self.choose(
                ({"cpu": "64"}, {"memory": "200Gi"}, {DEVICES[0]: "2"}, {"nodes": "0"}, {"nodes": "2"})
            )
        if self.chance(0.4):
            pool["weight"] = self.choose((1, 10, 50))
        return {"Name": name, "Class": position, "Spec": pool}

    def _pod(self) -> dict[str, Any]:
        sizes = {"cpu": ("100m", "3", "3920m", "14", "191"), "memory": ("1Gi", "14Gi", "200Gi", "700G")}
        needs = {name: self.choose(amounts) for name, amounts in sizes.items() if self.chance(0.6)}
        if self.chance(0.35):
            needs[self.choose((*DEVICES, "nvidia.com/gpu.shared"))] = self.choose(("1", "2", "8", "12"))
        if self.chance(0.2):
            needs["ephemeral-storage"] = self.choose(("10Gi", "100Gi", "500Gi"))
        spec: dict[str, Any] = {"containers": [{"name": "main", "resources": {"requests": needs}}]}
        if self.chance(0.3):
            init = {"name": "init", "resources": {"requests": {"cpu": self.choose(("1", "8"))}}}
            spec["initContainers"] = [{**init, "restartPolicy": "Always"} if self.chance(0.5) else init]
        selector = self._term(OF_PODS)
        if self.chance(0.4) and selector.get("values"):
            spec["nodeSelector"] = {selector["key"]: selector["values"][0]}
        spec["affinity"] = {"nodeAffinity": self._affinity()}
        spec["tolerations"] = list(self.some(TOLERATIONS, self.choose((0, 1, 2, 3))))
        return {"kind": "Pod", "metadata": {"name": "pod"}, "spec": spec}

    def _affinity(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.chance(0.35):
            terms = [
                {"matchExpressions": [self._term(OF_PODS) for _ in range(self.choose((1, 2)))]}
                for _ in range(self.choose((1, 2, 3)))
            ]
            found["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": terms}
        if self.chance(0.5):
            weights = self.some(range(1, 100), self.choose((1, 2, 3)))
            found["preferredDuringSchedulingIgnoredDuringExecution"] = [
                {"weight": weight, "preference": {"matchExpressions": [self._term(OF_PODS)]}} for weight in weights
            ]
        return found
