"""What a build does and did, in lines for people: its events in words. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterable

from jupyter_envs.jobs.events import JobEvent

PHASES = {
    "solve": "choosing versions",
    "fetch": "downloading",
    "extract": "unpacking",
    "link": "linking",
    "scripts": "running scripts",
    "commit": "finishing",
    "compile": "compiling",
    "kernels": "registering kernels",
}
COUNTED = ("fetch", "extract")


def words(event: JobEvent) -> str:
    """Return what an event says, without its numbers.

    >>> words(JobEvent(seq=1, time=0.0, kind="progress", phase="extract", done=1, total=2))
    'unpacking'
    """
    own = event.text if event.kind != "progress" else ""
    return own or PHASES.get(event.phase, event.phase)


def story(events: Iterable[JobEvent]) -> list[str]:
    """Return a line for each phase, message and warning, with its time (UTC).

    >>> story([JobEvent(seq=1, time=3661.0, kind="phase", phase="extract", total=2)])
    ['01:01:01 unpacking 2 packages']
    """
    lines: list[str] = []
    for event in events:
        if event.kind not in ("phase", "message", "warning"):
            continue
        line = words(event)
        if event.kind == "phase" and event.phase in COUNTED and event.total:
            line += f" {event.total} package" + ("s" if event.total > 1 else "")
        if event.kind == "warning":
            line = f"warning: {line}" + (f" ({event.hint})" if event.hint else "")
        lines.append(f"{time.strftime('%H:%M:%S', time.gmtime(event.time))} {line}")
    return lines
