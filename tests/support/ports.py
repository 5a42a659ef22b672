"""Ports for servers that must be told theirs before they listen.

They lie below the range from which the system takes ports for outgoing connections. From within it, a client that asks
again and again for a server that is away can be given that very port as its own, and then the server finds it taken.
Workers of one test run choose from ranges of their own.
"""

from __future__ import annotations

import os
import random
import socket
from pathlib import Path

FIRST, USUAL_END, SLICES = 10_000, 32_768, 8
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")

_given: set[int] = set()


def free_port() -> int:
    """Return a port of the loopback interface that nobody uses now, and that this process was not given before."""
    end = int(RANGE.read_text().split()[0]) if RANGE.exists() else USUAL_END
    if end <= FIRST:  # a machine that hands out all of them
        return _bound(0)
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % SLICES
    own = range(FIRST + worker, end, SLICES)
    for port in random.sample(own, len(own)):
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise AssertionError(f"no port between {FIRST} and {end} is free")


def _is_free(port: int) -> bool:
    try:
        return _bound(port) == port
    except OSError:
        return False


def _bound(port: int) -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))
        return int(probe.getsockname()[1])
