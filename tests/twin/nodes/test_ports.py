import socket
from pathlib import Path

import pytest
from eks_twin.nodes import ports


def test_a_port_is_none_that_a_client_may_be_given_before_the_server_binds_it():
    first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    found = {ports.free_port() for _ in range(50)}
    assert len(found) > 40
    assert [port for port in found if first <= port <= last] == []


def test_a_port_that_is_taken_is_passed_over(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        monkeypatch.setattr(ports, "_BELOW_CLIENTS", range(port, port + 1))
        monkeypatch.setattr(ports, "_TRIES", 1)
        with pytest.raises(OSError, match="none of 1 ports between"):
            ports.free_port()
