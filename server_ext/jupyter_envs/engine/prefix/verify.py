"""Compares each file of an environment with its record (CEP 32): missing, changed, of another kind, or owned by nobody.

Owns the comparison. Hashes are computed in threads; a softlink is right when it has the record's digest in either of
the forms in use (rattler: of the link's text, conda: of what it points to). Missing ``.pyc`` are no fault, since Python
makes them again. A path that two packages claim is compared with whichever record fits. Refuses to change anything, and
to call a file missing or changed that the disk, or the server of a network mount, does not give.
"""

from __future__ import annotations

import hashlib
import os
import stat as stat_module
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from jupyter_envs.engine.models.findings import Finding, sort_findings
from jupyter_envs.engine.models.records import PrefixPathsEntry, PrefixRecord
from jupyter_envs.engine.prefix.records import META_DIRECTORY, read_records
from jupyter_envs.errors import StorageError

_CHUNK = 1 << 20
_TELLING = (
    FileNotFoundError,
    NotADirectoryError,
    PermissionError,
)  # what these say is said of the file, not of the disk
_EMPTY = hashlib.sha256(b"").hexdigest()
_REPAIR = "`jupyter envs repair` puts it back from the package cache"

Claim = tuple[PrefixPathsEntry, str]


def verify(
    prefix: str | os.PathLike[str],
    records: Sequence[PrefixRecord] | None = None,
    *,
    content: bool = True,
    unowned: bool = False,
    threads: int | None = None,
) -> list[Finding]:
    """Return what differs between a prefix and its records, the worst first.

    Parameters
    ----------
    prefix : path
        The environment.
    records : sequence
        Its records, when they have been read already; broken ones are findings too.
    content : bool
        Whether contents are hashed; else only presence, kind and size are compared (cheap).
    unowned : bool
        Whether files that no record names are reported (``file.unowned``, notes).
    threads : int
        How many files are hashed at once; the number of processors when not given.

    Raises
    ------
    StorageError
        The disk fails while files are read.
    """
    try:
        return _compared(prefix, records, content=content, unowned=unowned, threads=threads)
    except OSError as error:
        raise StorageError.from_os_error(error, "comparing files with their records") from error


def _compared(
    prefix: str | os.PathLike[str],
    records: Sequence[PrefixRecord] | None,
    *,
    content: bool,
    unowned: bool,
    threads: int | None,
) -> list[Finding]:
    from concurrent.futures import ThreadPoolExecutor

    findings: list[Finding] = []
    records = read_records(prefix, findings.append) if records is None else records
    base = os.path.abspath(prefix)
    claims = _claims(records)
    with ThreadPoolExecutor(max_workers=threads or os.cpu_count() or 1) as pool:
        batches = pool.map(
            lambda batch: [_check(base, path, claim, content) for path, claim in batch], _batches(claims.items())
        )
        findings.extend(found for batch in batches for found in batch if found is not None)
    if unowned:
        findings.extend(
            Finding(
                code="file.unowned", severity="note", message=f"no package owns {path}", path=os.path.join(base, path)
            )
            for path in iter_unowned(base, records)
        )
    return sort_findings(findings)


def iter_unowned(prefix: str | os.PathLike[str], records: Iterable[PrefixRecord]) -> Iterator[str]:
    """Yield the paths, relative to the prefix, of files that no record names; ``conda-meta`` and ``.pyc`` left out."""
    owned: set[str] = set()
    for record in records:
        owned.update(record.files)
        owned.update(entry.path for entry in record.paths_data.paths)
    base = os.path.abspath(prefix)
    pending = [""]
    while pending:
        start = pending.pop()
        with os.scandir(f"{base}/{start}") as entries:
            for entry in entries:
                path = start + entry.name
                if entry.is_dir(follow_symlinks=False):
                    if path != META_DIRECTORY:
                        pending.append(f"{path}/")
                elif path not in owned and not path.endswith((".pyc", ".pyo")):
                    yield path


def owned_paths(record: PrefixRecord) -> set[str]:
    """Return every path that a record claims, from ``paths_data`` and ``files``."""
    return {entry.path for entry in record.paths_data.paths} | set(record.files)


def owners(records: Iterable[PrefixRecord], path: str) -> list[PrefixRecord]:
    """Return the records that claim a path relative to the prefix, or something below it when it is a directory."""
    wanted = path.strip("/")
    below = wanted + "/"
    return [
        record for record in records if any(owned == wanted or owned.startswith(below) for owned in owned_paths(record))
    ]


