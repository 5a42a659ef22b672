"""Finds the environments of this user: own and shared ones, conda's, mamba's, pixi's and venvs; reads names of files.

Owns where to look and what one line of the list says. Looks into ``envs_directories``, ``~/.conda/environments.txt``,
``.pixi/envs`` and ``.venv`` of the working directory and its parents, ``WORKON_HOME``, ``~/.virtualenvs``, and at what
is active. Refuses to fail because of one environment: an unreadable one is listed as broken with the reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from jupyter_envs.engine.file_systems import machine
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.prefix.meta_names import MetaNames, ReadNames, read_meta_names
from jupyter_envs.engine.prefix.python import PYVENV_CONFIG, python_executable, pyvenv_version, read_pyvenv_config
from jupyter_envs.engine.prefix.records import META_DIRECTORY
from jupyter_envs.engine.prefix.registry import read_registered
from jupyter_envs.engine.prefix.shared import is_shared
from jupyter_envs.errors import EnvsError
from jupyter_envs.settings import Settings

Kind = Literal["own", "shared", "conda", "pixi", "venv"]
OWN_DIRECTORY = f"{META_DIRECTORY}/jupyter-envs"
_VENV_NAMES = (".venv", "venv")


class EnvironmentInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of environments.

    ``name`` is unique in one answer: what ``resolve`` takes. ``external`` environments were made by another tool,
    ``shared`` ones (a kind) published by somebody else: never ``writable``, whoever asks.
    ``busy``: a process is changing it now. ``interrupted``: a change was stopped halfway and waits to be recovered.
    ``modified`` is in seconds since 1970, 0 when unknown; ``generation`` 0 when none is recorded. ``packages`` of a
    venv counts its dist-infos. ``problem`` says in words why it is ``broken``.
    """

    name: str
    path: str
    kind: Kind
    python: str | None = None
    packages: int = 0
    has_ipykernel: bool = False
    broken: bool = False
    frozen: bool = False
    external: bool = False
    busy: bool = False
    interrupted: bool = False
    active: bool = False
    writable: bool = True
    modified: float = 0.0
    generation: int = 0
    problem: str = ""


def find_environments(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    cwd: str | os.PathLike[str] | None = None,
    read: ReadNames = read_meta_names,
) -> list[EnvironmentInfo]:
    """Return all environments that can be found, own ones first, each real directory once.

    Parameters
    ----------
    settings : Settings
        ``envs_directories`` (the first is ours) and the platform.
    environ : mapping
        HOME, CONDA_PREFIX, VIRTUAL_ENV and WORKON_HOME are asked.
    cwd : path
        Whose project environments are looked for; the working directory when not given.
    read : callable, optional
        Reads the names in a ``conda-meta``; who lists again and again gives a ``RememberedNames``.
    """
    active = {path for path in (environ.get("CONDA_PREFIX"), environ.get("VIRTUAL_ENV")) if path}
    active_keys = {key for key in map(_identity, active) if key is not None}
    seen: set[tuple[int, int]] = set()
    names: set[str] = set()
    found = []
    for path in _candidates(settings, environ, Path(cwd) if cwd is not None else _working_directory()):
        key = _identity(path)
        if key is None or key in seen:
            continue
        seen.add(key)
        info = describe_environment(path, settings, read)
        if info is None:
            continue
        name = info.name if info.name not in names else info.path
        names.add(name)
        found.append(msgspec.structs.replace(info, name=name, active=key in active_keys))
    return found


def describe_environment(
    path: str | os.PathLike[str], settings: Settings, read: ReadNames = read_meta_names
) -> EnvironmentInfo | None:
    """Return what can be said of the environment at ``path``; ``None`` when there is none.

    An environment is a directory with ``conda-meta`` (CEP 32) or ``pyvenv.cfg``.
    """
    prefix = os.path.abspath(path)
    try:
        names = read(os.path.join(prefix, META_DIRECTORY))
    except (FileNotFoundError, NotADirectoryError):
        return _describe_venv(prefix)
    except OSError as error:
        return _unreadable(prefix, settings, error)
    try:
        return _describe_conda(prefix, names, settings)
    except FileNotFoundError:
        return None  # removed while it was looked at
    except (OSError, EnvsError) as error:
        return _unreadable(prefix, settings, error)


