"""A container that is a local process: started, probed, restarted with back-off, stopped with grace."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eks_twin.nodes.environment import ConfigError
from eks_twin.nodes.node import timestamp
from eks_twin.nodes.probes import Check, Prober
from eks_twin.processes import Processes

RETRY_SECONDS: Final = 2
"""Pause before a container that could not be created is tried again."""
FIRST_BACKOFF: Final = 10
LONGEST_BACKOFF: Final = 300
"""Kubelet: the first restart is immediate, then 10 s, doubled up to 5 minutes."""
FORGIVEN_SECONDS: Final = 600
"""A run of this length starts the back-off anew."""
PROBES: Final = ("startupProbe", "readinessProbe", "livenessProbe")
MESSAGE_BYTES: Final = 2048
"""As much of the log's end as a kubelet keeps for FallbackToLogsOnError."""


class NotYetError(Exception):
    """The container waits for something of its node; kubelets say ContainerCreating."""


class ImageError(Exception):
    """The image cannot be pulled."""


@dataclass(frozen=True)
class Launch:
    """What to start, decided anew for each start."""

    command: Sequence[str]
    environment: Mapping[str, str]
    ports: Mapping[int, int]
    """Port in the pod's specification → port on loopback."""


@dataclass(frozen=True)
class Report:
    """State of one container as pod status needs it."""

    state: Mapping[str, Any]
    ready: bool = False
    restarts: int = 0
    last: Mapping[str, Any] | None = None


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    """A container state that waits."""
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def backoff(restarts: int) -> float:
    """Seconds to wait before restart number `restarts`, from 1."""
    return 0 if restarts <= 1 else min(FIRST_BACKOFF * 2 ** (restarts - 2), LONGEST_BACKOFF)


class Container:
    """One container of one pod; `tick` moves it on and never blocks."""

    def __init__(
        self, spec: Mapping[str, Any], launch: Callable[[], Launch], log: Path, title: str, processes: Processes
    ) -> None:
        self._spec = spec
        self._launch = launch
        self._log = log
        self._title = title
        self._processes = processes
        self._process: subprocess.Popen[bytes] | None = None
        self._probers: dict[str, Prober] = {}
        self._state: Mapping[str, Any] = waiting("ContainerCreating")
        self._last: Mapping[str, Any] | None = None
        self._started = 0.0
        self._next = 0.0
        self._restarts = 0
        self._crashes = 0

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def report(self) -> Report:
        """Its state now."""
        return Report(self._state, self._ready(), self._restarts, self._last)

    def tick(self, now: float) -> None:
        """Start, probe or restart it, whatever is due."""
        if self._process is None:
            if now >= self._next:
                self._try_start(now)
        elif self._process.poll() is not None:
            self._ended(now)
        else:
            self._probe(now)

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """End it now and forget its process."""
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                process.kill()
            self._processes.stop(process)

    def _ready(self) -> bool:
        if "running" not in self._state:
            return False
        gates = [self._probers[name] for name in PROBES[:2] if name in self._probers]
        return all(prober.passed for prober in gates)

    def _try_start(self, now: float) -> None:
        self._next = now + RETRY_SECONDS
        try:
            launch = self._launch()
            checks = {
                name: Check.of(self._spec[name], self._spec, launch.ports) for name in PROBES if name in self._spec
            }
        except NotYetError as error:
            self._next = now
            self._state = waiting("ContainerCreating", str(error))
        except ImageError as error:
            self._state = waiting("ErrImagePull", str(error))
        except ConfigError as error:
            self._state = waiting("CreateContainerConfigError", str(error))
        else:
            self._start(launch, checks, now)

    def _start(self, launch: Launch, checks: Mapping[str, Check], now: float) -> None:
        self._process = self._processes.start(
            self._title, launch.command, log=self._log, env=launch.environment, cwd=self._log.parent
        )
        self._started = now
        self._state = {"running": {"startedAt": timestamp()}}
        self._probers = {name: Prober(check, now, eager=name != "livenessProbe") for name, check in checks.items()}

    def _probe(self, now: float) -> None:
        startup = self._probers.get("startupProbe")
        for name, prober in self._probers.items():
            if name == "startupProbe" or startup is None or startup.passed:
                prober.look(now)
        deadly = [self._probers[name] for name in ("startupProbe", "livenessProbe") if name in self._probers]
        if any(prober.exhausted for prober in deadly) and now - self._started > FIRST_BACKOFF:
            self.terminate()

    def _ended(self, now: float) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        self._processes.stop(process)
        code = process.returncode
        self._last = {
            "terminated": {
                "exitCode": 128 - code if code < 0 else code,
                "reason": "Completed" if code == 0 else "Error",
                "message": self._log.read_bytes()[-MESSAGE_BYTES:].decode(errors="replace"),
                "startedAt": self._state.get("running", {}).get("startedAt"),
                "finishedAt": timestamp(),
                **({"signal": -code} if code < 0 else {}),
            }
        }
        self._crashes = 1 if now - self._started > FORGIVEN_SECONDS else self._crashes + 1
        self._restarts += 1
        pause = backoff(self._crashes)
        self._next = now + pause
        message = f"back-off {pause:.0f}s restarting failed container={self._spec['name']}"
        self._state = waiting("CrashLoopBackOff", message)


def end_all(containers: Sequence[Container], deadline: float) -> bool:
    """Whether all have ended; those that live past `deadline` (monotonic seconds) are killed."""
    living = [container for container in containers if container.running]
    if living and time.monotonic() < deadline:
        return False
    for container in containers:
        container.kill()
    return True
