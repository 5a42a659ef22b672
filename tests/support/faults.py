"""Crashes and refusals at chosen file-system calls, and trees compared exactly.

``run_forked`` runs an action in a forked child of a warmed-up process (a few milliseconds each). An audit hook in the
child counts the calls that change something below a folder; at the k-th it kills the child or raises an ``OSError``,
*before* the call happens, so that k over all calls visits every state between two of them. Reads are not counted. What
native code does without Python's ``os`` (SQLite, py-rattler) is not seen. ``run_apart`` is for what uses py-rattler's
threads: a fork does not take along those that an earlier test has started, and waits for them for ever.
"""

from __future__ import annotations

import errno
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import stat
import subprocess
import sys
import warnings
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

# Event -> positions of its paths, and of the dir_fd that belongs to each (-1: the event does not tell).
_EVENTS: dict[str, tuple[tuple[int, int], ...]] = {
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.link": ((0, 2), (1, 3)),
    "os.mkdir": ((0, 2),),
    "os.remove": ((0, 1),),
    "os.removexattr": ((0, -1),),
    "os.rename": ((0, 2), (1, 3)),
    "os.rmdir": ((0, 1),),
    "os.setxattr": ((0, -1),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, -1),),
    "os.utime": ((0, 3),),
    "open": ((0, -1),),
}
_ALLOCATING = frozenset({"open", "os.link", "os.mkdir", "os.symlink", "os.rename"})
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True)
class Fault:
    """What happens at the ``at``-th counted call (from 1).

    ``"kill"`` is SIGKILL. ``"raise"`` raises ``OSError(error)`` once. ``"raise-on"`` raises from then on for all calls
    that take space (ENOSPC as a full disk does it: removing still works), or for all calls when ``error`` is another.
    """

    at: int
    kind: Literal["kill", "raise", "raise-on"] = "kill"
    error: int = errno.ENOSPC


@dataclass(frozen=True)
class Outcome:
    """How a forked run ended: by a signal, with an error (class name, code, message), or with a result."""

    signal: int
    error: str
    code: str
    message: str
    result: Any
    calls: tuple[str, ...]

    @property
    def killed(self) -> bool:
        return self.signal == signal.SIGKILL

    @property
    def succeeded(self) -> bool:
        return not self.signal and not self.error


class Run(Protocol):
    """What runs an action in a child: ``run_forked``, ``run_apart``."""

    def __call__(
        self, action: Callable[[], Any], *, below: Path | str | Collection[Path | str], fault: Fault | None = None
    ) -> Outcome: ...


class _Counter:
    """The audit hook. ``below`` are absolute folders; calls elsewhere pass uncounted."""

    def __init__(self, below: Collection[str], fault: Fault | None) -> None:
        self.below = tuple(f"{folder.rstrip('/')}/" for folder in below)
        self.roots = frozenset(folder.rstrip("/") for folder in below)
        self.fault = fault
        self.calls: list[str] = []
        self.active = False

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.active or event not in _EVENTS:
            return
        if event == "open" and not _opens_for_writing(args):
            return
        paths = [_absolute(args, *where) for where in _EVENTS[event]]
        if not any(path in self.roots or path.startswith(self.below) for path in paths):
            return
        self.calls.append(f"{event} {' -> '.join(paths)}")
        self._strike(event, paths)

    def _strike(self, event: str, paths: list[str]) -> None:
        fault, count = self.fault, len(self.calls)
        if fault is None or count < fault.at:
            return
        if fault.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        spared = fault.error in {errno.ENOSPC, errno.EDQUOT} and event not in _ALLOCATING
        if count == fault.at or (fault.kind == "raise-on" and not spared):
            raise OSError(fault.error, os.strerror(fault.error), paths[-1])


def _opens_for_writing(args: tuple[Any, ...]) -> bool:
    mode, flags = args[1], args[2]
    if isinstance(args[0], int):
        return False
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return bool(isinstance(flags, int) and flags & _WRITING)


