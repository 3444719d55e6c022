"""EC2 instance → Node object."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from eks_twin.nodes.bootstrap import Bootstrap, Taint, UserDataError
from eks_twin.nodes.capacity import Hardware, allocatable, capacity
from eks_twin.nodes.drivers import labels_gpus
from eks_twin.nodes.machine import Instance
from eks_twin.nodes.userdata import parse

ARCHITECTURES: Final = {"x86_64": "amd64", "arm64": "arm64"}
"""EC2's word → Kubernetes' word."""
EFFECTS: Final = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}
"""Taint effects of the node group API → Kubernetes."""
DATA_DISK: Final = {"bottlerocket": "/dev/xvdb"}
"""Prefix of image names → the disk that holds pods; elsewhere it is the root disk."""
ROOT_DISK: Final = "/dev/xvda"
LEASE_SECONDS: Final = 40
"""leaseDurationSeconds of the kubelet's Lease (default nodeLeaseDurationSeconds)."""
NODE_ENTRY: Final = "EC2_LINUX"
"""Type of the access entries that let Linux machines join."""
CNI_MISSING: Final = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:"
    "Network plugin returns error: cni plugin not initialized"
)


class JoinError(Exception):
    """An instance that was meant for a cluster cannot become its node; the message says why."""


@dataclass(frozen=True)
class Member:
    """An instance that may be a node of one cluster."""

    instance: Instance
    bootstrap: Bootstrap
    hardware: Hardware

    @property
    def name(self) -> str:
        """Name of the Node."""
        return self.instance.dns_name

    @property
    def disk_gib(self) -> int:
        """Size of the disk that holds pods."""
        name = next((d for prefix, d in DATA_DISK.items() if self.instance.image_name.startswith(prefix)), ROOT_DISK)
        disks = self.instance.disks
        return disks[name] if name in disks else max(disks.values(), default=0)


def admit(instance: Instance, cluster: Mapping[str, Any]) -> Bootstrap | None:
    """What `instance` is told as a node of `cluster`; None when it is meant for no cluster or another one.

    Raises JoinError when it is meant for this cluster and EKS or its own kubelet would not let it in.
    """
    if instance.state != "running" or instance.vpc_id != cluster["vpcId"]:
        return None
    group = next((g for g in cluster["nodegroups"] if instance.id in g["instanceIds"]), None)
    try:
        bootstrap = parse(instance.user_data)
    except UserDataError as error:
        if group is None and cluster["name"] not in instance.user_data:
            return None
        raise JoinError(f"{instance.id}: {error}") from error
    if group is not None:
        bootstrap = _grouped(bootstrap, group, instance)
    elif bootstrap.cluster != cluster["name"]:
        _refuse_script(instance, bootstrap, cluster)
        return None
    _check(instance, bootstrap, cluster)
    return bootstrap


def _refuse_script(instance: Instance, bootstrap: Bootstrap, cluster: Mapping[str, Any]) -> None:
    """JoinError for user data that joins no cluster by its settings but names this one, as Karpenter's Custom may."""
    if not bootstrap.cluster and re.search(rf"\b{re.escape(cluster['name'])}\b", instance.user_data):
        raise JoinError(
            f"{instance.id}: its user data names cluster {cluster['name']} only in scripts, which are not run; "
            f"give a NodeConfig or Bottlerocket's settings"
        )


def _check(instance: Instance, bootstrap: Bootstrap, cluster: Mapping[str, Any]) -> None:
    if bootstrap.endpoint and bootstrap.endpoint != cluster["endpoint"]:
        told, real = bootstrap.endpoint, cluster["endpoint"]
        raise JoinError(f"{instance.id}: its user data names the endpoint {told}, the cluster's is {real}")
    if instance.role_arn is None:
        raise JoinError(f"{instance.id}: it has no instance profile, so it cannot authenticate to the cluster")
    entries = {entry["principalArn"]: entry["type"] for entry in cluster["accessEntries"]}
    if entries.get(instance.role_arn) != NODE_ENTRY:
        raise JoinError(
            f"{instance.id}: Unauthorized: {instance.role_arn} has no access entry of type {NODE_ENTRY} "
            f"on cluster {cluster['name']}; create one"
        )


