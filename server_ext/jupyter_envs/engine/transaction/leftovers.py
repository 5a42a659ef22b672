"""What lies about: creations and deletions that were killed, and lines of the shared list that lead nowhere.

Owns finding it, and removing it when asked. Refuses to touch what a living process still works at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from jupyter_envs.engine.models.findings import Finding
from jupyter_envs.engine.prefix.doctor import doctor_registry
from jupyter_envs.engine.prefix.registry import unregister_environment
from jupyter_envs.engine.transaction.create import CREATING, abandoned, remove_abandoned

ABANDONED = "transaction.abandoned"


def find_leftovers(parents: Iterable[str], environ: Mapping[str, str], *, now: float) -> list[Finding]:
    """Return a note for each thing that lies about.

    Parameters
    ----------
    parents : iterable of str
        The directories of environments.
    environ : mapping
        The user's variables: where the shared list is.
    now : float
        Seconds since the epoch.
    """
    entries = (entry for parent in parents for entry in abandoned(Path(parent), now=now))
    return [*map(_finding, entries), *doctor_registry(environ)]


def _finding(entry: Path) -> Finding:
    name, _, rest = entry.name[1:].rpartition(".")[0].rpartition(".")
    what = "creation" if entry.name.endswith(CREATING) else "deletion"
    return Finding(
        code=ABANDONED,
        severity="note",
        message=f"the {what} of {name or rest} was killed, and {entry} is left of it",
        hint="`jupyter envs clean` removes it; so does the next environment that is made there",
        path=str(entry),
    )


def remove_leftovers(found: Iterable[Finding], environ: Mapping[str, str]) -> None:
    """Remove what ``find_leftovers`` found."""
    for finding in found:
        if finding.code == ABANDONED:
            remove_abandoned(Path(finding.path))
        else:
            unregister_environment(finding.path, environ)
