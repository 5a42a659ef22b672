"""``why`` and ``owner``: who needs a package, whose a file is."""

from __future__ import annotations

from pathlib import Path

import click

from jupyter_envs.cli.options import json_option, name_and_rest, prefix_option, words
from jupyter_envs.cli.session import Session
from jupyter_envs.cli.tables import tree
from jupyter_envs.engine.models.origins import origin_of
from jupyter_envs.errors import NotFoundError, SpecError


@click.command()
@words("NAME PACKAGE")
@json_option
def why(arguments: tuple[str, ...], prefix: str | None, as_json: bool) -> None:
    """Show why a package is there: the chains from what was asked for down to it."""
    session = Session(as_json=as_json)
    name, rest = name_and_rest(arguments, prefix)
    if len(rest) != 1:
        raise SpecError("one package is needed", hint="`jupyter envs why NAME PACKAGE`")
    target = session.prefix(name, prefix)
    chains = session.engine.why(target, rest[0])
    if chains:
        for line in tree(chains):
            session.output.text(line)
    else:
        session.output.text(f"nothing that was asked for needs {rest[0]}")
    session.output.result({"prefix": str(target), "package": rest[0], "chains": [list(chain) for chain in chains]})


@click.command()
@click.argument("arguments", nargs=-1, metavar="[NAME] FILE")
@prefix_option
@json_option
def owner(arguments: tuple[str, ...], prefix: str | None, as_json: bool) -> None:
    """Show which package a FILE belongs to: a path, or relative to the environment NAME."""
    session = Session(as_json=as_json)
    name, rest = (None, arguments) if prefix or len(arguments) < 2 else (arguments[0], arguments[1:])
    if len(rest) != 1:
        raise SpecError("one file is needed", hint="`jupyter envs owner NAME FILE`, or only a path")
    target = session.prefix(name, prefix) if name or prefix else environment_around(Path(rest[0]))
    file = rest[0] if name or prefix else str(Path(rest[0]).expanduser().absolute())
    found = session.engine.owner(target, file)
    if not found:
        raise NotFoundError(
            f"no package of {session.name_of(target)} owns {rest[0]}",
            hint="you made it, or pip did; `jupyter envs verify` shows what else is there",
            code="not_found.owner",
        )
    for record in found:
        session.output.text(f"{record.name} {record.version} {record.build} ({origin_of(record)})")
    values = [{"name": r.name, "version": r.version, "build": r.build, "source": origin_of(r)} for r in found]
    session.output.result({"prefix": str(target), "file": rest[0], "owners": values})


def environment_around(path: Path) -> Path:
    """Return the environment that a file lies in.

    Raises
    ------
    NotFoundError
        It lies in none.
    """
    full = path.expanduser().absolute()
    for parent in full.parents:
        if (parent / "conda-meta").is_dir():
            return parent
    raise NotFoundError(
        f"{full} is in no environment",
        hint="give the environment first: `jupyter envs owner NAME FILE`",
        code="not_found.environment",
    )
