"""Bytes and files of several downloads, added up for whoever watches."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from jupyter_envs.engine.fetch.wanted import Download
from jupyter_envs.engine.models.events import Event, Reporter

REPORT_SECONDS = 0.1


class Progress:
    """Adds up bytes of all downloads and tells the reporter, ten times a second at most."""

    def __init__(self, downloads: Sequence[Download], reporter: Reporter) -> None:
        self._reporter = reporter
        self._lock = threading.Lock()
        self._total = len(downloads)
        self._total_bytes = sum(one.size or 0 for one in downloads)
        self._at: dict[str, int] = {}
        self._fresh = 0
        self._done = 0
        self._started = time.monotonic()
        self._reported = 0.0

    def at(self, destination: str, size: int, fresh: int = 0) -> None:
        """Take how far one download is: bytes that are there, and how many of them came just now."""
        with self._lock:
            self._at[destination] = size
            self._fresh += fresh
            if time.monotonic() - self._reported >= REPORT_SECONDS:
                self._report("")

    def finish(self, label: str) -> None:
        """Count one file as done."""
        with self._lock:
            self._done += 1
            self._report(label)

    def _report(self, label: str) -> None:
        now = time.monotonic()
        self._reported = now
        there = sum(self._at.values())
        left = self._total_bytes - there
        speed = self._fresh / max(now - self._started, 1e-3)
        self._reporter.report(
            Event(
                kind="progress",
                phase="fetch",
                text=label,
                done=self._done,
                total=self._total,
                done_bytes=there,
                total_bytes=max(self._total_bytes, there),
                eta=round(left / speed, 1) if speed and left > 0 else None,
            )
        )
