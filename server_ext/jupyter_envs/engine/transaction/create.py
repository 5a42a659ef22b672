"""A new prefix: everything is made in a directory beside it, and one rename makes it appear.

A crash before the rename leaves a ``.<name>.<token>.creating`` directory, which nobody lists and the next change sweeps
away. Link scripts must see the real prefix, so they run after the rename, under a journal that says ``created``.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

import msgspec

from jupyter_envs.engine.durable import sync_directory, sync_filesystem
from jupyter_envs.engine.link.writer import LinkWriter
from jupyter_envs.engine.models.events import Event
from jupyter_envs.engine.removal import remove_tree
from jupyter_envs.engine.transaction.inputs import Executed, Execution, clobber_warnings, settle
from jupyter_envs.engine.transaction.journal import (
    TRANSACTIONS,
    Journal,
    commit,
    discard,
    remove_if_empty,
    write_journal,
)
from jupyter_envs.engine.transaction.lock import PREFIX_LOCK, is_locked, locked
from jupyter_envs.engine.transaction.records import write_metadata, write_records
from jupyter_envs.engine.transaction.scripts import has_scripts, run_scripts
from jupyter_envs.errors import AlreadyExistsError, StorageError

CREATING, REMOVING = "creating", "removing"
HISTORY = "conda-meta/history"
GRACE = 60.0  # seconds


def create_prefix(execution: Execution) -> Executed:
    """Make a prefix that does not exist (or is an empty directory).

    Raises
    ------
    AlreadyExistsError
        Something is there.
    StorageError, LinkError, LinkScriptError, CancelledError
        Nothing is left behind.
    """
    prefix = execution.prefix
    if prefix.exists() and any(prefix.iterdir()):
        raise AlreadyExistsError(f"{prefix} is not empty", hint="choose another name, or delete what is there first")
    building = prefix.parent / f".{prefix.name}.{os.urandom(4).hex()}.{CREATING}"
    try:
        prefix.parent.mkdir(parents=True, exist_ok=True)
        building.mkdir()
        # Held from here on, in the directory that becomes the prefix: nobody sweeps it away while it is filled, and who
        # finds the prefix before its scripts have run does not take it for what a crash left.
        with locked(building / PREFIX_LOCK, prefix=prefix, command=execution.plan.command):
            executed = _appear(execution, building)
            return _run_scripts(execution, executed)
    except OSError as error:
        raise StorageError.from_os_error(error, f"creating {prefix.name}") from error
    finally:
        if building.exists():
            remove_abandoned(building)


def _appear(execution: Execution, building: Path) -> Executed:
    """Fill the directory and make it the prefix with one rename."""
    executed = _fill(execution, building)
    execution.cancel.check()
    sync_filesystem(str(building))
    os.replace(building, execution.prefix)
    sync_directory(execution.prefix.parent)
    return executed


def _fill(execution: Execution, building: Path) -> Executed:
    """Link everything into the new directory and write its records and history."""
    if execution.changes.clobbers:
        settle(execution.links, execution.changes.placed)
    writer = LinkWriter(execution.options)
    result = writer.write(execution.links, str(building), execution.reporter, execution.cancel)
    execution.reporter.report(Event(kind="phase", phase="commit", text="writing records"))
    write_records(execution, result, building)
    write_metadata(execution.metadata, building)
    if execution.plan.clone_from is not None:
        from jupyter_envs.engine.transaction.extras import copy_unowned

        copy_unowned(Path(execution.plan.clone_from), building, execution.prefix, execution.layout)
    if has_scripts(execution):
        directory = building / TRANSACTIONS / "scripts"
        directory.mkdir(parents=True)
        write_journal(directory, Journal(created=True, command=execution.plan.command))
    return Executed(
        linked_files=result.linked_files,
        linked_bytes=result.linked_bytes,
        taken_bytes=result.taken_bytes,
        directories=len(result.created_directories),
        warnings=tuple(clobber_warnings(execution.changes)),
    )


def _run_scripts(execution: Execution, executed: Executed) -> Executed:
    """Run pre-link and post-link scripts; a failure takes the whole new prefix away again."""
    if not has_scripts(execution):
        return executed
    try:
        messages = [*run_scripts(execution, "pre-link"), *run_scripts(execution, "post-link")]
        directory = execution.prefix / TRANSACTIONS / "scripts"
        commit(directory)
    except BaseException:
        remove_prefix(execution.prefix)
        raise
    discard(directory)
    remove_if_empty(directory.parent)
    return msgspec.structs.replace(executed, messages=tuple(messages))


def remove_prefix(prefix: Path) -> None:
    """Make a prefix disappear with one rename, then delete it; a crash in between leaves only a hidden directory.

    Raises
    ------
    StorageError
        It is where it was; or something of what has disappeared cannot be deleted.
    """
    leaving = prefix.parent / f".{prefix.name}.{os.urandom(4).hex()}.{REMOVING}"
    try:
        try:
            prefix.rename(leaving)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _remove_in_place(prefix, leaving)
        else:
            sync_directory(prefix.parent)
            remove_tree(leaving)
    except OSError as error:
        raise StorageError.from_os_error(error, f"removing {prefix.name}") from error


def _remove_in_place(prefix: Path, mark: Path) -> None:
    """Delete a prefix that cannot be renamed: it is in a lower layer of an overlay, such as a container's image.

    Without its history it is no environment any more; the mark, a link to it, says so to whoever sweeps after a crash.
    """
    mark.symlink_to(prefix.name)
    sync_directory(prefix.parent)
    (prefix / HISTORY).unlink(missing_ok=True)
    if remove_tree(prefix):
        mark.unlink(missing_ok=True)


def abandoned(parent: Path, *, now: float, grace: float = GRACE) -> list[Path]:
    """Return what crashed creations and deletions left beside environments.

    Parameters
    ----------
    parent : Path
        The directory of environments.
    now : float
        Seconds since the epoch.
    grace : float
        Seconds for which a directory without a lock file is left alone: its maker is about to lock it.
    """
    if not parent.is_dir():
        return []
    kinds = [(entry, entry.name.rpartition(".")[2]) for entry in sorted(parent.glob(".*.*"))]
    return [
        entry
        for entry, kind in kinds
        if (kind == REMOVING and not (entry.is_symlink() and is_locked(entry / PREFIX_LOCK)))
        or (kind == CREATING and _is_abandoned(entry, now - grace))
    ]


def sweep(parent: Path, *, now: float, grace: float = GRACE) -> list[str]:
    """Delete what ``abandoned`` finds; return the names."""
    found = abandoned(parent, now=now, grace=grace)
    for entry in found:
        remove_abandoned(entry)
    return [entry.name for entry in found]


def _is_abandoned(building: Path, before: float) -> bool:
    lock = building / PREFIX_LOCK
    try:
        return not is_locked(lock) if lock.exists() else building.stat().st_mtime < before
    except FileNotFoundError:  # its maker has just finished
        return False


def remove_abandoned(entry: Path) -> None:
    """Delete as much as can be deleted; what stays is hidden, and the next sweep tries again."""
    if not entry.is_symlink():
        remove_tree(entry, ignore_errors=True)
        return
    name = entry.name[1:].rpartition(".")[0].rpartition(".")[0]
    half = entry.parent / name
    ours = os.readlink(entry) == name and half.is_dir() and not half.is_symlink()
    if not ours or (half / HISTORY).exists() or remove_tree(half, ignore_errors=True):
        entry.unlink(missing_ok=True)
