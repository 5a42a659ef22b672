"""One page of a Python index, read: PEP 503 (HTML), 691 (JSON), 700 and 714, and folders of wheels.

Pure but for local folders, which are read here. JSON is decoded by msgspec, HTML by pypi-simple. Refuses what is
no page of an index, and a server's links to files of this machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import url2pathname

import msgspec

from jupyter_envs.engine.sources.names import normalize_name
from jupyter_envs.engine.sources.pypi_cache import IndexFile, ProjectPage
from jupyter_envs.engine.sources.pypi_tags import split_wheel_name
from jupyter_envs.errors import SourceError

_SDIST_SUFFIXES = (".tar.gz", ".zip", ".tar.bz2", ".tar.xz")


def file_path(url: str) -> Path:
    """Return the path of a ``file:`` URL."""
    return Path(url2pathname(urlsplit(url).path))


def parse_page(body: bytes, content_type: str, url: str, index: str, name: str) -> ProjectPage:
    """Return a project page from what a server sent.

    Parameters
    ----------
    body : bytes
        The page.
    content_type : str
        ``Content-Type`` as the server gave it.
    url : str
        Where the page really came from: links are relative to it.
    index : str
        The index's address, for the records.
    name : str
        The project; empty for a page of links to any projects.

    Raises
    ------
    SourceError
        When the page is neither form of a project page, or of a newer major version (PEP 629).
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/vnd.pypi.simple.v1+json":
        files = _from_json(body, url, index)
    elif kind in ("application/vnd.pypi.simple.v1+html", "text/html"):
        files = _from_html(body, url, index, name)
    else:
        raise _not_a_page(url, kind or "nothing that is known")
    wheels: list[IndexFile] = []
    sdists: dict[str, None] = {}
    for file in files:
        if file.url.startswith("file:") and not url.startswith("file:"):
            continue  # a server has no say over this machine's files
        if file.filename.endswith(".whl"):
            wheels.append(file)
        elif file.filename.endswith(_SDIST_SUFFIXES):
            sdists[_sdist_version(file.filename)] = None
    return ProjectPage(index=index, wheels=tuple(wheels), sdists=tuple(sdists))


class _JsonFile(msgspec.Struct):
    """A file in a PEP 691 page; names of the metadata key as PEP 691 and PEP 714 have them."""

    filename: str
    url: str
    hashes: dict[str, str] = {}
    requires_python: str | None = msgspec.field(name="requires-python", default=None)
    size: int | None = None
    upload_time: str | None = msgspec.field(name="upload-time", default=None)
    yanked: bool | str | None = False
    core_metadata: bool | dict[str, str] | None = msgspec.field(name="core-metadata", default=None)
    old_metadata: bool | dict[str, str] | None = msgspec.field(name="dist-info-metadata", default=None)
    data_metadata: bool | dict[str, str] | None = msgspec.field(name="data-dist-info-metadata", default=None)


class _JsonMeta(msgspec.Struct):
    api_version: str = msgspec.field(name="api-version", default="1.0")


class _JsonPage(msgspec.Struct):
    files: list[_JsonFile]
    meta: _JsonMeta = msgspec.field(default_factory=_JsonMeta)


_JSON_PAGE = msgspec.json.Decoder(_JsonPage)


def _from_json(body: bytes, url: str, index: str) -> list[IndexFile]:
    try:
        page = _JSON_PAGE.decode(body)
    except msgspec.DecodeError as error:
        raise _not_a_page(url, "JSON that is not a project page") from error
    if page.meta.api_version.partition(".")[0] != "1":
        raise _not_a_page(url, f"version {page.meta.api_version} of the index format")
    return [
        IndexFile(
            filename=file.filename,
            url=_without_fragment(_absolute(url, file.url)),
            sha256=file.hashes.get("sha256"),
            size=file.size,
            requires_python=file.requires_python or None,
            uploaded=_milliseconds(file.upload_time),
            yanked=file.yanked is not False and file.yanked is not None,
            metadata=_metadata_mark(file.core_metadata or file.old_metadata or file.data_metadata),
            index=index,
        )
        for file in page.files
    ]


def _from_html(body: bytes, url: str, index: str, name: str) -> list[IndexFile]:
    from pypi_simple import ProjectPage as HtmlPage
    from pypi_simple import UnsupportedRepoVersionError

    try:
        page = HtmlPage.from_html(name, body, base_url=url)
    except UnsupportedRepoVersionError as error:
        raise _not_a_page(url, "a newer version of the index format") from error
    return [_html_file(package, index) for package in page.packages]


