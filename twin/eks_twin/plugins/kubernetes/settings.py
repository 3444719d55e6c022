"""The provider's own inputs as frozen values; what the twin does not model is refused by name."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from eks_twin.plugins.base import Failure, PluginError

ENGINE_KEYS: Final = frozenset({"version", "pluginDownloadURL", "parameterization", "__internal", "__defaults"})
"""Keys the engine keeps beside the user's inputs; no setting of the provider."""

FLAGS: Final = {
    "enableServerSideApply": ("PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", True),
    "enablePatchForce": ("PULUMI_K8S_ENABLE_PATCH_FORCE", False),
    "upsertExistingObjects": ("PULUMI_K8S_UPSERT_EXISTING_OBJECTS", False),
    "enableConfigMapMutable": ("PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE", False),
    "enableSecretMutable": ("PULUMI_K8S_ENABLE_SECRET_MUTABLE", False),
    "deleteUnreachable": ("PULUMI_K8S_DELETE_UNREACHABLE", False),
    "skipUpdateUnreachable": ("PULUMI_K8S_SKIP_UPDATE_UNREACHABLE", False),
    "suppressDeprecationWarnings": ("PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS", False),
    "suppressHelmHookWarnings": ("PULUMI_K8S_SUPPRESS_HELM_HOOK_WARNINGS", False),
}
"""Input → the variable it falls back to, and its default (provider.go Configure). The plugin never emits the two kinds
of warning that can be suppressed, so those inputs hold as they are."""

TEXTS: Final = ("kubeconfig", "context", "cluster", "namespace", "clusterIdentifier")

HELM_VARIABLES: Final = {
    "driver": ("PULUMI_K8S_HELM_DRIVER", "HELM_DRIVER"),
    "pluginsPath": ("PULUMI_K8S_HELM_PLUGINS_PATH", "HELM_PLUGINS"),
    "registryConfigPath": ("PULUMI_K8S_HELM_REGISTRY_CONFIG_PATH", "HELM_REGISTRY_CONFIG"),
    "repositoryConfigPath": ("PULUMI_K8S_HELM_REPOSITORY_CONFIG_PATH", "HELM_REPOSITORY_CONFIG"),
    "repositoryCache": ("PULUMI_K8S_HELM_REPOSITORY_CACHE", "HELM_REPOSITORY_CACHE"),
}
"""Key of helmReleaseSettings → the provider's variable, and the one that tells Helm the same."""


@dataclass(frozen=True)
class Settings:
    """The provider as the program configured it."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """`TEXTS` that are set."""
    flags: Mapping[str, bool] = field(default_factory=dict)
    """All of `FLAGS`."""
    helm: tuple[tuple[str, str], ...] = ()
    """Environment variables for Helm."""

    def on(self, flag: str) -> bool:
        """Whether `flag` is set, by input, variable or default."""
        return self.flags[flag]


def failures(config: Mapping[str, Any]) -> list[Failure]:
    """Why `config` cannot be served; empty when it can."""
    known = {*FLAGS, *TEXTS, *ENGINE_KEYS, "helmReleaseSettings"}
    found = [
        Failure(key, f"{key}: the twin's kubernetes plugin does not model this setting; remove it")
        for key in sorted(config)
        if key not in known
    ]
    if "enableServerSideApply" in config and config["enableServerSideApply"] in (False, "false"):
        found.append(Failure("enableServerSideApply", "enableServerSideApply: the twin models server-side apply only"))
    unknown = sorted(set(_json(config.get("helmReleaseSettings"))) - set(HELM_VARIABLES))
    found += [
        Failure("helmReleaseSettings", f"helmReleaseSettings.{key}: unknown; known: {', '.join(HELM_VARIABLES)}")
        for key in unknown
    ]
    return found


def parse(config: Mapping[str, Any]) -> Settings:
    """`config` as values; PluginError for anything `failures` would refuse."""
    if refused := failures(config):
        raise PluginError("; ".join(failure.reason for failure in refused))
    given = _json(config.get("helmReleaseSettings"))
    helm = []
    for key, (fallback, variable) in HELM_VARIABLES.items():
        value = given.get(key, os.environ.get(fallback))
        if value:
            helm.append((variable, str(value)))
    return Settings(
        texts={key: str(config[key]) for key in TEXTS if config.get(key)},
        flags={key: _flag(config, key) for key in FLAGS},
        helm=tuple(helm),
    )


def _json(value: Any) -> dict[str, Any]:
    """A nested setting, which SDKs send as a JSON string."""
    decoded = json.loads(value) if isinstance(value, str) and value else value
    return decoded if isinstance(decoded, dict) else {}


def _flag(config: Mapping[str, Any], key: str) -> bool:
    variable, default = FLAGS[key]
    given = config.get(key, os.environ.get(variable))
    if given is None:
        return default
    if str(given).lower() not in ("true", "false"):
        raise PluginError(f"{key}: {given!r} is not a boolean; write true or false")
    return str(given).lower() == "true"
