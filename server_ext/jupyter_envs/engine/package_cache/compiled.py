"""Compiled files, made once for each package and Python tag, beside the cache.

Owns ``<pkgs>/.pyc/<cache_tag>/<directory>/``: it mirrors the package, and its ``index.json`` is written last. Compiles
with the environment's own Python at low priority. Leaves out files that linking changes (their size and time would not
fit) and those that the package brings compiled. A file that does not compile is counted and left out, as ``pip`` and
``conda`` do.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import msgspec

from jupyter_envs.engine.durable import sync_directory, sync_filesystem
from jupyter_envs.engine.models.events import CancelToken, Event, Reporter
from jupyter_envs.engine.models.records import PackageManifest, PathsEntry
from jupyter_envs.engine.package_cache import disk
from jupyter_envs.engine.package_cache.layout import COMPILED, INDEX, CompiledIndex
from jupyter_envs.engine.removal import remove_tree
from jupyter_envs.errors import CacheError, StorageError

MAX_CHILDREN = 4
FLUSH_PACKAGES = 32
WAIT_SECONDS = 0.2


class CompileReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was compiled: packages and files, files that do not compile, wall seconds."""

    packages: int = 0
    files: int = 0
    failed: int = 0
    seconds: float = 0.0


class CompileJob(msgspec.Struct, frozen=True, kw_only=True):
    """One package to compile: its directory, the identity kept in the index, its sources."""

    directory: str
    package: str
    paths: tuple[str, ...]

    @property
    def name(self) -> str:
        """The package directory's name."""
        return self.directory.rpartition("/")[2]


class _Answer(msgspec.Struct):
    files: list[tuple[str, str, int]]
    failed: int


class _Hello(msgspec.Struct):
    cache_tag: str


def sources_to_compile(manifest: PackageManifest, cache_tag: str) -> tuple[str, ...]:
    """Return a package's Python files whose compiled form every environment can share.

    Parameters
    ----------
    manifest : PackageManifest
        Of ``noarch: python`` packages the files in ``site-packages/`` count, of others those in ``lib/python*/``.
    cache_tag : str
        Such as ``cpython-311``.
    """
    starts = ("site-packages/",) if manifest.noarch == "python" else ("lib/python", "Lib/")
    shipped = {entry.path for entry in manifest.paths if entry.path.endswith(".pyc")}
    return tuple(
        path
        for path in (entry.path for entry in manifest.paths if _is_plain(entry))
        if path.endswith(".py") and path.startswith(starts) and compiled_path(path, cache_tag) not in shipped
    )


def compiled_path(path: str, cache_tag: str) -> str:
    """Return where Python looks for the compiled form of a source (PEP 3147).

    >>> compiled_path("site-packages/a/b.py", "cpython-311")
    'site-packages/a/__pycache__/b.cpython-311.pyc'
    """
    folder, _, name = path.rpartition("/")
    return f"{folder}/__pycache__/{name[:-3]}.{cache_tag}.pyc"


def compile_packages(  # each is needed, and a class would live for one call
    jobs: Sequence[CompileJob], pkgs: str, python: Path, cache_tag: str, reporter: Reporter, cancel: CancelToken
) -> CompileReport:
    """Compile packages into ``pkgs``.

    Raises
    ------
    CacheError
        The Python cannot be run, or has another tag.
    StorageError
        The disk refuses.
    """
    started = time.monotonic()
    reporter.report(Event(kind="phase", phase="compile", total=len(jobs)))
    try:
        os.makedirs(f"{pkgs}/{COMPILED}/{cache_tag}", exist_ok=True)
        temporary = disk.make_temporary(pkgs)
        try:
            run = _Run(pkgs, temporary, cache_tag, reporter, len(jobs))
            with _Compilers(python, cache_tag, min(len(jobs), MAX_CHILDREN, os.cpu_count() or 1)) as compilers:
                compilers.run(jobs, run, cancel)
            run.flush()
        finally:
            remove_tree(temporary)
    except OSError as error:
        raise StorageError.from_os_error(error, "compiling packages") from error
    return CompileReport(
        packages=run.packages, files=run.files, failed=run.failed, seconds=round(time.monotonic() - started, 3)
    )


def _is_plain(entry: PathsEntry) -> bool:
    return entry.path_type in (None, "hardlink") and entry.prefix_placeholder is None


