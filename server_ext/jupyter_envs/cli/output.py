"""What a command prints: tables and sentences for people, exactly one object on standard output for ``--json``.

Owns the two streams: results go to standard output, everything said on the way to standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click
import msgspec

from jupyter_envs.cli.tables import table


class Output:
    """Where a command says things.

    Parameters
    ----------
    as_json : bool
        Whether one JSON object is wanted instead of text.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._warned: set[str] = set()
        self.color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    @property
    def width(self) -> int | None:
        """Cells of the terminal, ``None`` when standard output is none."""
        if not sys.stdout.isatty():
            return None
        import shutil

        return shutil.get_terminal_size().columns

    def text(self, line: str = "", **style: object) -> None:
        """Print a line for people; nothing with ``--json``."""
        if not self.as_json:
            click.echo(self.styled(line, **style))

    def styled(self, text: str, **style: object) -> str:
        """Return a text with colours, if the terminal has them."""
        return click.style(text, **style) if self.color and style else text  # type: ignore[arg-type]  # click's names

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table for people."""
        if self.as_json:
            return
        lines = table(headers, rows, self.width)
        if lines and any(headers):
            lines[0] = self.styled(lines[0], bold=True)
        if lines:
            click.echo("\n".join(lines))

    def plan(self, rows: Sequence[Sequence[str]], notes: Sequence[str]) -> None:
        """Print what a plan changes (rows of ``plan_view.change_rows``) and what it costs."""
        from jupyter_envs.cli.plan_view import color_of

        width = None if self.width is None else self.width - 2
        for row, line in zip(rows, table([""] * 4, rows, width), strict=True):
            self.text(f"  {line}", fg=color_of(row[0]))
        for note in notes:
            self.text(note, bold=True)

    def kernel_ready(self, name: str) -> None:
        """Say that a kernel of a changed environment can be started."""
        self.text(f"kernel {name} is ready")

    def note(self, line: str) -> None:
        """Say something on the way, on standard error, when a person can be there."""
        if not self.as_json or sys.stderr.isatty():
            click.echo(line, err=True)

    def is_news(self, warning: str) -> bool:
        """Tell whether a warning has not been shown yet, and remember it: events and plans repeat one another."""
        news = warning not in self._warned
        self._warned.add(warning)
        return news

    def warn(self, message: str, hint: str = "") -> None:
        """Show a warning on standard error, once."""
        if not self.is_news(message):
            return
        self.note(f"warning: {message}")
        if hint:
            self.note(f"   hint: {hint}")

    def result(self, value: object) -> None:
        """Print the one object of ``--json``; nothing for people."""
        if self.as_json:
            click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
