"""The order in which packages are linked: dependencies first, Python before what needs it, ties by name. Pure."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Sequence

from jupyter_envs.engine.models.records import RepodataRecord

_DEPENDENCY = re.compile(r"^(?:[^\s\[\]]*::)?\s*([A-Za-z0-9_.\-]+)")


def dependency_name(text: str) -> str:
    """Return the lower-case name that a MatchSpec text asks for.

    >>> dependency_name("conda-forge::NumPy[version='>=2']")
    'numpy'
    """
    match = _DEPENDENCY.match(text.strip())
    return match[1].lower() if match else ""


def topological_order(records: Iterable[RepodataRecord]) -> tuple[RepodataRecord, ...]:
    """Return the records with each one after its dependencies.

    The order is the same for the same set of records. ``python`` stands before every ``noarch: python`` package,
    whether they say so or not. A circle is cut where Python is in it (Python first), else at its smallest name.
    """
    by_name = {record.name: record for record in sorted(records, key=lambda r: (r.name, r.version, r.build))}
    waiting = {name: _needs(record, by_name) for name, record in by_name.items()}
    waited_by: dict[str, list[str]] = {name: [] for name in by_name}
    for name, needs in waiting.items():
        for need in needs:
            waited_by[need].append(name)
    ready = [_key(name) for name, needs in waiting.items() if not needs]
    heapq.heapify(ready)
    ordered: list[RepodataRecord] = []
    done: set[str] = set()
    while len(ordered) < len(by_name):
        name = heapq.heappop(ready)[1] if ready else min(_key(left) for left in waiting if left not in done)[1]
        if name in done:
            continue
        done.add(name)
        ordered.append(by_name[name])
        for other in waited_by[name]:
            waiting[other].discard(name)
            if not waiting[other] and other not in done:
                heapq.heappush(ready, _key(other))
    return tuple(ordered)


def closure(roots: Iterable[str], records: Sequence[RepodataRecord]) -> dict[str, tuple[str, ...]]:
    """Return ``{name: shortest chain of names from a root}`` for all that the roots need among the records."""
    by_name = {record.name: record for record in records}
    chains: dict[str, tuple[str, ...]] = {name: (name,) for name in roots if name in by_name}
    queue = list(chains)
    for name in queue:
        for depend in by_name[name].depends:
            need = dependency_name(depend)
            if need in by_name and need not in chains:
                chains[need] = (*chains[name], need)
                queue.append(need)
    return chains


def _key(name: str) -> tuple[bool, str]:
    return (name != "python", name)


def _needs(record: RepodataRecord, by_name: dict[str, RepodataRecord]) -> set[str]:
    needs = {dependency_name(depend) for depend in record.depends} & by_name.keys()
    if record.name == "python":
        needs -= {"pip", "setuptools", "wheel"}  # Python asks for pip and pip for Python: Python comes first
    elif record.noarch == "python" and "python" in by_name:
        needs.add("python")
    needs.discard(record.name)
    return needs
