"""What a change comes to: packages first, then paths. Pure; it reads no disk and moves no file.

The law that the tests hold: ``diff_packages(a, b)`` applied to ``a`` gives ``b``, and ``diff_packages(a, a)`` is empty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from jupyter_envs.engine.models.plan import ChangeKind, PackageChange
from jupyter_envs.engine.models.records import PrefixRecord, RepodataRecord


class PackageDiff(msgspec.Struct, frozen=True, kw_only=True):
    """Which installed packages go, which stay, and which are linked. ``link`` is in topological order."""

    unlink: tuple[PrefixRecord, ...]
    keep: tuple[PrefixRecord, ...]
    link: tuple[RepodataRecord, ...]
    changes: tuple[PackageChange, ...]


def same_package(one: RepodataRecord, other: RepodataRecord) -> bool:
    """Tell whether two records are the same archive: by digest when both have one, else by dist and url."""
    if one.dist != other.dist or one.subdir != other.subdir:
        return False
    if one.sha256 and other.sha256:
        return one.sha256 == other.sha256
    if one.md5 and other.md5:
        return one.md5 == other.md5
    return not one.url or not other.url or one.url == other.url


def same_state(one: Sequence[RepodataRecord], other: Sequence[RepodataRecord]) -> bool:
    """Tell whether two sets of records are the same packages."""
    if len(one) != len(other):
        return False
    by_name = {record.name: record for record in other}
    return all(record.name in by_name and same_package(record, by_name[record.name]) for record in one)


def python_minor(records: Iterable[RepodataRecord]) -> str | None:
    """Return ``3.11`` for a set of records with Python 3.11.x, ``None`` without Python."""
    for record in records:
        if record.name == "python":
            return ".".join(record.version.split(".")[:2])
    return None


def diff_packages(
    before: Sequence[PrefixRecord],
    after: Sequence[RepodataRecord],
    *,
    relink: Collection[str] = (),
) -> PackageDiff:
    """Compare an environment's records with the wanted ones.

    Parameters
    ----------
    before : sequence of PrefixRecord
        What is installed.
    after : sequence of RepodataRecord
        All packages of the wanted state, in topological order.
    relink : collection of str
        Names to link again although nothing changes (repair). ``noarch: python`` packages are linked again by
        themselves when Python's minor version changes (CEP 20, conda).
    """
    installed = {record.name: record for record in before}
    wanted = {record.name for record in after}
    moved = python_minor(before) != python_minor(after)
    unlink: list[PrefixRecord] = [record for record in before if record.name not in wanted]
    keep: list[PrefixRecord] = []
    link: list[RepodataRecord] = []
    changes = [PackageChange(name=record.name, kind="removed", before=record.repodata()) for record in unlink]
    for record in after:
        present = installed.get(record.name)
        again = record.name in relink or (moved and record.noarch in ("python", True))
        if present is not None and same_package(present, record) and not again:
            keep.append(present)
            continue
        link.append(record)
        if present is not None:
            unlink.append(present)
        changes.append(
            PackageChange(
                name=record.name,
                kind=change_kind(present, record),
                before=present.repodata() if present is not None else None,
                after=record,
            )
        )
    return PackageDiff(unlink=tuple(unlink), keep=tuple(keep), link=tuple(link), changes=tuple(changes))


def change_kind(before: RepodataRecord | None, after: RepodataRecord) -> ChangeKind:
    """Name what happens to a package that is linked."""
    if before is None:
        return "added"
    if same_package(before, after):
        return "relinked"
    if before.version == after.version:
        return "rebuilt"
    return "upgraded" if version_key(before.version) < version_key(after.version) else "downgraded"


def compare_records(before: Iterable[RepodataRecord], after: Iterable[RepodataRecord]) -> tuple[PackageChange, ...]:
    """Return what happened to each package from one recorded state to another, by name, without what is the same."""
    old = {record.name: record for record in before}
    new = {record.name: record for record in after}
    changes = []
    for name in sorted(old.keys() | new.keys()):
        one, other = old.get(name), new.get(name)
        if other is None:
            changes.append(PackageChange(name=name, kind="removed", before=one))
        elif one is None or not same_package(one, other):
            changes.append(PackageChange(name=name, kind=change_kind(one, other), before=one, after=other))
    return tuple(changes)


def version_key(version: str) -> tuple[tuple[int, int | str], ...]:
    """Return a sortable form of a version, good enough to say up or down (the solver uses the full order, CEP 33)."""
    key: list[tuple[int, int | str]] = []
    for part in version.lower().replace("-", ".").replace("_", ".").replace("+", ".").replace("!", ".").split("."):
        digits = ""
        letters = ""
        for character in part:
            if character.isdigit() and not letters:
                digits += character
            else:
                letters += character
        key.append((1, int(digits or 0)))
        if letters:
            # A post-release sorts after the release, every other suffix (dev, a, b, rc) before it.
            key.append((2 if letters.startswith("post") else 0, letters))
    return (*key, (1, 0))


class PathChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to paths of the prefix.

    ``gone`` are owned paths to move out (also those that are replaced); ``placed`` the paths of linked packages to put
    in, with the dist they come from; ``restored`` the paths of kept packages to put back, because a package that goes
    may have clobbered them; ``clobbers`` are (path, loser's name, winner's name).
    """

    gone: frozenset[str]
    placed: dict[str, str]
    restored: dict[str, str]
    clobbers: tuple[tuple[str, str, str], ...]


