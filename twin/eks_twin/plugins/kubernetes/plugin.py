"""The plugin itself: which module answers which call."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from eks_twin.plugins.base import Difference, Failure, Plugin, PluginError, Request

from . import checking, diffing, existing, objects, settings
from .access import active_cluster
from .helm import release
from .kinds import RELEASE, target
from .session import Session


class Kubernetes(Plugin):
    """Objects and Helm releases of one cluster."""

    name = "kubernetes"
    version = version("pulumi-kubernetes")

    def __init__(self) -> None:
        super().__init__()
        self._session: Session | None = None

    def configure(self, config: Mapping[str, Any]) -> None:
        self._session = Session.open(settings.parse(config), self.cancelled, self.log)

    @property
    def session(self) -> Session:
        """The configured provider."""
        if self._session is None:
            raise PluginError("the engine has not configured the kubernetes plugin")
        return self._session

    def check_config(self, config: dict[str, Any]) -> tuple[dict[str, Any], list[Failure]]:
        return config, settings.failures(config)

    def diff_config(self, old: dict[str, Any], new: dict[str, Any]) -> Difference:
        """Objects live in one cluster: another active cluster means other objects, another user does not."""
        changed = [key for key in {**old, **new} if old.get(key) != new.get(key) and key not in settings.ENGINE_KEYS]
        replaces = [key for key in changed if key in _replacing(old, new)]
        kinds = {key: "update-replace" if key in replaces else "update" for key in changed}
        return Difference(kinds, tuple(replaces))

    def check(self, request: Request) -> tuple[dict[str, Any], list[Failure]]:
        session = self.session
        if session.kube is None and session.settings.on("skipUpdateUnreachable") and request.old_inputs:
            self.log(f"cluster unreachable, keeping inputs: {session.unreachable}", urn=request.urn, severity="WARNING")
            return request.old_inputs, []
        if request.type == RELEASE:
            return release.check(session, request)
        return checking.check(session, target(request.type, request.inputs), request)

    def diff(self, request: Request) -> Difference:
        if request.type == RELEASE:
            return release.diff(request)
        return diffing.diff(self.session, target(request.type, request.inputs), request)

    def create(self, request: Request) -> tuple[str, dict[str, Any]]:
        if request.type == RELEASE:
            return release.create(self.session, request)
        return objects.create(self.session, target(request.type, request.inputs), request)

    def read(self, request: Request) -> tuple[str, dict[str, Any], dict[str, Any]]:
        if request.type == RELEASE:
            return release.read(self.session, request)
        return existing.read(self.session, target(request.type, request.old_inputs), request)

    def update(self, request: Request) -> dict[str, Any]:
        if request.type == RELEASE:
            return release.update(self.session, request)
        return objects.update(self.session, target(request.type, request.inputs), request)

    def delete(self, request: Request) -> None:
        if request.type == RELEASE:
            release.delete(self.session, request)
        else:
            existing.delete(self.session, target(request.type, request.old_inputs), request)


def _replacing(old: dict[str, Any], new: dict[str, Any]) -> tuple[str, ...]:
    """Settings whose change means another cluster (provider.go DiffConfig)."""
    before, after = old.get("clusterIdentifier"), new.get("clusterIdentifier")
    if before and after:
        return ("clusterIdentifier",) if before != after else ()
    stanzas = [active_cluster({key: str(value) for key, value in side.items()}) for side in (old, new)]
    return ("kubeconfig", "context", "cluster") if stanzas[0] != stanzas[1] else ()
