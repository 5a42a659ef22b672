"""Bring one file of the cache into the prefix: hard link, else reflink, else soft link when allowed, else copy.

Owns the system calls and what is known of each pair of file systems. It only ever creates: an existing file is an
error, never overwritten. The source is never followed when it is a link itself.
"""

from __future__ import annotations

import errno
import os
import stat
import sys

from jupyter_envs.engine.link.actions import COPY, SOFT_LINK, LinkOptions
from jupyter_envs.errors import EnvsError, LinkError, StorageError

_FICLONE = 0x40049409
_NOT_LINKABLE = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES}
_CHUNK = 1 << 20


class Bringer:
    """Brings files below one root; remembers what each source's file system can do with the root's.

    Parameters
    ----------
    root : str
        The directory below which files are made.
    options : LinkOptions
        Whether to copy always, and whether soft links are allowed.
    soft_excluded : str
        A directory (relative, such as ``bin``) whose files are never soft links: a program finds its prefix from
        the real path of its file.
    """

    def __init__(self, root: str, options: LinkOptions, soft_excluded: str) -> None:
        self._options = options
        try:
            self._root_device = os.stat(root).st_dev
        except OSError as error:
            raise StorageError.from_os_error(error, "linking") from error
        self._soft_excluded = f"{root}/{soft_excluded}/"
        self._devices: dict[str, int] = {}
        self._no_hard: set[int] = set()
        self._foreign: set[str] = set()
        self._no_reflink: set[int] = set()
        self.linked = self.softlinked = self.copied = 0
        self.copied_bytes = 0
        self.copies: list[str] = []
        self.reflinked: list[str] = []
        self.soft_links: list[str] = []
        self.others: dict[str, list[int]] = {}

    @property
    def count(self) -> int:
        """How many files have been brought in."""
        return self.linked + self.softlinked + self.copied

    def hard_links(self, directory: str) -> bool:
        """Whether hard links from ``directory`` of the cache are worth a try."""
        if self._options.always_copy or directory in self._foreign:
            return False
        return self._device(directory) not in self._no_hard

    def reflinks(self, directory: str) -> bool:
        """Whether blocks of files in ``directory`` can be shared, as far as that was tried."""
        return self._device(directory) not in self._no_reflink

    def link(self, source: str, target: str, directory: str) -> None:
        """Make ``target`` from ``source`` by the best method; ``directory`` is the package's in the cache."""
        if self.hard_links(directory):
            try:
                os.link(source, target)
            except OSError as error:
                self.after_failed_link(error, source, target, directory)
            else:
                self.linked += 1
            return
        self.copy(source, target, directory, allow_soft=True)

    def after_failed_link(self, error: OSError, source: str, target: str, directory: str) -> None:
        """Go on after ``os.link`` failed: by another method when it is the link that is not possible, else raise."""
        if error.errno not in _NOT_LINKABLE:
            raise refusal(error, source, target) from error
        if error.errno == errno.EXDEV:
            self._no_hard.add(self._device(directory))
        elif error.errno == errno.EPERM and not is_own(os.lstat(source)):
            # fs.protected_hardlinks (proc(5)): what belongs to somebody else may not be linked. One package was
            # extracted by one user, so its other files are not tried.
            self._foreign.add(directory)
        self.copy(source, target, directory, allow_soft=True)

    def _count(self, directory: str, kind: int) -> None:
        """Remember that a file of ``directory`` came by another method than a hard link."""
        self.others.setdefault(directory, []).append(kind)

    def copy(self, source: str, target: str, directory: str, *, allow_soft: bool = False) -> None:
        """Make ``target`` a file of its own (reflink or copy), or a soft link where that is allowed."""
        device = self._device(directory)
        soft = (
            allow_soft
            and self._options.allow_softlinks
            and not self._options.always_copy
            and not target.startswith(self._soft_excluded)
        )
        try:
            if soft and device in self._no_reflink:
                self._soft_link(source, target)
            else:
                soft = self._clone_or_copy(source, target, device, soft=soft)
        except OSError as error:
            raise refusal(error, source, target) from error
        if allow_soft:
            self._count(directory, SOFT_LINK if soft else COPY)

    def _clone_or_copy(self, source: str, target: str, device: int, *, soft: bool) -> bool:
        """Return whether it has become a soft link after all."""
        try:
            reader = os.open(source, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            self._soft_link(os.readlink(source), target)
            return True
        try:
            return self._from_open(reader, source, target, device, soft=soft)
        finally:
            os.close(reader)

    def _from_open(self, reader: int, source: str, target: str, device: int, *, soft: bool) -> bool:
        info = os.fstat(reader)
        writer = create(target, 0o600)
        try:
            shared = device not in self._no_reflink and _reflink(reader, writer)
            if not shared:
                self._no_reflink.add(device)
                if soft:
                    os.unlink(target)
                    self._soft_link(source, target)
                    return True
                copy_bytes(reader, writer, info.st_size)
            finish(writer, target, stat.S_IMODE(info.st_mode), info.st_mtime_ns)
        finally:
            os.close(writer)
        self.copied += 1
        self.copied_bytes += info.st_size
        (self.reflinked if shared else self.copies).append(target)
        return False

    def _soft_link(self, to: str, target: str) -> None:
        os.symlink(to, target)
        self.softlinked += 1
        self.soft_links.append(target)

    def _device(self, directory: str) -> int:
        device = self._devices.get(directory)
        if device is None:
            try:
                device = os.stat(directory).st_dev
            except OSError as error:
                raise refusal(error, directory, directory) from error
            self._devices[directory] = device
            if device != self._root_device:
                self._no_hard.add(device)
        return device


def is_own(info: os.stat_result) -> bool:
    """Tell whether a file belongs to this process's user; where files have no such owner, all do."""
    return not hasattr(os, "geteuid") or info.st_uid == os.geteuid()


def create(path: str, mode: int) -> int:
    """Open a new file for writing; ``FileExistsError`` when there is one."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.open(path, flags | getattr(os, "O_CLOEXEC", 0), mode)


def finish(writer: int, path: str, mode: int, mtime_ns: int | None) -> None:
    """Set the mode of an open file, and its modification time unless ``None``."""
    if sys.platform == "win32":
        os.chmod(path, mode)
    else:
        os.fchmod(writer, mode)
    if mtime_ns is not None:
        os.utime(writer if os.utime in os.supports_fd else path, ns=(mtime_ns, mtime_ns))


def copy_bytes(reader: int, writer: int, size: int) -> None:
    """Copy the rest of one open file into another, inside the kernel where it can."""
    if sys.platform == "linux":
        try:
            while os.copy_file_range(reader, writer, max(size, _CHUNK)):
                pass
            return
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM):
                raise
    while block := os.read(reader, _CHUNK):
        write_all(writer, block)


def write_all(writer: int, content: bytes) -> None:
    """Write all bytes to an open file; ``os.write`` may take fewer."""
    view = memoryview(content)
    while view:
        view = view[os.write(writer, view) :]


def refusal(error: OSError, source: str, target: str) -> EnvsError:
    """Turn an error of linking one file into the project's own, saying which file and what helps."""
    if isinstance(error, FileExistsError):
        return LinkError(
            f"there is a file in the way: {target}",
            hint="move it away, or `jupyter envs verify` the environment to see whose it is",
            code="link.exists",
            detail={"path": target},
        )
    if isinstance(error, FileNotFoundError) and not os.path.lexists(source):
        return LinkError(
            f"the package cache lacks {source}",
            hint="the cached package is damaged: `jupyter envs clean` it or run the command again to fetch it anew",
            code="link.source_missing",
            detail={"path": source},
        )
    return StorageError.from_os_error(error, f"linking {target}")


def _reflink(reader: int, writer: int) -> bool:
    """Share the blocks of one open file with another (FICLONE); ``False`` when the file system cannot."""
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.ioctl(writer, _FICLONE, reader)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        return False
    return True
