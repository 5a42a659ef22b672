"""Changing a prefix that exists: stage, journal, rename, commit. The caller holds the lock and has recovered.

Whatever goes wrong before the commit (an error, a cancel, a script that fails) is taken back; a kill is taken back, or
after the commit finished, by ``journal.recover`` at the next open.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from jupyter_envs.engine.durable import sync_files
from jupyter_envs.engine.link.actions import PackageLinkPlan, WriteResult
from jupyter_envs.engine.link.writer import LinkWriter
from jupyter_envs.engine.models.events import Event
from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.transaction.inputs import Executed, Execution, clobber_warnings, drop, settle
from jupyter_envs.engine.transaction.journal import (
    TRANSACTIONS,
    Journal,
    apply,
    clean,
    commit,
    discard,
    make_durable,
    remove_if_empty,
    take_back,
    write_journal,
)
from jupyter_envs.engine.transaction.records import write_metadata, write_records
from jupyter_envs.engine.transaction.scripts import run_scripts
from jupyter_envs.engine.transaction.staging import stage_operations
from jupyter_envs.errors import StorageError

_TAKEN_BACK = "another machine has taken this change back, since this one had not been heard of for long; try again"


def change_prefix(execution: Execution) -> Executed:
    """Carry out a change to an existing prefix.

    Raises
    ------
    StorageError, LinkError, LinkScriptError, CancelledError
        The prefix is as it was.
    """
    directory = execution.prefix / TRANSACTIONS / f"{datetime.now():%Y%m%d-%H%M%S}-{os.urandom(3).hex()}"
    journal = Journal()
    late: list[PlanWarning] = []
    try:
        result, journal, warnings = _stage(execution, directory)
        directories = sum(not os.path.isdir(f"{execution.prefix}/{path}") for path in result.created_directories)
        execution.cancel.check()
        write_journal(directory, journal)
        messages = _switch(execution, directory, journal)
        commit(directory)
    except BaseException as error:
        if not os.path.exists(directory / "committed.json"):  # where a server is gone, Path.exists raises
            taken_back = _is_gone(directory)
            abandon(execution.prefix, directory, journal)
            if isinstance(error, OSError):
                failure = StorageError.from_os_error(error, f"changing {execution.prefix.name}")
                if taken_back:
                    failure.hint = _TAKEN_BACK
                raise failure from error
            raise
        # The new state is in place; what failed is only making sure that a power cut cannot lose it.
        late.append(_unfinished(error))
    try:
        clean(execution.prefix, directory, journal)
    except OSError as error:
        late.append(_unfinished(error))
    return Executed(
        linked_files=result.linked_files,
        linked_bytes=result.linked_bytes,
        taken_bytes=result.taken_bytes,
        directories=directories,
        warnings=(*clobber_warnings(execution.changes), *warnings, *late),
        messages=tuple(messages),
    )


def _is_gone(directory: Path) -> bool:
    """Tell whether a directory is not there; where that cannot be told, it is not gone."""
    try:
        directory.lstat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def abandon(prefix: Path, directory: Path, journal: Journal) -> None:
    """Take everything back; when even that fails, the journal stays and the next open does it."""
    try:
        if (directory / "journal.json").exists():
            take_back(prefix, directory, journal)
        else:
            discard(directory)
            remove_if_empty(directory.parent)
    except OSError as error:
        failure = StorageError.from_os_error(error, f"taking back a change to {prefix.name}")
        failure.hint = "the next `jupyter envs` command on this environment takes it back; free space or repair first"
        raise failure from error


def _unfinished(error: BaseException) -> PlanWarning:
    return PlanWarning(
        code="transaction.cleaning",
        message=f"the change is done, but cleaning up after it is not: {error}",
        hint="the next change of this environment finishes it",
    )


def _stage(execution: Execution, directory: Path) -> tuple[WriteResult, Journal, tuple[PlanWarning, ...]]:
    """Make every new file below the transaction's directory and plan the renames."""
    new = directory / "new"
    new.mkdir(parents=True)
    (directory / "old").mkdir()
    settle(execution.links, execution.changes.placed)
    restores = [_only(plan, execution) for plan in execution.restores.values()]
    writer = LinkWriter(execution.options)
    result = writer.write([*execution.links, *restores], str(new), execution.reporter, execution.cancel)
    execution.reporter.report(Event(kind="phase", phase="commit", text="switching to the new files"))
    records = write_records(execution, result, new)
    metadata = write_metadata(execution.metadata, new)
    sync_files([*result.made, *records, *metadata], str(new))
    gone = {f"conda-meta/{record.dist}.json" for record in execution.diff.unlink}
    gone.update(path for path in execution.metadata if (execution.prefix / path).exists())
    gone.update(execution.changes.gone)
    if execution.plan.action == "repair":
        # What a damaged record no longer says is still the package's own, not a stranger's file to be kept.
        gone.update(path for plan in execution.links for path in (f"conda-meta/{plan.dist}.json", *plan.paths()))
    staged = stage_operations(execution.prefix, new, gone, stamp=directory.name)
    journal = Journal(operations=staged.operations, prune=staged.prune, command=execution.plan.command)
    return result, journal, staged.warnings


def _only(plan: PackageLinkPlan, execution: Execution) -> PackageLinkPlan:
    """Cut the plan of a kept package down to the paths that come back."""
    back = {path for path, dist in execution.changes.restored.items() if dist == plan.dist}
    drop(plan, {path for path in plan.paths() if path not in back})
    return plan


def _switch(execution: Execution, directory: Path, journal: Journal) -> list[str]:
    """Rename everything into place, running the packages' scripts around it."""
    messages = run_scripts(execution, "pre-unlink")
    messages += run_scripts(execution, "pre-link")
    apply(execution.prefix, directory, journal.operations)
    messages += run_scripts(execution, "post-link")
    execution.cancel.check()
    make_durable(execution.prefix, journal.operations)
    return messages
