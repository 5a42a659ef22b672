"""What a job did, read back from its events as it was shown while it ran: phases with what they handled and how long
they took, the plan where it was made, warnings and what scripts said. Pure: takes values, returns lines.

Refuses to guess: a phase that was cut short keeps the figures that it had then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from jupyter_envs.cli.progress import QUIET_PHASES, amount, spoken, title_of
from jupyter_envs.cli.tables import counted, human_duration, table
from jupyter_envs.engine.models.amounts import human_bytes
from jupyter_envs.jobs.events import JobEvent

UNITS = {"fetch": "package", "extract": "package", "link": "file", "compile": "file"}


class Step(NamedTuple):
    """A phase: what it is called, what it handled, the seconds that it took (``None``: it was still running)."""

    title: str
    amount: str
    seconds: float | None


def steps_of(events: Iterable[JobEvent], ended: float | None) -> list[Step | str]:
    """Return what happened, in order: the steps of a job, and between them the lines that stay on the screen.

    Parameters
    ----------
    events : iterable of JobEvent
        The job's, in order.
    ended : float or None
        When the job ended, in seconds since the epoch; ``None`` while it runs.
    """
    found: list[Step | str] = []
    phase: list[JobEvent] = []
    for event in events:
        if said := spoken(event):
            found.append(said)
        elif event.kind in ("phase", "progress") and event.phase:
            if phase and phase[0].phase != event.phase:
                found += _step(phase, event.time)
                phase = []
            phase.append(event)
    return found + _step(phase, ended)


def _step(phase: Sequence[JobEvent], until: float | None) -> list[Step | str]:
    if not phase or phase[0].phase in QUIET_PHASES:
        return []
    seconds = None if until is None else max(0.0, until - phase[0].time)
    return [Step(title_of(phase[0]), _amount(phase[-1], over=until is not None), seconds)]


def _amount(last: JobEvent, *, over: bool) -> str:
    """Return what a phase handled, from its last event: all of it, or how far it came."""
    if last.phase == "scripts":
        return last.text
    if last.kind == "progress" and (last.done, last.done_bytes) != (last.total, last.total_bytes):
        return amount(last).partition(",")[0] if over else amount(last)
    if last.total_bytes:
        return human_bytes(last.total_bytes)
    unit = UNITS.get(last.phase, "")
    return counted(last.total, unit) if unit and last.total else ""


def step_lines(steps: Sequence[Step | str], width: int | None) -> list[str]:
    """Return the lines of steps, their columns aligned; ``width`` are the cells of the terminal, if it is one."""
    rows = [
        [f"  {step.title}", step.amount, "" if step.seconds is None else human_duration(step.seconds)]
        for step in steps
        if isinstance(step, Step)
    ]
    aligned = iter(table(["", "", ""], rows, width))
    return [next(aligned) if isinstance(step, Step) else f"  {step}" for step in steps]
