"""``lock``, ``check``, ``open`` and ``run NOTEBOOK``: a notebook with its environment."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import click
import msgspec

from jupyter_envs.cli.flow import confirm, run_change
from jupyter_envs.cli.options import EnvironmentName, complete_environment, json_option, prefix_option
from jupyter_envs.cli.plan_view import change_rows, changes_json
from jupyter_envs.cli.session import Session
from jupyter_envs.cli.tables import counted
from jupyter_envs.engine.models.origins import is_interpreter
from jupyter_envs.engine.models.plan import ChangeRequest, PackageChange
from jupyter_envs.errors import NotFoundError, SpecError
from jupyter_envs.kernels.directory import RegisteredKernel, startable_kernels
from jupyter_envs.kernels.sync import add_kernels, visible_kernels
from jupyter_envs.notebooks.check import MissingModule, NotebookCheck, changes_between, check_notebook
from jupyter_envs.notebooks.document import Notebook, read_notebook, with_metadata, write_notebook
from jupyter_envs.notebooks.environment import Need, check_allowed, files_beside, need_of
from jupyter_envs.notebooks.lock import find_kernel
from jupyter_envs.notebooks.places import foreign_channels, foreign_hosts

DIFFERENT = 1
"""Exit code of ``check`` when something is missing or has changed."""

environment_option = click.option(
    "-e",
    "--environment",
    "name",
    metavar="NAME",
    type=EnvironmentName(),
    shell_complete=complete_environment,
    help="The environment, instead of the one of the notebook's kernel.",
)
file_option = click.option(
    "-f",
    "-r",
    "--file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Take the environment from this file (environment.yml, requirements.txt, ...), not from the notebook.",
)
agree_option = click.option(
    "-y", "--yes", is_flag=True, help="Agree to places that the settings do not name, and to scripts of packages."
)
exact_option = click.option("--exact", is_flag=True, help="Refuse anything but exactly the locked files.")


# -- lock -------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("notebook", required=False, type=click.Path(path_type=Path))
@environment_option
@prefix_option
@json_option
def lock(notebook: Path | None, name: str | None, prefix: str | None, as_json: bool) -> None:
    """Write the environment of a NOTEBOOK into it: what was asked for, and every package with its digest.

    Without NOTEBOOK the lock is printed. Packages for other platforms that the notebook is locked for stay, as long as
    what is asked for stays the same.

    \b
    jupyter envs lock analysis.ipynb
    """  # noqa: D301 click's mark for lines that stay as they are
    from jupyter_envs.engine.exchange.notebook_lock import lock_json
    from jupyter_envs.notebooks.lock import get_prefix, lock_of, with_lock

    session = Session(as_json=as_json)
    if notebook is None:
        value = lock_json(lock_of(session.engine, session.prefix(name, prefix)))
        session.output.text(msgspec.json.format(msgspec.json.encode(value), indent=1).decode())
        session.output.result({"lock": value})
        return
    before = read_notebook(notebook)
    target = session.prefix(name, prefix) if name or prefix else get_prefix(before, visible_kernels(session.settings))
    after = with_lock(before, session.engine, target)
    if after is not before:
        write_notebook(after)
    count = len(after.metadata["jupyter_envs"]["platforms"][session.settings.subdir]["packages"])
    what = f"{session.name_of(target)}: {counted(count, 'package')} for {session.settings.subdir}"
    said = f"{notebook.name} carries {what}"
    session.output.text(said if after is not before else f"{said}, as before")
    session.output.result(
        {"notebook": str(after.path), "prefix": str(target), "written": after is not before, "packages": count}
    )


# -- check ------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@json_option
def check(notebook: Path, as_json: bool) -> int:
    """Compare what a NOTEBOOK imports with its environment; exit code 1 when something is missing or has changed."""
    session = Session(as_json=as_json)
    read, kernels = read_notebook(notebook), visible_kernels(session.settings)
    found = check_notebook(read, session.engine, kernels)
    for line in [
        *check_lines(found, notebook.name),
        *check_hints(found, notebook, find_kernel(read.metadata, kernels)),
    ]:
        session.output.text(line)
    value = msgspec.to_builtins(msgspec.structs.replace(found, changed=()))
    session.output.result({**value, "changed": changes_json(found.changed), "good": found.good})
    return 0 if found.good else DIFFERENT


def check_lines(found: NotebookCheck, name: str) -> list[str]:
    """Return what was found, in sentences."""
    if found.against == "nothing":
        imports = ", ".join(found.imports) or "nothing but what Python itself has"
        return [f"{name} imports {imports}", "it carries no environment, and its kernel is no environment's here"]
    place = {"lock": "its lock", "kernel": "its kernel's environment", "script": "its script block"}[found.against]
    lines = [f"missing: {missing.module}{_brought(missing)}" for missing in found.missing]
    lines += [f"unused: nothing imports {name}" for name in found.unused]
    lines += [f"changed: {' '.join(filter(None, row[1:3]))}{_gone(row[0])}" for row in change_rows(found.changed)]
    return [*lines, _sum(len(found.imports), len(found.missing), f"in {place}")]


def _sum(imports: int, missing: int, place: str) -> str:
    if not imports:
        return "it imports nothing but what Python itself has"
    if missing:
        return f"{missing:,} of {counted(imports, 'import')} {'is' if missing == 1 else 'are'} not {place}"
    return f"its one import is {place}" if imports == 1 else f"all {imports:,} imports are {place}"


def _brought(missing: MissingModule) -> str:
    """Return what brings a module, where that is not called as the module is."""
    called = missing.module.split(".")[0].replace("_", "-").lower()
    bringer = f"{missing.package} brings it" if missing.package != called else ""
    said = ", ".join(filter(None, [bringer, "optional" if missing.optional else ""]))
    return f" ({said})" if said else ""


def check_hints(found: NotebookCheck, notebook: Path, kernel: RegisteredKernel | None) -> list[str]:
    """Return what can be done about it."""
    path = shlex.quote(str(notebook))
    if found.against == "nothing":
        hints = [
            f" hint: `jupyter envs run {path} --file {shlex.quote(str(file))}` runs it with what that file says"
            for file in files_beside(notebook)[:1]
        ]
        return [*hints, f" hint: `jupyter envs lock {path} --environment NAME` writes an environment into it"]
    needed = sorted({missing.package for missing in found.missing if not missing.optional})
    if found.against == "kernel" and kernel is not None and needed:
        return [f" hint: `jupyter envs install {kernel.environment} {shlex.join(needed)}` brings what is missing"]
    return []


def _gone(mark: str) -> str:
    return " is not there any more" if mark == "-" else ""


# -- run and open -----------------------------------------------------------------------------------------------


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write the executed notebook here."
)
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="What one cell may take."
)
@click.option("--allow-errors", is_flag=True, help="Go on after a cell that fails.")
@file_option
@exact_option
@agree_option
def run_notebook(
    notebook: Path,
    output: Path | None,
    timeout: float | None,
    allow_errors: bool,
    file: Path | None,
    exact: bool,
    yes: bool,
) -> None:
    """Execute a NOTEBOOK in the environment that it carries, building that when it is not here; write the outputs.

    \b
    jupyter envs run analysis.ipynb
    """  # noqa: D301 click's mark for lines that stay as they are
    from jupyter_envs.notebooks.execute import check_place, execute_notebook

    session = Session()
    read = read_notebook(notebook)
    target = (output or notebook).expanduser().absolute()
    check_place(target)
    kernel = ready_kernel(session, read, file, exact=exact, yes=yes)

    def progress(done: int, total: int) -> None:
        session.output.note(f"cell {done} of {total}…")

    count = execute_notebook(
        read.path, target, kernel.name, timeout=timeout, allow_errors=allow_errors, progress=progress
    )
    session.output.text(f"{counted(count, 'cell')} executed in {kernel.environment}: {target}")


@click.command(name="open")
@click.argument("notebook", type=click.Path(path_type=Path))
@file_option
@exact_option
@agree_option
def open_notebook(notebook: Path, file: Path | None, exact: bool, yes: bool) -> None:
    """Open a NOTEBOOK in JupyterLab on the kernel of the environment that it carries, building that when needed."""
    session = Session()
    read = read_notebook(notebook)
    kernel = ready_kernel(session, read, file, exact=exact, yes=yes)
    spec = {"name": kernel.name, "display_name": kernel.display_name, "language": kernel.language}
    chosen = with_metadata(read, kernelspec=spec)
    if chosen is not read:
        write_notebook(chosen)
        session.output.note(f"{notebook.name} is now on the kernel {kernel.display_name}")
    command = [sys.executable, "-m", "jupyterlab", str(read.path)]
    os.execv(command[0], command)  # noqa: S606 no shell is wanted


def ready_kernel(
    session: Session, notebook: Notebook, file: Path | None, *, exact: bool, yes: bool
) -> RegisteredKernel:
    """Return the kernel of the environment that a notebook needs, which is built when it is not there.

    Unless ``yes``, a person is asked before a place is contacted that the settings do not name, and before a script of
    a package is run.

    Raises
    ------
    SpecError
        It carries no environment, takes packages from where the settings do not allow, or (``exact``) cannot have
        exactly what is locked.
    NotFoundError
        The environment has no kernel.
    """
    own = find_kernel(notebook.metadata, visible_kernels(session.settings))
    need = need_of(notebook, session.engine, file=file, exact=exact, preferred=own.prefix if own else "")
    if need.state == "none":
        raise no_environment(notebook, need, own)
    check_allowed(need)
    if exact:
        check_exact(notebook, need)
    if need.because:
        session.output.note(f"{notebook.path.name}: {need.because}; what was asked for is solved for here")
    prefix = need.prefix
    if need.request is not None:
        if not yes:
            ask_places(session, notebook, need.request)
        run_change(session, need.request, yes=True, foreign=not yes)
        prefix = need.request.prefix
    if need.because and need.locked:
        show_difference(session, changes_between_names(session, need, Path(prefix)))
    return _kernel_of(session, Path(prefix))


def no_environment(notebook: Notebook, need: Need, own: RegisteredKernel | None) -> SpecError:
    """Return the error for a notebook that says nothing of an environment, with what could be done."""
    path = shlex.quote(min(os.path.relpath(notebook.path), str(notebook.path), key=len))
    hint = f"`jupyter envs lock {path} --environment NAME` writes one into it"
    if own is not None:
        hint = f"its kernel is that of {own.environment}: `jupyter envs lock {path}` writes that environment into it"
    if need.beside:
        names = ", ".join(os.path.relpath(file, notebook.path.parent) for file in need.beside)
        hint = f"beside it is {names}: add `--file {need.beside[0]}` to take the environment from there"
    return SpecError(f"{notebook.path.name} carries no environment", hint=hint, code="exchange.no_lock")


def ask_places(session: Session, notebook: Notebook, request: ChangeRequest) -> None:
    """Ask before anything is fetched from where the settings would not; raises as ``confirm``."""
    if session.engine.settings.offline:
        return
    places = (*foreign_channels(request, session.engine), *foreign_hosts(request.records, session.engine))
    if places:
        what = f"{notebook.path.name} takes packages from where your settings do not: {', '.join(places)}"
        confirm(session, what, otherwise="add them to your own (`jupyter envs info` shows those)", default=False)


def check_exact(notebook: Notebook, need: Need) -> None:
    """Raise ``SpecError`` (``notebook.exact``) unless the environment is, or will be, exactly what is locked."""
    name = notebook.path.name
    if need.because or not need.locked:
        reason = need.because or "it carries no lock"
        raise SpecError(
            f"{name} cannot have exactly what was locked: {reason}",
            hint="without --exact, what was asked for is solved for here",
            code="notebook.exact",
        )
    loose = [record.dist for record in need.locked if not (record.sha256 or record.md5 or is_interpreter(record))]
    if loose:
        raise SpecError(f"{name} has no digest for {', '.join(loose)}", hint="lock it again", code="notebook.exact")


def changes_between_names(session: Session, need: Need, prefix: Path) -> tuple[PackageChange, ...]:
    """Return what an environment that was solved here has otherwise than what was locked elsewhere, by version."""
    changes = changes_between(need.locked, session.engine.packages(prefix))
    return tuple(change for change in changes if change.kind not in ("rebuilt", "relinked"))


def show_difference(session: Session, changes: tuple[PackageChange, ...]) -> None:
    """Show how what is here differs from the lock."""
    if not changes:
        session.output.text("every version is the one that was locked")
        return
    session.output.text("otherwise than in the lock:")
    session.output.plan(change_rows(changes), [])


def _kernel_of(session: Session, prefix: Path) -> RegisteredKernel:
    place = os.path.realpath(prefix)
    kernels = [kernel for kernel in startable_kernels() if os.path.realpath(kernel.prefix) == place]
    kernels = kernels or list(add_kernels(prefix, session.settings).kernels)
    if not kernels:
        raise NotFoundError(f"{session.name_of(prefix)} has no kernel", hint="install ipykernel and lock again")
    return kernels[0]
