"""What each EKS add-on puts into a cluster, and which of its configuration keys the twin honours.

Names, requests, tolerations and affinities: the charts behind the add-ons (vpc-cni 1.23, eks-pod-identity-agent 0.1.37,
eks-node-monitoring-agent 1.7, aws-ebs-csi-driver 1.64, metrics-server 3.13) and, for kube-proxy and coredns, the
manifests that EKS installs. An add-on that is not in this table is CREATE_FAILED.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from eks_twin.cluster.workloads import (
    ANY_ARCHITECTURE,
    CRITICAL,
    LINUX,
    ON_EC2,
    SYSTEM,
    Container,
    Workload,
    expression,
)

DNS_PLACE: Final = 10
"""The DNS Service has the 10th address of the service range (EKS user guide, service IPv4 range)."""
NVIDIA_TYPES: Final = {
    "g3": "4xlarge 8xlarge 16xlarge",
    "g3s": "xlarge",
    "g4dn": "xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge metal",
    "g5": "xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge",
    "g5g": "xlarge 2xlarge 4xlarge 8xlarge 16xlarge metal",
    "g6": "xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge",
    "g6e": "xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge",
    "g6f": "large xlarge 2xlarge 4xlarge",
    "g7": "2xlarge 4xlarge 8xlarge 12xlarge 24xlarge 48xlarge",
    "g7e": "2xlarge 4xlarge 8xlarge 12xlarge 24xlarge 48xlarge",
    "gr6": "4xlarge 8xlarge",
    "gr6f": "4xlarge",
    "p2": "xlarge 8xlarge 16xlarge",
    "p3": "2xlarge 8xlarge 16xlarge",
    "p3dn": "24xlarge",
    "p4d": "24xlarge",
    "p4de": "24xlarge",
    "p5": "4xlarge 48xlarge",
    "p5e": "48xlarge",
    "p5en": "48xlarge",
    "p6-b200": "48xlarge",
    "p6-b300": "48xlarge",
    "p6e-gb200": "36xlarge",
    "p6e-gb300": "36xlarge",
}
"""Family → sizes on which the node monitoring agent's DCGM server runs."""


@dataclass(frozen=True)
class Key:
    """Where a configuration key of an add-on goes."""

    workload: str
    """Name of a workload of the add-on."""
    target: str
    """What is set there; one of `eks_twin.cluster.addon_values.TARGETS`."""


@dataclass(frozen=True)
class Addon:
    """One add-on."""

    workloads: Sequence[Workload]
    keys: Mapping[str, Key] = field(default_factory=dict)
    """Dotted configuration key → its place."""
    others: Sequence[Mapping[str, Any]] = ()
    """Further objects, as manifests."""


def _keys(workload: str, prefix: str = "", **targets: str) -> dict[str, Key]:
    common = {"tolerations", "nodeSelector", "affinity", "resources", "podLabels", "podAnnotations"}
    named = {name: name for name in common} | targets
    return {f"{prefix}{key}": Key(workload, target) for key, target in named.items()}


def _labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": name}


