"""Waiting for a state (of a process, too), with more patience than a machine needs that does three other things."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil

PATIENCE = 120.0  # seconds; below the 300 after which pytest ends a test


def wait_until(moment: Callable[[], object], what: str = "what was waited for", seconds: float = PATIENCE) -> None:
    """Wait until ``moment`` returns something true; fail when it does not for so many seconds."""
    deadline = time.monotonic() + seconds
    while not moment():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """Tell whether a process runs; one that nobody has waited for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
