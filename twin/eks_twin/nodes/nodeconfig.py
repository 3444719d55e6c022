"""AL2023's NodeConfig (awslabs/amazon-eks-ami, nodeadm/doc/api.md) → what it says of the node."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from eks_twin.nodes.bootstrap import Bootstrap, Taint, UserDataError, refuse_soft_without_grace, refuse_unknown
from eks_twin.nodes.capacity import Kubelet

API: Final = "node.eks.aws/v1alpha1"
SPEC_KEYS: Final = frozenset({"cluster", "kubelet", "instance", "containerd", "featureGates"})
CLUSTER_KEYS: Final = frozenset({"name", "apiServerEndpoint", "certificateAuthority", "cidr"})
CONTAINERD_KEYS: Final = frozenset({"config", "baseRuntimeSpec", "discardUnpackedLayers"})
"""About containers, which the twin's machines have none of."""
STORAGE_KEYS: Final = frozenset({"strategy", "mountPath"})
STRATEGIES: Final = (None, "", "RAID0")
GATES: Final = frozenset({"FastImagePull"})
"""Without effect here; InstanceIdNodeName would give the node another name."""
KUBELET_MODELLED: Final = frozenset(
    {"maxPods", "podsPerCore", "kubeReserved", "systemReserved", "evictionHard", "evictionSoft",
     "evictionSoftGracePeriod", "registerWithTaints"}
)  # fmt: skip
KUBELET_WITHOUT_EFFECT: Final = frozenset(
    {
        "clusterDNS", "containerLogMaxFiles", "containerLogMaxSize", "cpuCFSQuota", "evictionMaxPodGracePeriod",
        "featureGates", "imageGCHighThresholdPercent", "imageGCLowThresholdPercent", "maxParallelImagePulls",
        "registryBurst", "registryPullQPS", "serializeImagePulls", "shutdownGracePeriod",
        "shutdownGracePeriodCriticalPods",
    }
)  # fmt: skip
"""Kubelet settings about containers and images, which the twin's machines have none of: no Node field shows them."""


FLAGS: Final = frozenset({"--node-labels", "--register-with-taints", "--max-pods"})


def specs(text: str) -> Iterator[Mapping[str, Any]]:
    """The specs of all NodeConfig documents in `text`."""
    try:
        documents = [document for document in yaml.safe_load_all(text) if document]
    except yaml.YAMLError as error:
        raise UserDataError(f"NodeConfig is not YAML: {error}") from error
    for document in documents:
        if not isinstance(document, dict) or document.get("apiVersion") != API:
            raise UserDataError(f"NodeConfig apiVersion: must be {API}")
        yield document.get("spec") or {}


def bootstrap(given: Iterator[Mapping[str, Any]]) -> Bootstrap:
    """What the specs say together; UserDataError with path and rule for what is malformed or not modelled."""
    spec = _merged(given)
    cluster, kubelet = spec.get("cluster") or {}, spec.get("kubelet") or {}
    config = kubelet.get("config") or {}
    refuse_unknown("spec", spec, SPEC_KEYS)
    refuse_unknown("spec.cluster", cluster, CLUSTER_KEYS)
    refuse_unknown("spec.containerd", spec.get("containerd") or {}, CONTAINERD_KEYS)
    refuse_unknown("spec.featureGates", {k: on for k, on in (spec.get("featureGates") or {}).items() if on}, GATES)
    refuse_unknown("spec.kubelet", kubelet, frozenset({"config", "flags"}))
    refuse_unknown("spec.kubelet.config", config, KUBELET_MODELLED | KUBELET_WITHOUT_EFFECT)
    refuse_soft_without_grace(config.get("evictionSoft") or {}, config.get("evictionSoftGracePeriod") or {})
    flags = _flags(kubelet.get("flags") or ())
    return Bootstrap(
        cluster=cluster.get("name", ""),
        endpoint=cluster.get("apiServerEndpoint", ""),
        labels=_pairs(flags.get("--node-labels", "")),
        taints=[*_flag_taints(flags.get("--register-with-taints", "")), *_taints(config)],
        kubelet=Kubelet(
            max_pods=int(flags["--max-pods"]) if "--max-pods" in flags else config.get("maxPods"),
            pods_per_core=config.get("podsPerCore"),
            kube_reserved=config.get("kubeReserved") or {},
            system_reserved=config.get("systemReserved") or {},
            eviction_hard=config.get("evictionHard") or {},
            raid0=_raid0(spec.get("instance") or {}),
        ),
    )


def _raid0(instance: Mapping[str, Any]) -> bool:
    """Whether local disks are joined into one that holds pods."""
    refuse_unknown("spec.instance", instance, frozenset({"localStorage"}))
    storage = instance.get("localStorage") or {}
    refuse_unknown("spec.instance.localStorage", storage, STORAGE_KEYS)
    strategy = storage.get("strategy")
    if strategy not in STRATEGIES:
        raise UserDataError(f"user data spec.instance.localStorage.strategy {strategy}: not modelled; known: RAID0")
    return strategy == "RAID0"


def _merged(specs: Iterator[Mapping[str, Any]]) -> dict[str, Any]:
    """Later documents win field by field, kubelet flags add up, as nodeadm merges them."""
    merged: dict[str, Any] = {}
    for spec in specs:
        merged = _merge(merged, spec)
    return merged


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        before = merged.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            merged[key] = _merge(before, value)
        elif key == "flags":
            merged[key] = [*(before or ()), *value]
        else:
            merged[key] = value
    return merged


def _taints(config: Mapping[str, Any]) -> list[Taint]:
    return [
        {"key": t["key"], "value": t.get("value", ""), "effect": t["effect"]}
        for t in config.get("registerWithTaints") or ()
    ]


def _flags(flags: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for flag in flags:
        name, _, value = flag.partition("=")
        if name not in FLAGS:
            raise UserDataError(f"spec.kubelet.flags {name}: not modelled; known: {', '.join(sorted(FLAGS))}")
        value = "".join(shlex.split(value))
        found[name] = ",".join(part for part in (found.get(name), value) if part)
    return found


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(",") if pair)


def _flag_taints(text: str) -> Iterator[Taint]:
    for taint in filter(None, text.split(",")):
        pair, _, effect = taint.rpartition(":")
        key, _, value = pair.partition("=")
        yield {"key": key, "value": value, "effect": effect}
