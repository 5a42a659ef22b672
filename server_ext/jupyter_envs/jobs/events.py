"""A job's event stream: JSON lines with a number and a time, appended by one process, followed by any.

The writer is a ``Reporter``: callable from any thread, never raises, and thins progress out to 20 lines a second (the
first, the last and all other events are always written). Readers refuse nothing: a line that is not whole yet is left
for the next time.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from jupyter_envs.engine.models.events import Event

PROGRESS_INTERVAL = 0.05  # seconds
ETA_AFTER = 0.5  # seconds of a phase before its end can be guessed


class JobEvent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An event as it is stored. ``seq`` counts from 1; ``time`` is seconds since the epoch."""

    seq: int
    time: float


def estimate_eta(event: Event, seconds: float) -> float | None:
    """Return the seconds that are left, from what was done in ``seconds``; bytes count before items."""
    if event.eta is not None or seconds < ETA_AFTER:
        return event.eta
    done, total = (event.done_bytes, event.total_bytes) if event.total_bytes else (event.done, event.total)
    if done <= 0 or total < done:
        return None
    return round(seconds * (total - done) / done, 1)


class EventWriter:
    """Appends events to a job's stream.

    Parameters
    ----------
    path : Path
        The ``.events.jsonl`` file; one that exists is continued.
    clock : callable
        Seconds since the epoch.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._descriptor: int | None = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        self._clock = clock
        self._lock = threading.Lock()
        self._sequence = max((event.seq for event in read_events(path)), default=0)
        self._phase = ""
        self._phase_started = clock()
        self._last_progress = 0.0
        self._pending: Event | None = None
        self._broken = False

    def report(self, event: Event) -> None:
        """Take one event (``Reporter``)."""
        with self._lock:
            now = self._clock()
            self._enter(event, now)
            if event.kind != "progress":
                self._flush(now)
                self._write(event, now)
            elif now - self._last_progress >= PROGRESS_INTERVAL or (event.total and event.done >= event.total):
                self._pending = event
                self._flush(now)
            else:
                self._pending = event

    def close(self) -> None:
        """Write what was held back and close the file; later events are dropped."""
        with self._lock:
            self._flush(self._clock())
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _enter(self, event: Event, now: float) -> None:
        if event.phase and event.phase != self._phase:
            self._flush(now)
            self._phase, self._phase_started = event.phase, now
            self._last_progress = 0.0

    def _flush(self, now: float) -> None:
        event, self._pending = self._pending, None
        if event is not None:
            self._last_progress = now
            self._write(event, now)

    def _write(self, event: Event, now: float) -> None:
        if self._descriptor is None or self._broken:
            return
        values = {name: getattr(event, name) for name in Event.__struct_fields__}
        if event.kind == "progress":
            values["eta"] = estimate_eta(event, now - self._phase_started)
        self._sequence += 1
        stored = JobEvent(seq=self._sequence, time=round(now, 3), **values)
        try:
            os.write(self._descriptor, msgspec.json.encode(stored) + b"\n")
        except OSError as error:  # a Reporter must not raise: the change matters more than its story
            self._broken = True
            sys.stderr.write(f"events can no longer be written: {error}\n")


class EventReader:
    """Follows a job's stream: each ``read`` returns what is new.

    Parameters
    ----------
    path : Path
        The ``.events.jsonl`` file; it need not be there yet.
    since : int
        Leave out events up to this number.
    """

    def __init__(self, path: Path, since: int = 0) -> None:
        self._path = path
        self._since = since
        self._offset = 0
        self._decoder = msgspec.json.Decoder(JobEvent)

    def read(self) -> list[JobEvent]:
        """Return the events that were written since the last call."""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._offset)
                data = stream.read()
        except FileNotFoundError:
            return []
        whole = data.rfind(b"\n") + 1
        self._offset += whole
        events = [event for line in data[:whole].splitlines() if (event := self._decode(line)) is not None]
        return [event for event in events if event.seq > self._since]

    def _decode(self, line: bytes) -> JobEvent | None:
        try:
            return self._decoder.decode(line)
        except msgspec.MsgspecError:  # half a line of a writer that was killed, joined by the next writer's
            return None


def read_events(path: Path, since: int = 0) -> list[JobEvent]:
    """Return all whole events of a stream with a number above ``since``."""
    return EventReader(path, since).read()
