"""Which Pythons there are on this machine, and what each says of itself.

Owns the search (the running one's base, ``PATH``, version managers behind a shim) and the asking. Running an unknown
file is bounded: isolated, no input, ``PROBE_SECONDS``. Answers are kept in one file, by path, size and times.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from jupyter_envs.settings import default_root

PROBE_SECONDS = 10.0
PROBES_AT_ONCE = 4
OLDEST = (3, 9)
_NAMES = re.compile(r"python(?:3(?:\.\d+)?)?(?:\.exe)?")
_MANAGERS = ("versions/*", "installs/python/*")  # where pyenv, and where asdf and mise keep Pythons, beside `shims`
_QUESTION = """
import sys, sysconfig
v = sys.version_info
tag = {"alpha": "a", "beta": "b", "candidate": "rc"}.get(v.releaselevel)
print("\\n".join(map(str, (
    sys.implementation.name, "%d.%d.%d" % v[:3] + ("%s%d" % (tag, v.serial) if tag else ""),
    getattr(sys, "_base_executable", None) or sys.executable, sys.implementation.cache_tag, sysconfig.get_platform(),
    sysconfig.get_config_var("Py_GIL_DISABLED") or 0, sys.maxsize > 2**32))))
"""


class InterpreterInfo(msgspec.Struct, frozen=True):
    """One base interpreter. ``executable`` is absolute and real; ``cache_tag`` is as in ``.cpython-311.pyc``."""

    executable: str
    version: str
    implementation: str
    cache_tag: str
    subdir: str
    free_threaded: bool = False

    @property
    def minor(self) -> tuple[int, int]:
        """The minor version, such as ``(3, 11)``."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)

    @property
    def usable(self) -> bool:
        """Whether environments can be made with it."""
        return self.implementation == "cpython" and not self.free_threaded and self.minor >= OLDEST


def find_interpreters(
    environ: Mapping[str, str], *, cache: str | os.PathLike[str] | None = None
) -> list[InterpreterInfo]:
    """Return the base interpreters of this machine: the running one's base first, then as on ``PATH``.

    Parameters
    ----------
    environ : Mapping
        ``PATH`` is searched; ``JUPYTER_ENVS_ROOT`` says where answers are kept.
    cache : path, optional
        The file of answers; ``interpreters.json`` in the root by default.
    """
    path = Path(cache) if cache is not None else default_root(environ) / "interpreters.json"
    answers = _read_answers(path)
    known = dict(answers)
    candidates = list(dict.fromkeys(os.path.realpath(found) for found in _candidates(environ)))
    found = _ask_all(candidates, answers)
    bases = [info.executable for info in found if info is not None and info.executable not in candidates]
    found += _ask_all(list(dict.fromkeys(bases)), answers)
    if answers != known:
        _write_answers(path, answers)
    unique = {info.executable: info for info in found if info is not None and info.usable and _is_base(info, answers)}
    return list(unique.values())


def running_executable() -> str:
    """Return the base interpreter of the running Python: of a venv the Python it was made with."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def ask(executable: str, timeout: float = PROBE_SECONDS) -> InterpreterInfo | None:
    """Ask a file whether it is a Python; ``None`` when it is none, fails, or takes longer than ``timeout`` seconds."""
    command = [executable, "-I", "-S", "-c", _QUESTION]
    try:
        answer = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        )
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return None
    lines = answer.stdout.splitlines()
    if len(lines) != 7 or not re.fullmatch(r"\d+\.\d+\.\d+\w*", lines[1]):
        return None
    name, version, base, cache_tag, platform, free_threaded, wide = lines
    base = _outside_venv(os.path.realpath(base), version)
    return InterpreterInfo(base, version, name, cache_tag, subdir_of(platform, wide == "True"), free_threaded == "1")


def subdir_of(platform: str, wide: bool) -> str:
    """Return the conda platform for ``sysconfig.get_platform()``, such as ``linux-x86_64`` or ``macosx-11.0-arm64``."""
    machine = platform.rpartition("-")[2]
    if platform.startswith("win"):
        return {"win-amd64": "win-64", "win32": "win-32", "win-arm64": "win-arm64"}.get(platform, platform)
    if platform.startswith("macosx"):
        native = os.uname().machine if machine.startswith("universal") else machine
        return "osx-arm64" if native == "arm64" else "osx-64"
    if machine in ("x86_64", "i686", "i386"):
        return "linux-64" if wide else "linux-32"
    return f"linux-{machine}"


def _is_base(info: InterpreterInfo, answers: Mapping[str, _Answer]) -> bool:
    """Whether the base itself was asked and agrees."""
    answer = answers.get(info.executable)
    return answer is not None and answer.info is not None and answer.info.version == info.version


def _outside_venv(executable: str, version: str) -> str:
    """Return the base of an executable that is a venv's own copy (older Pythons do not say it themselves)."""
    config = Path(executable).parent.parent / "pyvenv.cfg"
    try:
        text = config.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return executable  # not in a venv
    homes = re.findall(r"(?mi)^\s*home\s*=\s*(.+?)\s*$", text)
    minor = ".".join(version.split(".")[:2])
    for name in (f"python{minor}", "python3", "python", "python.exe"):
        if homes and os.path.isfile(os.path.join(homes[0], name)):
            return os.path.realpath(os.path.join(homes[0], name))
    return executable


