"""ConfigMaps that pods mount, as a kubelet sees them: looked up again every few seconds."""

import time
from collections.abc import Mapping
from typing import Final

from eks_twin.kube import Kube

RECHECK_SECONDS: Final = 2
"""Age at which a ConfigMap is read again; a kubelet's own cache may be a minute behind."""


class ConfigMaps:
    """The ConfigMaps of one cluster."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._known: dict[tuple[str, str], tuple[float, Mapping[str, str] | None]] = {}

    def data(self, namespace: str, name: str) -> Mapping[str, str] | None:
        """Entries of a ConfigMap; None where it does not exist."""
        read, entries = self._known.get((namespace, name), (-RECHECK_SECONDS, None))
        now = time.monotonic()
        if now - read >= RECHECK_SECONDS:
            found = self._kube.find("v1", "ConfigMap", name, namespace)
            entries = None if found is None else found.get("data") or {}
            self._known[namespace, name] = (now, entries)
        return entries
