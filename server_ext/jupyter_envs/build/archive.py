"""Write a package directory as ``.conda`` or ``.tar.bz2`` (CEP 35), the same bytes each time.

Entries are sorted, times are no later than the epoch, owners are nobody, modes are 0755 or 0644.
conda-package-streaming writes the ``.conda``; the times in the zip, which it takes from the clock, are set afterwards.
"""

from __future__ import annotations

import bz2
import io
import os
import struct
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

from jupyter_envs.errors import StorageError

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def write_archive(package: str, target: Path, epoch: int, *, level: int = 19, no_hard_links: bool = False) -> None:
    """Write ``target`` from a package directory.

    Parameters
    ----------
    package : str
        The directory: files and ``info/``.
    target : Path
        ``….conda`` or ``….tar.bz2``; must not be there.
    epoch : int
        No time in the archive is later (seconds).
    level : int
        Of zstd, 1 to 22.
    no_hard_links : bool
        Write files that share an inode as files of their own.

    Raises
    ------
    StorageError
        The disk refuses; nothing is left at ``target``.
    """
    try:
        if target.name.endswith(".conda"):
            _write_conda(package, target, epoch, level, no_hard_links)
        else:
            _write_bz2(package, target, epoch, no_hard_links)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise StorageError.from_os_error(error, f"writing {target.name}") from error


def _write_conda(package: str, target: Path, epoch: int, level: int, no_hard_links: bool) -> None:
    from conda_package_streaming.create import conda_builder

    stem = target.name.removesuffix(".conda")
    workers = min(os.cpu_count() or 1, 8)
    with conda_builder(stem, target.parent, compression_level=level, compression_threads=workers) as tar:
        _add_all(tar, package, epoch, no_hard_links)
    set_zip_times(target, epoch)


def _write_bz2(package: str, target: Path, epoch: int, no_hard_links: bool) -> None:
    with bz2.open(target, "xb", 9) as stream, tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _add_all(tar, package, epoch, no_hard_links)


def _add_all(tar: tarfile.TarFile, package: str, epoch: int, no_hard_links: bool) -> None:
    seen: dict[tuple[int, int], str] = {}
    for path in sorted(entries(package)):
        full = os.path.join(package, path)
        info = os.lstat(full)
        member = tarfile.TarInfo(path)
        member.mtime = min(int(info.st_mtime), epoch)
        if os.path.islink(full):
            member.type, member.linkname, member.mode = tarfile.SYMTYPE, os.readlink(full), 0o777
            tar.addfile(member)
            continue
        if os.path.isdir(full):
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(member)
            continue
        member.mode = 0o755 if info.st_mode & 0o111 else 0o644
        inode = (info.st_dev, info.st_ino)
        if inode in seen and not no_hard_links:
            member.type, member.linkname = tarfile.LNKTYPE, seen[inode]
            tar.addfile(member)
            continue
        seen.setdefault(inode, path)
        member.size = info.st_size
        with open(full, "rb") as stream:  # noqa: PTH123  # one of many files
            tar.addfile(member, stream)


def entries(package: str) -> Iterator[str]:
    """Yield the files, links and empty directories below a package directory."""
    for directory, folders, names in os.walk(package):
        relative = os.path.relpath(directory, package)
        base = "" if relative == "." else f"{relative}/"
        for name in names:
            yield f"{base}{name}"
        for name in folders:
            if os.path.islink(os.path.join(directory, name)):
                yield f"{base}{name}"
        if not names and not folders and base:
            yield base.rstrip("/")


def set_zip_times(path: Path, epoch: int) -> None:
    """Set the time of every entry of a zip whose entries follow one another, in its local and central headers."""
    at = time.gmtime(max(epoch, 315_532_800))  # a zip's time begins in 1980
    date = ((at.tm_year - 1980) << 9) | (at.tm_mon << 5) | at.tm_mday
    stamp = struct.pack("<HH", (at.tm_hour << 11) | (at.tm_min << 5) | (at.tm_sec // 2), date)
    with path.open("r+b") as stream:
        data_end = stream.seek(0, io.SEEK_END)
        stream.seek(max(0, data_end - 65_557))
        tail = stream.read()
        end = tail.rfind(_END)
        count, _size, start = struct.unpack_from("<HII", tail, end + 10)
        for _ in range(count):
            stream.seek(start)
            header = stream.read(46)
            if header[:4] != _CENTRAL:
                raise OSError("the zip's directory is not where it says")
            name, extra, comment = struct.unpack_from("<HHH", header, 28)
            local = struct.unpack_from("<I", header, 42)[0]
            stream.seek(start + 12)
            stream.write(stamp)
            stream.seek(local)
            if stream.read(4) != _LOCAL:
                raise OSError("a zip entry is not where its directory says")
            stream.seek(local + 10)
            stream.write(stamp)
            start += 46 + name + extra + comment
