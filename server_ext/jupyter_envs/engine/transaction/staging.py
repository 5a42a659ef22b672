"""From a staged tree to the list of renames that puts it into a prefix.

Reads the prefix, changes nothing. It refuses to reach out of the prefix through a symbolic link, and never loses
a file that no package owns: it is renamed to a backup name and reported.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path

import msgspec

from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.transaction.journal import Operation
from jupyter_envs.errors import LinkError

_COMPILED = re.compile(r"(?P<stem>.+?)\.[a-z]+[-a-z0-9]*(\.opt-[12])?\.pyc$")


class StagedChange(msgspec.Struct, frozen=True, kw_only=True):
    """The operations of a change, directories to prune after it, and what the person should know."""

    operations: tuple[Operation, ...]
    prune: tuple[str, ...]
    warnings: tuple[PlanWarning, ...]


def stage_operations(prefix: Path, staged: Path, gone: Collection[str], *, stamp: str) -> StagedChange:
    """Plan the renames.

    Parameters
    ----------
    prefix : Path
        The environment.
    staged : Path
        The ``new`` directory of the transaction: everything that is to be placed, as it will lie in the prefix.
    gone : collection of str
        Owned paths to move out, relative to the prefix.
    stamp : str
        Makes names of backups unique, such as ``20261123-091500``.

    Raises
    ------
    LinkError
        A directory of the prefix is a symbolic link that leads out of it.
    """
    fence = _Fence(prefix)
    prune: list[str] = []
    leaving: list[str] = []
    warnings: list[PlanWarning] = []
    for path in (*gone, *compiled_files(prefix, gone)):
        full = f"{prefix}/{path}"
        if not os.path.lexists(full):
            continue
        if not fence.inside(os.path.dirname(path)):
            warnings.append(_left_outside(path))
        elif os.path.isdir(full) and not os.path.islink(full):
            prune.append(path)
        else:
            leaving.append(path)
    # Deepest first: a path below a symbolic link that goes as well must leave before the link does.
    leaving = sorted(set(leaving), key=lambda path: (-path.count("/"), path))
    asides = [Operation("aside", path, str(number)) for number, path in enumerate(leaving)]
    planner = _Placer(prefix, staged, fence, frozenset(leaving), stamp, len(asides))
    planner.walk("")
    return StagedChange(
        operations=(*asides, *planner.before, *planner.places, *planner.last),
        prune=tuple(prune),
        warnings=(*warnings, *planner.warnings),
    )


def compiled_files(prefix: Path, gone: Iterable[str]) -> list[str]:
    """Return the ``__pycache__`` files that Python wrote for sources that go; they belong to those sources."""
    stems: dict[str, set[str]] = {}
    for path in gone:
        if path.endswith(".py"):
            directory, name = os.path.split(path)
            stems.setdefault(directory, set()).add(name[:-3])
    found = []
    for directory, names in stems.items():
        cache = f"{directory}/__pycache__" if directory else "__pycache__"
        try:
            entries = os.listdir(f"{prefix}/{cache}")
        except (FileNotFoundError, NotADirectoryError):
            continue
        for entry in entries:
            match = _COMPILED.match(entry)
            if match and match["stem"] in names:
                found.append(f"{cache}/{entry}")
    return found


class _Fence:
    """Knows which directories of a prefix are really inside it; asks the disk once for each."""

    def __init__(self, prefix: Path) -> None:
        self._prefix = str(prefix)
        self._real = os.path.realpath(prefix)
        self._known: dict[str, bool] = {"": True}

    def inside(self, directory: str) -> bool:
        """Tell whether a directory, relative to the prefix, lies in it after all links are followed."""
        known = self._known.get(directory)
        if known is None:
            full = f"{self._prefix}/{directory}"
            known = self.inside(os.path.dirname(directory))
            if os.path.islink(full):
                real = os.path.realpath(full)
                known = real == self._real or real.startswith(self._real + os.sep)
            self._known[directory] = known
        return known


class _Placer:
    """Walks the staged tree once and collects operations. A directory that the prefix lacks is one rename."""

    def __init__(
        self, prefix: Path, staged: Path, fence: _Fence, leaving: frozenset[str], stamp: str, number: int
    ) -> None:
        self._prefix, self._staged, self._fence, self._leaving = str(prefix), str(staged), fence, leaving
        self._stamp, self._number = stamp, number
        self.before: list[Operation] = []
        self.places: list[Operation] = []
        self.last: list[Operation] = []
        self.warnings: list[PlanWarning] = []

    def walk(self, directory: str) -> None:
        """Plan the entries of one staged directory whose target exists."""
        with os.scandir(f"{self._staged}/{directory}" if directory else self._staged) as entries:
            for entry in sorted(entries, key=lambda each: each.name):
                path = f"{directory}/{entry.name}" if directory else entry.name
                if entry.is_dir(follow_symlinks=False):
                    self._directory(path)
                else:
                    self._file(path)

    def _directory(self, path: str) -> None:
        target = f"{self._prefix}/{path}"
        if not os.path.lexists(target) or path in self._leaving:
            self._place(path)
        elif os.path.isdir(target):
            if not self._fence.inside(path):
                raise LinkError(
                    f"{path} is a link that leads out of the environment, so nothing can be installed below it",
                    hint=f"remove the link {target} or put a directory there",
                    code="link.outside",
                )
            self.walk(path)
        else:
            self._back_up(path)
            self._place(path)

    def _file(self, path: str) -> None:
        target = f"{self._prefix}/{path}"
        if path not in self._leaving and os.path.lexists(target):
            if os.path.isdir(target) and not os.path.islink(target):
                self._clear_directory(path)
            elif "/__pycache__/" in path and path.endswith(".pyc"):
                self.before.append(Operation("aside", path, str(self._number)))
                self._number += 1
            else:
                self._back_up(path)
        self._place(path)

    def _clear_directory(self, path: str) -> None:
        """A file goes where a directory is: it must be empty by then, else it is kept under a backup name."""
        left = [
            os.path.join(folder, name)
            for folder, _, names in os.walk(f"{self._prefix}/{path}")
            for name in names
            if os.path.relpath(os.path.join(folder, name), self._prefix) not in self._leaving
        ]
        if left:
            self._back_up(path)
            return
        folders = [os.path.relpath(folder, self._prefix) for folder, _, _ in os.walk(f"{self._prefix}/{path}")]
        self.before.extend(Operation("rmdir", folder) for folder in sorted(folders, key=len, reverse=True))

    def _back_up(self, path: str) -> None:
        other = f"{path}.before-{self._stamp}"
        self.before.append(Operation("backup", path, other))
        self.warnings.append(
            PlanWarning(
                code="link.backup",
                message=f"{path} belonged to no package; it was kept as {other}",
                hint="look at it, then delete or restore it yourself",
            )
        )

    def _place(self, path: str) -> None:
        # Records come last, so that no record ever describes files that are not there yet.
        (self.last if path.startswith("conda-meta") else self.places).append(Operation("place", path))


def _left_outside(path: str) -> PlanWarning:
    return PlanWarning(
        code="link.outside",
        message=f"{path} lies outside the environment through a link; it was left as it is",
        hint="remove it yourself if nothing needs it",
    )