def diff_paths(
    diff: PackageDiff,
    linked_paths: Mapping[str, Sequence[str]],
    order: Mapping[str, int],
    directories: Collection[str] = (),
) -> PathChanges:
    """Decide for every path who has it after the change.

    Parameters
    ----------
    diff : PackageDiff
        The packages.
    linked_paths : mapping
        dist of each package to be linked -> the paths it will have in the prefix.
    order : mapping
        Package name -> position in topological order; the later one wins a path (conda's rule, CEP 32: unlinking
        restores what was clobbered).
    directories : collection of str
        Paths that are directories: any number of packages may bring one, and it holds nothing to put back.
    """
    if not diff.keep and not diff.unlink:
        free = _without_rivals(linked_paths)
        if free is not None:
            return PathChanges(gone=frozenset(), placed=free, restored={}, clobbers=())
    winners: dict[str, RepodataRecord] = {}
    clobbers: list[tuple[str, str, str]] = []

    def claim(path: str, record: RepodataRecord) -> None:
        rival = winners.get(path)
        if rival is not None and rival.name != record.name and path not in directories:
            loser, winner = (rival, record) if order[record.name] >= order[rival.name] else (record, rival)
            clobbers.append((path, loser.name, winner.name))
            winners[path] = winner
        else:
            winners[path] = record

    for package in diff.link:
        for path in linked_paths[package.dist]:
            claim(path, package)
    unlinked = {path for record in diff.unlink for path in record.files}
    owned = set(unlinked)
    kept = {record.name for record in diff.keep}
    for record in diff.keep:
        for path in record.files:
            if path in winners:
                owned.add(path)
                claim(path, record)
            elif path in unlinked:
                winners[path] = record
    dists = {record.name: record.dist for record in (*diff.link, *diff.keep)}
    placed = {path: dists[record.name] for path, record in winners.items() if record.name not in kept}
    restored = {
        path: dists[record.name]
        for path, record in winners.items()
        if record.name in kept and path in unlinked and path not in directories
    }
    replaced = (placed.keys() | restored.keys()) - set(directories)
    gone = frozenset(path for path in owned if path in replaced or path not in winners)
    return PathChanges(gone=gone, placed=placed, restored=restored, clobbers=tuple(clobbers))


def _without_rivals(linked_paths: Mapping[str, Sequence[str]]) -> dict[str, str] | None:
    """Return path -> dist when no two packages want the same path: nearly every new environment, in a few ms."""
    placed: dict[str, str] = {}
    for dist, paths in linked_paths.items():
        placed.update(dict.fromkeys(paths, dist))
    return placed if len(placed) == sum(map(len, linked_paths.values())) else None
