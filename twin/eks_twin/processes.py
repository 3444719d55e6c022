"""Child processes that cannot be orphaned.

Each start is written to a ledger with the process's creation time, so that a later run can end what a killed one left
behind and never touches a process that merely reuses a pid. On Linux children also die with their parent.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil

PR_SET_PDEATHSIG: Final = 1
"""prctl option: signal for the child when the thread that started it ends (linux/prctl.h)."""
STOP_SECONDS: Final = 10
"""How long a process may take to end on SIGTERM before SIGKILL."""

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(frozen=True)
class Record:
    """One line of the ledger."""

    name: str
    pid: int
    created: float

    def process(self) -> psutil.Process | None:
        """The live process this record means, or None; one that ended and waits for its parent is not alive."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.created) < 1 and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


class Processes:
    """The processes of one twin; its ledger is the file `ledger`."""

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        ledger.parent.mkdir(parents=True, exist_ok=True)

    def records(self) -> list[Record]:
        """What was started and not yet stopped; a line cut short by a crash is skipped."""
        if not self._ledger.exists():
            return []
        found = []
        for line in self._ledger.read_text().splitlines():
            with contextlib.suppress(ValueError, TypeError):
                found.append(Record(**json.loads(line)))
        return found

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start `command` with output in `log`; call it from a thread that outlives the process."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                env=None if env is None else dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one prctl call, which takes no lock
            )
        self.adopt(name, process.pid)
        return process

    def adopt(self, name: str, pid: int) -> Record:
        """Write a living process, such as the supervisor itself, to the ledger."""
        record = Record(name, pid, psutil.Process(pid).create_time())
        with self._ledger.open("a") as file:
            file.write(json.dumps(asdict(record)) + "\n")
        return record

    def stop(self, *processes: subprocess.Popen[bytes]) -> None:
        """End `processes` together: SIGTERM, then SIGKILL after `STOP_SECONDS`."""
        for process in processes:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._forget({p.pid for p in processes})

    def sweep(self) -> list[str]:
        """End whatever the ledger still names, but never the caller; the names of what was ended."""
        living = [(record, process) for record in self.records() if (process := record.process())]
        others = [(record, process) for record, process in living if process.pid != os.getpid()]
        _end([process for _, process in others])
        self._forget({record.pid for record in self.records()} - {os.getpid()})
        return [record.name for record, _ in others]

    def _forget(self, pids: set[int]) -> None:
        kept = [json.dumps(asdict(r)) + "\n" for r in self.records() if r.pid not in pids]
        partial = self._ledger.with_suffix(".partial")
        partial.write_text("".join(kept))
        partial.replace(self._ledger)


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(processes, timeout=STOP_SECONDS)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=STOP_SECONDS)
