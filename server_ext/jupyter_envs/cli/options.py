"""The options that several commands share, as decorators; and completion of environment names."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from jupyter_envs.settings import SOURCES

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Command = TypeVar("Command", bound=Callable[..., Any])


class Consent(NamedTuple):
    """``--yes`` and ``--dry-run``."""

    yes: bool
    dry_run: bool


class Sources(NamedTuple):
    """``-c``, ``--source``, ``--offline`` and ``--exclude-newer``; empty means the settings' own."""

    channels: tuple[str, ...]
    sources: tuple[str, ...]
    offline: bool
    exclude_newer: str | None


def complete_environment(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the names of environments."""
    from click.shell_completion import CompletionItem

    from jupyter_envs.errors import EnvsError

    try:
        names = environment_names()
    except EnvsError:  # a broken .condarc must not break the shell's completion
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def environment_names() -> list[str]:
    """Return the names of all environments that can be found."""
    import os

    from jupyter_envs.engine.prefix.discovery import find_environments
    from jupyter_envs.settings_load import load_settings

    return [info.name for info in find_environments(load_settings(os.environ), os.environ)]


class EnvironmentName(click.ParamType[str]):
    """A NAME argument that completes."""

    name = "name"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the names of environments."""
        return complete_environment(ctx, param, incomplete)


class NameThenSpecs(click.ParamType[str]):
    """Arguments of which the first is an environment (unless ``-p`` is given)."""

    name = "text"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the names of environments for the first word."""
        if ctx.params.get(param.name or "") or ctx.params.get("prefix"):
            return []
        return complete_environment(ctx, param, incomplete)


def json_option(command: Command) -> Command:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")(command)


def prefix_option(command: Command) -> Command:
    """``-p PREFIX``."""
    text = "The environment's path, instead of NAME."
    return click.option("-p", "--prefix", metavar="PREFIX", type=click.Path(), help=text)(command)


def environment(command: Command) -> Command:
    """``[NAME]`` or ``-p PREFIX``."""
    argument = click.argument("name", required=False, type=EnvironmentName())
    return argument(prefix_option(command))


def words(metavar: str) -> Callable[[Command], Command]:
    """``NAME SPECS…``, or only ``SPECS…`` with ``-p``; take them apart with ``name_and_rest``."""

    def decorate(command: Command) -> Command:
        argument = click.argument("arguments", nargs=-1, metavar=metavar, type=NameThenSpecs())
        return argument(prefix_option(command))

    return decorate


def name_and_rest(arguments: tuple[str, ...], prefix: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Return the name (``None`` with ``-p``) and what follows it."""
    if prefix:
        return None, arguments
    return (arguments[0], arguments[1:]) if arguments else (None, ())


def yes_option(command: Command) -> Command:
    """``--yes``."""
    return click.option("-y", "--yes", is_flag=True, help="Agree to removals and downgrades.")(command)


def consent_options(command: Command) -> Command:
    """``--yes`` and ``--dry-run``, given to the command as ``consent``."""
    dry = click.option("--dry-run", is_flag=True, help="Show and store the plan, change nothing.")
    return dry(yes_option(packed(command, "consent", Consent)))


def packed(command: Command, name: str, kind: type[Any]) -> Command:
    """Return the command with the options that are fields of ``kind`` given to it as one value."""

    @functools.wraps(command)
    def call(**options: Any) -> Any:
        values = {field: options.pop(field) for field in kind._fields}
        return command(**options, **{name: kind(**values)})

    return call  # type: ignore[return-value]  # as callable as the command was


def frozen_option(command: Command) -> Command:
    """``--override-frozen``."""
    text = "Change an environment that is marked as frozen."
    return click.option("--override-frozen", is_flag=True, help=text)(command)


def offline_option(command: Command) -> Command:
    """``--offline``."""
    return click.option("--offline", is_flag=True, help="Use what is cached, ask no server.")(command)


def source_options(command: Command) -> Command:
    """``-c``, ``--source``, ``--offline``, ``--exclude-newer``, given to the command as ``where``."""
    channel = click.option(
        "-c",
        "--channel",
        "channels",
        multiple=True,
        metavar="CHANNEL",
        help="A channel's name, URL or folder; repeatable, the first counts most; replaces the default.",
    )
    source = click.option(
        "--source",
        "sources",
        multiple=True,
        type=click.Choice(SOURCES),
        help="Use only this kind of source; repeatable.",
    )
    newer = click.option(
        "--exclude-newer", metavar="TIME", help="Leave out what was published after this date or time (ISO 8601)."
    )
    return channel(source(offline_option(newer(packed(command, "where", Sources)))))
