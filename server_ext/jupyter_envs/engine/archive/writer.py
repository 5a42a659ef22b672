"""Puts an archive's entries into a new directory, each admitted by the guard first.

Files are created (never opened), regular ones only, and hashed on their way if asked. Links are made last, so that no
file can be written through one. Refuses devices, pipes and setuid bits; a directory entry may repeat.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable

import msgspec

from jupyter_envs.engine.archive.guard import DUPLICATE_HINT, Guard, refuse
from jupyter_envs.errors import ArchiveError

CREATE = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class Written(msgspec.Struct, frozen=True):
    """A regular file as it was written: sha256 (hex; empty when it was not asked for), size in bytes."""

    sha256: str
    size: int


class TreeWriter:
    """Writes one package directory.

    Parameters
    ----------
    root : str
        A directory that exists, is empty, and that nobody else writes to.
    guard : Guard
        Decides on every entry.
    archive : str
        The archive's name, for messages.
    hashed : bool
        Whether files are hashed on their way.
    """

    def __init__(self, root: str, guard: Guard, archive: str, *, hashed: bool = True) -> None:
        self._hashed = hashed
        self.root = root
        self.guard = guard
        self.files: dict[str, Written] = {}
        self.directories: set[str] = set()
        self._archive = archive
        self._made: set[str] = {""}

    def directory(self, path: str) -> None:
        """Make a directory that the archive names."""
        self.guard.admit_entry()
        if path in self._made:
            return
        if path in self.files or path in self.guard.links:
            raise self._taken(path)
        self.guard.admit_path(path)
        self._make(path)
        self.directories.add(path)

    def file(self, path: str, chunks: Iterable[bytes | memoryview], mode: int, mtime: float | None) -> Written:
        """Write a regular file.

        Parameters
        ----------
        path : str
            Relative to the package.
        chunks : iterable of bytes or memoryview
            Its content; each is used before the next is asked for.
        mode : int
            Permission bits; setuid, setgid and sticky are dropped, the umask applies.
        mtime : float or None
            Seconds since the epoch; ``None`` keeps the current time.
        """
        self.guard.admit_entry()
        self.guard.admit_path(path)
        slash = path.rfind("/")
        if slash > 0 and path[:slash] not in self._made:
            self._make(path[:slash])
        digest = hashlib.sha256() if self._hashed else None
        size = 0
        fd = self._create(path, mode)
        try:
            for chunk in chunks:
                if digest is not None:
                    digest.update(chunk)
                size += _write_all(fd, chunk)
            if mtime is not None:
                os.utime(fd, (mtime, mtime))
        finally:
            os.close(fd)
        written = self.files[path] = Written(digest.hexdigest() if digest is not None else "", size)
        return written

    def _create(self, path: str, mode: int) -> int:
        try:
            return os.open(f"{self.root}/{path}", CREATE, (mode & 0o777) | 0o400)
        except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
            raise self._taken(path) from error

    def symlink(self, path: str, target: str) -> None:
        """Admit a symbolic link; it is made by ``finish``."""
        self.guard.admit_entry()
        self.guard.admit_path(path)
        if path in self._made:
            raise self._taken(path)
        self.guard.admit_link(path, target)

    def hardlink(self, path: str, target: str) -> None:
        """Make a second name of a file that came earlier in the archive."""
        if target in self.guard.links:
            self.symlink(path, os.path.relpath(target, os.path.dirname(path) or "."))
            return
        self.guard.admit_entry()
        self.guard.admit_path(path)
        if target not in self.files:
            what = f"holds a link to what it does not hold: {path!r} -> {target!r}"
            raise refuse(self._archive, what, "archive.escape")
        self._make(os.path.dirname(path))
        os.link(f"{self.root}/{target}", f"{self.root}/{path}")
        self.files[path] = self.files[target]

    def finish(self) -> None:
        """Make the symbolic links, after each was followed through all the others."""
        self.guard.check_links()
        for path, target in self.guard.links.items():
            parent = os.path.dirname(path)
            if parent not in self._made:
                self._make(parent)
            try:
                os.symlink(target, f"{self.root}/{path}")
            except FileExistsError as error:
                raise self._taken(path) from error

    def has_directory(self, path: str) -> bool:
        """Tell whether a directory was made, named by the archive or not."""
        return path in self._made

    def replace(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """Write one of the engine's own files in ``info/``, replacing what the archive may have had there."""
        full = f"{self.root}/{path}"
        self._make(os.path.dirname(path))
        if path in self.files or path in self.guard.links:
            os.unlink(full)
        fd = os.open(full, CREATE, mode)
        try:
            _write_all(fd, content)
        finally:
            os.close(fd)

    def _taken(self, path: str) -> ArchiveError:
        what = f"holds {path!r} as two different things, or in two spellings that this file system takes for one"
        return refuse(self._archive, what, "archive.duplicate", DUPLICATE_HINT)

    def _make(self, path: str) -> None:
        if path in self._made:
            return
        parent = os.path.dirname(path)
        if parent:
            self._make(parent)
        try:
            os.mkdir(f"{self.root}/{path}", 0o755)
        except FileExistsError as error:
            raise self._taken(path) from error
        self._made.add(path)


def _write_all(fd: int, chunk: bytes | memoryview) -> int:
    done = os.write(fd, chunk)
    if done == len(chunk):
        return done
    view = memoryview(chunk)
    while done < len(chunk):
        done += os.write(fd, view[done:])
    return done
