"""The Pythons of this machine as ``python`` records: found, asked who they are, offered to the solve.

Owns finding base interpreters (never a shim, never a venv's link), asking each once, and saying when one that an
environment borrows is gone. An interpreter is asked by running it isolated, with a time limit; the answer is kept until
its file changes. Refuses what is not CPython, older than 3.9, or free-threaded: wheels here are for the others.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from jupyter_envs.engine.models.origins import INTERPRETER_SCHEME
from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.sources.base import INTERPRETER_SUFFIX, to_rattler
from jupyter_envs.engine.sources.interpreter_probe import InterpreterInfo, find_interpreters

if TYPE_CHECKING:
    from rattler import PackageName, RepoDataRecord, Subdir

__all__ = [
    "InterpreterInfo",
    "InterpreterSource",
    "check_interpreter",
    "find_interpreters",
    "interpreter_path",
    "interpreter_record",
]

PYTHON = "python"


class InterpreterSource:
    """Interpreters of this machine as records (rattler's ``RepoDataSource``).

    Parameters
    ----------
    infos : sequence of InterpreterInfo
        What ``find_interpreters`` found, the preferred first.
    subdir : str
        The conda platform that is solved for; interpreters of another are left out.
    """

    def __init__(self, infos: Sequence[InterpreterInfo], subdir: str) -> None:
        usable = [info for info in infos if info.subdir == subdir]
        self._subdir = subdir
        self.records = tuple(
            interpreter_record(info, preference=len(usable) - place) for place, info in enumerate(usable)
        )
        self.warnings: list[PlanWarning] = []

    def package_names(self, platform: Subdir) -> list[str]:
        """Return ``python`` where there is an interpreter for the platform."""
        return [PYTHON] if self.records and str(platform) == self._subdir else []

    async def fetch_package_records(self, platform: Subdir, name: PackageName) -> list[RepoDataRecord]:
        """Return the interpreters when ``python`` is asked for."""
        if name.normalized != PYTHON or str(platform) != self._subdir:
            return []
        return [to_rattler(record) for record in self.records]


def interpreter_record(info: InterpreterInfo, *, preference: int = 0) -> RepodataRecord:
    """Return the ``python`` record of an interpreter.

    Parameters
    ----------
    info : InterpreterInfo
        The interpreter.
    preference : int
        Which of several of the same version to take: the highest.
    """
    build = f"interpreter_{hashlib.sha256(info.executable.encode()).hexdigest()[:8]}_0"
    return RepodataRecord(
        name=PYTHON,
        version=info.version,
        build=build,
        build_number=preference,
        subdir=info.subdir,
        fn=f"{PYTHON}-{info.version}-{build}{INTERPRETER_SUFFIX}",
        url=_interpreter_url(info.executable),
        channel=INTERPRETER_SCHEME,
    )


def interpreter_path(url: str) -> str:
    """Return the executable that an interpreter record's URL names."""
    path = unquote(url.removeprefix(INTERPRETER_SCHEME))
    return path[1:] if len(path) > 2 and path[0] == "/" and path[2] == ":" else path  # /C:/Python/python.exe


def _interpreter_url(executable: str) -> str:
    path = executable.replace("\\", "/") if os.sep == "\\" else executable
    return INTERPRETER_SCHEME + quote(path if path.startswith("/") else f"/{path}", safe="/:")


def check_interpreter(prefix: str | os.PathLike[str]) -> str | None:
    """Return what is wrong with the Python that an environment borrows, as a sentence; ``None`` when nothing is.

    Parameters
    ----------
    prefix : path
        An environment made with the interpreter source, or a venv. One without ``pyvenv.cfg`` borrows none.
    """
    config = _pyvenv(Path(prefix) / "pyvenv.cfg")
    home = config.get("home")
    if not home:
        return None
    version = config.get("version") or config.get("version_info") or ""
    minor = ".".join(version.split(".")[:2])
    base = config.get("executable") or config.get("base-executable") or os.path.join(home, f"python{minor}")
    if not os.path.lexists(base):
        return f"the Python {version} that the environment borrows has been moved or removed: {base}"
    if not os.path.isfile(base) or not os.access(base, os.X_OK):
        return f"the Python {version} that the environment borrows cannot be run: {base}"
    return _changed(base, minor)


def _changed(base: str, minor: str) -> str | None:
    """Return whether the file is another minor version than the environment was made with."""
    from jupyter_envs.engine.sources.interpreter_probe import ask

    if not minor or Path(base).name == f"python{minor}" or Path(os.path.realpath(base)).name == f"python{minor}":
        return None
    info = ask(base)
    if info is None:
        return f"the Python that the environment borrows does not answer: {base}"
    if info.version.split(".")[:2] != minor.split("."):
        return f"the environment was made with Python {minor}, but {base} is Python {info.version} now"
    return None


def _pyvenv(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, equals, value in pairs if equals}
