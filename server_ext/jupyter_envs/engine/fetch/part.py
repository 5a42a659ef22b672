"""What lies beside a destination while it comes: ``<destination>.part`` and ``<destination>.part.etag``.

Owns both files, the lock on the first (two processes that want the same destination take turns), and the rename that
makes the destination appear. Refuses to trust a part of which nothing can be checked.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Callable, Mapping

from jupyter_envs.engine.durable import sync_directory
from jupyter_envs.engine.fetch.digests import READ_BYTES, Checker
from jupyter_envs.engine.fetch.wanted import Download

WAIT_SECONDS = 0.1


class locked_part:  # noqa: N801  # used as a function: a with-statement's context
    """Opens and locks a part; whoever waited looks again whether the name still means the file it locked."""

    def __init__(self, path: str, check: Callable[[], None]) -> None:
        self._path = path
        self._check = check
        self._fd = -1

    def __enter__(self) -> int:
        while True:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                self._lock()
                here = os.fstat(self._fd)
                there = os.stat(self._path)
            except FileNotFoundError:
                os.close(self._fd)
                continue
            except BaseException:
                os.close(self._fd)
                raise
            if (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino):
                return self._fd
            os.close(self._fd)

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def _lock(self) -> None:
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._check()
                time.sleep(WAIT_SECONDS)
            except OSError as error:
                if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
                    raise
                return  # a file system without locks: the digest still decides
            else:
                return


def hash_part(part: int, checker: Checker, download: Download) -> int:
    """Feed what an earlier attempt left to the checker; a part that cannot be right is emptied."""
    size = os.fstat(part).st_size
    if not size:
        return 0
    too_long = download.size is not None and size > download.size
    if too_long or (download.promise.strongest is None and not find_validator(download)):
        os.ftruncate(part, 0)
        return 0
    os.lseek(part, 0, os.SEEK_SET)
    while chunk := os.read(part, READ_BYTES):
        checker.update(chunk)
    return size


def find_validator(download: Download) -> str:
    """Return what the server called the version of which a part is (ETag or date); empty when it did not."""
    try:
        with open(f"{download.destination}.part.etag", encoding="utf-8") as stream:  # noqa: PTH123  # plain strings
            return stream.read().strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


def remember_validator(download: Download, headers: Mapping[str, str]) -> None:
    """Keep what the server calls this version, from the headers of its answer."""
    etag = headers.get("ETag", "")
    validator = etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")
    with open(f"{download.destination}.part.etag", "w", encoding="utf-8") as stream:  # noqa: PTH123  # plain strings
        stream.write(validator)


def start_over(download: Download, part: int) -> None:
    """Throw away what came so far."""
    os.ftruncate(part, 0)
    forget_validator(download)


def forget_validator(download: Download) -> None:
    """Forget which version a part was of."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{download.destination}.part.etag")


def commit(download: Download, part: int) -> None:
    """Give a complete, verified part its name, and bring it to the disk."""
    os.fsync(part)
    os.rename(f"{download.destination}.part", download.destination)
    forget_validator(download)
    sync_directory(os.path.dirname(download.destination))
