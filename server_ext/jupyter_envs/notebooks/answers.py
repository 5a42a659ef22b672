"""What a program that shows a notebook asks: does its environment exist here, what would building it mean, its lock.

For JSON, of notebooks that may not be saved: the content is given, nothing is read from its file. Refuses to build: the
request that an answer holds is planned and executed as any other, after a person agreed.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.exchange.notebook import checked_notebook
from jupyter_envs.engine.exchange.notebook_lock import find_lock, lock_json
from jupyter_envs.engine.models.origins import origin_of
from jupyter_envs.engine.models.plan import ChangeRequest, PackageChange
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import EnvsError, SpecError
from jupyter_envs.kernels.directory import RegisteredKernel
from jupyter_envs.notebooks.check import changes_between
from jupyter_envs.notebooks.document import Notebook
from jupyter_envs.notebooks.environment import Need, State, check_allowed, files_beside, need_of
from jupyter_envs.notebooks.lock import find_kernel, lock_of
from jupyter_envs.notebooks.places import download_hosts, foreign_channels

SAME_VERSION = ("rebuilt", "relinked")


class NotebookAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be shown of a notebook's environment.

    ``state``, ``prefix``, ``because``, ``refused`` and ``beside`` are those of ``Need``. ``kernel`` is the name of the
    kernel to choose when the environment is ready, ``name`` what a new environment would be called. ``requested``,
    ``channels`` and ``platforms`` are the lock's, ``origins`` counts the locked packages by where they come from (a
    channel, ``pypi``, ``interpreter``), ``download_bytes`` is the sum of their archives; what is in the cache already
    counts for the plan, not here. ``hosts`` are the servers that they would be downloaded from. ``foreign`` are the
    channels that the settings do not name: to be agreed to before a request is planned; those of the notebook itself
    under the key ``""``, those of a file beside it under its path. ``request`` makes the
    environment: to be planned, so that its cost and its link scripts can be shown, and executed when a person agrees.
    """

    state: State
    prefix: str = ""
    kernel: str = ""
    name: str = ""
    because: str = ""
    requested: tuple[str, ...] = ()
    channels: tuple[str, ...] | None = None
    platforms: tuple[str, ...] = ()
    origins: dict[str, int] = {}
    download_bytes: int = 0
    refused: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    foreign: dict[str, tuple[str, ...]] = {}
    beside: tuple[str, ...] = ()
    request: ChangeRequest | None = None


def answer_for(content: object, path: Path, engine: Engine, kernels: Iterable[RegisteredKernel]) -> NotebookAnswer:
    """Return what is to be shown of a notebook's environment.

    Parameters
    ----------
    content : object
        The notebook as JSON.
    path : Path
        Where it is, or would be: for its name and the files beside it.
    engine : Engine
        Asked for the environments that there are.
    kernels : iterable of RegisteredKernel
        Those that are registered.

    Raises
    ------
    SpecError
        It is no notebook of format 4, or what it carries cannot be read.
    """
    notebook = Notebook(path, "", checked_notebook(content, path.name))
    lock = find_lock(notebook.metadata, path.name)
    registered = list(kernels)
    own = find_kernel(notebook.metadata, registered)
    need = need_of(notebook, engine, preferred=own.prefix if own else "")
    request = need.request
    return NotebookAnswer(
        state=need.state,
        prefix=need.prefix,
        kernel=next((kernel.name for kernel in registered if kernel.prefix == need.prefix), ""),
        name=Path(request.prefix).name if request else "",
        because=need.because,
        requested=lock.requested if lock else request.specs if request else (),
        channels=request.channels if request else None,
        platforms=tuple(lock.platforms) if lock else (),
        origins=dict(sorted(Counter(map(origin_of, need.locked)).items())),
        download_bytes=sum(record.size or 0 for record in need.locked) if need.state == "build" else 0,
        refused=need.refused,
        hosts=download_hosts(request, engine) if request and request.records else (),
        foreign=_foreign(notebook, need, engine),
        beside=need.beside,
        request=None if need.refused else request,
    )


def _foreign(notebook: Notebook, need: Need, engine: Engine) -> dict[str, tuple[str, ...]]:
    """Return the channels to be agreed to, by what names them; a faulty file says so when it is planned."""
    requests = {} if need.refused else {"": need.request}
    for file in need.beside:
        with contextlib.suppress(EnvsError):
            requests[file] = need_of(notebook, engine, file=Path(file)).request
    found = {key: foreign_channels(request, engine) for key, request in requests.items() if request is not None}
    return {key: channels for key, channels in found.items() if channels}


def request_for(
    content: object, path: Path, engine: Engine, file: str = "", agreed: Collection[str] = ()
) -> ChangeRequest:
    """Return the request that makes a notebook's environment.

    Parameters
    ----------
    content : object
        The notebook as JSON.
    path : Path
        Where it is, or would be.
    engine : Engine
        Asked for the environments that there are.
    file : str
        One of those beside it, to be taken instead of what it carries.
    agreed : collection of str
        The channels that the settings do not name and a person agreed to, as ``NotebookAnswer.foreign`` has them.

    Raises
    ------
    SpecError
        It cannot be read, needs nothing that could be built, packages from where the settings do not allow, or
        (``notebook.foreign``) channels that nobody agreed to.
    """
    notebook = Notebook(path, "", checked_notebook(content, path.name))
    if file and file not in map(str, files_beside(path)):
        raise SpecError(f"{file} does not lie beside {path.name}", hint="name one that does", code="notebook.beside")
    need = need_of(notebook, engine, file=Path(file) if file else None)
    check_allowed(need)
    if need.request is None:
        said = "exists already" if need.state == "ready" else "is not described in it"
        raise SpecError(
            f"the environment of {path.name} {said}", hint="open the notebook again", code="notebook.nothing_to_build"
        )
    foreign = [channel for channel in foreign_channels(need.request, engine) if channel not in agreed]
    if foreign:
        raise SpecError(
            f"{path.name} takes packages from where your settings do not: {', '.join(foreign)}",
            hint="agree to them, or add them to the settings' channels",
            code="notebook.foreign",
            detail={"channels": foreign},
        )
    return need.request


def difference_for(
    content: object, path: Path, engine: Engine, planned: Sequence[RepodataRecord]
) -> list[PackageChange]:
    """Return which versions will be others than those that a notebook was locked with.

    Parameters
    ----------
    content, path, engine
        As for ``request_for``.
    planned : sequence of RepodataRecord
        All packages of the environment that is planned.

    Raises
    ------
    SpecError
        What the notebook carries cannot be read.
    """
    need = need_of(Notebook(path, "", checked_notebook(content, path.name)), engine)
    return [change for change in changes_between(need.locked, planned) if change.kind not in SAME_VERSION]


def lock_for(content: Mapping[str, Any], engine: Engine, prefix: Path) -> dict[str, Any]:
    """Return the lock of an environment as it is to stand in a notebook's metadata (``notebook_lock.KEY``).

    Parameters
    ----------
    content : mapping
        The notebook as JSON; packages that it is locked to on other platforms stay.
    engine : Engine
        Reads the environment.
    prefix : Path
        The environment.
    """
    metadata = content.get("metadata")
    return lock_json(lock_of(engine, prefix, find_lock(metadata if isinstance(metadata, dict) else {})))