def _html_file(package: Any, index: str) -> IndexFile:
    """Return a file of an HTML page; links carry no size and no upload time, but a local file has both."""
    size, changed = _local_facts(package.url)
    digests: dict[str, str] = package.metadata_digests or {}
    return IndexFile(
        filename=unquote(urlsplit(package.url).path.rpartition("/")[2]),
        url=package.url,
        sha256=package.digests.get("sha256"),
        size=size,
        requires_python=package.requires_python or None,
        uploaded=changed,
        yanked=bool(package.is_yanked),
        metadata=_metadata_mark(digests or bool(package.has_metadata)),
        index=index,
    )


def _metadata_mark(value: bool | dict[str, str] | None) -> str:
    if isinstance(value, dict):
        return value.get("sha256") or "true"
    return "true" if value else ""


def _local_facts(url: str) -> tuple[int | None, int | None]:
    """Return size and time of change (milliseconds) of a local file; nothing for a remote one."""
    if not url.startswith("file:"):
        return None, None
    try:
        status = file_path(url).stat()
    except OSError:
        return None, None  # a link to a file that is not there: fetching it will say so
    return status.st_size, int(status.st_mtime * 1000)


def read_file_page(folder_url: str, index: str, name: str) -> ProjectPage:
    """Return the page of a ``file:`` index: ``index.html`` of the project's folder, or the folder's own files."""
    path = file_path(folder_url)
    html = path / "index.html" if path.is_dir() else path
    try:
        body = html.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        wheels = tuple(scan_folder(path, index)) if path.is_dir() else ()
        return ProjectPage(index=index, found=bool(wheels), wheels=wheels)
    except OSError as error:
        raise _unreadable(html) from error
    base = folder_url if html != path else folder_url.rpartition("/")[0] + "/"
    return parse_page(body, "text/html", base, index, name)


def page_stamp(folder_url: str) -> str | None:
    """Return what changes with the ``index.html`` of a project's folder; ``None`` when there is none."""
    try:
        status = (file_path(folder_url) / "index.html").stat()
    except OSError:
        return None  # reading the folder says what there is instead
    return f"{status.st_mtime_ns}-{status.st_size}"


def with_local_facts(page: ProjectPage) -> ProjectPage:
    """Return a kept page with the sizes and times that its local files have now."""
    wheels = []
    for file in page.wheels:
        size, changed = _local_facts(file.url)
        wheels.append(msgspec.structs.replace(file, size=size, uploaded=changed))
    return msgspec.structs.replace(page, wheels=tuple(wheels))


def scan_folder(path: Path, index: str) -> list[IndexFile]:
    """Return the wheels in a folder; their time of change stands for the upload time."""
    try:
        entries = sorted((entry for entry in os.scandir(path) if entry.name.endswith(".whl")), key=lambda e: e.name)
        found = [(entry, entry.stat()) for entry in entries if entry.is_file()]
    except OSError as error:
        raise _unreadable(path) from error
    return [
        IndexFile(
            filename=entry.name,
            url=(path.absolute() / entry.name).as_uri(),
            size=status.st_size,
            uploaded=int(status.st_mtime * 1000),
            index=index,
        )
        for entry, status in found
    ]


def by_project(files: Iterable[IndexFile]) -> dict[str, list[IndexFile]]:
    """Return wheels by their project's normalised name."""
    found: dict[str, list[IndexFile]] = {}
    for file in files:
        name = split_wheel_name(file.filename)
        if name is not None:
            found.setdefault(normalize_name(name.distribution), []).append(file)
    return found


def _sdist_version(filename: str) -> str:
    stem = next(filename.removesuffix(suffix) for suffix in _SDIST_SUFFIXES if filename.endswith(suffix))
    return stem.rpartition("-")[2]


def _milliseconds(text: str | None) -> int | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _absolute(page: str, url: str) -> str:
    """Return a URL as seen from a page; most of the thousands there are whole, and joining takes long."""
    return url if url.startswith(("https://", "http://")) and url.isprintable() else urljoin(page, url)


def _without_fragment(url: str) -> str:
    return url.partition("#")[0]


def _not_a_page(url: str, what: str) -> SourceError:
    return SourceError(
        f"the Python index sent {what}: {urlsplit(url).netloc or url}",
        hint="check that `pip config get global.index-url` is the address of a simple index (it often ends in /simple)",
        code="source.not_an_index",
        detail={"url": url},
    )


def _unreadable(path: Path) -> SourceError:
    return SourceError(
        f"a folder of wheels cannot be read: {path}",
        hint="check its permissions, or take it out of pip's find-links and index-url (`pip config list`)",
        code="source.unreadable",
        detail={"path": str(path)},
    )
