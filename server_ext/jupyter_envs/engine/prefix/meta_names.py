"""What the names of the files in an environment's ``conda-meta`` say; no file is opened.

Owns the reading of names, and remembering them for whoever lists environments again and again. Refuses to remember
what was read within a tick of the file system's clock after a change: a second change in it would not be seen.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import NamedTuple

from jupyter_envs.engine.prefix.records import parse_dist

TICK_NANOSECONDS = 2_000_000_000  # the coarsest clock of a file system in use: FAT's, and some network ones'
RECORD = ".json"
MARKS = frozenset({"history", "frozen", "jupyter-envs", "pixi", "pixi_env_prefix"})
"""What tells whose an environment is and whether it may be changed."""


class MetaNames(NamedTuple):
    """What is installed, as far as names tell, and which of ``MARKS`` lie there."""

    packages: int = 0
    python: str | None = None
    ipykernel: bool = False
    marks: frozenset[str] = frozenset()


ReadNames = Callable[[str], MetaNames]
"""Reads the names in a ``conda-meta``; raises ``OSError`` when it cannot be read."""


def read_meta_names(meta: str) -> MetaNames:
    """Return what the names in a ``conda-meta`` say; raises ``OSError`` when it cannot be read."""
    entries = os.listdir(meta)
    listing = "\n".join(["", *entries, ""])  # searched as one text: a list of 300 names per environment is slow
    return MetaNames(
        packages=listing.count(f"{RECORD}\n"),
        python=_version_in(listing, "python"),
        ipykernel=_version_in(listing, "ipykernel") is not None,
        marks=MARKS.intersection(entries),
    )


class RememberedNames:
    """``read_meta_names`` that reads a directory again only when it has changed. For several threads."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int, int], MetaNames]] = {}

    def __call__(self, meta: str) -> MetaNames:
        """Return what the names in a ``conda-meta`` say; raises ``OSError`` when it cannot be read."""
        try:
            stat = os.stat(meta)
        except OSError:
            self._known.pop(meta, None)
            raise
        stamp = stat.st_dev, stat.st_ino, stat.st_mtime_ns
        known = self._known.get(meta)
        if known is not None and known[0] == stamp:
            return known[1]
        began = time.time_ns()
        names = read_meta_names(meta)
        if began - stat.st_mtime_ns > TICK_NANOSECONDS:
            self._known[meta] = stamp, names
        else:
            self._known.pop(meta, None)
        return names


def _version_in(listing: str, name: str) -> str | None:
    """Return the version of a package from names of files, one on each line."""
    start = listing.find(f"\n{name}-")
    while start >= 0:
        entry = listing[start + 1 : listing.index("\n", start + 1)]
        parsed = parse_dist(entry.removesuffix(RECORD)) if entry.endswith(RECORD) else None
        if parsed is not None and parsed.name == name:
            return parsed.version
        start = listing.find(f"\n{name}-", start + 1)
    return None