def _service(name: str, selector: Mapping[str, str], ports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": SYSTEM, "labels": dict(selector)}
    spec = {"selector": dict(selector), "ports": [dict(port) for port in ports]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _budget(name: str, selector: Mapping[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": SYSTEM}
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": dict(selector)}}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec}


DNS_LABELS: Final = {"k8s-app": "kube-dns"}
CONTROL_PLANE: Final = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
EBS_NODE: Final = ("ebs-plugin", "node-driver-registrar", "liveness-probe")
EBS_CONTROLLER: Final = (
    "ebs-plugin",
    "csi-provisioner",
    "csi-attacher",
    "csi-snapshotter",
    "csi-resizer",
    "liveness-probe",
)
METRICS: Final = Container("metrics-server", "metrics-server", {"cpu": "100m", "memory": "200Mi"}, {"memory": "400Mi"})
SMALL: Final = {"cpu": "10m", "memory": "40Mi"}
NOT_FARGATE: Final = expression("eks.amazonaws.com/compute-type", "NotIn", "fargate", "auto", "hybrid")

ADDONS: Final[Mapping[str, Addon]] = {
    "vpc-cni": Addon(
        [
            Workload(
                "DaemonSet",
                "aws-node",
                [
                    Container("aws-node", "amazon-k8s-cni", {"cpu": "25m"}),
                    Container("aws-eks-nodeagent", "amazon/aws-network-policy-agent", {"cpu": "25m"}),
                ],
                {"k8s-app": "aws-node"},
                "aws-node",
                host_network=True,
                init=[Container("aws-vpc-cni-init", "amazon-k8s-cni-init", {"cpu": "25m"})],
            )
        ],
        _keys("aws-node", env="env"),
    ),
    "kube-proxy": Addon(
        [
            Workload(
                "DaemonSet",
                "kube-proxy",
                [Container("kube-proxy", "kube-proxy", {"cpu": "100m"})],
                {"k8s-app": "kube-proxy"},
                "kube-proxy",
                host_network=True,
            )
        ],
        {"resources": Key("kube-proxy", "resources"), "tolerations": Key("kube-proxy", "tolerations")},
    ),
    "eks-pod-identity-agent": Addon(
        [
            Workload(
                "DaemonSet",
                "eks-pod-identity-agent",
                [Container("eks-pod-identity-agent", "eks-pod-identity-agent")],
                _labels("eks-pod-identity-agent"),
                "eks-pod-identity-agent",
                host_network=True,
            )
        ],
        _keys("eks-pod-identity-agent"),
    ),
    "coredns": Addon(
        [
            Workload(
                "Deployment",
                "coredns",
                [Container("coredns", "coredns", {"cpu": "100m", "memory": "70Mi"}, {"memory": "170Mi"})],
                DNS_LABELS,
                "coredns",
                priority="system-cluster-critical",
                tolerations=[CONTROL_PLANE, *CRITICAL],
                required=(LINUX, ANY_ARCHITECTURE),
                replicas=2,
                spread=True,
            )
        ],
        _keys(
            "coredns",
            replicaCount="replicas",
            topologySpreadConstraints="topologySpreadConstraints",
            computeType="computeType",
        ),
        [
            _service(
                "kube-dns",
                DNS_LABELS,
                [
                    {"name": "dns", "port": 53, "protocol": "UDP"},
                    {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
                    {"name": "metrics", "port": 9153, "protocol": "TCP"},
                ],
            ),
            _budget("coredns", DNS_LABELS),
        ],
    ),
    "metrics-server": Addon(
        # without its APIService: an aggregated API that nobody serves breaks discovery and the deletion of namespaces
        [
            Workload(
                "Deployment",
                "metrics-server",
                [
                    Container(
                        "metrics-server", "metrics-server", {"cpu": "100m", "memory": "200Mi"}, {"memory": "400Mi"}
                    )
                ],
                _labels("metrics-server"),
                "metrics-server",
                priority="system-cluster-critical",
                tolerations=CRITICAL,
                required=(LINUX, ANY_ARCHITECTURE),
                replicas=2,
                spread=True,
            )
        ],
        _keys("metrics-server", replicas="replicas", topologySpreadConstraints="topologySpreadConstraints"),
        [_service("metrics-server", _labels("metrics-server"), [{"name": "https", "port": 443, "protocol": "TCP"}])],
    ),
    "aws-ebs-csi-driver": Addon(
        [
            Workload(
                "DaemonSet",
                "ebs-csi-node",
                [Container(name, f"csi/{name}", SMALL, {"memory": "256Mi"}) for name in EBS_NODE],
                {"app": "ebs-csi-node", **_labels("aws-ebs-csi-driver")},
                "ebs-csi-node-sa",
                required=(NOT_FARGATE,),
            ),
            Workload(
                "Deployment",
                "ebs-csi-controller",
                [Container(name, f"csi/{name}", SMALL, {"memory": "256Mi"}) for name in EBS_CONTROLLER],
                {"app": "ebs-csi-controller", **_labels("aws-ebs-csi-driver")},
                "ebs-csi-controller-sa",
                priority="system-cluster-critical",
                tolerations=CRITICAL,
                required=(LINUX,),
                replicas=2,
                spread=True,
            ),
        ],
        {
            **_keys("ebs-csi-controller", "controller.", replicaCount="replicas"),
            **_keys("ebs-csi-node", "node."),
        },
    ),
    "eks-node-monitoring-agent": Addon(
        [
            Workload(
                "DaemonSet",
                "eks-node-monitoring-agent",
                [
                    Container(
                        "eks-node-monitoring-agent",
                        "eks-node-monitoring-agent",
                        {"cpu": "10m", "memory": "30Mi"},
                        {"cpu": "250m", "memory": "200Mi"},
                    )
                ],
                _labels("eks-node-monitoring-agent"),
                "eks-node-monitoring-agent",
                required=(LINUX, ANY_ARCHITECTURE, ON_EC2),
                host_network=True,
            ),
            Workload(
                "DaemonSet",
                "dcgm-server",
                [Container("dcgm", "observability/dcgm-exporter")],
                {"k8s-app": "dcgm-server"},
                "dcgm-server",
                tolerations=(),
                required=(
                    expression(
                        "node.kubernetes.io/instance-type",
                        "In",
                        *(f"{family}.{size}" for family, sizes in NVIDIA_TYPES.items() for size in sizes.split()),
                    ),
                    NOT_FARGATE,
                    expression("kubernetes.io/arch", "In", "amd64"),
                ),
            ),
        ],
        {**_keys("eks-node-monitoring-agent", "nodeAgent."), **_keys("dcgm-server", "dcgmAgent.")},
    ),
}
"""Add-on name → what it is."""

SELF_MANAGED: Final = ("vpc-cni", "kube-proxy", "coredns")
"""What a cluster with bootstrapSelfManagedAddons starts with."""
