"""Doctor's examinations of files and records: missing files, records of one name, scripts that belong elsewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from jupyter_envs.engine.models.findings import Finding
from jupyter_envs.engine.models.records import PrefixRecord
from jupyter_envs.engine.prefix.examination import Examination, Patient
from jupyter_envs.engine.prefix.records import META_DIRECTORY
from jupyter_envs.engine.prefix.verify import verify

_PREFIX_IN_SCRIPT = re.compile(rb"(/[^\s'\"]+)/bin/python[0-9.]*")


def examine_files(patient: Patient) -> Iterator[Finding]:
    """Files of packages that are missing or have another size."""
    by_package: dict[tuple[str, str], list[Finding]] = {}
    for found in verify(patient.prefix, patient.records, content=False, threads=1):
        by_package.setdefault((found.package, found.code), []).append(found)
    for (package, code), group in by_package.items():
        if len(group) == 1:
            yield group[0]
            continue
        word = "missing" if code == "file.missing" else "changed"
        example = os.path.relpath(group[0].path, patient.prefix)
        yield Finding(
            code=code,
            severity=group[0].severity,
            message=f"{len(group)} files of {package} are {word}, such as {example}",
            hint=f"`jupyter envs repair {patient.shown}` puts them back from the package cache",
            path=group[0].path,
            package=package,
        )


def examine_duplicates(patient: Patient) -> Iterator[Finding]:
    """Two records of one name."""
    seen: dict[str, PrefixRecord] = {}
    for record in patient.records:
        other = seen.setdefault(record.name, record)
        if other is not record:
            yield Finding(
                code="record.duplicate",
                severity="error",
                message=f"{record.name} is recorded twice: {other.dist} and {record.dist}",
                hint=f"`jupyter envs repair {patient.shown}` keeps the one whose files are there",
                path=os.path.join(patient.prefix, META_DIRECTORY, f"{record.dist}.json"),
                package=record.name,
            )


def examine_moved(patient: Patient) -> Iterator[Finding]:
    """Scripts that start the Python of another folder: the environment was moved or copied by hand."""
    own = {os.fsencode(path) for path in (patient.prefix, os.path.realpath(patient.prefix))}
    for record in patient.records:
        for entry in record.paths_data.paths:
            script = entry.path_type == "unix_python_entry_point" or (
                entry.prefix_placeholder and entry.file_mode != "binary" and entry.path.startswith("bin/")
            )
            other = _other_prefix(os.path.join(patient.prefix, entry.path), own) if script else None
            if other is not None:
                yield Finding(
                    code="prefix.moved",
                    severity="error",
                    message=f"{entry.path} starts the Python of another folder: {other}",
                    hint="environments cannot be moved by hand: `jupyter envs rename` moves one, "
                    "`jupyter envs clone` copies one",
                    path=os.path.join(patient.prefix, entry.path),
                    package=record.name,
                )
                return


EXAMINATIONS: tuple[Examination, ...] = (examine_files, examine_duplicates, examine_moved)


def _other_prefix(path: str, own: set[bytes]) -> str | None:
    """Return the prefix that a script's first lines name, when it is not one of ``own``."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(1024)
    except OSError:
        return None  # a missing script is told by `examine_files`
    if not head.startswith(b"#!"):
        return None
    match = _PREFIX_IN_SCRIPT.search(b"\n".join(head.splitlines()[:2]))
    return os.fsdecode(match[1]) if match and match[1] not in own else None
