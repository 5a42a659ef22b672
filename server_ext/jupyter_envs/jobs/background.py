"""Compiling in the background: after a change, the .pyc files that the cache does not have yet; decides only when.

The result is for the next environment, so the job is hidden, runs at the lowest priority and may fail unseen.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.settings import Settings


def cache_tag_of(records: Iterable[RepodataRecord]) -> str | None:
    """Return the tag in the names of .pyc files (``cpython-311``) for the Python among ``records``."""
    for record in records:
        if record.name == "python":
            implementation = "pypy" if "pypy" in record.build else "cpython"
            return f"{implementation}-{''.join(record.version.split('.')[:2])}"
    return None


def is_uncompiled(record: RepodataRecord, cache_tag: str, package_directories: Iterable[str]) -> bool:
    """Return whether a package that ships sources only has no compiled files in any cache."""
    if record.noarch != "python":
        return False
    index = os.path.join(".pyc", cache_tag, record.dist, "index.json")
    return not any(Path(directory, index).exists() for directory in package_directories)


def wants_compile(records: Iterable[RepodataRecord], settings: Settings) -> bool:
    """Return whether a compile job is worth starting for an environment with these packages."""
    records = tuple(records)
    tag = cache_tag_of(records)
    if tag is None or not settings.compile_in_background:
        return False
    return any(is_uncompiled(record, tag, settings.package_directories) for record in records)


def lower_priority() -> None:
    """Let everybody else go first: processor and, where the system can, disk."""
    import psutil

    os.nice(19)
    if hasattr(psutil, "IOPRIO_CLASS_IDLE"):
        psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)