def environment_name(prefix: str, kind: Kind) -> str:
    """Return what to call the environment at a path, before names are made unique.

    A venv in a project is called as the project, pixi's as project or ``project:environment``, others as their folder.
    """
    path = Path(prefix)
    if kind == "venv" and path.name in _VENV_NAMES:
        return path.parent.name
    if kind == "pixi" and path.parent.parent.name == ".pixi":
        project = path.parent.parent.parent.name
        return project if path.name == "default" else f"{project}:{path.name}"
    if os.path.isdir(path / "condabin") and os.path.isdir(path / "envs"):
        return "base"
    return path.name


def _candidates(settings: Settings, environ: Mapping[str, str], cwd: Path) -> Iterator[str]:
    for directory in settings.envs_directories:
        yield from _subdirectories(directory)
    yield from iter_shared(settings)
    registered = read_registered(environ)
    yield from registered
    for path in registered:
        pixi = Path(path).parent
        if pixi.name == "envs" and pixi.parent.name == ".pixi":
            yield from _subdirectories(pixi)
    for project in (cwd, *cwd.parents):
        yield from _subdirectories(project / ".pixi" / "envs")
        yield from (str(project / name) for name in _VENV_NAMES)
    home = environ.get("HOME") or environ.get("USERPROFILE")
    if environ.get("WORKON_HOME"):
        yield from _subdirectories(environ["WORKON_HOME"])
    if home:
        yield from _subdirectories(Path(home) / ".virtualenvs")
    yield from (environ[key] for key in ("CONDA_PREFIX", "VIRTUAL_ENV") if environ.get(key))


def iter_shared(settings: Settings) -> Iterator[str]:
    """Yield the paths by which shared environments are known; they may be links."""
    for directory in settings.shared_envs_directories:
        yield from _subdirectories(directory)


def _subdirectories(directory: str | os.PathLike[str]) -> list[str]:
    """Return the directories in a directory that are not hidden, sorted; none when it cannot be read."""
    try:
        with os.scandir(directory) as entries:
            return sorted(entry.path for entry in entries if not entry.name.startswith(".") and entry.is_dir())
    except OSError:
        return []


def _identity(path: str | os.PathLike[str]) -> tuple[int, int] | None:
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _working_directory() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("/")


def _kind(prefix: str, marks: frozenset[str], settings: Settings) -> Kind:
    if is_shared(prefix, settings):
        return "shared"
    if "jupyter-envs" in marks:
        return "own"
    if "pixi" in marks or "pixi_env_prefix" in marks or "/.pixi/envs/" in prefix:
        return "pixi"
    first = settings.envs_directories[0] if settings.envs_directories else ""
    return "own" if first and os.path.dirname(prefix) == first else "conda"


def _describe_conda(prefix: str, names: MetaNames, settings: Settings) -> EnvironmentInfo:
    kind = _kind(prefix, names.marks, settings)
    ours = _own_state(prefix) if "jupyter-envs" in names.marks else _OwnState()
    problem = _problem(prefix, names, settings)
    meta = os.path.join(prefix, META_DIRECTORY)
    return EnvironmentInfo(
        name=environment_name(prefix, kind),
        path=prefix,
        kind=kind,
        python=names.python,
        packages=names.packages,
        has_ipykernel=names.ipykernel or _has_ipykernel_package(prefix, names.python, settings),
        broken=bool(problem),
        frozen="frozen" in names.marks,
        external=kind not in ("own", "shared"),
        busy=ours.busy,
        interrupted=ours.pending and not ours.busy,
        writable=kind != "shared" and os.access(meta, os.W_OK),
        modified=os.stat(meta).st_mtime,
        generation=ours.generation,
        problem=problem,
    )


def _problem(prefix: str, names: MetaNames, settings: Settings) -> str:
    if "history" not in names.marks:
        return "conda-meta/history is missing"
    if names.python is not None and not os.path.exists(python_executable(prefix, layout_for(settings.subdir))):
        return "its Python is not there any more"
    return ""


