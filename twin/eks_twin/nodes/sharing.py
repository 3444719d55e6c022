"""Configuration of NVIDIA's device plugin: how many of which resource it registers for the GPUs of its node.

Source: k8s-device-plugin 0.20.0, api/config/v1 and cmd/config-manager.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from eks_twin.nodes.gpus import Gpu, Layout

GPU: Final = "nvidia.com/gpu"
LABEL: Final = "nvidia.com/device-plugin.config"
"""Node label that names the configuration of its node."""
NONE, TIME_SLICING, MPS = "none", "time-slicing", "mps"
SHARING_KEYS: Final = {"timeSlicing": TIME_SLICING, "mps": MPS}
MIG_STRATEGIES: Final = ("none", "single", "mixed")
MINIMUM_REPLICAS: Final = 2


class ConfigError(ValueError):
    """The plugin would not start with this configuration, or the twin does not model it."""


@dataclass(frozen=True)
class PluginConfig:
    """What of a configuration decides about resources."""

    mig_strategy: str | None = None
    """None leaves the choice to the command line, and that to the plugin, whose default is none."""
    sharing: str = NONE
    replicas: Mapping[str, int] = field(default_factory=dict)
    """Resource → clients that share each one of it; a resource that is not here is not shared."""
    rename: bool = False
    """Whether a shared resource is called `<name>.shared`."""


# --- reading --------------------------------------------------------------------------------------------------------
KEYS: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset({"version", "flags", "sharing"}),
    "flags": frozenset(
        {"migStrategy", "failOnInitError", "nvidiaDriverRoot", "gdrcopyEnabled", "gdsEnabled", "mofedEnabled",
         "plugin", "gfd"}
    ),
    "sharing": frozenset(SHARING_KEYS),
    "sharing.timeSlicing": frozenset({"renameByDefault", "failRequestsGreaterThanOne", "resources"}),
    "sharing.mps": frozenset({"renameByDefault", "failRequestsGreaterThanOne", "resources"}),
}  # fmt: skip
"""Path → keys that are read, or that no Node field shows (flags about drivers, containers and discovery's rhythm)."""


def parse(text: str) -> PluginConfig:
    """The configuration in `text`; ConfigError with path and rule for what the plugin or the twin refuses."""
    try:
        document = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"not YAML: {error}") from error
    _known("", document)
    if document.get("version", "v1") != "v1":
        raise ConfigError(f"version: must be v1, not {document['version']!r}")
    flags, sharing = document.get("flags") or {}, document.get("sharing") or {}
    _known("flags", flags)
    _known("sharing", sharing)
    strategy = flags.get("migStrategy")
    if strategy not in (None, *MIG_STRATEGIES):
        raise ConfigError(f"flags.migStrategy: {strategy!r} is none of {', '.join(MIG_STRATEGIES)}")
    given = [key for key in SHARING_KEYS if sharing.get(key)]
    if len(given) > 1:
        raise ConfigError("sharing: timeSlicing and mps exclude each other")
    if not given:
        return PluginConfig(mig_strategy=strategy)
    table = sharing[given[0]]
    _known(f"sharing.{given[0]}", table)
    replicas = _replicas(f"sharing.{given[0]}.resources", table.get("resources") or ())
    return PluginConfig(strategy, SHARING_KEYS[given[0]], replicas, bool(table.get("renameByDefault")))


def _known(path: str, table: Any) -> None:
    if not isinstance(table, dict):
        raise ConfigError(f"{path or 'document'}: must be a mapping")
    unknown = sorted(set(table) - KEYS[path])
    if unknown:
        where = f"{path}.{unknown[0]}" if path else unknown[0]
        raise ConfigError(f"{where}: not modelled; known: {', '.join(sorted(KEYS[path]))}")


def _replicas(path: str, resources: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """`rename` and `devices` of one resource are ignored here because the plugin does so, with a warning."""
    if not resources:
        raise ConfigError(f"{path}: name at least one resource")
    for index, resource in enumerate(resources):
        if not isinstance(resource, dict):
            raise ConfigError(f"{path}[{index}]: must be a mapping with name and replicas")
        name, count = str(resource.get("name")), resource.get("replicas")
        if not isinstance(count, int) or count < MINIMUM_REPLICAS:
            raise ConfigError(f"{path}[{index}].replicas: {count!r} is less than {MINIMUM_REPLICAS}")
        if name != GPU and not name.startswith("nvidia.com/mig-"):
            raise ConfigError(f"{path}[{index}].name: {name!r} is neither {GPU} nor nvidia.com/mig-<profile>")
    return {resource["name"]: resource["replicas"] for resource in resources}


def chosen(entries: Mapping[str, str], label: str | None, default: str, fallbacks: Sequence[str]) -> str:
    """Text of the configuration that config-manager picks for a node with this value of the label."""
    for origin, name in ((f"label {LABEL}", label), ("default configuration", default)):
        if name:
            if name not in entries:
                raise ConfigError(f"{origin}: specified config {name} does not exist; known: {', '.join(entries)}")
            return entries[name]
    if "named" in fallbacks and "default" in entries:
        return entries["default"]
    if "single" in fallbacks and len(entries) == 1:
        return next(iter(entries.values()))
    if "empty" in fallbacks:
        return ""
    raise ConfigError(f"no label {LABEL}, no default, and no fallback applies; known: {', '.join(entries)}")


# --- applying -------------------------------------------------------------------------------------------------------
def registered(config: PluginConfig, gpu: Gpu, layout: Layout) -> dict[str, int]:
    """Resource → count that the plugin registers for `gpu`, cut as `layout`; ConfigError where it would fail."""
    if layout is not None and config.sharing == MPS:
        raise ConfigError("sharing.mps: MPS sharing is not supported for MIG devices")
    plain = _unshared(config.mig_strategy or "none", gpu, layout)
    suffix = ".shared" if config.rename else ""
    return {
        f"{name}{suffix}" if name in config.replicas else name: count * config.replicas.get(name, 1)
        for name, count in plain.items()
    }


def _unshared(strategy: str, gpu: Gpu, layout: Layout) -> dict[str, int]:
    if layout is None or strategy == "none":
        return {GPU: gpu.count}
    if strategy == "mixed":
        return {f"nvidia.com/mig-{profile}": gpu.count * count for profile, count in layout.items()}
    if len(layout) != 1:
        kinds = ", ".join(layout) or "none"
        raise ConfigError(f"migStrategy single needs MIG devices of exactly one profile, this node has {kinds}")
    return {GPU: gpu.count * next(iter(layout.values()))}
