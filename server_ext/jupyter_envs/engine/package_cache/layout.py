"""What lies in a package cache directory (conda's layout) and how it is called. Pure.

    <pkgs>/<dist>/                    an extracted package; dist is name-version-build
    <pkgs>/<dist>-<8 hex>/            another package of the same dist (other sha256 or URL)
    <pkgs>/<fn>                       an archive that another tool kept; read, never written
    <pkgs>/.downloads/<8 hex>-<dist><ending>    an archive on its way, with its .part; removed once it is extracted
    <pkgs>/.locks/<directory>         who is populating it now (flock)
    <pkgs>/.locks/using-<pid>-<machine>    what a running process is about to link
    <pkgs>/.tmp-<pid>-<machine><random>/   work in progress; thrown away when its process is gone
    <pkgs>/.pyc/<cache_tag>/<directory>/   compiled files, and index.json written last

and where a bundle, a folder made to be carried elsewhere, has its archives:

    <bundle>/channel/<subdir>/<fn>    conda packages
    <bundle>/wheels/<fn>

Archives are not kept: an extracted package is what environments are linked from, and an archive can be had again.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

from jupyter_envs.engine.fetch.urls import without_credentials
from jupyter_envs.engine.models.records import PathsEntry, RepodataRecord, is_one_name
from jupyter_envs.errors import ArchiveError

ARCHIVES = (".conda", ".tar.bz2", ".whl")
DOWNLOADS = ".downloads"
LOCKS = ".locks"
COMPILED = ".pyc"
TEMPORARY = re.compile(r"\.tmp-(\d+)-([0-9a-f]{4})[0-9a-f]{8}")
USING = re.compile(r"using-(\d+)-([0-9a-f]{4})")
INDEX = "index.json"
LAST_WRITTEN = ("info/repodata_record.json", INDEX)
"""What makes a directory a complete package, or the compiled files of one."""


class CompiledIndex(msgspec.Struct, frozen=True, kw_only=True):
    """``index.json`` of a package's compiled files: the shape of ``paths.json``, and which package they are of.

    ``package`` is the sha256 of the package's archive, else its URL; ``failed`` counts sources that do not compile.
    """

    paths: tuple[PathsEntry, ...] = ()
    paths_version: int = 1
    package: str = ""
    failed: int = 0


def bundled_path(record: RepodataRecord) -> str:
    """Return where a bundle has a record's archive, relative to its folder.

    Raises
    ------
    ArchiveError
        ``archive.name``: its file name or platform leads out of the folder.
    """
    for name in (record.fn, record.subdir):
        if not is_one_name(name):
            raise _no_name(name)
    return f"wheels/{record.fn}" if record.fn.endswith(".whl") else f"channel/{record.subdir}/{record.fn}"


def _no_name(name: str) -> ArchiveError:
    return ArchiveError(
        f"a package cannot be called {name!r}",
        hint="do not use this package; report it to whoever publishes it",
        code="archive.name",
    )


def full_identity(record: RepodataRecord) -> str:
    """Return what tells a package from every other: its sha256, else its URL."""
    return (record.sha256 or without_credentials(record.url)).lower()


def identity(record: RepodataRecord) -> str:
    """Return eight hex digits that tell two packages of the same dist apart: of the sha256, else of the URL."""
    if record.sha256:
        return record.sha256[:8].lower()
    return hashlib.sha256(record.url.encode()).hexdigest()[:8]


def directory_names(record: RepodataRecord) -> tuple[str, str]:
    """Return the package directory's usual name, and the one it has when another package took that.

    Raises
    ------
    ArchiveError
        ``archive.name``: what the record is called leads out of the cache.
    """
    if not is_one_name(record.dist):
        raise _no_name(record.dist)
    return record.dist, f"{record.dist}-{identity(record)}"


def download_name(record: RepodataRecord) -> str:
    """Return the archive's file name while it is on its way; it names the package, as a wheel's own name does not."""
    return f"{identity(record)}-{record.dist}{next((end for end in ARCHIVES if record.fn.endswith(end)), '')}"


def dist_of_download(name: str) -> str:
    """Return the package that a file among the downloads is for.

    >>> dist_of_download("0123abcd-numpy-2.1.0-py312_0.conda.part.etag")
    'numpy-2.1.0-py312_0'
    """
    for end in (".etag", ".part", *ARCHIVES):
        name = name.removesuffix(end)
    return name.partition("-")[2]


def is_same_package(record: RepodataRecord, stored: RepodataRecord) -> bool:
    """Tell whether an extracted package is the record's: same sha256, else same md5, else same URL."""
    if record.sha256 and stored.sha256:
        return record.sha256.lower() == stored.sha256.lower()
    if record.md5 and stored.md5:
        return record.md5.lower() == stored.md5.lower()
    return without_credentials(record.url) == without_credentials(stored.url)
