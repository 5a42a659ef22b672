"""What must be true of a prefix before it is changed; each check raises with a hint. Reads, changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from jupyter_envs.engine.models.origins import is_interpreter
from jupyter_envs.engine.models.records import PrefixRecord, RepodataRecord
from jupyter_envs.engine.prefix.borrowed import find_lost, lost_message
from jupyter_envs.engine.prefix.registry import read_registered
from jupyter_envs.engine.sources.interpreter import interpreter_path
from jupyter_envs.errors import AlreadyExistsError, NotFoundError


def check_free(prefix: Path) -> None:
    """Raise ``AlreadyExistsError`` when something is where a new environment shall be."""
    if prefix.is_symlink() or (prefix.exists() and (not prefix.is_dir() or any(prefix.iterdir()))):
        kind = "environment" if (prefix / "conda-meta").is_dir() else "file or folder"
        raise AlreadyExistsError(
            f"there is already an {kind} {prefix.name}" if kind[0] == "e" else f"{prefix} is not empty",
            hint=f"`jupyter envs install {prefix.name} …` adds packages to it; `jupyter envs delete {prefix.name}` "
            "removes it; or choose another name",
            detail={"prefix": str(prefix)},
        )


def check_environment(prefix: Path) -> None:
    """Raise ``NotFoundError`` unless the prefix is an environment that the engine can change."""
    if (prefix / "conda-meta").is_dir():
        return
    if (prefix / "pyvenv.cfg").is_file():
        raise NotFoundError(
            f"{prefix} is a venv made by another tool; it can be listed and given a kernel, but not changed here",
            hint="`jupyter envs create NAME` makes one that can",
            code="environment.venv",
        )
    raise missing_environment(str(prefix), (), os.environ)


def missing_environment(name_or_path: str, known: Sequence[str], environ: Mapping[str, str]) -> NotFoundError:
    """Return the error for an environment that is not there: never was, or was removed without telling anybody.

    Parameters
    ----------
    name_or_path : str
        What was asked for.
    known : sequence of str
        The names that there are.
    environ : mapping
        The user's variables: the list that tools share still has what was removed by hand.
    """
    import difflib

    listed = [path for path in read_registered(environ) if name_or_path in (path, os.path.basename(path))]
    removed = [path for path in listed if not os.path.lexists(path)]
    if removed:
        return NotFoundError(
            f"the environment {name_or_path} has been removed: there is nothing at {removed[-1]} any more",
            hint="`jupyter envs clean` and `jupyter envs kernels sync` forget it, `jupyter envs create` makes it anew",
            code="environment",
            detail={"name": name_or_path, "near": []},
        )
    near = difflib.get_close_matches(name_or_path, known, 3)
    return NotFoundError(
        f"there is no environment {'at ' * os.path.isabs(name_or_path)}{name_or_path}",
        hint=f"did you mean {' or '.join(near)}?" if near else "`jupyter envs list` shows those there are",
        code="environment",
        detail={"name": name_or_path, "near": near},
    )


def check_installed(names: Sequence[str], records: Sequence[PrefixRecord], prefix: Path) -> None:
    """Raise ``NotFoundError`` with the nearest names when one of ``names`` is not installed."""
    present = {record.name for record in records}
    for name in names:
        if name not in present:
            import difflib

            near = difflib.get_close_matches(name, present, 3)
            raise NotFoundError(
                f"{name} is not installed in {prefix.name}",
                hint=f"did you mean {' or '.join(near)}?" if near else "`jupyter envs packages` lists what is",
                code="package",
                detail={"name": name, "near": near},
            )


def check_borrowed(
    records: Iterable[RepodataRecord], before: Sequence[PrefixRecord], environ: Mapping[str, str]
) -> None:
    """Raise ``NotFoundError`` unless the Pythons that a file's packages borrow are ones that are found here.

    A file that comes from elsewhere must not choose a program of this machine: it would run with every cell.

    Parameters
    ----------
    records : iterable of RepodataRecord
        What a file or a notebook says.
    before : sequence of PrefixRecord
        What is in the environment; what it borrows already is not asked again.
    environ : mapping
        The user's variables: ``PATH`` is searched.
    """
    from jupyter_envs.engine.sources.interpreter import find_interpreters

    had = {record.url for record in before}
    borrowed = [record for record in records if is_interpreter(record) and record.url not in had]
    here = {info.executable: info.version for info in find_interpreters(environ)} if borrowed else {}
    for record in borrowed:
        path = interpreter_path(record.url)
        if here.get(path) != record.version:
            versions = ", ".join(sorted(set(here.values()))) or "none"
            raise NotFoundError(
                f"the Python that the file names is none of those found here: {path} ({record.version})",
                hint=f"ask for `interpreter::python` instead (found here: {versions}), or put that Python on PATH; "
                "`jupyter envs run NOTEBOOK` solves for what a notebook asks for",
                code="interpreter.unknown",
                detail={"path": path, "version": record.version},
            )


def check_present(records: Iterable[RepodataRecord], whose: str, hint: str) -> None:
    """Raise ``NotFoundError`` when a Python that would be borrowed has gone: nothing in the environment could start.

    Parameters
    ----------
    records : iterable of RepodataRecord
        What would be linked: of an earlier state, of the environment that is cloned, or repaired.
    whose : str
        What they are of.
    hint : str
        What to do about it.
    """
    lost = find_lost(records)
    if lost is not None:
        raise NotFoundError(
            lost_message(lost, whose),
            hint=hint,
            code="interpreter.missing",
            detail={"path": interpreter_path(lost.url), "version": lost.version},
        )
