"""Reads what linking needs of an extracted package. The hot path: a warm install reads a hundred of these.

One read and one typed decode for each file, no stat, no path objects. Paths are checked each time, all of a package in
one pass, so that a directory which another tool extracted is no more trusted than an archive.
"""

from __future__ import annotations

import msgspec

from jupyter_envs.engine.archive.guard import are_safe_paths, refuse
from jupyter_envs.engine.archive.metadata import read_paths
from jupyter_envs.engine.models.records import LinkJson, PackageManifest, PathsEntry, RepodataRecord
from jupyter_envs.engine.package_cache.layout import COMPILED, INDEX, CompiledIndex, full_identity

_STORED_DECODER = msgspec.json.Decoder(RepodataRecord)
_LINK_DECODER = msgspec.json.Decoder(LinkJson)
_COMPILED_DECODER = msgspec.json.Decoder(CompiledIndex)


def find_stored_record(directory: str) -> RepodataRecord | None:
    """Return ``info/repodata_record.json``, ``None`` when the directory is not a complete package.

    It is written last, so a directory without it was not finished.
    """
    content = _find_bytes(f"{directory}/info/repodata_record.json")
    if content is None:
        return None
    try:
        return _STORED_DECODER.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def read_manifest(record: RepodataRecord, stored: RepodataRecord, directory: str) -> PackageManifest:
    """Return the manifest of an extracted package, without compiled files.

    Parameters
    ----------
    record : RepodataRecord
        As solved or given; a bare one (from an explicit list) is completed from what was stored at extraction.
    stored : RepodataRecord
        From ``find_stored_record``.
    directory : str
        The package's directory.

    Raises
    ------
    ArchiveError
        Its metadata is damaged, or lists paths that leave the package.
    """
    noarch = noarch_kind(record.noarch if record.noarch is not None else stored.noarch)
    return PackageManifest(
        record=complete(record, stored),
        directory=directory,
        paths=read_paths(directory),
        noarch=noarch,
        entry_points=_entry_points(directory) if noarch == "python" else (),
    )


def find_compiled(
    pkgs: str, cache_tag: str, name: str, stored: RepodataRecord
) -> tuple[str, tuple[PathsEntry, ...]] | None:
    """Return the directory and entries of a package's compiled files, ``None`` when there are none of its own."""
    directory = f"{pkgs}/{COMPILED}/{cache_tag}/{name}"
    content = _find_bytes(f"{directory}/{INDEX}")
    if content is None:
        return None
    try:
        index = _COMPILED_DECODER.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    own = index.package == full_identity(stored) and are_safe_paths([entry.path for entry in index.paths])
    return (directory, index.paths) if own else None


def noarch_kind(value: str | bool | None) -> str | None:
    """Return ``python``, ``generic`` or ``None``; ``true`` is what old packages called generic."""
    if value is True:
        return "generic"
    return value or None


def complete(record: RepodataRecord, stored: RepodataRecord) -> RepodataRecord:
    """Fill a record that knows nothing but where the archive is from what the package says of itself."""
    said = record.noarch is not None and not record.fn.endswith(".whl")  # of a wheel that goes without saying
    if record.depends or said or record.timestamp is not None or record.license is not None:
        return record
    return msgspec.structs.replace(
        stored,
        fn=record.fn,
        url=record.url,
        channel=record.channel or stored.channel,
        size=record.size or stored.size,
        sha256=record.sha256 or stored.sha256,
        md5=record.md5 or stored.md5,
    )


def _entry_points(directory: str) -> tuple[str, ...]:
    content = _find_bytes(f"{directory}/info/link.json")
    if content is None:
        return ()
    try:
        link = _LINK_DECODER.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refuse(directory.rpartition("/")[2], "has an unreadable link.json", "archive.metadata") from error
    return link.noarch.entry_points if link.noarch is not None else ()


def _find_bytes(path: str) -> bytes | None:
    try:
        with open(path, "rb", buffering=0) as stream:  # noqa: PTH123  # hot path
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
