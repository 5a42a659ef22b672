"""A click group that imports a command's module only when the command is used: start-up time is what a person feels."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import click


class Verb(NamedTuple):
    """Where a command is and what the list of commands says of it."""

    place: str  # "module:attribute"
    summary: str


class LazyGroup(click.Group):
    """A group whose commands are named in tables.

    Parameters
    ----------
    sections : mapping
        Headings of ``--help``, each with its commands in order.
    """

    def __init__(self, *args: Any, sections: Mapping[str, Mapping[str, Verb]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.sections = sections
        self.verbs = {name: verb for section in sections.values() for name, verb in section.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, in the order of the help."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, ``None`` when there is none of that name."""
        verb = self.verbs.get(cmd_name)
        if verb is None:
            return None
        module, attribute = verb.place.split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands below their headings, without importing them."""
        for heading, verbs in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl([(name, verb.summary) for name, verb in verbs.items()])
