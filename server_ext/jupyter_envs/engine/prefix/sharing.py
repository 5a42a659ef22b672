"""Which other environments have the damaged files of one, because they share them by hard link.

A linked file is one file under many names: who changes it in place changes it in every environment. Reads only.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from jupyter_envs.engine.models.findings import Finding
from jupyter_envs.engine.models.records import PrefixRecord
from jupyter_envs.engine.prefix.discovery import EnvironmentInfo
from jupyter_envs.engine.prefix.records import iter_record_names

CHANGED = "file.modified"


def sharing(
    prefix: str | os.PathLike[str],
    records: Sequence[PrefixRecord],
    findings: Iterable[Finding],
    environments: Iterable[EnvironmentInfo],
) -> dict[str, tuple[str, ...]]:
    """Return the prefixes that share a damaged file, each with the names of the packages it belongs to.

    Parameters
    ----------
    prefix : path
        The environment that was verified.
    records : sequence
        Its records.
    findings : iterable
        What ``verify`` found.
    environments : iterable
        Where to look; venvs and the environment itself are left out.
    """
    base = os.path.abspath(prefix)
    dists = {record.name: record.dist for record in records}
    damaged = [
        (finding.package, os.path.relpath(finding.path, base))
        for finding in findings
        if finding.code == CHANGED and finding.package in dists and _links(finding.path) > 1
    ]
    found: dict[str, tuple[str, ...]] = {}
    for info in environments if damaged else ():
        if info.kind == "venv" or os.path.abspath(info.path) == base:
            continue
        present = {"-".join(parts) for parts in iter_record_names(info.path)}
        names = {
            name
            for name, path in damaged
            if dists[name] in present and _is_same(f"{base}/{path}", f"{info.path}/{path}")
        }
        if names:
            found[info.path] = tuple(sorted(names))
    return found


def _links(path: str) -> int:
    try:
        return os.lstat(path).st_nlink
    except OSError:
        return 0


def _is_same(one: str, other: str) -> bool:
    try:
        return os.path.samestat(os.lstat(one), os.lstat(other))
    except OSError:
        return False
