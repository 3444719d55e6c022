"""What a machine's user data tells its kubelet: AL2023 NodeConfig (alone or in MIME parts) and Bottlerocket TOML.

Sources: nodeadm's NodeConfig v1alpha1 (awslabs/amazon-eks-ami, nodeadm/doc/api.md), Bottlerocket's settings.kubernetes.
Shell scripts and cloud-config beside them are accepted and not run: the twin has no operating system.
"""

import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email import message_from_string
from typing import Any, Final

import yaml

from eks_twin.nodes.capacity import Kubelet

NODE_CONFIG: Final = "application/node.eks.aws"
"""Content type of NodeConfig parts."""
NOT_RUN: Final = frozenset({"text/x-shellscript", "text/cloud-config"})
Taint = dict[str, str]


class UserDataError(ValueError):
    """A machine with this user data would not become a node, or not the one that is described."""


@dataclass(frozen=True)
class Bootstrap:
    """What the user data says."""

    cluster: str = ""
    """Cluster to join; empty where nothing says so."""
    endpoint: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[Taint] = ()
    kubelet: Kubelet = field(default_factory=Kubelet)


def parse(text: str) -> Bootstrap:
    """What `text` says; UserDataError with path and rule for what is malformed or not modelled."""
    stripped = text.strip()
    if not stripped:
        return Bootstrap()
    if stripped.startswith(("MIME-Version", "Content-Type")):
        return _node_config(_merged(_mime_documents(stripped)))
    if stripped.startswith("#!"):
        return Bootstrap()
    if NODE_API in stripped:
        return _node_config(_merged(_yaml_documents(stripped)))
    try:
        return _bottlerocket(tomllib.loads(stripped))
    except tomllib.TOMLDecodeError as error:
        raise UserDataError(f"user data is neither NodeConfig, MIME nor TOML: {error}") from error


# --- AL2023 ---------------------------------------------------------------------------------------------------------
NODE_API: Final = "node.eks.aws/v1alpha1"
SPEC_KEYS: Final = frozenset({"cluster", "kubelet", "instance", "containerd", "featureGates"})
CLUSTER_KEYS: Final = frozenset({"name", "apiServerEndpoint", "certificateAuthority", "cidr"})
KUBELET_MODELLED: Final = frozenset(
    {"maxPods", "podsPerCore", "kubeReserved", "systemReserved", "evictionHard", "registerWithTaints"}
)
KUBELET_WITHOUT_EFFECT: Final = frozenset(
    {
        "clusterDNS", "containerLogMaxFiles", "containerLogMaxSize", "cpuCFSQuota", "evictionMaxPodGracePeriod",
        "evictionSoft", "evictionSoftGracePeriod", "featureGates", "imageGCHighThresholdPercent",
        "imageGCLowThresholdPercent", "maxParallelImagePulls", "registryBurst", "registryPullQPS",
        "serializeImagePulls", "shutdownGracePeriod", "shutdownGracePeriodCriticalPods",
    }
)  # fmt: skip
"""Kubelet settings about containers and images, which the twin's machines have none of: no Node field shows them."""


def _mime_documents(text: str) -> Iterator[Mapping[str, Any]]:
    for part in message_from_string(text).walk():
        kind = part.get_content_type()
        if part.is_multipart() or kind in NOT_RUN:
            continue
        if kind != NODE_CONFIG:
            known = ", ".join(sorted({NODE_CONFIG, *NOT_RUN}))
            raise UserDataError(f"user data part {kind}: not modelled; known: {known}")
        yield from _yaml_documents(str(part.get_payload()))


def _yaml_documents(text: str) -> Iterator[Mapping[str, Any]]:
    try:
        documents = [document for document in yaml.safe_load_all(text) if document]
    except yaml.YAMLError as error:
        raise UserDataError(f"NodeConfig is not YAML: {error}") from error
    for document in documents:
        if not isinstance(document, dict) or document.get("apiVersion") != NODE_API:
            raise UserDataError(f"NodeConfig apiVersion: must be {NODE_API}")
        yield document.get("spec") or {}


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


def _node_config(spec: Mapping[str, Any]) -> Bootstrap:
    cluster = spec.get("cluster") or {}
    kubelet = spec.get("kubelet") or {}
    config = kubelet.get("config") or {}
    _refuse("spec", spec, SPEC_KEYS)
    _refuse("spec.cluster", cluster, CLUSTER_KEYS)
    _refuse("spec.kubelet", kubelet, frozenset({"config", "flags"}))
    _refuse("spec.kubelet.config", config, KUBELET_MODELLED | KUBELET_WITHOUT_EFFECT)
    flags = _flags(kubelet.get("flags") or ())
    storage = (spec.get("instance") or {}).get("localStorage") or {}
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
            raid0=storage.get("strategy") == "RAID0",
        ),
    )


def _taints(config: Mapping[str, Any]) -> list[Taint]:
    return [
        {"key": t["key"], "value": t.get("value", ""), "effect": t["effect"]}
        for t in config.get("registerWithTaints") or ()
    ]


FLAGS: Final = frozenset({"--node-labels", "--register-with-taints", "--max-pods"})


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


# --- Bottlerocket ---------------------------------------------------------------------------------------------------
BOTTLEROCKET_MODELLED: Final = frozenset(
    {"cluster-name", "api-server", "cluster-certificate", "max-pods", "node-labels", "node-taints", "kube-reserved",
     "system-reserved", "eviction-hard"}
)  # fmt: skip
BOTTLEROCKET_WITHOUT_EFFECT: Final = frozenset(
    {"cluster-dns-ip", "cluster-domain", "device-ownership-from-security-context", "eviction-max-pod-grace-period",
     "eviction-soft", "eviction-soft-grace-period", "image-gc-high-threshold-percent",
     "image-gc-low-threshold-percent", "cpu-cfs-quota-enforced", "node-ip", "provider-id"}
)  # fmt: skip


def _bottlerocket(document: Mapping[str, Any]) -> Bootstrap:
    _refuse("", document, frozenset({"settings"}))
    settings = document.get("settings") or {}
    kubernetes = settings.get("kubernetes") or {}
    _refuse("settings.kubernetes", kubernetes, BOTTLEROCKET_MODELLED | BOTTLEROCKET_WITHOUT_EFFECT)
    commands = [c for entry in (settings.get("bootstrap-commands") or {}).values() for c in entry.get("commands", ())]
    return Bootstrap(
        cluster=kubernetes.get("cluster-name", ""),
        endpoint=kubernetes.get("api-server", ""),
        labels=kubernetes.get("node-labels") or {},
        taints=list(_toml_taints(kubernetes.get("node-taints") or {})),
        kubelet=Kubelet(
            max_pods=kubernetes.get("max-pods"),
            kube_reserved=kubernetes.get("kube-reserved") or {},
            system_reserved=kubernetes.get("system-reserved") or {},
            eviction_hard=kubernetes.get("eviction-hard") or {},
            raid0=any("ephemeral-storage" in command for command in commands),
            reserves_by_interfaces=False,
        ),
    )


def _toml_taints(table: Mapping[str, str | Sequence[str]]) -> Iterator[Taint]:
    for key, entries in table.items():
        for entry in [entries] if isinstance(entries, str) else entries:
            value, _, effect = entry.rpartition(":")
            yield {"key": key, "value": value, "effect": effect}


def _refuse(path: str, table: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise UserDataError(f"user data {path}.{unknown[0]}: not modelled; known: {', '.join(sorted(known))}")