class _Run:
    """Takes answers, writes indexes, and puts finished packages in place, a batch for each sync."""

    def __init__(self, pkgs: str, temporary: str, cache_tag: str, reporter: Reporter, total: int) -> None:
        self._pkgs, self._tag, self._reporter, self._total = pkgs, cache_tag, reporter, total
        self._temporary = temporary
        self._pending: list[CompileJob] = []
        self.packages = self.files = self.failed = 0

    def target(self, job: CompileJob) -> str:
        """Return where a package is compiled to at first."""
        return f"{self._temporary}/{job.name}"

    def take(self, job: CompileJob, answer: _Answer) -> None:
        """Write a package's index."""
        entries = tuple(
            PathsEntry(path=path, path_type="hardlink", sha256=digest, size_in_bytes=size)
            for path, digest, size in answer.files
        )
        index = CompiledIndex(paths=entries, package=job.package, failed=answer.failed)
        with open(f"{self.target(job)}/{INDEX}", "xb") as stream:  # noqa: PTH123  # plain strings in the cache
            stream.write(msgspec.json.encode(index))
        self.packages += 1
        self.files += len(entries)
        self.failed += answer.failed
        self._reporter.report(
            Event(kind="progress", phase="compile", text=job.name, done=self.packages, total=self._total)
        )
        self._pending.append(job)
        if len(self._pending) >= FLUSH_PACKAGES:
            self.flush()

    def flush(self) -> None:
        """Sync what is finished and give it its name; what another process put there meanwhile is as good."""
        if not self._pending:
            return
        sync_filesystem(self._temporary)
        for job in self._pending:
            final = f"{self._pkgs}/{COMPILED}/{self._tag}/{job.name}"
            if os.path.lexists(final):  # made for another package of this name, or unfinished
                with contextlib.suppress(FileNotFoundError):
                    disk.put_away(final, f"{self._temporary}/old-{job.name}")
            try:
                os.rename(self.target(job), final)
            except OSError as error:
                if not os.path.exists(f"{final}/{INDEX}"):
                    raise error
        sync_directory(f"{self._pkgs}/{COMPILED}/{self._tag}")
        self._pending.clear()


class _Compilers:
    """Child processes of the environment's Python, each busy with one package at a time."""

    def __init__(self, python: Path, cache_tag: str, count: int) -> None:
        script = str(Path(__file__).with_name("compile_worker.py"))
        command = [str(python), "-I", "-S", "-W", "ignore", script]
        self._answers = msgspec.json.Decoder(_Answer)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._selector = selectors.DefaultSelector()
        self._python = python
        try:
            for _ in range(count):
                self._processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
            for process in self._processes:
                self._check_tag(process, cache_tag)
        except OSError as error:
            self._end(kill=True)
            raise self._unusable(error.strerror or str(error)) from error
        except BaseException:
            self._end(kill=True)
            raise

    def __enter__(self) -> _Compilers:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._end(kill=kind is not None)

    def run(self, jobs: Sequence[CompileJob], run: _Run, cancel: CancelToken) -> None:
        """Hand out packages, those with most files first."""
        waiting = sorted(jobs, key=lambda job: len(job.paths))
        busy: dict[int, CompileJob] = {}
        for process in self._processes:
            self._selector.register(_pipe(process.stdout), selectors.EVENT_READ, process)
            self._hand_out(process, waiting, busy, run)
        while busy:
            cancel.check()
            for key, _ in self._selector.select(WAIT_SECONDS):
                process = key.data
                run.take(busy.pop(process.pid), self._answers.decode(self._line(process)))
                self._hand_out(process, waiting, busy, run)

    def _hand_out(
        self, process: subprocess.Popen[bytes], waiting: list[CompileJob], busy: dict[int, CompileJob], run: _Run
    ) -> None:
        if not waiting:
            self._selector.unregister(_pipe(process.stdout))
            return
        job = busy[process.pid] = waiting.pop()
        os.mkdir(run.target(job))
        order = {"root": job.directory, "target": run.target(job), "paths": job.paths}
        stdin = _pipe(process.stdin)
        stdin.write(msgspec.json.encode(order) + b"\n")
        stdin.flush()

    def _check_tag(self, process: subprocess.Popen[bytes], cache_tag: str) -> None:
        found = msgspec.json.decode(self._line(process), type=_Hello).cache_tag
        if found != cache_tag:
            raise self._unusable(f"it compiles for {found}, not for {cache_tag}")

    def _line(self, process: subprocess.Popen[bytes]) -> bytes:
        line = _pipe(process.stdout).readline()
        if not line:
            raise self._unusable(f"it ended with status {process.wait()}")
        return line

    def _unusable(self, why: str) -> CacheError:
        return CacheError(
            f"packages cannot be compiled with {self._python}: {why}",
            hint="environments work without; Python compiles what it imports",
            code="cache.compile",
        )

    def _end(self, *, kill: bool) -> None:
        for process in self._processes:
            if kill:
                process.kill()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(BrokenPipeError):
                    _pipe(pipe).close()
        for process in self._processes:
            process.wait()
        self._selector.close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
