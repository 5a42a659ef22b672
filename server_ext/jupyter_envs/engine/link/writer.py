"""Carry out link plans below one root: directories, links, patched and generated files.

Owns the order (directories first, parents before children; then files) and what is counted. Only ever creates: a file
that is there already is a ``LinkError``, so that undoing a write is deleting what it made. Patched files are new
files with a modification time later than the source's, so that no compiled file of the source is taken for theirs.
"""

from __future__ import annotations

import errno
import gc
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from jupyter_envs.engine.disk_use import taken_bytes
from jupyter_envs.engine.link.actions import (
    COPY,
    HARD_LINK,
    SOFT_LINK,
    FileAction,
    LinkOptions,
    PackageLinkPlan,
    WriteResult,
)
from jupyter_envs.engine.link.bring import create, finish, refusal, write_all
from jupyter_envs.engine.link.directories import needed_directories, refuse_file_as_directory
from jupyter_envs.engine.link.links import LinkCrew
from jupyter_envs.engine.link.prefix_replace import replace_binary, replace_text
from jupyter_envs.engine.link.shebang import rewrite_python_shebang
from jupyter_envs.engine.models.events import CancelToken, Event, NullReporter, Reporter
from jupyter_envs.engine.reflinks import inode_bytes
from jupyter_envs.errors import LinkError, StorageError

_REPORT_EVERY = 0.1


