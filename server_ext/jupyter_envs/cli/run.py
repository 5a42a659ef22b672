"""``run``: a command inside an activated environment, in place of this process."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click

from jupyter_envs.cli.options import EnvironmentName, prefix_option
from jupyter_envs.cli.session import Session
from jupyter_envs.errors import EnvsError, NotFoundError, SpecError


class CommandNotFoundError(NotFoundError):
    """The command to run is not there; shells answer 127."""

    exit_code = 127


class CommandNotExecutableError(EnvsError):
    """The command to run cannot be executed; shells answer 126."""

    default_code = "run"
    exit_code = 126


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@prefix_option
@click.option("--cwd", metavar="FOLDER", type=click.Path(), help="Run it there.")
@click.argument("words", nargs=-1, type=EnvironmentName(), metavar="NAME [--] COMMAND [ARGUMENTS]... | NOTEBOOK")
@click.pass_context
def run(ctx: click.Context, prefix: str | None, cwd: str | None, words: tuple[str, ...]) -> object:
    """Run a command in an environment, activated; its exit code is returned.

    A path that ends in .ipynb is a notebook: it is executed in the environment that it carries, which is built when it
    is not here (`jupyter envs run NOTEBOOK --help`).

    \b
    jupyter envs run analysis -- python -c "import pandas"
    jupyter envs run analysis.ipynb
    """  # noqa: D301 click's mark for lines that stay as they are
    if not prefix and names_notebook(words):
        from jupyter_envs.cli.notebooks import run_notebook

        options = {"prog_name": f"{ctx.command_path} NOTEBOOK", "standalone_mode": False, "obj": ctx.obj}
        return run_notebook.main(list(words), **options)
    session = Session()
    name, command = (None, words) if prefix else (words[0] if words else None, words[1:])
    command = command[1:] if command[:1] == ("--",) else command
    target = session.prefix(name, prefix)
    if not command:
        raise SpecError("no command was given", hint="`jupyter envs run NAME -- COMMAND`")
    replace_process(target, session.name_of(target), command, cwd)
    return None


def names_notebook(words: tuple[str, ...]) -> bool:
    """Tell whether what follows ``run`` is about a notebook: its path stands first, or after options of a notebook."""
    before = words[: words.index("--")] if "--" in words else words
    found = [word.lower().endswith(".ipynb") for word in before]
    return any(found) and (found[0] or before[0].startswith("-"))


def notebook_as_command(path: str, name: str) -> EnvsError:
    """Return the error for a notebook that stands where the command of an environment should."""
    if not os.path.exists(path):
        return NotFoundError(f"there is no notebook {path}", hint="give the path of an .ipynb file")
    return SpecError(
        f"{path} is a notebook, not a command of {name}",
        hint=f"`jupyter envs run {path}` executes it; `jupyter envs lock {path} -e {name}` makes that use {name}",
    )


def check_python(prefix: Path, name: str, command: str = "python") -> None:
    """Raise ``NotFoundError`` when a command would need the Python that an environment borrows, and that has gone.

    Another Python of PATH must not run in its place.
    """
    from jupyter_envs.engine.prefix.borrowed import find_lost, lost_message
    from jupyter_envs.engine.prefix.records import read_record

    record = read_record(prefix, "python") if command.startswith("python") else None
    lost = find_lost([record] if record else [])
    if lost is not None:
        hint = f"`jupyter envs doctor {name}` says what gives it another"
        raise NotFoundError(lost_message(lost, name), hint=hint, code="interpreter.missing")


def replace_process(prefix: Path, name: str, command: tuple[str, ...], cwd: str | None) -> None:
    """Become the command, in the activated environment; returns never.

    Raises
    ------
    NotFoundError
        Neither the environment nor PATH has such a command (exit code 127), or the folder is not there.
    EnvsError
        It cannot be executed (exit code 126).
    """
    from jupyter_envs.engine.prefix.activated import activated_environ, note_activation

    environ = activated_environ(prefix, os.environ)
    note_activation(prefix)
    program = shutil.which(command[0], path=environ.get("PATH"))
    if program is None or os.path.dirname(program) != str(prefix / "bin"):
        check_python(prefix, name, command[0])
    if program is None and command[0].lower().endswith(".ipynb"):
        raise notebook_as_command(command[0], name)
    if program is None:
        hint = f"`jupyter envs search {command[0]}` looks for a package of that name"
        raise CommandNotFoundError(f"no command {command[0]} in {name}", hint=hint, code="not_found.command")
    try:
        if cwd:
            os.chdir(cwd)
        os.execve(program, list(command), environ)  # noqa: S606 no shell is wanted
    except OSError as error:
        check_python(prefix, name)
        what = f"{command[0]} cannot be run: {error.strerror}: {error.filename or program}"
        raise CommandNotExecutableError(what, hint="check its path and permissions") from error
