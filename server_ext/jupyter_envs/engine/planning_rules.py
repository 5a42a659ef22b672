"""Rules of what a request means for the requested specs and the packages; pure, no solve, no disk.

Owns: merging specs by name, what leaves with a removed package, which dependencies nobody needs any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from jupyter_envs.engine.history.conda_history import spec_name
from jupyter_envs.engine.models.records import PackageRecord


def package_name(spec_text: str) -> str:
    """Return the conda name a spec text is about, with PyPI spellings normalised (``pypi::Foo_Bar`` -> ``foo-bar``)."""
    name = spec_name(spec_text)
    return name.replace("_", "-").replace(".", "-") if spec_text.startswith("pypi::") else name


def merge_requested(requested: Sequence[str], specs: Iterable[str]) -> tuple[str, ...]:
    """Return the requested specs after new ones: new specs replace the old ones of their names, order is kept.

    Several new specs of one name all hold (``numpy>=1.20`` and ``numpy<2``).

    >>> merge_requested(["numpy", "six"], ["numpy>=1.20", "numpy<2"])
    ('numpy>=1.20', 'numpy<2', 'six')
    """
    merged: dict[str, tuple[str, ...]] = {}
    for spec in requested:
        merged[package_name(spec)] = (*merged.get(package_name(spec), ()), spec)
    new: dict[str, tuple[str, ...]] = {}
    for spec in specs:
        new[package_name(spec)] = (*new.get(package_name(spec), ()), spec)
    merged.update({name: tuple(dict.fromkeys(of_name)) for name, of_name in new.items()})
    return tuple(spec for of_name in merged.values() for spec in of_name)


def dependency_names(record: PackageRecord) -> list[str]:
    """Return the names a record depends on; virtual packages (``__glibc``) left out."""
    names = (spec_name(spec) for spec in record.depends)
    return [name for name in names if not name.startswith("__")]


def dependents_of(records: Iterable[PackageRecord], names: Iterable[str]) -> set[str]:
    """Return the given names and everything that needs one of them, through any number of steps."""
    needed_by: dict[str, set[str]] = {}
    for record in records:
        for name in dependency_names(record):
            needed_by.setdefault(name, set()).add(record.name)
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(needed_by.get(name, ()))
    return found


def closure_of(records: Mapping[str, PackageRecord], names: Iterable[str]) -> set[str]:
    """Return the given names and all their dependencies, as far as they are among the records."""
    found: set[str] = set()
    waiting = [name for name in names if name in records]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(each for each in dependency_names(records[name]) if each in records)
    return found


def after_removal(
    records: Sequence[PackageRecord], requested: Sequence[str], names: Iterable[str]
) -> tuple[set[str], tuple[str, ...]]:
    """Decide what stays when packages are removed.

    Packages that need a removed one go with it; dependencies that only served what goes, go too. When nobody knows what
    was requested (an environment of another tool), only the former.

    Returns
    -------
    set of str
        Names that stay.
    tuple of str
        The requested specs that stay.
    """
    by_name = {record.name: record for record in records}
    leaving = dependents_of(records, names)
    staying = tuple(spec for spec in requested if package_name(spec) not in leaving)
    present = set(by_name) - leaving
    if not requested:
        return present, staying
    wanted_before = closure_of(by_name, (package_name(spec) for spec in requested))
    wanted_after = closure_of(by_name, (package_name(spec) for spec in staying))
    orphans = wanted_before - wanted_after
    return present - orphans, staying


def why_chains(
    records: Sequence[PackageRecord], requested: Sequence[str], name: str, *, most: int = 20
) -> list[tuple[str, ...]]:
    """Return chains of names from a requested package down to ``name``, shortest first, at most ``most`` of them."""
    needed_by: dict[str, list[str]] = {}
    for record in records:
        for each in dependency_names(record):
            needed_by.setdefault(each, []).append(record.name)
    asked = {package_name(spec) for spec in requested}
    chains: list[tuple[str, ...]] = []
    waiting: list[tuple[str, ...]] = [(name,)]
    while waiting and len(chains) < most:
        chain = waiting.pop(0)
        if chain[0] in asked or not needed_by.get(chain[0]):
            chains.append(chain)
        if len(waiting) < 4 * most:
            waiting.extend((parent, *chain) for parent in sorted(needed_by.get(chain[0], ())) if parent not in chain)
    return chains
