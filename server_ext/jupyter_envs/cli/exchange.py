"""``export``: an environment as a file that others read."""

from __future__ import annotations

import os
from pathlib import Path

import click

from jupyter_envs.cli.options import environment, json_option
from jupyter_envs.cli.session import Session
from jupyter_envs.errors import StorageError

FORMATS = ("yaml", "explicit", "pixi", "requirements")


@click.command()
@environment
@click.option("--format", "form", type=click.Choice(FORMATS), default="yaml", show_default=True, help="What to write.")
@click.option("-o", "--output", "file", metavar="FILE", type=click.Path(), help="Write here, not to standard output.")
@click.option("--exact", is_flag=True, help="In a yaml, name every package with version and build.")
@json_option
def export(name: str | None, prefix: str | None, form: str, file: str | None, exact: bool, as_json: bool) -> None:
    """Write an environment as environment.yml, @EXPLICIT list, pixi.lock or requirements.txt.

    \b
    jupyter envs export analysis > environment.yml
    """  # noqa: D301 click's mark for lines that stay as they are
    session = Session(as_json=as_json)
    target = session.prefix(name, prefix)
    text = session.engine.export(target, form, exact=exact)
    if file:
        _write(Path(file).expanduser(), text)
        session.output.text(f"{session.name_of(target)} written to {file}")
    elif not as_json:
        click.echo(text, nl=not text.endswith("\n"))
    session.output.result({"prefix": str(target), "format": form, "file": file, "text": text})


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise StorageError.from_os_error(error, f"writing {path}") from error
