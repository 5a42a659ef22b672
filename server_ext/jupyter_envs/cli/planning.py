"""``plan`` and ``execute``: a change in two steps, with a stored plan between them."""

from __future__ import annotations

import click

from jupyter_envs.cli.flow import execute_stored
from jupyter_envs.cli.options import json_option, yes_option
from jupyter_envs.cli.session import Session
from jupyter_envs.errors import SpecError

PLANNABLE = ("create", "install", "remove", "update", "clone", "undo", "restore", "repair")


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="VERB NAME [ARGUMENTS]...")
@click.pass_context
def plan(ctx: click.Context, words: tuple[str, ...]) -> object:
    """Show what a change would do and keep the plan: the verb with --dry-run.

    \b
    jupyter envs plan install analysis polars
    jupyter envs execute PLAN
    """  # noqa: D301 click's mark for lines that stay as they are
    if not words or words[0] in ("-h", "--help"):
        click.echo(ctx.get_help())
        return None
    verb, *rest = words
    group = ctx.parent.command if ctx.parent else None
    if verb not in PLANNABLE or not isinstance(group, click.Group):
        raise SpecError(f"{verb} cannot be planned", hint=f"one of {', '.join(PLANNABLE)} can")
    command = group.get_command(ctx, verb)
    assert command is not None
    return command.main(
        [*rest, "--dry-run"], prog_name=f"{ctx.command_path} {verb}", standalone_mode=False, obj=ctx.obj
    )


@click.command()
@click.argument("plan_id", metavar="PLAN")
@yes_option
@json_option
def execute(plan_id: str, yes: bool, as_json: bool) -> None:
    """Execute the stored plan PLAN, exactly as it was shown."""
    execute_stored(Session(as_json=as_json), plan_id, yes=yes)
