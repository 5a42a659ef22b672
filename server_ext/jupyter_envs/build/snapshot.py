"""What is in a prefix before and after a script, and the difference (CEP-less; conda-build's rule, made stricter).

A file is new when its path is. A file that was there and has other bytes now belongs to another package: that is a
collision, not a part of this one. Refuses what no archive can hold: names that are not UTF-8, sockets, devices, pipes.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping

import msgspec

from jupyter_envs.errors import BuildError


class Entry(msgspec.Struct, frozen=True):
    """One path: its kind (``file``, ``link``, ``directory``), and what tells whether it was written to."""

    kind: str
    size: int
    mtime_ns: int
    inode: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Paths that are new (empty directories among them), and those that were there and were written to."""

    new: tuple[str, ...]
    changed: tuple[str, ...]


def take(prefix: str) -> dict[str, Entry]:
    """Return every path below a prefix, relative to it. Folders that a script closed to their owner are opened again.

    Raises
    ------
    BuildError
        ``build.file_name`` or ``build.file_kind``.
    """
    found: dict[str, Entry] = {}
    folders = [""]
    while folders:
        folder = folders.pop()
        _let_owner_in(f"{prefix}/{folder}")
        with os.scandir(f"{prefix}/{folder}") as entries:
            for entry in entries:
                path = f"{folder}{entry.name}"
                _check_name(path)
                info = entry.stat(follow_symlinks=False)
                kind = _kind(info.st_mode, path)
                found[path] = Entry(kind, info.st_size, info.st_mtime_ns, info.st_ino)
                if kind == "directory":
                    folders.append(f"{path}/")
    return found


def _let_owner_in(folder: str) -> None:
    mode = stat.S_IMODE(os.stat(folder).st_mode)
    if mode & stat.S_IRWXU != stat.S_IRWXU:
        os.chmod(folder, mode | stat.S_IRWXU)


def _check_name(path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError:
        raise BuildError(
            f"a file name is not UTF-8: {os.fsencode(path)!r}",
            hint="rename it in the build script; packages hold UTF-8 names only",
            code="build.file_name",
        ) from None
    if "\\" in path or "\n" in path:
        raise BuildError(
            f"a file name holds a character that packages cannot: {path!r}",
            hint="rename it in the build script; `\\` and line ends are not allowed",
            code="build.file_name",
        )


def _kind(mode: int, path: str) -> str:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISLNK(mode):
        return "link"
    if stat.S_ISDIR(mode):
        return "directory"
    raise BuildError(
        f"{path} is a socket, a pipe or a device, which no package can hold",
        hint="remove it at the end of the build script",
        code="build.file_kind",
    )


def difference(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> Difference:
    """Return what a script brought. A directory counts only when it is new and empty.

    >>> old = {"a": Entry("file", 1, 1, 1)}
    >>> difference(old, {"a": Entry("file", 2, 2, 1), "b": Entry("file", 0, 2, 2)})
    Difference(new=('b',), changed=('a',))
    """
    new = [path for path, entry in after.items() if path not in before and entry.kind != "directory"]
    empty = [path for path, entry in after.items() if entry.kind == "directory" and path not in before]
    parents = {path.rpartition("/")[0] for path in after}
    changed = [
        path for path, entry in after.items() if path in before and entry.kind != "directory" and before[path] != entry
    ]
    return Difference(
        new=tuple(sorted([*new, *(p for p in empty if p not in parents)])), changed=tuple(sorted(changed))
    )
