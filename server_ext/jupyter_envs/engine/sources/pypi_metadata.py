"""METADATA of a wheel without the wheel where possible: cached, PEP 658, a range of the archive, the whole archive.

Owns reading and judging core metadata (name, version, Python, dependencies, extras). Refuses metadata of another
project than the file's name says, and more than ``METADATA_LIMIT`` bytes of it.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from email.parser import BytesHeaderParser
from typing import IO

import msgspec

from jupyter_envs.engine.sources.names import normalize_name
from jupyter_envs.engine.sources.pypi_archive import find_metadata
from jupyter_envs.engine.sources.pypi_cache import IndexCache, IndexFile, WheelMetadata, metadata_key
from jupyter_envs.engine.sources.pypi_http import IndexHttp, RangeNotSupportedError, RemoteFile, read_limited
from jupyter_envs.engine.sources.pypi_page import file_path
from jupyter_envs.engine.sources.pypi_tags import split_wheel_name
from jupyter_envs.engine.sources.pypi_versions import find_version
from jupyter_envs.errors import SourceError

METADATA_LIMIT = 16 * 1024 * 1024


class MetadataReader:
    """Finds the metadata of wheels and keeps it; safe to use from several threads.

    Parameters
    ----------
    http : IndexHttp
        Sends the requests.
    cache : IndexCache
        Keeps the metadata.
    offline : bool
        Never send a request: what is neither cached nor a local file is not found.
    """

    def __init__(self, http: IndexHttp, cache: IndexCache, *, offline: bool) -> None:
        self._http = http
        self._cache = cache
        self._offline = offline

    def cached(self, file: IndexFile) -> WheelMetadata | None:
        """Return a wheel's metadata if it was read before."""
        return self._cache.find_metadata(metadata_key(file))

    def find(self, file: IndexFile) -> WheelMetadata | None:
        """Return a wheel's metadata; ``None`` when offline and not at hand.

        Raises
        ------
        SourceError
            When it cannot be read, or is not that of the file.
        """
        local = file.url.startswith("file:")
        known = self.cached(file)
        if known is not None or (self._offline and not local):
            return known
        metadata = self._read_local(file) if local else self._read_remote(file)
        _check(metadata, file)
        self._cache.save_metadata(metadata_key(file), metadata)
        return metadata

    def _read_local(self, file: IndexFile) -> WheelMetadata:
        path = file_path(file.url)
        try:
            with path.open("rb") as archive:
                digest = file.sha256 or hashlib.file_digest(archive, "sha256").hexdigest()
                size = archive.seek(0, 2)
                return msgspec.structs.replace(_from_archive(archive, file), sha256=digest, size=size)
        except OSError as error:
            raise SourceError(
                f"a wheel cannot be read: {path}",
                hint="check that the file is there and readable, or take its folder out of pip's find-links",
                code="source.unreadable",
                detail={"path": str(path)},
            ) from error

    def _read_remote(self, file: IndexFile) -> WheelMetadata:
        if file.metadata:
            with self._http.get(f"{file.url}.metadata", stream=True) as response:
                body = read_limited(response, file.url)
            if response.status_code == 200 and _is_promised(body, file):
                return parse_metadata(body)
        try:
            remote = RemoteFile(self._http, file.url, file.size)
        except RangeNotSupportedError as whole:
            with whole.body as archive:
                return _from_archive(archive, file)
        return msgspec.structs.replace(_from_archive(remote, file), size=remote.size)


def parse_metadata(body: bytes) -> WheelMetadata:
    """Return what core metadata (``METADATA``) says, as far as a solve needs it."""
    headers = BytesHeaderParser().parsebytes(body)

    def every(key: str) -> tuple[str, ...]:
        return tuple(" ".join(str(value).split()) for value in headers.get_all(key, []))

    return WheelMetadata(
        name=str(headers.get("Name", "")).strip(),
        version=str(headers.get("Version", "")).strip(),
        requires_python=str(headers.get("Requires-Python", "")).strip() or None,
        requires_dist=every("Requires-Dist"),
        extras=tuple(normalize_name(extra) for extra in every("Provides-Extra")),
    )


def _from_archive(archive: IO[bytes] | RemoteFile, file: IndexFile) -> WheelMetadata:
    """Return the metadata in a wheel: the one ``*.dist-info/METADATA`` at its root."""
    body = find_metadata(archive, METADATA_LIMIT)
    if body is not None:
        return parse_metadata(body)
    try:
        with zipfile.ZipFile(archive) as wheel:
            members = [info for info in wheel.infolist() if _is_metadata(info.filename)]
            if len(members) != 1 or members[0].file_size > METADATA_LIMIT:
                raise _broken(file, f"{len(members)} METADATA files")
            return parse_metadata(wheel.read(members[0]))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _broken(file, str(error)) from error


def _is_metadata(member: str) -> bool:
    folder, _, name = member.partition("/")
    return name == "METADATA" and folder.endswith(".dist-info")


def _is_promised(body: bytes, file: IndexFile) -> bool:
    """Whether a metadata file has the digest that the index gave, if it gave one."""
    return file.metadata == "true" or hashlib.sha256(body).hexdigest() == file.metadata.lower()


def _check(metadata: WheelMetadata, file: IndexFile) -> None:
    name = split_wheel_name(file.filename)
    if name is None or normalize_name(metadata.name) != normalize_name(name.distribution):
        raise _broken(file, f"it says that it is {metadata.name or 'nothing'}")
    if find_version(metadata.version) != find_version(name.version):
        raise _broken(file, f"it says that its version is {metadata.version or 'none'}")


def _broken(file: IndexFile, why: str) -> SourceError:
    return SourceError(
        f"the metadata of {file.filename} cannot be used: {why}",
        hint="choose another version, or tell whoever runs the index",
        code="source.metadata",
        detail={"url": file.url},
    )
