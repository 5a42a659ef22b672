"""What a running change tells whoever watches: events, the Reporter they go to, and the CancelToken it asks."""

from __future__ import annotations

from typing import Protocol

import msgspec

from jupyter_envs.errors import CancelledError

PHASES = ("solve", "fetch", "extract", "link", "scripts", "commit", "compile", "kernels", "index")


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a job's event stream (JSON).

    ``kind`` is ``phase`` (a phase begins), ``progress`` (inside it), ``warning``, ``message`` or ``result``.
    Items are packages unless ``phase`` says otherwise; bytes are bytes; ``eta`` is seconds.
    """

    kind: str
    phase: str = ""
    text: str = ""
    hint: str = ""
    done: int = 0
    total: int = 0
    done_bytes: int = 0
    total_bytes: int = 0
    eta: float | None = None
    data: dict[str, object] | None = None


class Reporter(Protocol):
    """Receives events; called from any thread, must not block and must not raise."""

    def report(self, event: Event) -> None:
        """Take one event."""


class NullReporter:
    """A Reporter for callers who do not watch."""

    def report(self, event: Event) -> None:
        """Drop the event."""


class CancelToken:
    """A flag that a signal handler sets and long work asks at places where stopping is safe."""

    def __init__(self) -> None:
        self._cancelled = False

    def cancel(self) -> None:
        """Ask the work to stop at its next safe place."""
        self._cancelled = True

    @property
    def cancelled(self) -> bool:
        """Whether stopping was asked for."""
        return self._cancelled

    def check(self) -> None:
        """Raise ``CancelledError`` when stopping was asked for."""
        if self._cancelled:
            raise CancelledError("cancelled; the environment is as it was")
