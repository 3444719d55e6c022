"""What every operation needs: the cluster, the settings, and what this program has taught about custom kinds."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from eks_twin.kube import Kube, KubeError, from_kubeconfig
from eks_twin.plugins.base import PluginError

from .access import Access, resolve
from .kinds import Target
from .settings import Settings

DEFAULT_NAMESPACE: Final = "default"


@dataclass
class Session:
    """One configured provider."""

    settings: Settings
    cancelled: threading.Event
    log: Callable[..., None]
    access: Access | None = None
    """None where the kubeconfig is missing or cannot be understood."""
    kube: Kube | None = None
    """None while the API server does not answer."""
    unreachable: str = ""
    """Why `kube` is None."""
    custom_scopes: dict[tuple[str, str], bool] = field(default_factory=dict)
    """(Group, kind) → whether it is namespaced, of each CustomResourceDefinition this program declares."""

    @classmethod
    def open(cls, settings: Settings, cancelled: threading.Event, log: Callable[..., None]) -> "Session":
        """The session for `settings`; an API server that cannot be reached makes it unreachable, not an error."""
        session = cls(settings, cancelled, log)
        try:
            session.access = resolve(settings.texts)
            kube = from_kubeconfig(session.access.document)
            kube.request("GET", "/version")
            session.kube = kube
        except (ValueError, OSError, KubeError) as error:
            session.unreachable = str(error)
        return session

    def require(self) -> Kube:
        """The API server; PluginError when it cannot be reached."""
        if self.kube is None:
            raise PluginError(f"configured Kubernetes cluster is unreachable: {self.unreachable}")
        return self.kube

    def namespace(self) -> str:
        """For objects that name none."""
        if self.access is not None:
            return self.access.namespace
        return self.settings.texts.get("namespace", DEFAULT_NAMESPACE)

    def namespaced(self, target: Target) -> bool:
        """Whether `target` lives in namespaces: by table, by the program's CRDs, by discovery; else yes."""
        known = target.built_in_scope()
        if known is None:
            known = self.custom_scopes.get((target.group, target.kind))
        if known is None and self.kube is not None:
            try:
                known = self.kube.kind(target.api_version, target.kind).namespaced
            except KubeError:
                known = None
        return True if known is None else known

    def learn(self, definition: Any) -> None:
        """Remember the scope that a CustomResourceDefinition declares, so that its objects can be previewed."""
        spec = definition.get("spec") if isinstance(definition, dict) else None
        if isinstance(spec, dict) and isinstance(spec.get("names"), dict):
            key = str(spec.get("group")), str(spec["names"].get("kind"))
            self.custom_scopes[key] = spec.get("scope") == "Namespaced"
