"""What is wrong with an environment, and what to do about each: the cheap examination, nothing is hashed.

Owns the list of examinations; each is a function that takes the patient and yields findings. Refuses to change anything
and to stop at the first fault.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import msgspec

from jupyter_envs.engine.file_systems import find_local_locks
from jupyter_envs.engine.models.findings import Finding, sort_findings
from jupyter_envs.engine.prefix import doctor_depends, doctor_files, doctor_python
from jupyter_envs.engine.prefix.discovery import describe_environment
from jupyter_envs.engine.prefix.examination import Examination, Patient
from jupyter_envs.engine.prefix.pinned import read_pinned
from jupyter_envs.engine.prefix.records import META_DIRECTORY, read_records
from jupyter_envs.engine.prefix.registry import read_registered
from jupyter_envs.engine.prefix.state import read_state
from jupyter_envs.errors import EnvsError, NotFoundError
from jupyter_envs.settings import Settings


def doctor(
    prefix: str | os.PathLike[str], settings: Settings, environ: Mapping[str, str], *, name: str | None = None
) -> list[Finding]:
    """Return what is wrong with an environment, the worst first; empty when nothing is.

    Parameters
    ----------
    prefix : path
        The environment; venvs are examined as far as it makes sense.
    settings : Settings
        Where environments are and for which platform.
    environ : mapping
        The variables a kernel would inherit: PYTHONPATH and the like are looked at.
    name : str
        How hints call it; found out when not given.

    Raises
    ------
    NotFoundError
        There is no environment at ``prefix``.
    """
    info = describe_environment(prefix, settings)
    if info is None:
        raise NotFoundError(
            f"not an environment: {os.fspath(prefix)}",
            hint="`jupyter envs list` shows those that there are",
            code="not_found.environment",
        )
    findings: list[Finding] = []
    info = info if name is None else msgspec.structs.replace(info, name=name)
    patient = Patient(info.path, info, environ, settings)
    try:
        patient.records = read_records(info.path, findings.append)
    except OSError as error:
        findings.append(_unreadable(patient, error))
    for examination in EXAMINATIONS:
        try:
            findings.extend(examination(patient))
        except (EnvsError, OSError) as error:
            findings.append(_unreadable(patient, error))
    return sort_findings(dict.fromkeys(findings))


def doctor_registry(environ: Mapping[str, str]) -> list[Finding]:
    """Return a note for each path in ``~/.conda/environments.txt`` where there is no environment any more."""
    return [
        Finding(
            code="registry.stale",
            severity="note",
            message=f"listed in environments.txt and not there: {path}",
            hint="`jupyter envs clean` takes it off the list",
            path=path,
        )
        for path in read_registered(environ)
        if not os.path.isdir(os.path.join(path, META_DIRECTORY))
    ]


def examine_state(patient: Patient) -> Iterator[Finding]:
    """A change that was stopped halfway, a process at work, a missing history."""
    if patient.info.interrupted:
        yield Finding(
            code="transaction.interrupted",
            severity="error",
            message=f"a change of {patient.info.name} was interrupted",
            hint=f"`jupyter envs repair {patient.shown}` finishes or undoes it; so does the next change",
            path=patient.prefix,
        )
    if patient.info.busy:
        yield Finding(
            code="environment.busy",
            severity="note",
            message=f"{patient.info.name} is being changed right now; what follows may be about to change",
            path=patient.prefix,
        )
    if patient.info.kind != "venv" and not os.path.exists(os.path.join(patient.prefix, META_DIRECTORY, "history")):
        yield Finding(
            code="history.missing",
            severity="warning",
            message="conda-meta/history is missing; conda does not take the folder for an environment (CEP 32)",
            hint=f"any change writes it again: `jupyter envs repair {patient.shown}`",
            path=patient.prefix,
        )
    option = find_local_locks(patient.prefix) if patient.info.writable else ""
    if option:
        yield Finding(
            code="environment.local_locks",
            severity="warning",
            message=f"the network mount of {patient.info.name} keeps its locks on this machine ({option})",
            hint="mount it without this option, or change what is there from one machine only",
            path=patient.prefix,
        )
    if not patient.info.writable:
        yield Finding(
            code="environment.read_only",
            severity="note",
            message=f"{patient.info.name} cannot be changed by you: the folder is read-only",
            hint=f"clone it to change it: `jupyter envs clone {patient.shown} NEW-NAME`",
            path=patient.prefix,
        )


def examine_settings(patient: Patient) -> Iterator[Finding]:
    """``pinned`` and ``state`` that cannot be read."""
    for read in (read_pinned, read_state):
        try:
            read(patient.prefix)
        except EnvsError as error:
            yield Finding(
                code=error.code, severity="error", message=error.message, hint=error.hint, path=patient.prefix
            )


EXAMINATIONS: tuple[Examination, ...] = (
    examine_state,
    examine_settings,
    *doctor_files.EXAMINATIONS,
    *doctor_python.EXAMINATIONS,
    *doctor_depends.EXAMINATIONS,
)


def _unreadable(patient: Patient, error: Exception) -> Finding:
    return Finding(
        code="environment.unreadable",
        severity="error",
        message=str(error),
        hint=getattr(error, "hint", "") or "check who owns the folder",
        path=patient.prefix,
    )