def _grouped(bootstrap: Bootstrap, group: Mapping[str, Any], instance: Instance) -> Bootstrap:
    labels = {
        "eks.amazonaws.com/capacityType": group["capacityType"],
        "eks.amazonaws.com/nodegroup": group["name"],
        "eks.amazonaws.com/nodegroup-image": instance.image_id,
    }
    taints: list[Taint] = [
        {"key": taint["key"], "value": taint.get("value") or "", "effect": EFFECTS[taint["effect"]]}
        for taint in group["taints"]
    ]
    merged = {**bootstrap.labels, **labels, **group["labels"]}
    return replace(bootstrap, labels=merged, taints=[*bootstrap.taints, *taints])


def labels(member: Member) -> dict[str, str]:
    """Labels of the kubelet, the AWS cloud provider and the user data."""
    instance, architecture = member.instance, ARCHITECTURES[member.instance.architecture]
    return {
        "beta.kubernetes.io/arch": architecture,
        "beta.kubernetes.io/instance-type": instance.type,
        "beta.kubernetes.io/os": "linux",
        "failure-domain.beta.kubernetes.io/region": instance.region,
        "failure-domain.beta.kubernetes.io/zone": instance.zone,
        "kubernetes.io/arch": architecture,
        "kubernetes.io/hostname": member.name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": instance.type,
        "topology.k8s.aws/zone-id": instance.zone_id,
        "topology.kubernetes.io/region": instance.region,
        "topology.kubernetes.io/zone": instance.zone,
        **({"nvidia.com/gpu.present": "true"} if labels_gpus(instance.image_name) else {}),
        **member.bootstrap.labels,
    }


def node_object(member: Member, version: str) -> dict[str, Any]:
    """The Node as its kubelet of `version` registers it: not Ready, without extended resources."""
    instance, kubelet = member.instance, member.bootstrap.kubelet
    offer = (member.hardware, kubelet, member.disk_gib)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": member.name,
            "labels": labels(member),
            "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
        },
        "spec": {"providerID": instance.provider_id, "taints": list(_unique(member.bootstrap.taints))},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": instance.ip},
                {"type": "InternalDNS", "address": instance.dns_name},
                {"type": "Hostname", "address": instance.dns_name},
            ],
            "allocatable": allocatable(*offer),
            "capacity": capacity(*offer),
            "conditions": conditions(network=False),
            "nodeInfo": {
                "architecture": ARCHITECTURES[instance.architecture],
                "bootID": instance.id,
                "containerRuntimeVersion": "containerd://twin",
                "kernelVersion": "twin",
                "kubeProxyVersion": "",
                "kubeletVersion": version,
                "machineID": instance.id,
                "operatingSystem": "linux",
                "osImage": instance.image_name or instance.image_id,
                "systemUUID": instance.id,
            },
        },
    }


def _unique(taints: Sequence[Taint]) -> Sequence[Taint]:
    """Without repetitions of (key, effect), which the API server refuses; the last one counts."""
    return list({(taint["key"], taint["effect"]): taint for taint in taints}.values())


def conditions(*, network: bool) -> list[dict[str, str]]:
    """The kubelet's conditions; a node is Ready once its pod network works."""
    now = timestamp()
    quiet = {
        "MemoryPressure": ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        "DiskPressure": ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        "PIDPressure": ("KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    }
    listed = [(kind, "False", *why) for kind, why in quiet.items()]
    if network:
        listed.append(("Ready", "True", "KubeletReady", "kubelet is posting ready status"))
    else:
        listed.append(("Ready", "False", "KubeletNotReady", CNI_MISSING))
    times = {"lastHeartbeatTime": now, "lastTransitionTime": now}
    keys = ("type", "status", "reason", "message")
    return [{**dict(zip(keys, row, strict=True)), **times} for row in listed]


def lease(name: str) -> dict[str, Any]:
    """The node's Lease, renewed now; without renewal the node lifecycle controller marks the node Unknown."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": "kube-node-lease"},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": now},
    }


def timestamp() -> str:
    """Now, as metav1.Time is written."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
