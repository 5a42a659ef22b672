"""Says which packages a running process is about to link, so that pruning leaves them alone.

``<pkgs>/.locks/using-<pid>-<machine>`` names their dists, one a line. A file of a process that is gone counts for
nothing. Announcing and pruning exclude each other for the moment it takes, so a package is seen as used or is missing
already.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable

from jupyter_envs.engine.file_systems import machine
from jupyter_envs.engine.models.events import CancelToken
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.package_cache import disk
from jupyter_envs.engine.package_cache.layout import LOCKS, USING

PRUNE_LOCK = "prune"
PRUNE_SECONDS = 600.0  # nobody cleans a cache for so long
UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)


def announce(pkgs: str, records: Iterable[RepodataRecord], cancel: CancelToken) -> None:
    """Note that this process uses these packages until it ends.

    A cache directory that cannot be written is left alone: nobody prunes it either.
    """
    names = "".join(f"{record.dist}\n" for record in records)
    try:
        with (
            disk.locked(pkgs, PRUNE_LOCK, cancel, patience=PRUNE_SECONDS),
            open(f"{pkgs}/{LOCKS}/{_own_name()}", "a", encoding="utf-8") as stream,  # noqa: PTH123
        ):
            stream.write(names)
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise


def used_by_others(pkgs: str) -> frozenset[str]:
    """Return the dists that other running processes announced; call it with the prune lock held."""
    found: set[str] = set()
    for name in disk.names(f"{pkgs}/{LOCKS}"):
        match = USING.fullmatch(name)
        if match is None or name == _own_name():
            continue
        path = f"{pkgs}/{LOCKS}/{name}"
        if disk.is_alive(int(match.group(1)), match.group(2), path):
            with open(path, encoding="utf-8") as stream:  # noqa: PTH123  # plain strings in the cache
                found.update(stream.read().split())
        else:
            os.unlink(path)
    return frozenset(found)


def _own_name() -> str:
    return f"using-{os.getpid()}-{machine()}"
