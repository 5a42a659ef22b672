"""Reads ``conda-meta/*.json`` (CEP 32): which packages a prefix holds, as any conda-compatible tool recorded them.

Owns the tolerance towards other tools' records: fields that we do not know are dropped, ``null`` where a list belongs
is an empty list, a missing ``fn`` or ``url`` is made from the name of the record's file, and a record with ``files``
and without ``paths_data`` gets entries that have no hashes. Refuses to guess at a file that is not JSON or lacks a name
and a version: a ``Finding`` for who collects them, a ``StorageError`` for who does not. Writes nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from jupyter_envs.engine.models.findings import Finding
from jupyter_envs.engine.models.records import PrefixPathsEntry, PrefixRecord
from jupyter_envs.errors import StorageError

META_DIRECTORY = "conda-meta"
_SUFFIX = ".json"
_DECODER = msgspec.json.Decoder(PrefixRecord)
_ARCHIVE_SUFFIXES = (".conda", ".tar.bz2", ".whl", ".interpreter")


class RecordName(NamedTuple):
    """What the file name of a record says: ``name-version-build.json``."""

    name: str
    version: str
    build: str

    @property
    def dist(self) -> str:
        """The record's file stem."""
        return f"{self.name}-{self.version}-{self.build}"


def parse_dist(dist: str) -> RecordName | None:
    """Return the parts of ``name-version-build`` or ``None`` (CEP 26: no dash in the last two)."""
    parts = dist.rsplit("-", 2)
    return RecordName(*parts) if len(parts) == 3 and all(parts) else None


def _record_files(prefix: str | os.PathLike[str]) -> list[str]:
    try:
        return [entry for entry in os.listdir(os.path.join(prefix, META_DIRECTORY)) if entry.endswith(_SUFFIX)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def iter_record_names(prefix: str | os.PathLike[str]) -> list[RecordName]:
    """Return name, version and build of every package of a prefix, in order of name, from file names alone.

    A prefix without ``conda-meta`` has none. Files whose name has another shape are left out; ``read_records`` names
    them. Raises ``PermissionError`` when ``conda-meta`` cannot be listed.
    """
    names = []
    for entry in _record_files(prefix):
        parts = entry[: -len(_SUFFIX)].rsplit("-", 2)
        if len(parts) == 3:
            names.append(RecordName(*parts))
    names.sort()
    return names


def find_record_name(prefix: str | os.PathLike[str], name: str) -> RecordName | None:
    """Return the record name of one package, without opening a file."""
    start = f"{name}-"
    for entry in _record_files(prefix):
        if entry.startswith(start):
            parsed = parse_dist(entry[: -len(_SUFFIX)])
            if parsed is not None and parsed.name == name:
                return parsed
    return None


def read_records(
    prefix: str | os.PathLike[str], on_broken: Callable[[Finding], None] | None = None
) -> list[PrefixRecord]:
    """Return the records of all packages of a prefix, sorted by name.

    Parameters
    ----------
    prefix : path
        The environment's directory; one without ``conda-meta`` has no records.
    on_broken : callable
        Receives a ``Finding`` for each record that cannot be read, and reading goes on. Without it the first broken
        record raises ``StorageError`` with code ``prefix.record_broken`` that names the file.
    """
    records = []
    for path in _record_paths(prefix):
        try:
            records.append(read_record_file(path))
        except StorageError as error:
            if on_broken is None:
                raise
            on_broken(
                Finding(
                    code="record.broken",
                    severity="error",
                    message=error.message,
                    hint=error.hint,
                    path=path,
                    package=_package_of(path),
                )
            )
    records.sort(key=lambda record: (record.name, record.version, record.build))
    return records


def read_record(prefix: str | os.PathLike[str], name: str) -> PrefixRecord | None:
    """Return the record of one package, or ``None`` when the prefix does not have it."""
    found = find_record_name(prefix, name)
    if found is None:
        return None
    return read_record_file(os.path.join(prefix, META_DIRECTORY, found.dist + _SUFFIX))


def read_record_file(path: str | os.PathLike[str]) -> PrefixRecord:
    """Read one record; raises ``StorageError`` (``prefix.record_broken``) naming the file when it is not one."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise StorageError.from_os_error(error, "reading a package record") from error
    try:
        record = _DECODER.decode(content)
    except msgspec.DecodeError:
        record = _decode_foreign(content, path)
    if not record.paths_data.paths and record.files:
        entries = tuple(PrefixPathsEntry(path=file, path_type="hardlink") for file in record.files)
        record = msgspec.structs.replace(record, paths_data=msgspec.structs.replace(record.paths_data, paths=entries))
    return record


def fingerprint(prefix: str | os.PathLike[str]) -> str:
    """Return a digest that changes when packages, pins, variables, ``frozen`` or history of a prefix change.

    Made of names, sizes and modification times in ``conda-meta``; opens nothing. Empty text for a prefix that has no
    ``conda-meta``.
    """
    lines = []
    try:
        with os.scandir(os.path.join(prefix, META_DIRECTORY)) as entries:
            for entry in entries:
                if entry.name.endswith(_SUFFIX) or entry.name in ("pinned", "state", "frozen"):
                    stat = entry.stat()
                    lines.append(f"{entry.name} {stat.st_size} {stat.st_mtime_ns}")
                elif entry.name == "history":
                    lines.append(f"history {entry.stat().st_size}")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    lines.sort()
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _record_paths(prefix: str | os.PathLike[str]) -> Iterator[str]:
    directory = os.path.join(prefix, META_DIRECTORY)
    return (os.path.join(directory, entry) for entry in sorted(_record_files(prefix)))


def _package_of(path: str) -> str:
    parsed = parse_dist(os.path.basename(path)[: -len(_SUFFIX)])
    return parsed.name if parsed else ""


def _decode_foreign(content: bytes, path: str | os.PathLike[str]) -> PrefixRecord:
    """Decode a record that another tool wrote in its own way; raises ``StorageError`` when that is not possible."""
    try:
        raw = msgspec.json.decode(content)
        if not isinstance(raw, dict):
            raise msgspec.ValidationError(f"expected an object, got {type(raw).__name__}")
        return msgspec.convert(_amended(raw, Path(path).name), PrefixRecord, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StorageError(
            f"package record cannot be read: {os.fspath(path)} ({error})",
            hint="`jupyter envs repair` writes it again from the package cache; "
            "else move the file away and install the package again",
            code="prefix.record_broken",
            detail={"path": os.fspath(path)},
        ) from error


def _amended(raw: dict[str, object], file_name: str) -> dict[str, object]:
    """Return the fields of a foreign record with what CEP 32 requires filled in."""
    fields = {key: value for key, value in raw.items() if value is not None}
    parsed = parse_dist(file_name[: -len(_SUFFIX)])
    if parsed is not None:
        fields = {"name": parsed.name, "version": parsed.version, "build": parsed.build} | fields
    url = str(fields.get("url") or "")
    if not fields.get("fn"):
        last = url.rpartition("/")[2]
        fields["fn"] = last if last.endswith(_ARCHIVE_SUFFIXES) else file_name[: -len(_SUFFIX)] + ".conda"
    fields["url"] = url
    link = fields.get("link")
    if not isinstance(link, dict) or not isinstance(link.get("source"), str):
        fields.pop("link", None)
    return fields
