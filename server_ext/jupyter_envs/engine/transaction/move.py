"""Renaming a prefix: the files that name it are made anew inside it, then one rename moves all of it.

The journal lies in the prefix and says where that is going. As long as it stands in the old place the old state is the
truth, and recovery takes the staged renames back; found in the new place it is finished. So the move is the commit, and
whatever does not name the prefix, nearly all, is not touched. Refuses environments with scripts of packages (see
``can_move``): what those have made knows the place they ran in.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from jupyter_envs.engine.durable import sync_directory, sync_files
from jupyter_envs.engine.link.actions import PackageLinkPlan, WriteResult
from jupyter_envs.engine.link.writer import LinkWriter
from jupyter_envs.engine.models.events import Event
from jupyter_envs.engine.models.records import PrefixRecord
from jupyter_envs.engine.transaction.change import abandon
from jupyter_envs.engine.transaction.extras import scripts_naming
from jupyter_envs.engine.transaction.inputs import Execution, drop, settle
from jupyter_envs.engine.transaction.journal import (
    TRANSACTIONS,
    Journal,
    apply,
    clean,
    commit,
    make_durable,
    write_journal,
)
from jupyter_envs.engine.transaction.metadata import with_remade
from jupyter_envs.engine.transaction.records import write_metadata
from jupyter_envs.engine.transaction.staging import stage_operations
from jupyter_envs.errors import StorageError

NAMING = ("patch_text", "patch_binary", "patch_shebang", "generate")
"""Kinds of files whose content may depend on the prefix."""


def can_move(source: Path, target: Path, plans: Sequence[PackageLinkPlan]) -> bool:
    """Tell whether one rename can move the prefix: on one file system, and nothing in it was made by a script."""
    if os.name == "nt" or any(plan.link_scripts for plan in plans):
        return False
    return target.parent.is_dir() and os.stat(source).st_dev == os.stat(target.parent).st_dev


def move_prefix(execution: Execution, source: Path, records: Sequence[PrefixRecord]) -> bool:
    """Carry out a rename, and tell whether one rename can; the caller holds the locks of both places.

    ``False``: the environment is where and as it was. Directories of a container's image, and those of different
    projects or exports on one disk, say it only when it is tried.

    Parameters
    ----------
    execution : Execution
        As for creating the new prefix; the links of all packages are those of the new place.
    source : Path
        Where the environment is now.
    records : sequence of PrefixRecord
        Its records.

    Raises
    ------
    StorageError, LinkError, CancelledError
        The environment is where and as it was.
    """
    target = execution.prefix
    directory = source / TRANSACTIONS / f"{datetime.now():%Y%m%d-%H%M%S}-{os.urandom(3).hex()}"
    journal = Journal()
    try:
        journal = _stage(execution, source, records, directory)
        execution.cancel.check()
        write_journal(directory, journal)
        apply(source, directory, journal.operations)
        make_durable(source, journal.operations)
        os.rename(source, target)
    except BaseException as error:
        abandon(source, directory, journal)
        if isinstance(error, OSError) and error.errno == errno.EXDEV:
            return False
        if isinstance(error, OSError):
            raise StorageError.from_os_error(error, f"renaming {source.name}") from error
        raise
    try:
        for parent in {source.parent, target.parent}:
            sync_directory(parent)
        moved = target / TRANSACTIONS / directory.name
        commit(moved)
        clean(target, moved, journal)
    except OSError as error:
        # It has moved; what is left of the transaction is cleaned at the next open.
        text = f"{source.name} is now {target.name}, but cleaning up is not finished: {error}"
        execution.reporter.report(Event(kind="warning", phase="commit", text=text))
    return True


def _stage(execution: Execution, source: Path, records: Sequence[PrefixRecord], directory: Path) -> Journal:
    """Make every file that names the prefix below the transaction's directory and plan the renames."""
    new = directory / "new"
    new.mkdir(parents=True)
    (directory / "old").mkdir()
    settle(execution.links, execution.changes.placed)
    plans = [_only_naming(plan) for plan in execution.links]
    result = LinkWriter(execution.options).write(plans, str(new), execution.reporter, execution.cancel)
    execution.reporter.report(Event(kind="phase", phase="commit", text="writing records"))
    files = _metadata(execution, source, records, plans, result)
    scripts = scripts_naming(source, execution.prefix, records, execution.layout)
    written = [*result.made, *write_metadata(files, new), *write_metadata(scripts, new)]
    for path in scripts:
        os.chmod(new / path, os.stat(source / path).st_mode & 0o7777)
    sync_files(written, str(new))
    made = {path for plan in plans for path in plan.paths()}  # also what does not name the prefix after all: a link
    gone = {*made, *files, *scripts}
    staged = stage_operations(source, new, gone, stamp=directory.name)
    return Journal(
        operations=staged.operations,
        prune=staged.prune,
        moved_to=os.path.realpath(execution.prefix),
        command=execution.plan.command,
    )


def _only_naming(plan: PackageLinkPlan) -> PackageLinkPlan:
    """Cut a plan down to the files that may name the prefix."""
    wanted = {action.path for action in plan.actions if action.kind in NAMING}
    drop(plan, {path for path in plan.paths() if path not in wanted})
    return plan


def _metadata(
    execution: Execution,
    source: Path,
    records: Sequence[PrefixRecord],
    plans: Sequence[PackageLinkPlan],
    result: WriteResult,
) -> Mapping[str, bytes]:
    """Return the files of ``conda-meta`` that change: history, a generation, records of packages with new digests."""
    files = {path: content for path, content in execution.metadata.items() if not _has(source / path, content)}
    present = {record.dist for record in records}
    for plan in plans:
        remade = {
            action.path: (result.written[action.path], action.size if action.kind == "generate" else None)
            for action in plan.actions
            if action.path in result.written
        }
        path = f"conda-meta/{plan.dist}.json"
        if remade and plan.dist in present:
            files[path] = with_remade((source / path).read_bytes(), remade)
    return files


def _has(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except FileNotFoundError:
        return False