def _claims(records: Iterable[PrefixRecord]) -> dict[str, list[Claim]]:
    claims: dict[str, list[Claim]] = {}
    for record in records:
        for entry in record.paths_data.paths:
            claims.setdefault(entry.path, []).append((entry, record.name))
    return claims


def _batches(items: Iterable[tuple[str, list[Claim]]], size: int = 200) -> Iterator[list[tuple[str, list[Claim]]]]:
    batch: list[tuple[str, list[Claim]]] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _check(base: str, path: str, claims: list[Claim], content: bool) -> Finding | None:
    """Return what is wrong with one path, or ``None`` when it fits one of its claims."""
    found = None
    for entry, package in claims:
        found = _check_entry(base, path, entry, package, content)
        if found is None:
            return None
    return found


def _check_entry(base: str, path: str, entry: PrefixPathsEntry, package: str, content: bool) -> Finding | None:
    if not _is_inside(path):
        return Finding(
            code="record.escape",
            severity="error",
            message=f"the record of {package} names a path outside the environment: {path}",
            hint="remove the package; do not trust where it came from",
            package=package,
        )
    full = os.path.join(base, path)
    try:
        stat = os.lstat(full)
    except _TELLING:
        return None if entry.path_type == "pyc_file" or path.endswith(".pyc") else _missing(full, path, package)
    problem = _difference(full, stat, entry, content)
    if problem is None:
        return None
    return Finding(
        code="file.modified", severity="warning", message=f"{path} {problem}", hint=_REPAIR, path=full, package=package
    )


def _missing(full: str, path: str, package: str) -> Finding:
    return Finding(
        code="file.missing",
        severity="error",
        message=f"{path} of {package} is missing",
        hint=_REPAIR,
        path=full,
        package=package,
    )


def _difference(full: str, stat: os.stat_result, entry: PrefixPathsEntry, content: bool) -> str | None:
    """Say how a path differs from its entry."""
    mode = stat.st_mode
    if entry.path_type == "directory":
        return None if stat_module.S_ISDIR(mode) else "is not a directory"
    if stat_module.S_ISLNK(mode):
        return _link_difference(full, entry) if content else None
    if not stat_module.S_ISREG(mode):
        return "is not a file"
    if entry.path_type == "pyc_file":
        return None
    if entry.path_type == "softlink" and not entry.sha256_in_prefix:
        return "is a file and should be a link"
    wanted = entry.sha256_in_prefix or (None if entry.prefix_placeholder else entry.sha256)
    plain = not entry.prefix_placeholder and entry.path_type != "softlink" and wanted == entry.sha256
    if plain and entry.size_in_bytes is not None and stat.st_size != entry.size_in_bytes:
        return f"has {stat.st_size} bytes and should have {entry.size_in_bytes}"
    if not content or wanted is None:
        return None
    return None if _file_digest(full) == wanted else "has been changed"


def _link_difference(full: str, entry: PrefixPathsEntry) -> str | None:
    """Say how a link differs, taking every form of its digest that is in use.

    rattler hashes the link's text, conda the file that it points to, builders nothing (the empty text) for a link that
    pointed to a directory or to nothing when the package was made. A digest made in this prefix is of the first two.
    """
    accepted = {digest for digest in (entry.sha256_in_prefix, entry.sha256) if digest}
    if not accepted or hashlib.sha256(os.fsencode(os.readlink(full))).hexdigest() in accepted:
        return None
    of_this_link = entry.sha256_in_prefix is not None and entry.sha256_in_prefix != entry.sha256
    if _EMPTY in accepted and not of_this_link:
        return None
    if os.path.isfile(full):
        return None if _file_digest(full) in accepted else "points elsewhere, or what it points to has been changed"
    if os.path.isdir(full):
        return "points elsewhere" if of_this_link else None
    return "points to nothing"


def _file_digest(path: str) -> str | None:
    try:
        with Path(path).open("rb") as file:
            digest = hashlib.sha256()
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except _TELLING:
        return None
    except OSError as error:  # one of reading does not name the file
        raise OSError(error.errno, error.strerror, path) from error
    return digest.hexdigest()


def _is_inside(path: str) -> bool:
    return bool(path) and not path.startswith("/") and ".." not in path.split("/") and "\\.." not in path