@contextmanager
def paused_gc() -> Iterator[None]:
    """Keep the cyclic collector from walking a hundred thousand paths again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class LinkWriter:
    """Writes plans whose paths are theirs alone (``transaction.inputs.settle``)."""

    def __init__(self, options: LinkOptions) -> None:
        self._options = options

    def write(
        self,
        plans: Sequence[PackageLinkPlan],
        root: str,
        reporter: Reporter | None = None,
        cancel: CancelToken | None = None,
    ) -> WriteResult:
        """Make everything the plans say below ``root``, an existing directory.

        Parameters
        ----------
        plans : sequence of PackageLinkPlan
            All for the same target; files are patched for the target's prefix, wherever ``root`` is.
        root : str
            Absolute path of the new prefix or of a staging directory.
        reporter : Reporter, optional
            Receives ``progress`` events of the phase ``link``, ten a second at most.
        cancel : CancelToken, optional
            Asked every few hundred files.

        Raises
        ------
        LinkError
            ``link.exists``, ``link.source_missing``.
        StorageError
            What the operating system said.
        CancelledError
            Between two files; what has been made stays for the caller to delete.
        """
        result = WriteResult(written={}, methods={}, created_directories=[], made=[])
        if not plans:
            return result
        with paused_gc():
            run = _Run(plans, root, self._options, reporter or NullReporter(), cancel or CancelToken(), result)
            run.directories()
            run.files()
            run.finish()
        return result


class _Run:
    """One call of ``LinkWriter.write``."""

    def __init__(
        self,
        plans: Sequence[PackageLinkPlan],
        root: str,
        options: LinkOptions,
        reporter: Reporter,
        cancel: CancelToken,
        result: WriteResult,
    ) -> None:
        self.plans = plans
        self.root = root
        self.options = options
        self.reporter = reporter
        self.cancel = cancel
        self.result = result
        self.crew = LinkCrew(plans, root, options, cancel.check)
        self.bringer = self.crew.bringers[0]
        self.reported = time.monotonic()

    def directories(self) -> None:
        """Make each directory once, parents first."""
        base = f"{self.root}/"
        created = self.result.created_directories
        wanted = needed_directories(self.plans)
        refuse_file_as_directory(self.plans, wanted)
        for path in wanted:
            try:
                os.mkdir(base + path)
            except FileExistsError:
                _require_directory(base + path)
            except OSError as error:
                raise StorageError.from_os_error(error, "making directories") from error
            else:
                created.append(path)

    def files(self) -> None:
        """Make the special files here while other threads link, then link along."""
        self.crew.start()
        try:
            for plan in self.plans:
                if plan.actions:
                    self.cancel.check()
                for action in plan.actions:
                    self._special(plan, action)
        except BaseException:
            self.crew.abandon()
            raise
        self.crew.join(self._progress)
        self._progress(last=True)

    def _special(self, plan: PackageLinkPlan, action: FileAction) -> None:
        kind, target = action.kind, f"{self.root}/{action.path}"
        if kind == "directory":
            return
        try:
            if kind == "softlink":
                self._softlink(plan, action, target)
            elif kind == "copy":
                self.bringer.copy(action.source, target, plan.manifest.directory)
            elif kind == "link":
                self.bringer.link(action.source, target, plan.manifest.directory)
            elif kind == "generate":
                self._write(action, target, action.content or b"", action.mode or 0o644, None)
            else:
                self._patch(plan, action, target)
        except OSError as error:
            raise refusal(error, action.source or target, target) from error

    def _softlink(self, plan: PackageLinkPlan, action: FileAction, target: str) -> None:
        """Make the same link again, dangling or not; where the cache holds a file instead (Windows), that file."""
        try:
            to = os.readlink(action.source)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            self.bringer.link(action.source, target, plan.manifest.directory)
        else:
            os.symlink(to, target)
            # As rattler records it: the digest of the link's own text, so that a link that was turned is noticed.
            self.result.written[action.path] = hashlib.sha256(os.fsencode(to)).hexdigest()

    def _patch(self, plan: PackageLinkPlan, action: FileAction, target: str) -> None:
        reader = os.open(action.source, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(reader, "rb") as file:
            info = os.fstat(reader)
            data = file.read()
        content = _PATCHES[action.kind](plan, action, data)
        if content is None:
            self.bringer.link(action.source, target, plan.manifest.directory)
            return
        self._write(action, target, content, stat.S_IMODE(info.st_mode), info.st_mtime_ns)

    def _write(self, action: FileAction, target: str, content: bytes, mode: int, older_ns: int | None) -> None:
        """Write a new file; its time is at least a second after ``older_ns`` (compiled files count seconds)."""
        writer = create(target, mode)
        try:
            write_all(writer, content)
            later = None
            if older_ns is not None and time.time_ns() // 10**9 <= older_ns // 10**9:
                later = older_ns + 10**9
            finish(writer, target, mode, later)
            if mode & stat.S_IRUSR:
                self.result.made.append(target)
            else:
                os.fsync(writer)  # it cannot be opened again to be synced with the others
        finally:
            os.close(writer)
        self.result.written[action.path] = hashlib.sha256(content).hexdigest()
        self.result.written_files += 1
        self.result.copied_bytes += len(content)

    def _progress(self, *, last: bool = False) -> None:
        now = time.monotonic()
        if last or now - self.reported >= _REPORT_EVERY:
            self.reported = now
            total = self.crew.total
            done = total if last else min(self.crew.done, total)
            self.reporter.report(Event(kind="progress", phase="link", done=done, total=total))

    def finish(self) -> None:
        """Count what was done."""
        result = self.result
        for bringer in self.crew.bringers:
            result.linked_files += bringer.linked
            result.softlinked_files += bringer.softlinked
            result.copied_files += bringer.copied
            result.copied_bytes += bringer.copied_bytes
            result.linked_bytes -= bringer.copied_bytes
            result.made += bringer.copies
            result.taken_bytes += sum(map(taken_bytes, bringer.soft_links))
        result.taken_bytes += sum(map(taken_bytes, result.made))
        reflinked = [path for bringer in self.crew.bringers for path in bringer.reflinked]
        result.taken_bytes += len(reflinked) * (inode_bytes(self.root) if reflinked else 0)
        result.made += reflinked
        for plan in self.plans:
            result.linked_bytes += sum([entry.size_in_bytes or 0 for entry in plan.entries])
            result.methods[plan.dist] = self._method(plan)
        result.linked_bytes = max(0, result.linked_bytes)

    def _method(self, plan: PackageLinkPlan) -> int:
        """Return conda's number of the method by which most plain files came."""
        others: list[int] = []
        for bringer in self.crew.bringers:
            others += bringer.others.get(plan.manifest.directory, ())
        counts = {kind: others.count(kind) for kind in (HARD_LINK, SOFT_LINK, COPY)}
        counts[HARD_LINK] += len(plan.targets) - len(others)
        return max(counts, key=counts.__getitem__)


def _patch_text(plan: PackageLinkPlan, action: FileAction, data: bytes) -> bytes | None:
    return replace_text(data, action.placeholder, plan.target.prefix, plan.target.layout)


def _patch_binary(plan: PackageLinkPlan, action: FileAction, data: bytes) -> bytes | None:
    return replace_binary(data, action.placeholder, plan.target.prefix)


def _patch_shebang(plan: PackageLinkPlan, action: FileAction, data: bytes) -> bytes | None:
    target = plan.target
    python = f"{target.prefix}/{target.python_executable or target.layout.python_executable}"
    return rewrite_python_shebang(data, python, target.layout)


_PATCHES: dict[str, Callable[[PackageLinkPlan, FileAction, bytes], bytes | None]] = {
    "patch_text": _patch_text,
    "patch_binary": _patch_binary,
    "patch_shebang": _patch_shebang,
}


def _require_directory(path: str) -> None:
    """Refuse to write through a soft link, or where a file is."""
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        raise LinkError(
            f"there is a file or link where a directory is needed: {path}",
            hint="move it away and try again",
            code="link.exists",
            detail={"path": path},
        )
