"""A click group that imports a command's module only when the command is used: start-up time is what a person feels.

Owns what is said to a word that is no command: the ones that may have been meant, by spelling or by what conda, pip and
a shell call them. Refuses to guess and go on.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import click

from jupyter_envs.errors import SpecError


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
    elsewhere : mapping
        Words that other programs have for these commands.
    """

    def __init__(
        self,
        *args: Any,
        sections: Mapping[str, Mapping[str, Verb]],
        elsewhere: Mapping[str, tuple[str, ...]],
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.sections = sections
        self.elsewhere = elsewhere
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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that was typed.

        Raises
        ------
        SpecError
            There is none of that name; the hint says what may have been meant.
        """
        word = args[0]
        if word in self.verbs or word.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        near = nearest(word.lower(), self.verbs, self.elsewhere)
        path = ctx.command_path
        meant = " or ".join(f"`{path} {verb}`" for verb in near)
        raise SpecError(
            f"there is no command {word}",
            hint=f"did you mean {meant}?" if near else f"`{path} --help` lists all commands",
            code="spec.usage",
            detail={"word": word, "near": list(near)},
        )

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands below their headings, without importing them."""
        for heading, verbs in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl([(name, verb.summary) for name, verb in verbs.items()])


def nearest(word: str, verbs: Iterable[str], elsewhere: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the commands that a word may mean, none when it is like nothing."""
    import difflib

    if word in elsewhere:
        return elsewhere[word]
    near = difflib.get_close_matches(word, [*verbs, *elsewhere], 1, 0.7)
    return elsewhere.get(near[0], (near[0],)) if near else ()
