"""Children are accounted for, whatever happens to their parent."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from eks_twin.processes import Processes

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
]


@pytest.fixture
def processes(tmp_path):
    ledger = Processes(tmp_path / "ledger.jsonl")
    yield ledger
    ledger.sweep()


def test_a_stopped_process_is_gone_and_forgotten(processes, tmp_path):
    child = processes.start("sleeper", SLEEP, log=tmp_path / "log")
    assert [record.name for record in processes.records()] == ["sleeper"]
    processes.stop(child)
    assert child.returncode == -signal.SIGTERM
    assert processes.records() == []


def test_a_process_that_ignores_sigterm_is_killed(processes, tmp_path, monkeypatch):
    monkeypatch.setattr("eks_twin.processes.STOP_SECONDS", 0.2)
    log = tmp_path / "log"
    child = processes.start("stubborn", STUBBORN, log=log)
    while b"deaf" not in log.read_bytes():
        time.sleep(0.01)
    processes.stop(child)
    assert child.returncode == -signal.SIGKILL


def test_a_later_run_sweeps_what_a_killed_one_left(processes, tmp_path):
    child = processes.start("orphan", SLEEP, log=tmp_path / "log")
    assert Processes(tmp_path / "ledger.jsonl").sweep() == ["orphan"]
    assert not psutil.pid_exists(child.pid)


def test_a_reused_pid_is_not_touched(processes, tmp_path):
    innocent = subprocess.Popen(SLEEP)
    try:
        (tmp_path / "ledger.jsonl").write_text(f'{{"name": "old", "pid": {innocent.pid}, "created": 1.0}}\n')
        assert processes.sweep() == []
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_a_line_cut_short_by_a_crash_does_not_hide_the_others(processes, tmp_path):
    processes.start("whole", SLEEP, log=tmp_path / "log")
    with (tmp_path / "ledger.jsonl").open("a") as file:
        file.write('{"name": "ha')
    assert processes.sweep() == ["whole"]


@pytest.mark.skipif(sys.platform != "linux", reason="parent-death signals are Linux's; the sweep serves other systems")
def test_children_die_with_a_parent_that_is_killed(tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from eks_twin.processes import Processes;"
        "here = Path(sys.argv[1]); sleep = [sys.executable, '-c', 'import time; time.sleep(600)'];"
        "print(Processes(here / 'ledger').start('child', sleep, log=here / 'log').pid, flush=True);"
        "time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    child = psutil.Process(int(parent.stdout.readline()))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    gone, alive = psutil.wait_procs([child], timeout=10)
    assert (len(gone), alive) == (1, [])
