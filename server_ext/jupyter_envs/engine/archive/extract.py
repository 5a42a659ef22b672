"""One archive into one package directory, whatever its format, checked against its record.

Owns the order: digest of the archive, entries through the guard, then what the package says of itself against what
the record and ``info/paths.json`` promise. Refuses a package that is not the record's, files whose sha256 or size is
not the promised one, and promised files that are missing. What it leaves behind is complete or, on an error, to be
thrown away.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import msgspec

from jupyter_envs.engine.archive.conda import extract_conda, extract_tar_bz2
from jupyter_envs.engine.archive.guard import Guard, refuse
from jupyter_envs.engine.archive.interpreter import full_record, is_interpreter, make_interpreter
from jupyter_envs.engine.archive.metadata import read_index, read_paths
from jupyter_envs.engine.archive.writer import TreeWriter
from jupyter_envs.engine.fetch.digests import Promise, verify_file
from jupyter_envs.engine.fetch.urls import without_credentials
from jupyter_envs.engine.models.records import PathsEntry, RepodataRecord
from jupyter_envs.errors import ArchiveError, EnvsError, StorageError

FORMATS = (".conda", ".tar.bz2", ".whl")

Extractor = Callable[[str, TreeWriter, Guard, str], None]


def extract(
    record: RepodataRecord, archive: str, root: str, *, verify_archive: bool = True, verify_files: bool = True
) -> None:
    """Extract an archive into an empty directory.

    Parameters
    ----------
    record : RepodataRecord
        What the archive is supposed to be; ``fn`` decides on the format.
    archive : str
        The archive's path; unused for interpreters.
    root : str
        An existing, empty directory that nobody else writes to.
    verify_archive : bool
        Whether size and digest of the archive are checked first; ``False`` when they were just now.
    verify_files : bool
        Whether each file's digest is compared with ``info/paths.json``, not only its size, and the zip's own checksums.
        An archive whose digest is right can differ there only if it was built so (conda's ``extra_safety_checks``, off
        by default there too).

    Raises
    ------
    IntegrityError
        The archive is not the promised one.
    ArchiveError
        It is damaged, dangerous or not the package that the record describes.
    StorageError
        The disk refuses.
    """
    try:
        if is_interpreter(record.url):
            make_interpreter(record, root)
        else:
            if verify_archive:
                promise = Promise(size=record.size, sha256=record.sha256, md5=record.md5)
                verify_file(archive, promise, record.fn)
            _extract_archive(record, archive, root, verify_files)
        write_repodata_record(record, root)
    except EnvsError:
        raise
    except OSError as error:
        raise StorageError.from_os_error(error, f"extracting {record.fn}") from error


def write_repodata_record(record: RepodataRecord, root: str) -> None:
    """Write ``info/repodata_record.json``: the index, overlaid by what the channel says, as conda has it."""
    path = f"{root}/info/repodata_record.json"
    with open(f"{root}/info/index.json", "rb") as stream:  # noqa: PTH123  # plain strings in the archive code
        known = msgspec.json.decode(stream.read(), type=dict[str, object])
    bare = not record.depends and not record.constrains and record.timestamp is None
    known.update(msgspec.to_builtins(record) if bare else full_record(record))
    known["url"] = without_credentials(record.url)
    if os.path.lexists(path):
        os.unlink(path)
    with open(path, "xb") as stream:  # noqa: PTH123  # plain strings in the archive code
        stream.write(msgspec.json.format(msgspec.json.encode(known), indent=2))


def _extract_archive(record: RepodataRecord, archive: str, root: str, verify_files: bool) -> None:
    guard = Guard(record.fn, os.stat(archive).st_size)
    writer = TreeWriter(root, guard, record.fn, hashed=verify_files or record.fn.endswith(".whl"))
    inner = record.dist
    if record.fn.endswith(".whl"):
        from jupyter_envs.engine.archive.wheel import extract_wheel

        extract_wheel(archive, record, writer, guard)
    elif record.fn.endswith(".conda"):
        inner = extract_conda(archive, writer, guard, record.fn, checked=verify_files)
    elif record.fn.endswith(".tar.bz2"):
        extract_tar_bz2(archive, writer, guard, record.fn)
    else:
        hint = f"packages end in {', '.join(FORMATS)}"
        raise ArchiveError(f"{record.fn} is not a package archive", hint=hint, code="archive.format")
    writer.finish()
    _refuse_other_package(record, root, inner)
    _refuse_broken_promises(record.fn, writer, read_paths(root, record.fn))


def _refuse_other_package(record: RepodataRecord, root: str, inner: str) -> None:
    index = read_index(root, record.fn)
    if inner not in (record.dist, index.dist):
        raise refuse(record.fn, f"has inner archives named {inner}, not {index.dist}", "archive.mismatch")
    if (index.name.lower(), index.version, index.build) != (record.name.lower(), record.version, record.build):
        raise refuse(record.fn, f"holds {index.dist}, not {record.dist}", "archive.mismatch")


def _refuse_broken_promises(name: str, writer: TreeWriter, entries: tuple[PathsEntry, ...]) -> None:
    files, links = writer.files, writer.guard.links
    for entry in entries:
        written = files.get(entry.path)
        if written is None:
            if entry.path in links or (entry.path_type == "directory" and writer.has_directory(entry.path)):
                continue
            raise refuse(name, f"lacks {entry.path!r}, which its paths.json lists", "archive.mismatch")
        wrong_size = entry.size_in_bytes is not None and entry.size_in_bytes != written.size
        wrong_digest = written.sha256 and entry.sha256 is not None and entry.sha256 != written.sha256
        if wrong_size or wrong_digest:
            raise refuse(name, f"holds {entry.path!r} with other content than its paths.json says", "archive.mismatch")
