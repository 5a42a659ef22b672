"""A running job as a person sees it: bars on a terminal, plain lines elsewhere, nothing when nobody looks.

Everything goes to standard error, so that results on standard output stay clean. Refuses to remember: what happened is
in the job's events.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Protocol

import click

from jupyter_envs.cli.tables import human_duration
from jupyter_envs.engine.models.amounts import human_bytes
from jupyter_envs.engine.models.events import Event

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PHASE_TITLES = {
    "solve": "solving",
    "fetch": "downloading",
    "extract": "extracting",
    "link": "linking",
    "scripts": "running scripts",
    "commit": "committing",
    "compile": "compiling",
    "kernels": "registering kernels",
    "index": "indexing",
}
QUIET_PHASES = ("commit", "kernels", "compile")


class View(Protocol):
    """Shows a job's events."""

    def show(self, event: Event) -> None:
        """Take one event."""

    def pause(self) -> None:
        """Clear what moves, because something else is to be printed."""

    def close(self) -> None:
        """Stop."""


def make_view(*, as_json: bool) -> View:
    """Return the view that fits standard error."""
    if sys.stderr.isatty() and not in_notebook():
        return BarView()
    return SilentView() if as_json else LineView()


def in_notebook() -> bool:
    """Tell whether ipykernel runs this: ``!jupyter envs …`` has a terminal, but no screen and nobody who types."""
    return "JPY_PARENT_PID" in os.environ


class SilentView:
    """Shows nothing: ``--json`` without a terminal."""

    def show(self, event: Event) -> None:
        """Drop the event."""

    def pause(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class LineView:
    """One line for each phase, each warning and message; for logs and pipes."""

    def __init__(self) -> None:
        self._phase = ""

    def show(self, event: Event) -> None:
        """Print what is worth a line."""
        said = spoken(event)
        if said:
            click.echo(said, err=True)
        elif event.kind == "phase" and event.phase != self._phase and event.phase not in QUIET_PHASES:
            self._phase = event.phase
            click.echo(f"{title_of(event)}…", err=True)

    def pause(self) -> None:
        """Do nothing: lines do not move."""

    def close(self) -> None:
        """Do nothing."""


class BarView:
    """A bar for the phase that runs, with bytes or packages and the time left."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._phase = ""

    def show(self, event: Event) -> None:
        """Move the bar, or print what must stay on the screen above it."""
        said = spoken(event)
        if said:
            self._started().console.print(said, markup=False, highlight=False, soft_wrap=True)
        elif event.kind in ("phase", "progress") and event.phase:
            self._move(event)

    def pause(self) -> None:
        """Take the bar away."""
        self.close()

    def close(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
        self._progress, self._task, self._phase = None, None, ""

    def _started(self) -> Progress:
        if self._progress is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[amount]}"),
            )
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._progress.start()
        return self._progress

    def _move(self, event: Event) -> None:
        progress = self._started()
        if event.phase != self._phase or self._task is None:
            if self._task is not None:
                progress.remove_task(self._task)
            self._phase = event.phase
            self._task = progress.add_task(title_of(event), total=None, amount="")
        done, total = (event.done_bytes, event.total_bytes) if event.total_bytes else (event.done, event.total)
        progress.update(self._task, completed=done, total=total or None, amount=amount(event))


def title_of(event: Event) -> str:
    """Return what a phase is called; linking nothing is taking things away."""
    if event.kind == "phase" and event.phase == "link" and not event.total:
        return "unlinking"
    return PHASE_TITLES.get(event.phase, event.phase)


def amount(event: Event) -> str:
    """Return how far an event says things are: ``12 MB of 35 MB, 4 s left``."""
    if event.total_bytes:
        text = f"{human_bytes(event.done_bytes)} of {human_bytes(event.total_bytes)}"
    elif event.total and event.kind == "progress":
        text = f"{event.done:,} of {event.total:,}"
    else:
        text = event.text
    return f"{text}, {human_duration(event.eta)} left" if event.eta is not None and event.eta >= 1 else text


def spoken(event: Event) -> str:
    """Return the line that an event is worth, whatever else is shown; empty for most."""
    if event.kind == "warning":
        return f"warning: {event.text}" + (f"\n   hint: {event.hint}" if event.hint else "")
    if event.kind == "message" and not event.data:
        return event.text
    return ""
