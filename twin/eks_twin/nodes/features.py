"""Labels that node feature discovery, the GPU operator, MIG manager and GPU feature discovery put on a node.

Each takes the labels as they are and returns what it changes: label → value, None to remove it. As with the real ones,
labels stay when the pod that set them goes. Sources: node-feature-discovery 0.19 (PCI source, by vendor),
gpu-operator v26.7.0 (controllers/state_manager.go), k8s-device-plugin 0.20.0 (internal/lm).
"""

from collections.abc import Mapping
from typing import Final

from eks_twin.nodes.gpus import Gpu, Layout
from eks_twin.nodes.sharing import GPU, MPS, PluginConfig, registered

Labels = Mapping[str, str]
Changes = dict[str, str | None]
NVIDIA_PCI: Final = "feature.node.kubernetes.io/pci-10de.present"
AMAZON_PCI: Final = "feature.node.kubernetes.io/pci-1d0f.present"
"""Every network interface of EC2 is a PCI device of Amazon's."""
PRESENT: Final = "nvidia.com/gpu.present"
DEPLOY: Final = "nvidia.com/gpu.deploy."
MIG_MANAGER: Final = f"{DEPLOY}mig-manager"
DRIVER: Final = f"{DEPLOY}driver"
MIG_CAPABLE: Final = "nvidia.com/mig.capable"
MIG_CONFIG: Final = "nvidia.com/mig.config"
MIG_STRATEGY: Final = "nvidia.com/mig.strategy"
MIG_STATE: Final = "nvidia.com/mig.config.state"
OPERANDS: Final = tuple(
    f"{DEPLOY}{operand}"
    for operand in (
        "driver", "gpu-feature-discovery", "container-toolkit", "device-plugin", "dcgm", "dcgm-exporter",
        "node-status-exporter", "operator-validator",
    )
)  # fmt: skip
"""Labels by which the operator's DaemonSets select nodes."""


def of_node(gpu: Gpu | None) -> Changes:
    """What node feature discovery finds, configured as NVIDIA's charts do: PCI devices by vendor."""
    return {AMAZON_PCI: "true", **({NVIDIA_PCI: "true"} if gpu else {})}


def of_operator(labels: Labels, mig_default: str, *, driver_found: bool) -> Changes:
    """What the GPU operator tells its operands; `driver_found` where its driver pod met one of the machine's own."""
    if labels.get(NVIDIA_PCI) != "true":
        gone = {key: None for key in (*OPERANDS, MIG_MANAGER) if key in labels}
        return {PRESENT: "false", **gone} if labels.get(PRESENT) == "true" else {}
    if labels.get(f"{DEPLOY}operands") == "false":
        return {PRESENT: "true", **{key: None for key in (*OPERANDS, MIG_MANAGER) if key in labels}}
    changes: Changes = {PRESENT: "true", **{key: "true" for key in OPERANDS if key not in labels}}
    if labels.get(MIG_CAPABLE) == "true":
        changes |= {MIG_MANAGER: labels.get(MIG_MANAGER, "true")}
        if mig_default and not labels.get(MIG_CONFIG):
            changes[MIG_CONFIG] = mig_default
    if driver_found:
        changes[DRIVER] = "pre-installed"
    return changes


def of_gpu(labels: Mapping[str, str | None], gpu: Gpu, config: PluginConfig, layout: Layout) -> Changes:
    """What GPU feature discovery says of `gpu`, and not any more of its partitions; ConfigError where it would fail."""
    strategy = config.mig_strategy or "none"
    registered(config, gpu, layout)  # discovery fails where the plugin does
    model = gpu.model
    changes: Changes = {
        MIG_CAPABLE: str(bool(model.mig)).lower(),
        "nvidia.com/mps.capable": str(config.sharing == MPS).lower(),
        "nvidia.com/gpu.sharing-strategy": config.sharing,
        f"{GPU}.family": model.family,
        f"{GPU}.compute.major": str(model.compute[0]),
        f"{GPU}.compute.minor": str(model.compute[1]),
        f"{GPU}.memory": str(gpu.memory_mib),
        **_described(GPU, model.product, gpu.count, 0 if layout is not None else _replicas(config, GPU), config),
    }
    if strategy != "none":
        changes[MIG_STRATEGY] = strategy
    if layout and strategy != "none":
        for profile, count in layout.items():
            name = GPU if strategy == "single" else f"nvidia.com/mig-{profile}"
            product = f"{model.product}-MIG-{profile}"
            changes |= _described(name, product, gpu.count * count, _replicas(config, name), config)
    stale = (key for key in labels if key == MIG_STRATEGY or key.startswith("nvidia.com/mig-"))
    return {**dict.fromkeys(stale), **changes}


def _replicas(config: PluginConfig, name: str) -> int:
    return config.replicas.get(name, 1)


def _described(name: str, product: str, count: int, replicas: int, config: PluginConfig) -> Changes:
    shared = replicas > 1 and not config.rename
    return {
        f"{name}.product": f"{product}-SHARED" if shared else product,
        f"{name}.count": str(count),
        f"{name}.replicas": str(replicas),
    }
