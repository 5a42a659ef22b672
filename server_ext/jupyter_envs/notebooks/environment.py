"""The environment that a notebook needs, here: one that is there already, a request that builds it, or why neither.

Owns the decision; builds nothing. A lock for this platform is taken as it is. Without one for it, or when the Python
that it borrows is not here, what was asked for is solved anew, and the difference can be shown. The same lock is never
built twice: any environment that has all its packages will do. Sources that the settings do not allow are refused.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.exchange.additions import add_file
from jupyter_envs.engine.exchange.notebook import find_described
from jupyter_envs.engine.exchange.notebook_lock import find_lock, lock_digest, locked_records
from jupyter_envs.engine.exchange.parsed import ParsedEnvironment
from jupyter_envs.engine.exchange.read import read_environment_file
from jupyter_envs.engine.models.origins import is_interpreter, source_of
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.prefix.discovery import EnvironmentInfo
from jupyter_envs.engine.prefix.names import MAX_NAME, suggest_name
from jupyter_envs.engine.prefix.records import iter_record_names, read_records
from jupyter_envs.errors import SpecError
from jupyter_envs.notebooks.document import Notebook

BESIDE = ("environment.yml", "environment.yaml", "requirements.txt")
_BINDER = ("", "binder", ".binder")
_DIGITS = 8

State = Literal["ready", "build", "solve", "none"]


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What a notebook needs.

    ``state`` is ``ready`` (``prefix`` has it all), ``build`` (``request`` makes exactly what is locked), ``solve``
    (``request`` is to be solved; ``because`` says why where there is a lock) or ``none`` (it says nothing of an
    environment; ``beside`` are files that do, for a person to choose). ``locked`` are the packages that were locked,
    for this platform if there are any. ``refused`` are kinds of sources that the settings do not allow.
    """

    state: State
    prefix: str = ""
    request: ChangeRequest | None = None
    because: str = ""
    locked: tuple[RepodataRecord, ...] = ()
    refused: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


def need_of(
    notebook: Notebook, engine: Engine, *, file: Path | None = None, exact: bool = False, preferred: str = ""
) -> Need:
    """Return what a notebook needs here.

    Parameters
    ----------
    notebook : Notebook
        As it was read.
    engine : Engine
        Asked for the environments that there are.
    file : Path
        Taken instead of what the notebook carries.
    exact : bool
        Whether an environment with more than what is locked does not count.
    preferred : str
        The prefix to look at first: that of the notebook's kernel.

    Raises
    ------
    SpecError
        What it carries cannot be read.
    """
    subdir = engine.settings.subdir
    if file is not None:
        described: ParsedEnvironment | None = read_environment_file(file, subdir=subdir)
    else:
        described = find_described(notebook.data, subdir=subdir, path=notebook.path.name)
    if described is None:
        return Need(state="none", beside=tuple(map(str, files_beside(notebook.path))))
    if not described.records:
        return _to_solve(notebook, described, engine, _other_platform(described, subdir), _locked_elsewhere(notebook))
    missing = missing_interpreter(described.records)
    if missing:
        solve = msgspec.structs.replace(described, records=(), specs=described.requested, requested=())
        return _to_solve(notebook, solve, engine, missing, described.records)
    return _to_build(notebook, described, engine, exact=exact, preferred=preferred)


def files_beside(path: Path) -> list[Path]:
    """Return the files beside a notebook, also in ``binder`` folders, that describe an environment."""
    places = [path.parent / folder / name for folder in _BINDER for name in BESIDE]
    return [place for place in places if os.path.isfile(place)]  # False also for a name that is too long


def check_allowed(need: Need) -> None:
    """Raise ``SpecError`` (``sources.refused``) when packages would come from where the settings do not allow."""
    if need.refused:
        raise SpecError(
            f"the environment has packages from {' and '.join(need.refused)}, which the settings do not allow",
            hint="JUPYTER_ENVS_SOURCES says what is allowed; `jupyter envs info` shows it",
            code="sources.refused",
        )


# -- a lock for this machine ------------------------------------------------------------------------------------


