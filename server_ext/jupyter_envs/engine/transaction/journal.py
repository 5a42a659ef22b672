"""The journal of a change to an existing prefix: what is renamed, in which order, and how to take it back.

On disk, below ``<prefix>/conda-meta/jupyter-envs/transaction/<id>/`` (``JOURNAL_VERSION``)::

    journal.json     present: the old state is the truth, what was done is undone
    committed.json   the journal after the commit (one rename): the new state is the truth, what is left is cleaning
    new/<path>       files staged for the prefix, as they will lie there
    old/<number>     files moved out of the prefix

and ``<id>.done/`` what an NFS client still held of it when all was done.

A change is a list of renames, so every step can be taken back by the opposite rename, and whether a step was done is
seen from where the file is. Applying, undoing and cleaning may each be killed and begun again.
It refuses to know what packages are: it moves paths.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from jupyter_envs.engine.durable import replace_file, sync_directory, sync_files
from jupyter_envs.engine.removal import remove_tree

JOURNAL_VERSION = 1
TRANSACTIONS = "conda-meta/jupyter-envs/transaction"
DONE = ".done"


class Operation(msgspec.Struct, frozen=True, array_like=True):
    """One step: a rename, or the removal of an empty directory.

    ``aside``: prefix/path to old/other. ``backup``: prefix/path to prefix/other. ``place``: new/path to prefix/path.
    ``rmdir``: an empty directory of the prefix that stands where a file is to be placed.
    """

    kind: Literal["aside", "backup", "place", "rmdir"]
    path: str
    other: str = ""


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """The steps of one transaction, in order.

    ``moved_to`` is where the whole prefix goes with this transaction, and found there it is committed (see ``move``).
    ``created`` says that the whole prefix is new and goes when undone; ``prune`` are directories of packages that go,
    removed after the commit if nothing is left in them.
    """

    operations: tuple[Operation, ...] = ()
    prune: tuple[str, ...] = ()
    moved_to: str = ""
    created: bool = False
    command: str = ""
    journal_version: int = JOURNAL_VERSION


def write_journal(directory: Path, journal: Journal) -> None:
    """Write ``journal.json``: from here on a crash is undone. After a power cut it is absent or whole."""
    replace_file(directory / "journal.json", msgspec.json.encode(journal), 0o644)
    sync_directory(directory)


def apply(prefix: Path, directory: Path, operations: Iterable[Operation]) -> None:
    """Do the renames in order. An ``OSError`` leaves the rest undone; the caller undoes what was done."""
    root, new, old = f"{prefix}/", f"{directory}/new/", f"{directory}/old/"
    for operation in operations:
        if operation.kind == "place":
            os.rename(new + operation.path, root + operation.path)
        elif operation.kind == "aside":
            os.rename(root + operation.path, old + operation.other)
        elif operation.kind == "backup":
            os.rename(root + operation.path, root + operation.other)
        else:
            os.rmdir(root + operation.path)


def undo(prefix: Path, directory: Path, operations: Iterable[Operation]) -> None:
    """Take back whatever was applied, in reverse; safe to repeat after a crash in the middle of it."""
    root, new, old = f"{prefix}/", f"{directory}/new/", f"{directory}/old/"
    for operation in reversed(tuple(operations)):
        if operation.kind == "place":
            if not os.path.lexists(new + operation.path) and os.path.lexists(root + operation.path):
                os.rename(root + operation.path, new + operation.path)
        elif operation.kind == "aside":
            if os.path.lexists(old + operation.other):
                os.rename(old + operation.other, root + operation.path)
        elif operation.kind == "backup":
            if os.path.lexists(root + operation.other):
                os.rename(root + operation.other, root + operation.path)
        elif not os.path.lexists(root + operation.path):
            os.mkdir(root + operation.path)


def make_durable(prefix: Path, operations: Iterable[Operation]) -> None:
    """Bring applied renames to the disk, before a commit says that they were done.

    Where a file system does not keep the order of renames in different directories, a power cut could otherwise leave
    the commit without what it commits.
    """
    changed = {os.path.dirname(f"{prefix}/{operation.path}") for operation in operations}
    sync_files([path for path in sorted(changed) if os.path.isdir(path)], str(prefix))


def commit(directory: Path) -> None:
    """Make the new state the truth: one rename, made durable."""
    (directory / "journal.json").rename(directory / "committed.json")
    sync_directory(directory)


def clean(prefix: Path, directory: Path, journal: Journal) -> None:
    """After a commit: remove directories that the change has emptied, then the transaction's own directory."""
    parents = {os.path.dirname(op.path) for op in journal.operations if op.kind == "aside"}
    prune_directories(prefix, parents.union(journal.prune))
    discard(directory)
    remove_if_empty(directory.parent)


def prune_directories(prefix: Path, directories: Iterable[str]) -> None:
    """Remove the given directories and their parents as far as they are empty; never the prefix itself."""
    candidates: set[str] = set()
    for path in directories:
        current = path
        while current and current not in candidates:
            candidates.add(current)
            current = os.path.dirname(current)
    candidates.discard("conda-meta")
    for path in sorted(candidates, key=lambda each: each.count("/"), reverse=True):
        full = f"{prefix}/{path}"
        try:
            if not os.path.islink(full) and not os.listdir(full):
                os.rmdir(full)
        except (FileNotFoundError, NotADirectoryError):
            continue


def discard(directory: Path) -> None:
    """Remove a transaction's directory; ``committed.json`` and ``journal.json`` go last, so that a crash can resume.

    Files that a process still has open may stay on NFS: then it is called done, and discarded again at the next open.
    """
    for name in ("new", "old"):
        remove_tree(directory / name)
    if not remove_tree(directory) and not directory.name.endswith(DONE):
        directory.rename(f"{directory}{DONE}")


def recover(prefix: Path) -> list[str]:
    """Bring a prefix to exactly its old or exactly its new state after a crash; the caller holds the prefix lock.

    Returns
    -------
    list of str
        ``"undone"``, ``"finished"`` or ``"discarded"`` for each transaction that was found, ``"removed"`` when the
        prefix itself was being created and is gone.
    """
    base = prefix / TRANSACTIONS
    outcome: list[str] = []
    if not base.is_dir():
        return outcome
    for directory in sorted(base.iterdir()):
        if (directory / "committed.json").exists():
            journal = msgspec.json.decode((directory / "committed.json").read_bytes(), type=Journal)
            clean(prefix, directory, journal)
            outcome.append("finished")
        elif (directory / "journal.json").exists():
            journal = msgspec.json.decode((directory / "journal.json").read_bytes(), type=Journal)
            if journal.created:
                return [*outcome, "removed"]
            if journal.moved_to and os.path.realpath(prefix) == journal.moved_to:
                commit(directory)
                clean(prefix, directory, journal)
                outcome.append("finished")
                continue
            take_back(prefix, directory, journal)
            outcome.append("undone")
        else:
            if not directory.name.endswith(DONE):
                outcome.append("discarded")
            discard(directory)
    remove_if_empty(base)
    return outcome


def take_back(prefix: Path, directory: Path, journal: Journal) -> None:
    """Undo a journaled transaction and forget it."""
    undo(prefix, directory, journal.operations)
    (directory / "journal.json").unlink()
    sync_directory(directory)
    discard(directory)
    remove_if_empty(directory.parent)


def remove_if_empty(directory: Path) -> None:
    """Remove the folder of transactions when nothing is pending."""
    if directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()


def is_pending(prefix: Path) -> bool:
    """Tell whether a transaction was interrupted or is running."""
    return (prefix / TRANSACTIONS).is_dir()