def _has_ipykernel_package(prefix: str, python: str | None, settings: Settings) -> bool:
    """Tell whether pip put ipykernel there: no record, but a package."""
    if python is None:
        return False
    place = layout_for(settings.subdir).site_packages_for(python)
    return os.path.exists(os.path.join(prefix, place, "ipykernel", "__init__.py"))


class _OwnState(msgspec.Struct, frozen=True):
    """What our own folder in conda-meta says: a living process at work, a transaction left there, the last number."""

    busy: bool = False
    pending: bool = False
    generation: int = 0


def _own_state(prefix: str) -> _OwnState:
    base = os.path.join(prefix, OWN_DIRECTORY)
    found = _entries(base)
    return _OwnState(
        busy="lock" in found and _is_held(os.path.join(base, "lock")),
        pending="transaction" in found and _is_pending(os.path.join(base, "transaction")),
        generation=_latest_generation(os.path.join(base, "generations")) if "generations" in found else 0,
    )


def _is_pending(transactions: str) -> bool:
    """Tell whether a transaction was begun and not ended; what an NFS client holds of one that is done is no sign."""
    return any(not name.endswith(".done") for name in _entries(transactions))


def _entries(directory: str) -> list[str]:
    """Return the names in a directory; none when it has just gone, since the list is made while others work."""
    try:
        return os.listdir(directory)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_held(lock: str) -> bool:
    """Tell whether a living process wrote its number into the lock; it takes it away when it is done."""
    try:
        if os.stat(lock).st_size == 0:
            return False
        holder = msgspec.json.decode(Path(lock).read_bytes(), type=dict[str, object])
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return False
    if holder.get("machine") not in (None, machine()):
        return "pid" in holder and _is_locked(lock)
    return _is_alive(holder.get("pid"))


def _is_locked(lock: str) -> bool:
    """Tell whether the process of another machine, which cannot be looked up, still holds the lock."""
    import fcntl

    try:
        with open(lock, "rb") as stream:  # noqa: PTH123  # plain strings here
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _is_alive(pid: object) -> bool:
    if not isinstance(pid, int) or pid <= 0:
        return False
    import psutil

    return psutil.pid_exists(pid)


def _latest_generation(directory: str) -> int:
    numbers = (entry.removesuffix(".json") for entry in _entries(directory))
    return max((int(number) for number in numbers if number.isascii() and number.isdigit()), default=0)


def _describe_venv(prefix: str) -> EnvironmentInfo | None:
    config_path = os.path.join(prefix, PYVENV_CONFIG)
    try:
        modified = os.stat(config_path).st_mtime
        config = read_pyvenv_config(prefix)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, EnvsError) as error:
        return EnvironmentInfo(
            name=environment_name(prefix, "venv"),
            path=prefix,
            kind="venv",
            external=True,
            broken=True,
            problem=str(error),
        )
    packages = _venv_packages(prefix)
    gone = not os.path.exists(python_executable(prefix))
    return EnvironmentInfo(
        name=environment_name(prefix, "venv"),
        path=prefix,
        kind="venv",
        python=pyvenv_version(config),
        packages=len(packages),
        has_ipykernel=any(entry.startswith("ipykernel-") for entry in packages),
        broken=gone,
        external=True,
        writable=os.access(prefix, os.W_OK),
        modified=modified,
        problem="its Python is not there any more" if gone else "",
    )


def _venv_packages(prefix: str) -> list[str]:
    for pattern in ("lib/python*/site-packages", "Lib/site-packages"):
        for directory in Path(prefix).glob(pattern):
            return [entry for entry in os.listdir(directory) if entry.endswith(".dist-info")]
    return []


def _unreadable(prefix: str, settings: Settings, error: Exception) -> EnvironmentInfo:
    kind = _kind(prefix, frozenset(), settings)
    return EnvironmentInfo(
        name=environment_name(prefix, kind),
        path=prefix,
        kind=kind,
        external=kind not in ("own", "shared"),
        broken=True,
        writable=False,
        problem=str(error),
    )