def _to_build(notebook: Notebook, described: ParsedEnvironment, engine: Engine, *, exact: bool, preferred: str) -> Need:
    records = described.records
    environments = sorted(engine.environments(), key=lambda info: info.path != preferred)
    prefix = find_satisfying(records, environments, exact=exact)
    if prefix is not None:
        return Need(state="ready", prefix=prefix, locked=records)
    name = free_name(engine, environment_name(notebook.path, lock_digest(records)))
    request = ChangeRequest(action="create", prefix=str(engine.new_prefix(name)))
    allowed = engine.settings.sources
    return Need(
        state="build",
        request=add_file(request, described, engine.settings),
        locked=records,
        refused=tuple(sorted({source_of(record) for record in records} - set(allowed))),
    )


def find_satisfying(
    records: Sequence[RepodataRecord], environments: Sequence[EnvironmentInfo], *, exact: bool = False
) -> str | None:
    """Return the first environment that has all of these packages (``exact``: and no other), with the same digests."""
    wanted = {(record.name, record.version, record.build) for record in records}
    for info in environments:
        if info.kind == "venv" or info.broken or info.interrupted:
            continue
        present = set(iter_record_names(info.path))
        if (present == wanted if exact else present >= wanted) and _same_digests(records, Path(info.path)):
            return info.path
    return None


def _same_digests(records: Sequence[RepodataRecord], prefix: Path) -> bool:
    installed = {record.name: record for record in read_records(prefix)}
    pairs = [(record, installed[record.name]) for record in records if record.name in installed]
    return all(not (one.sha256 and other.sha256) or one.sha256 == other.sha256 for one, other in pairs)


def missing_interpreter(records: Sequence[RepodataRecord]) -> str:
    """Return why the borrowed Python of a lock cannot be borrowed here; empty when it can, or there is none.

    Only Pythons that are found here by themselves count: a program that a notebook names is not to be run.
    """
    from jupyter_envs.engine.sources.interpreter import find_interpreters, interpreter_path

    borrowed = list(filter(is_interpreter, records))
    here = {info.executable: info.version for info in find_interpreters(os.environ)} if borrowed else {}
    for record in borrowed:
        path = interpreter_path(record.url)
        if path not in here:
            return f"the Python that it borrows is not here: {path}"
        if here[path] != record.version:
            return f"the Python that it borrows is another one here: {path} is {here[path]}, not {record.version}"
    return ""


# -- what has to be solved --------------------------------------------------------------------------------------


def _other_platform(described: ParsedEnvironment, subdir: str) -> str:
    if described.format != "notebook":
        return ""
    return f"it is locked for {' and '.join(described.platforms) or 'no platform'}, and this is {subdir}"


def _locked_elsewhere(notebook: Notebook) -> tuple[RepodataRecord, ...]:
    """Return the packages of the first platform that a notebook is locked for."""
    lock = find_lock(notebook.metadata, notebook.path.name)
    return locked_records(lock, next(iter(lock.platforms))) if lock is not None and lock.platforms else ()


def _to_solve(
    notebook: Notebook,
    described: ParsedEnvironment,
    engine: Engine,
    because: str,
    locked: tuple[RepodataRecord, ...],
) -> Need:
    request = add_file(ChangeRequest(action="create", prefix="", add_ipykernel=True), described, engine.settings)
    key = "\n".join([*sorted(request.specs), *(request.channels or ()), engine.settings.subdir])
    name = environment_name(notebook.path, hashlib.sha256(key.encode()).hexdigest())
    prefix = os.path.join(engine.settings.envs_directories[0], name)
    if os.path.isdir(os.path.join(prefix, "conda-meta")):
        if set(request.specs) <= set(engine.requested(Path(prefix))):
            return Need(state="ready", prefix=prefix, because=because, locked=locked)
        prefix = str(engine.new_prefix(free_name(engine, name)))
    return Need(state="solve", request=msgspec.structs.replace(request, prefix=prefix), because=because, locked=locked)


def environment_name(path: Path, digest: str) -> str:
    """Return what to call the environment of a notebook: its own name and the beginning of the digest."""
    stem = suggest_name(path.stem)[: MAX_NAME - _DIGITS - 1].rstrip(".-")
    return f"{stem}-{digest[:_DIGITS]}"


def free_name(engine: Engine, name: str) -> str:
    """Return the name, with a number when an environment that was changed since has it."""
    chosen, number = name, 1
    while os.path.lexists(os.path.join(engine.settings.envs_directories[0], chosen)):
        number += 1
        chosen = f"{name}-{number}"
    return chosen