def _candidates(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield files that may be Pythons, the most wanted first."""
    yield running_executable()
    for text in environ.get("PATH", os.defpath).split(os.pathsep):
        folder = Path(text) if text else None
        if folder is None or not folder.is_absolute():
            continue
        managed = _managed_by(folder)
        yield from managed or _pythons_in(folder)


def _managed_by(folder: Path) -> list[str]:
    """Return the Pythons of a version manager whose folder of shims this is; nothing for an ordinary folder."""
    if folder.name != "shims":
        return []
    homes = [home for pattern in _MANAGERS for home in sorted(folder.parent.glob(pattern), key=_numbers, reverse=True)]
    return [python for home in homes for python in _pythons_in(home / "bin")]


def _pythons_in(folder: Path) -> list[str]:
    """Return the files of a folder with a Python's name that can be run, the plain names first."""
    try:
        names = sorted(name for name in os.listdir(folder) if _NAMES.fullmatch(name))
    except OSError:
        return []  # folders on PATH need not exist or be readable
    paths = [os.path.join(folder, name) for name in sorted(names, key=_plain_first)]
    return [path for path in paths if os.path.isfile(path) and os.access(path, os.X_OK) and os.path.getsize(path)]


def _plain_first(name: str) -> tuple[int, list[int]]:
    stem = name.removesuffix(".exe")
    order = {"python3": 0, "python": 1}.get(stem, 2)
    return order, [-int(part) for part in re.findall(r"\d+", stem)]


def _numbers(home: Path) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", home.name)]


class _Answer(msgspec.Struct, frozen=True):
    """What a file said when it had this size and these times; ``info`` is ``None`` for a file that is no Python.

    Images are made with times that are all alike, and the program that loads ``libpython`` keeps its size: only when it
    was laid down (``changed``) tells the Python of one image from that of the next.
    """

    size: int
    modified: int
    changed: int
    info: InterpreterInfo | None


_ANSWERS = msgspec.json.Decoder(dict[str, _Answer])


def _ask_all(paths: Sequence[str], answers: dict[str, _Answer]) -> list[InterpreterInfo | None]:
    """Return what each file says, from ``answers`` while it is unchanged; new answers are added there."""
    stamps = {path: _stamp(path) for path in paths}
    unknown = [path for path in paths if not _is_current(answers.get(path), stamps[path])]
    if unknown:
        with ThreadPoolExecutor(PROBES_AT_ONCE) as pool:
            for path, info in zip(unknown, pool.map(ask, unknown), strict=True):
                answers[path] = _Answer(*stamps[path], info)
    return [answers[path].info for path in paths]


def _stamp(path: str) -> tuple[int, int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return (0, 0, 0)  # it went away meanwhile; asking it gives nothing
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _is_current(answer: _Answer | None, stamp: tuple[int, int, int]) -> bool:
    return answer is not None and (answer.size, answer.modified, answer.changed) == stamp


def _read_answers(path: Path) -> dict[str, _Answer]:
    try:
        return _ANSWERS.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return {}  # everything is asked again


def _write_answers(path: Path, answers: Mapping[str, _Answer]) -> None:
    """Keep the answers; without a place to keep them everything is asked again next time."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".new-", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(answers))
        os.replace(temporary, path)
