"""The supervisor of one twin: starts AWS, drives clusters and nodes from its state, and leaves nothing behind."""

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final

import requests

from eks_twin.binaries import tool
from eks_twin.environment import Status
from eks_twin.home import Home
from eks_twin.nodes.ports import free_port
from eks_twin.processes import Processes

TICK_SECONDS: Final = 0.2
"""How often clusters and nodes are compared with AWS; a person notices delays from about here."""
AWS_START_SECONDS: Final = 60
"""moto answers after 1 s warm; a cold import on a busy machine has taken 20."""


class StartError(Exception):
    """The twin cannot start; the message is for the person who asked."""


@contextlib.contextmanager
def sole_supervisor(home: Home) -> Iterator[None]:
    """Hold the home's lock; StartError when another supervisor holds it. The system releases it on any death."""
    home.path.mkdir(parents=True, exist_ok=True)
    with home.lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartError(f"another twin is up in {home.path}") from error
        yield


def check_port(port: int) -> None:
    """StartError when `port` is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StartError(f"port {port} is taken ({error.strerror}); leave --port out to get a free one") from error


def start_aws(home: Home, processes: Processes, region: str, port: int) -> tuple[subprocess.Popen[bytes], Status]:
    """The aws process, once it answers."""
    log = home.logs / "aws.log"
    command = [sys.executable, "-m", "eks_twin.aws.server", "--port", str(port), "--region", region]
    process = processes.start("aws", [*command, "--state-dir", str(home.run / "aws")], log=log)
    deadline = time.monotonic() + AWS_START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StartError(f"the aws process ended with {process.returncode}; see {log}")
        if ready := _ready_line(log):
            status = Status(
                supervisor=processes.adopt("supervisor", os.getpid()),
                region=region,
                aws_url=f"http://127.0.0.1:{port}",
                access_key_id=ready["accessKeyId"],
                secret_access_key=ready["secretAccessKey"],
                started=time.time(),
            )
            return process, status
        time.sleep(0.05)
    raise StartError(f"the aws process did not answer within {AWS_START_SECONDS} s; see {log}")


def _ready_line(log: Path) -> dict[str, str] | None:
    for line in log.read_text(errors="replace").splitlines():
        if line.startswith("{"):
            with contextlib.suppress(ValueError):
                return json.loads(line)
    return None


def run(home: Home, region: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    from eks_twin.cluster.reconciler import Reconciler, Settings  # noqa: PLC0415 - start-up errors before heavy imports

    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    processes = Processes(home.ledger)
    processes.sweep()
    for stale in (home.run, home.logs):
        shutil.rmtree(stale, ignore_errors=True)
    home.pulumi_state.mkdir(parents=True)
    aws, status = start_aws(home, processes, region, port)
    baseline = requests.get(f"{status.aws_url}/_twin/inventory", timeout=60).json()
    (home.run / "baseline.json").write_text(json.dumps(baseline))
    settings = Settings(tool, status.access_key_id, status.secret_access_key)
    reconciler = Reconciler(status.aws_url, home.run, processes, settings)
    status.write(home)
    try:
        while not stopping:
            if aws.poll() is not None:
                raise StartError(f"the aws process ended with {aws.returncode}; see {home.logs / 'aws.log'}")
            reconciler.tick()
            time.sleep(TICK_SECONDS)
    finally:
        home.status.unlink(missing_ok=True)
        reconciler.close()
        processes.stop(aws)
        processes.sweep()


def main() -> None:
    """Entry point of the background process that `twin up` starts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--region", required=True)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    home = Home.from_environment()
    try:
        with sole_supervisor(home):
            if arguments.port:
                check_port(arguments.port)
            run(home, arguments.region, arguments.port or free_port())
    except StartError as error:
        sys.exit(f"twin: {error}")


if __name__ == "__main__":
    main()
