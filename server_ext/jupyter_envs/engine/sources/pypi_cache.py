"""What the Python index has told before, on disk: project pages and the metadata of wheels.

Layout below ``<root>/pypi/v1``: ``pages/<16 hex of the index>/<project>.json`` (kept with ETag and age, asked again
when old) and ``metadata/<2 hex>/<sha256>.json`` (for ever: a digest never changes its content). Writing is temporary
file and rename, so readers never see half a file. A file that cannot be decoded counts as absent; nothing is refused.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TypeVar

import msgspec

from jupyter_envs.errors import StorageError

FORMAT = "v1"  # changes when what is written changes

T = TypeVar("T", bound=msgspec.Struct)


class IndexFile(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """One wheel as an index lists it. ``uploaded`` counts milliseconds since 1970; ``index`` is its index's URL.

    ``metadata`` is empty when the index offers no metadata file (PEP 658), else its sha256 or ``"true"``.
    """

    filename: str
    url: str
    sha256: str | None = None
    size: int | None = None
    requires_python: str | None = None
    uploaded: int | None = None
    yanked: bool = False
    metadata: str = ""
    index: str = ""


class ProjectPage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one index lists for one project. ``found`` is ``False`` when the index does not have it.

    ``sdists`` are versions with a source distribution. ``fetched`` is in seconds since 1970, ``max_age`` in seconds.
    """

    index: str
    found: bool = True
    wheels: tuple[IndexFile, ...] = ()
    sdists: tuple[str, ...] = ()
    fetched: float = 0.0
    max_age: float = 0.0
    etag: str | None = None
    last_modified: str | None = None


class WheelMetadata(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a wheel's METADATA says, as far as a solve needs it, and the archive's own digest and size if known."""

    name: str
    version: str
    requires_python: str | None = None
    requires_dist: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    sha256: str | None = None
    size: int | None = None


class IndexCache:
    """Project pages and wheel metadata below one directory.

    Parameters
    ----------
    directory : str
        Usually ``settings.pypi_directory``; made on the first write.
    """

    def __init__(self, directory: str) -> None:
        self._directory = Path(directory) / FORMAT

    def find_page(self, index: str, project: str) -> ProjectPage | None:
        """Return the page as it was last fetched, of whatever age. ``index`` is the URL, or empty for the default."""
        return _find(self._page_path(index, project), _PAGE)

    def save_page(self, index: str, project: str, page: ProjectPage) -> None:
        """Keep a page."""
        _save(self._page_path(index, project), page)

    def find_metadata(self, key: str) -> WheelMetadata | None:
        """Return the metadata kept under a wheel's key (see ``metadata_key``)."""
        return _find(self._metadata_path(key), _METADATA)

    def save_metadata(self, key: str, metadata: WheelMetadata) -> None:
        """Keep a wheel's metadata."""
        _save(self._metadata_path(key), metadata)

    def _page_path(self, index: str, project: str) -> Path:
        digest = hashlib.sha256(index.encode()).hexdigest()[:16]
        return self._directory / "pages" / digest / f"{project}.json"

    def _metadata_path(self, key: str) -> Path:
        return self._directory / "metadata" / key[:2] / f"{key}.json"


def metadata_key(file: IndexFile) -> str:
    """Return what a wheel's metadata is kept under: its sha256, else a digest of its URL, size and time."""
    if file.sha256:
        return file.sha256.lower()
    return hashlib.sha256(f"{file.url}\n{file.size}\n{file.uploaded}".encode()).hexdigest()


_PAGE = msgspec.json.Decoder(ProjectPage)
_METADATA = msgspec.json.Decoder(WheelMetadata)
_ENCODER = msgspec.json.Encoder()


def _find(path: Path, decoder: msgspec.json.Decoder[T]) -> T | None:
    try:
        return decoder.decode(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None
    except OSError as error:
        raise StorageError.from_os_error(error, "reading the cache of the Python index") from error


def _save(path: Path, value: msgspec.Struct) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".new-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_ENCODER.encode(value))
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageError.from_os_error(error, "keeping what the Python index says") from error
