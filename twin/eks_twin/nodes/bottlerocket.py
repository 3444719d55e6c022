"""Bottlerocket's user data (settings reference, 1.54; Karpenter's own part of it) → what it says of the node."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from eks_twin.nodes.bootstrap import Bootstrap, Taint, UserDataError, refuse_soft_without_grace, refuse_unknown
from eks_twin.nodes.capacity import Kubelet
from eks_twin.nodes.sharing import GPU, MINIMUM_REPLICAS, MPS, NONE, TIME_SLICING, PluginConfig

MODELLED: Final = frozenset({"kubernetes", "bootstrap-commands", "kubelet-device-plugins"})
WITHOUT_EFFECT: Final = frozenset(
    {"aws", "container-registry", "container-runtime", "dns", "host-containers", "metrics", "motd", "network", "ntp",
     "oci-defaults", "pki", "updates"}
)  # fmt: skip
"""Settings of the host that no field of its Node shows."""
KUBERNETES_MODELLED: Final = frozenset(
    {"cluster-name", "api-server", "max-pods", "node-labels", "node-taints", "kube-reserved", "system-reserved",
     "eviction-hard", "eviction-soft", "eviction-soft-grace-period"}
)  # fmt: skip
KUBERNETES_WITHOUT_EFFECT: Final = frozenset(
    {"allowed-unsafe-sysctls", "cloud-provider", "cluster-certificate", "cluster-dns-ip", "cluster-domain",
     "container-log-max-files", "container-log-max-size", "cpu-cfs-quota-enforced", "credential-providers",
     "device-ownership-from-security-context", "event-burst", "event-qps", "eviction-max-pod-grace-period",
     "image-gc-high-threshold-percent", "image-gc-low-threshold-percent", "kube-api-burst", "kube-api-qps",
     "log-level", "pod-pids-limit", "registry-burst", "registry-qps", "seccomp-default", "server-tls-bootstrap",
     "shutdown-grace-period", "shutdown-grace-period-for-critical-pods", "single-process-oom-kill"}
)  # fmt: skip
"""About containers, images and connections, which no field of the Node shows."""
STORAGE_COMMAND: Final = ["apiclient", "ephemeral-storage"]
"""How instance storage is set up; the only bootstrap command that is modelled."""
PODS: Final = "/var/lib/kubelet"
NVIDIA_WITHOUT_EFFECT: Final = frozenset({"device-id-strategy", "device-list-strategy", "pass-device-specs"})
"""How containers see devices."""
NVIDIA_MODELLED: Final = frozenset({"device-sharing-strategy", "device-partitioning-strategy", "time-slicing", "mps"})
SHARING_KEYS: Final = frozenset({"replicas", "rename-by-default", "fail-requests-greater-than-one"})
DEFAULT_REPLICAS: Final = 2


def bootstrap(document: Mapping[str, Any]) -> Bootstrap:
    """What the settings say; UserDataError with path and rule for what is malformed or not modelled."""
    refuse_unknown("", document, frozenset({"settings"}))
    settings = document.get("settings") or {}
    refuse_unknown("settings", settings, MODELLED | WITHOUT_EFFECT)
    kubernetes = settings.get("kubernetes") or {}
    refuse_unknown("settings.kubernetes", kubernetes, KUBERNETES_MODELLED | KUBERNETES_WITHOUT_EFFECT)
    refuse_soft_without_grace(kubernetes.get("eviction-soft", {}), kubernetes.get("eviction-soft-grace-period", {}))
    return Bootstrap(
        cluster=kubernetes.get("cluster-name", ""),
        endpoint=kubernetes.get("api-server", ""),
        labels=kubernetes.get("node-labels") or {},
        taints=list(_taints(kubernetes.get("node-taints") or {})),
        kubelet=Kubelet(
            max_pods=kubernetes.get("max-pods"),
            kube_reserved=kubernetes.get("kube-reserved") or {},
            system_reserved=kubernetes.get("system-reserved") or {},
            eviction_hard=kubernetes.get("eviction-hard") or {},
            raid0=_raid0(settings.get("bootstrap-commands") or {}),
            reserves_by_interfaces=False,
        ),
        nvidia=_nvidia(settings.get("kubelet-device-plugins") or {}),
    )


def _taints(table: Mapping[str, str | Sequence[str]]) -> Iterator[Taint]:
    for key, entries in table.items():
        for entry in [entries] if isinstance(entries, str) else entries:
            value, _, effect = entry.rpartition(":")
            yield {"key": key, "value": value, "effect": effect}


def _raid0(entries: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a command puts the pods' directory on instance storage; without --dirs it is among those bound."""
    bound = False
    for name, entry in entries.items():
        for command in entry.get("commands", ()):
            if command[:2] != STORAGE_COMMAND:
                raise UserDataError(
                    f"user data settings.bootstrap-commands.{name} {' '.join(command)}: not modelled; "
                    f"known: {' '.join(STORAGE_COMMAND)}"
                )
            bound |= "bind" in command and ("--dirs" not in command or PODS in command)
    return bound


def _nvidia(plugins: Mapping[str, Any]) -> PluginConfig:
    """Configuration of the device plugin of the nvidia variants; renames shared GPUs unless told otherwise."""
    path = "settings.kubelet-device-plugins"
    refuse_unknown(path, plugins, frozenset({"nvidia"}))
    table, path = plugins.get("nvidia") or {}, f"{path}.nvidia"
    refuse_unknown(path, table, NVIDIA_MODELLED | NVIDIA_WITHOUT_EFFECT)
    for name in (TIME_SLICING, MPS):
        refuse_unknown(f"{path}.{name}", table.get(name) or {}, SHARING_KEYS)
    partitioning, strategy = (table.get(f"device-{what}-strategy", NONE) for what in ("partitioning", "sharing"))
    if partitioning != NONE:
        raise UserDataError(f"user data {path}.device-partitioning-strategy {partitioning}: not modelled; known: none")
    if strategy not in (NONE, TIME_SLICING, MPS):
        known = f"{NONE}, {TIME_SLICING}, {MPS}"
        raise UserDataError(f"user data {path}.device-sharing-strategy {strategy}: must be one of {known}")
    if strategy == NONE:
        return PluginConfig()
    given = table.get(strategy) or {}
    replicas = given.get("replicas", DEFAULT_REPLICAS)
    if replicas < MINIMUM_REPLICAS:
        raise UserDataError(f"user data {path}.{strategy}.replicas {replicas}: must be at least {MINIMUM_REPLICAS}")
    return PluginConfig(sharing=strategy, replicas={GPU: replicas}, rename=given.get("rename-by-default", True))
