"""The twin's own accidents end in a clear message or a clean restart."""

import json
import os
import signal
import socket
import time

import psutil
import pytest

pytestmark = pytest.mark.twin


def status(twin):
    return json.loads((twin.home / "run" / "twin.json").read_text())


def test_a_taken_port_is_named(idle):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = idle.run("up", "--port", str(port), check=False)
    assert answer.returncode == 1
    assert f"port {port} is taken" in answer.stderr


def test_two_ups_at_once_give_one_twin(idle):
    both = [idle.start("up") for _ in range(2)]
    said = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert all("twin is up" in text for text in said)
    assert [record["name"] for record in idle.ledger()].count("supervisor") == 1


def test_a_killed_twin_leaves_no_process_and_starts_again(idle):
    idle.run("up")
    before = idle.ledger()
    os.kill(status(idle)["supervisor"]["pid"], signal.SIGKILL)
    idle.run("up")
    ours = {record["pid"]: record["created"] for record in before}
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        alive = [p.pid for p in psutil.process_iter() if p.pid in ours and abs(p.create_time() - ours[p.pid]) < 1]
        if not [pid for pid in alive if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]:
            break
        time.sleep(0.1)
    else:
        pytest.fail(f"still alive: {alive}")
    assert idle.run("audit").stdout.strip() == "the account is empty"


def test_commands_without_a_twin_say_how_to_get_one(idle):
    answer = idle.run("status", check=False)
    assert answer.returncode == 1
    assert "no twin is up; start one with `twin up`" in answer.stderr
