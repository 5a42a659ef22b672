"""What the package cache holds for nobody: which packages environments still need, and what the rest would free.

Reads environments and the cache, removes nothing. What is needed are the packages of each environment, and those that
one undo of it would link again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from jupyter_envs.engine.history.generations import generation_numbers, read_generation
from jupyter_envs.engine.package_cache.prune import decide, list_entries
from jupyter_envs.engine.prefix.discovery import EnvironmentInfo
from jupyter_envs.engine.prefix.records import iter_record_names


def counted_prefixes(found: Iterable[EnvironmentInfo], root: str) -> list[Path]:
    """Return the prefixes that hold records, but for those that lie in others' roots; ``root`` is one's own."""
    own = root + os.sep
    return [Path(one.path) for one in found if one.kind not in ("venv", "shared") or one.path.startswith(own)]


def needed_dists(prefixes: Iterable[Path]) -> frozenset[str]:
    """Return the packages (``name-version-build``) that environments have, or would have again after one undo."""
    needed: set[str] = set()
    for prefix in prefixes:
        needed.update(f"{name}-{version}-{build}" for name, version, build in iter_record_names(prefix))
        numbers = generation_numbers(prefix)[-2:]
        needed.update(record.dist for number in numbers for record in read_generation(prefix, number).records)
    return frozenset(needed)


def unused_bytes(pkgs: str, needed: frozenset[str]) -> int | None:
    """Return what cleaning a cache directory would free, ``None`` when it changes while it is looked at."""
    try:
        return sum(entry.freed for entry in decide(list_entries(pkgs), needed))
    except OSError:
        return None
