"""The Python that an environment borrows from its machine: whether it is still there, and what to ask for instead.

A machine, or a container's image, comes with another Python and the environments of a user's volume stay. Reads records
and the names of files; asks Pythons who they are only where one has gone. Refuses to change anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from jupyter_envs.engine.models.findings import Finding
from jupyter_envs.engine.models.origins import CONDA, INTERPRETER, PYPI, is_interpreter
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.prefix.examination import Patient
from jupyter_envs.engine.sources.interpreter import find_interpreters, interpreter_path
from jupyter_envs.settings import Settings

Record = TypeVar("Record", bound=RepodataRecord)


def find_lost(records: Iterable[Record]) -> Record | None:
    """Return the record of a borrowed Python whose executable is not there any more, or ``None``."""
    borrowed = (record for record in records if is_interpreter(record))
    return next((record for record in borrowed if not os.path.isfile(interpreter_path(record.url))), None)


def lost_message(record: RepodataRecord, whose: str) -> str:
    """Return the sentence about a borrowed Python that has gone; ``whose`` says what borrows it."""
    return f"the Python {record.version} that {whose} borrows has gone: {interpreter_path(record.url)}"


def examine_borrowed(patient: Patient) -> Iterator[Finding]:
    """A borrowed Python that has gone, with what would do in its place."""
    lost = find_lost(patient.records)
    if lost is None:
        return
    shared = patient.info.kind == "shared"
    spec = "" if shared else replacement(lost.version, patient.settings, patient.environ)
    hint = "whoever publishes it has to publish it again" if shared else f"install Python {lost.version} there again"
    if spec:
        hint = f"`jupyter envs install {patient.shown} {spec}` gives it another, and exchanges what needs the old one"
    yield Finding(
        code="python.gone",
        severity="error",
        message=lost_message(lost, patient.info.name),
        hint=hint,
        path=interpreter_path(lost.url),
        package=lost.name,
        specs=(spec,) if spec else (),
    )


def replacement(version: str, settings: Settings, environ: Mapping[str, str]) -> str:
    """Return what to install in the place of a Python that has gone; empty when no source in use has one.

    The same minor version is preferred, since then only the Python is exchanged; else the next newer one.

    Parameters
    ----------
    version : str
        Of the Python that has gone.
    settings : Settings
        Which sources may be used.
    environ : mapping
        The user's variables: ``PATH`` is searched.
    """
    gone = _minor(version)
    if INTERPRETER in settings.sources or (PYPI in settings.sources and CONDA not in settings.sources):
        found = {info.minor for info in find_interpreters(environ) if info.subdir == settings.subdir}
        if found:
            major, minor = min(found, key=lambda one: (one < gone, abs(one[1] - gone[1])))
            return f"interpreter::python={major}.{minor}"
    return f"python={gone[0]}.{gone[1]}" if CONDA in settings.sources else ""


def _minor(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)
