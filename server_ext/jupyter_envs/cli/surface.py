"""Where a command shows itself: the terminal here, a kernel's cell in ``stream``; handed down as click's ``obj``.

Owns what differs between the two and nothing else: how things are said, what counts as asked for, how errors look.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import click

from jupyter_envs.cli.output import Output
from jupyter_envs.errors import EnvsError

if TYPE_CHECKING:
    from jupyter_envs.cli.progress import View
    from jupyter_envs.jobs.models import Consent


class Surface:
    """A terminal, or whatever standard output and error are; ``consent`` is what counts as agreed to without asking."""

    consent: ClassVar[Consent] = "destructive"

    def output(self, *, as_json: bool) -> Output:
        """Return where results go."""
        return Output(as_json=as_json)

    def view(self, *, as_json: bool) -> View:
        """Return what shows a running job."""
        from jupyter_envs.cli.progress import make_view

        return make_view(as_json=as_json)

    def command_line(self) -> str:
        """Return what was typed, as it is written into histories."""
        from jupyter_envs.cli.session import typed_command

        return typed_command()

    def fail(self, error: EnvsError, argv: Sequence[str]) -> None:
        """Show what ended the command."""
        if "--json" in argv:
            import msgspec

            click.echo(msgspec.json.format(msgspec.json.encode({"error": error.to_dict()}), indent=2).decode())
            return
        from jupyter_envs.cli.failures import failure_lines

        for line in failure_lines(error, argv):
            click.echo(line, err=True)


def current_surface() -> Surface:
    """Return the surface of the command that runs; the terminal when there is none (a test, another program)."""
    context = click.get_current_context(silent=True)
    return (context.find_object(Surface) if context else None) or Surface()