def _absolute(args: tuple[Any, ...], position: int, fd_position: int) -> str:
    path = args[position]
    if isinstance(path, int):
        return os.readlink(f"/proc/self/fd/{path}")
    text = os.fsdecode(path)
    if os.path.isabs(text):
        return os.path.normpath(text)
    fd = args[fd_position] if fd_position >= 0 else -1
    base = os.readlink(f"/proc/self/fd/{fd}") if isinstance(fd, int) and fd >= 0 else os.getcwd()
    return os.path.normpath(os.path.join(base, text))


def run_forked(
    action: Callable[[], Any], *, below: Path | str | Collection[Path | str], fault: Fault | None = None
) -> Outcome:
    """Run ``action`` in a forked child under ``fault`` and tell how it ended.

    Parameters
    ----------
    action : callable
        What to run; its return value (JSON-able, else its ``repr``) comes back as ``Outcome.result``.
    below : path or paths
        Folders whose changes are counted.
    fault : Fault, optional
        What to do at which call. Without one the calls are only listed.
    """
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 warns of threads: the parent's are idle here
        pid = os.fork()
    if pid == 0:
        os.close(reader)
        _child(action, _Counter(_absolute_folders(below), fault), writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        raw = pipe.read()
    status = os.waitpid(pid, 0)[1]
    return _outcome(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, raw)


def run_apart(
    action: Callable[[], Any], *, below: Path | str | Collection[Path | str], fault: Fault | None = None
) -> Outcome:
    """Do as ``run_forked``, in a child of a process that has run nothing; ``action`` is pickled on its way there."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["rattler.index", "jupyter_envs.bundles.make", "support.faults"])
    reader, writer = context.Pipe(duplex=False)
    work = (action, _absolute_folders(below), fault, dict(os.environ), writer)
    child = context.Process(target=_child_apart, args=work)
    child.start()
    writer.close()
    with os.fdopen(os.dup(reader.fileno()), "rb") as pipe:
        raw = pipe.read()
    reader.close()
    child.join()
    return _outcome(max(0, -(child.exitcode or 0)), raw)


def _child_apart(
    action: Callable[[], Any],
    folders: list[str],
    fault: Fault | None,
    environ: dict[str, str],
    writer: Connection[bytes, bytes],
) -> None:
    os.environ.clear()
    os.environ.update(environ)
    _child(action, _Counter(folders, fault), os.dup(writer.fileno()))


def _absolute_folders(below: Path | str | Collection[Path | str]) -> list[str]:
    folders = [below] if isinstance(below, str | Path) else below
    return [os.path.abspath(folder) for folder in folders]


def _outcome(ended_by: int, raw: bytes) -> Outcome:
    report = json.loads(raw) if raw else {}
    return Outcome(
        signal=ended_by,
        error=report.get("error", ""),
        code=report.get("code", ""),
        message=report.get("message", ""),
        result=report.get("result"),
        calls=tuple(report.get("calls", ())),
    )


def _child(action: Callable[[], Any], counter: _Counter, writer: int) -> None:
    report: dict[str, Any] = {}
    try:
        sys.addaudithook(counter)
        counter.active = True
        report["result"] = action()
    except BaseException as error:
        report.update(error=type(error).__name__, code=getattr(error, "code", ""), message=str(error))
    finally:
        counter.active = False
        report["calls"] = counter.calls
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(json.dumps(report, default=repr).encode())
        os._exit(0)


def count_calls(
    action: Callable[[], Any], *, below: Path | str | Collection[Path | str], run: Run = run_forked
) -> Outcome:
    """Run ``action`` undisturbed in a child; ``len(outcome.calls)`` is the number of crash points. It must succeed."""
    outcome = run(action, below=below)
    if not outcome.succeeded:
        raise AssertionError(f"the undisturbed run failed: {outcome.error} {outcome.code}: {outcome.message}")
    return outcome


def crash_points(
    action: Callable[[], Any],
    *,
    tree: Path | str,
    below: Path | str | Collection[Path | str] | None = None,
    kind: Literal["kill", "raise", "raise-on"] = "kill",
    error: int = errno.ENOSPC,
    step: int = 1,
    run: Run = run_forked,
) -> Iterator[tuple[int, Outcome]]:
    """Run ``action`` once per call it makes, each time from the same starting tree, struck at the k-th call.

    Yields ``(k, outcome)`` with ``tree`` as the struck run left it; whatever the caller does to it then is undone
    before the next one. Ends with ``(0, outcome)`` of an undisturbed run. ``below`` is ``tree`` when not given.
    ``run`` is what runs it in a child.

    Examples
    --------
    >>> for k, outcome in crash_points(install, tree=root):      # doctest: +SKIP
    ...     engine.recover(prefix)
    ...     assert snapshot_tree(prefix) in (old, new), k
    """
    below = tree if below is None else below
    with SavedTree(tree) as saved:
        total = len(count_calls(action, below=below, run=run).calls)
        for k in range(1, total + 1, step):
            saved.restore()
            yield k, run(action, below=below, fault=Fault(k, kind, error))
        saved.restore()
        yield 0, run(action, below=below)


class SavedTree:
    """A copy of a folder (modes, times, links, hard links among its files kept) to go back to, at the same path."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.copy = self.folder.with_name(f".{self.folder.name}.saved")

    def __enter__(self) -> SavedTree:
        shutil.rmtree(self.copy, ignore_errors=True)
        subprocess.run(["cp", "-a", str(self.folder), str(self.copy)], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.copy, ignore_errors=True)

    def restore(self) -> None:
        """Put the folder back exactly as it was on entry."""
        subprocess.run(["rm", "-rf", str(self.folder)], check=True)
        subprocess.run(["cp", "-a", str(self.copy), str(self.folder)], check=True)


@dataclass(frozen=True)
class Entry:
    """One path of a tree: what it is, its mode, and its content's digest or its link's target."""

    kind: Literal["file", "directory", "softlink", "other"]
    mode: int
    content: str = ""


def snapshot_tree(
    folder: Path | str, *, ignore: Callable[[str], bool] | None = None, modes: bool = True
) -> dict[str, Entry]:
    """Return every path below ``folder`` (relative, ``/``) with what stands there; ``{}`` when the folder is not there.

    Times and owners are left out. ``ignore`` gets the relative path; an ignored directory hides what is below it.
    """
    root = os.fspath(folder)
    found: dict[str, Entry] = {}
    pending = [""] if os.path.isdir(root) else []
    while pending:
        relative = pending.pop()
        with os.scandir(os.path.join(root, relative)) as entries:
            for item in entries:
                path = f"{relative}/{item.name}" if relative else item.name
                if ignore is not None and ignore(path):
                    continue
                found[path] = _entry(item, modes)
                if found[path].kind == "directory":
                    pending.append(path)
    return dict(sorted(found.items()))


def _entry(item: os.DirEntry[str], modes: bool) -> Entry:
    info = item.stat(follow_symlinks=False)
    mode = stat.S_IMODE(info.st_mode) if modes else 0
    if stat.S_ISLNK(info.st_mode):
        return Entry("softlink", 0, os.readlink(item.path))
    if stat.S_ISDIR(info.st_mode):
        return Entry("directory", mode)
    if stat.S_ISREG(info.st_mode):
        return Entry("file", mode, hashlib.sha256(Path(item.path).read_bytes()).hexdigest())
    return Entry("other", mode)


def tree_difference(before: dict[str, Entry], after: dict[str, Entry]) -> list[str]:
    """Return one line per path that differs, for an assertion's message; empty when the trees are equal."""
    lines = []
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old is None:
            lines.append(f"+ {path} {new}")
        elif new is None:
            lines.append(f"- {path} {old}")
        elif old != new:
            lines.append(f"~ {path} {old} -> {new}")
    return lines
