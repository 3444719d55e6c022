"""Ports for servers on loopback."""

import random
import socket
from typing import Final

_BELOW_CLIENTS: Final = range(20000, 32000)
"""Linux gives client sockets ports from 32768 (net.ipv4.ip_local_port_range). A server's port from there may become a
client's between the look and the bind, and then the server does not start."""
_TRIES: Final = 200


def free_port() -> int:
    """A loopback port that nobody listens on at this moment, and that no client is given."""
    for port in random.sample(_BELOW_CLIENTS, _TRIES):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"none of {_TRIES} ports between {_BELOW_CLIENTS.start} and {_BELOW_CLIENTS.stop} is free")
