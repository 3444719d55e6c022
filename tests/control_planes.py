"""A real API server with its controllers, for as long as a test session needs one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eks_twin.binaries import tool
from eks_twin.cluster.control_plane import AUDIENCE, ControlPlane, Plan
from eks_twin.processes import Processes

READY_SECONDS = 60


@contextmanager
def running(directory: Path) -> Iterator[ControlPlane]:
    """A control plane whose files lie in `directory`; it stops with the block."""
    processes = Processes(directory / "processes.jsonl")
    plan = Plan("tests", "10.100.0.0/16", AUDIENCE, "http://127.0.0.1:9/unused")
    plane = ControlPlane(plan, directory, processes, tool)
    plane.start()
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not plane.ready():
            if time.monotonic() > deadline:
                raise TimeoutError((directory / "log" / "kube-apiserver.log").read_text()[-2000:])
            time.sleep(0.2)
        yield plane
    finally:
        plane.stop()
