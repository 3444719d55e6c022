"""What a Pulumi resource plugin is to us: subclass `Plugin` and hand it to `server.serve`."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime.proto import engine_pb2

from .wire import UNKNOWN


class PluginError(Exception):
    """An operation failed and nothing new exists; the message is what the user reads."""


class InitError(Exception):
    """The object exists but is not ready: the engine saves `state` under `id` and tries again on the next up.

    A read gives `inputs` too, since the engine stores those of a partial failure as well.
    """

    def __init__(
        self, id_: str, state: dict[str, Any], reasons: list[str], inputs: dict[str, Any] | None = None
    ) -> None:
        super().__init__("; ".join(reasons))
        self.id = id_
        self.state = state
        self.reasons = reasons
        self.inputs = inputs if inputs is not None else {}


@dataclass(frozen=True)
class Request:
    """One call about one resource; what a call does not carry is empty."""

    urn: str
    type: str
    name: str
    id: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    """The program's new inputs."""
    old_inputs: dict[str, Any] = field(default_factory=dict)
    """Inputs of the last successful operation."""
    state: dict[str, Any] = field(default_factory=dict)
    """Outputs of the last successful operation."""
    preview: bool = False
    timeout: float = 0
    """Seconds from customTimeouts; 0 where the program gave none."""
    seed: bytes = b""
    """Randomness for names; the same in preview and up."""
    ignore_changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failure:
    """One reason why Check refuses an input."""

    property: str
    reason: str


@dataclass(frozen=True)
class Difference:
    """What an update would do."""

    changes: Mapping[str, str] = field(default_factory=dict)
    """Property path → add, update or delete, with `-replace` added where the change replaces."""
    replaces: tuple[str, ...] = ()
    delete_before_replace: bool = False


class Plugin(ABC):
    """What a stand-in implements; the defaults serve plugins without configuration, functions or reads."""

    name: str
    version: str

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        """Set when the user interrupts; every wait polls it."""
        self._engine: Any = None

    @abstractmethod
    def configure(self, config: Mapping[str, Any]) -> None:
        """Take over the provider's own inputs, once, before any other call."""

    def check_config(self, config: dict[str, Any]) -> tuple[dict[str, Any], list[Failure]]:
        """The provider's inputs as stored in state, and why any of them is refused."""
        return config, []

    def diff_config(self, old: dict[str, Any], new: dict[str, Any]) -> Difference:
        """What a changed provider configuration means for the resources under it."""
        keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        return Difference(changes=dict.fromkeys(keys, "update"))

    @abstractmethod
    def check(self, request: Request) -> tuple[dict[str, Any], list[Failure]]:
        """The inputs with defaults filled in, and why any of them is refused."""

    @abstractmethod
    def diff(self, request: Request) -> Difference:
        """The difference between what exists and `request.inputs`."""

    @abstractmethod
    def create(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Make the resource; its id and outputs (id "" in preview)."""

    @abstractmethod
    def read(self, request: Request) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Its id (empty when gone), outputs and inputs as they are now."""

    @abstractmethod
    def update(self, request: Request) -> dict[str, Any]:
        """Change the resource in place; its outputs."""

    @abstractmethod
    def delete(self, request: Request) -> None:
        """Remove the resource; one that is gone already is no error."""

    def invoke(self, token: str, args: dict[str, Any]) -> tuple[dict[str, Any], list[Failure]]:
        """Run the function `token`."""
        raise PluginError(f"{token}: the twin's {self.name} plugin does not model this function")

    def attach(self, engine: Any) -> None:
        """Take the engine's own service (an EngineStub), through which `log` speaks."""
        self._engine = engine

    def log(self, message: str, *, urn: str = "", severity: str = "INFO", ephemeral: bool = False) -> None:
        """Show `message` to the user beside the resource; a no-op until the engine is attached."""
        if self._engine is not None:
            level = engine_pb2.LogSeverity.Value(severity)
            self._engine.Log(engine_pb2.LogRequest(severity=level, message=message, urn=urn, ephemeral=ephemeral))


__all__ = [
    "UNKNOWN",
    "Difference",
    "Failure",
    "InitError",
    "Plugin",
    "PluginError",
    "Request",
]
