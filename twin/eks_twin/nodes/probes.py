"""HTTP probes of containers that really run."""

import http.client
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from eks_twin.nodes.environment import ConfigError

EAGER_SECONDS: Final = 0.25
"""Period of a readiness or startup probe until it first succeeds; kubelets wait initialDelaySeconds and a period,
which is latency, and the twin has none of its own."""
_POOL: Final = ThreadPoolExecutor(max_workers=4, thread_name_prefix="probe")


@dataclass(frozen=True)
class Check:
    """What a probe of the pod's specification asks, with the container's port as the process has it."""

    path: str
    port: int
    delay: float
    period: float
    timeout: float
    failures: int
    """Failures in a row until the answer counts as no."""

    @classmethod
    def of(cls, probe: Mapping[str, Any], container: Mapping[str, Any], ports: Mapping[int, int]) -> "Check":
        """The check that `probe` means; ConfigError for kinds of probes that are not modelled."""
        if "httpGet" not in probe:
            kind = next((key for key in ("exec", "grpc", "tcpSocket") if key in probe), "empty")
            raise ConfigError(f"container {container['name']}: {kind} probes are not modelled by the twin, httpGet is")
        port = probe["httpGet"]["port"]
        if isinstance(port, str):
            named = {p.get("name"): p["containerPort"] for p in container.get("ports") or ()}
            if port not in named:
                raise ConfigError(f'container {container["name"]}: couldn\'t find port "{port}" of its probe')
            port = named[port]
        return cls(
            path=probe["httpGet"].get("path", "/"),
            port=ports.get(port, port),
            delay=probe.get("initialDelaySeconds", 0),
            period=probe.get("periodSeconds", 10),
            timeout=probe.get("timeoutSeconds", 1),
            failures=probe.get("failureThreshold", 3),
        )

    def passes(self) -> bool:
        """Whether the server answers 200 to 399 now."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        try:
            connection.request("GET", self.path)
            return 200 <= connection.getresponse().status < 400
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class Prober:
    """One probe of one run of a container; `look` never blocks."""

    def __init__(self, check: Check, now: float, *, eager: bool) -> None:
        self._check = check
        self._eager = eager
        self._next = now if eager else now + check.delay
        self._pending: Future[bool] | None = None
        self._failed = 0
        self.passed = False
        """Whether the last counted answer was yes; False before the first."""

    @property
    def exhausted(self) -> bool:
        """Whether it failed as often in a row as it may."""
        return self._failed >= self._check.failures

    def look(self, now: float) -> None:
        """Take an answer that came, and ask when it is time to."""
        if self._pending is not None and self._pending.done():
            self._take(self._pending.result())
            self._pending = None
            self._next = now + (EAGER_SECONDS if self._eager and not self.passed else self._check.period)
        if self._pending is None and now >= self._next:
            self._pending = _POOL.submit(self._check.passes)

    def _take(self, answer: bool) -> None:  # noqa: FBT001 - the one result of the future
        self._failed = 0 if answer else self._failed + 1
        if answer:
            self.passed = True
        elif self.exhausted:
            self.passed = False
