"""The inputs of a Release: what is modelled, and the complete form in which they are stored."""

from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.base import Failure

BOOLEANS: Final = (
    "atomic", "cleanupOnFail", "createNamespace", "disableCRDHooks", "disableOpenapiValidation", "disableWebhooks",
    "forceUpdate", "recreatePods", "renderSubchartNotes", "replace", "resetValues", "reuseValues", "skipAwait",
    "skipCrds", "takeOwnership", "waitForJobs",
)  # fmt: skip
TEXTS: Final = ("chart", "description", "name", "namespace", "version")
PLAIN: Final = ("maxHistory", "repositoryOpts", "timeout", "values")
WITHOUT_EFFECT: Final = ("allowNullValues",)
"""Deprecated upstream since 4.30, where null values are always kept."""
SDK_INTERNAL: Final = ("compat", "manifest", "resourceNames", "status")
"""Sent or read back by SDKs; never the program's to set, and not stored."""
UNMODELLED: Final = {
    "dependencyUpdate": False, "devel": False, "keyring": "", "lint": False, "postrender": "", "valueYamlFiles": [],
    "verify": False,
}  # fmt: skip
"""Input → the one value of it that asks for nothing."""
STORED_DEFAULTS: Final = {key: value for key, value in UNMODELLED.items() if key != "valueYamlFiles"}

DEFAULT_SECONDS: Final = 300
"""Helm's own timeout; the provider stores it unless skipAwait is set (hr.go Check)."""


def failures(inputs: Mapping[str, Any]) -> list[Failure]:
    """Why `inputs` cannot be served; empty when they can."""
    known = {*BOOLEANS, *TEXTS, *PLAIN, *WITHOUT_EFFECT, *SDK_INTERNAL, *UNMODELLED}
    found = [Failure(key, f"{key}: a Release has no such input") for key in sorted(set(inputs) - known)]
    for key, nothing in UNMODELLED.items():
        if inputs.get(key, nothing) != nothing:
            found.append(Failure(key, f"{key}: the twin's kubernetes plugin does not model this input of a Release"))
    repository = inputs.get("repositoryOpts")
    for key in sorted(set(repository) - {"repo"}) if isinstance(repository, dict) else ():
        path = f"repositoryOpts.{key}"
        found.append(Failure(path, f"{path}: the twin's kubernetes plugin does not model this input of a Release"))
    if not inputs.get("chart"):
        found.append(Failure("chart", "chart: required; an oci:// reference, a path, or a name in repositoryOpts.repo"))
    return found


def complete(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """`inputs` as the provider stores them: every unset boolean false, every unset text empty, values at least {}.

    Only maxHistory and repositoryOpts stay absent when unset.
    """
    stored: dict[str, Any] = dict.fromkeys(BOOLEANS, False) | dict.fromkeys(TEXTS, "") | STORED_DEFAULTS
    stored |= {"allowNullValues": False, "values": {}}
    stored |= {key: value for key, value in inputs.items() if key not in (*SDK_INTERNAL, "valueYamlFiles")}
    waits = stored["skipAwait"] is not True
    stored["timeout"] = inputs.get("timeout") or (DEFAULT_SECONDS if waits else 0)
    return {key: value for key, value in stored.items() if value is not None}
