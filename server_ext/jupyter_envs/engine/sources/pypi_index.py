"""The Python index as a set of projects: several indexes, folders of wheels, a cache of pages.

Owns which wheels exist for a project and where they are. pypi-simple carries the default address. Pages are kept on
disk and asked for again with their ETag when they are old; offline they are used as they are. Refuses to look at an
index's list of all projects. A folder or ``file:`` index that does not exist is passed over, as pip does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import msgspec

from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.sources.pypi_cache import IndexCache, IndexFile, ProjectPage
from jupyter_envs.engine.sources.pypi_config import IndexAddress, PipConfig
from jupyter_envs.engine.sources.pypi_http import IndexHttp, read_limited, refused
from jupyter_envs.engine.sources.pypi_page import (
    by_project,
    file_path,
    page_stamp,
    parse_page,
    read_file_page,
    scan_folder,
    with_local_facts,
)
from jupyter_envs.errors import SourceError

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
DEFAULT_MAX_AGE = 600.0  # seconds; what the usual index says of its own pages
MISSING_MAX_AGE = 60.0
DEFAULT_INDEX = "default"  # what the cache calls it


class Project(msgspec.Struct, frozen=True):
    """What all indexes together have for one project; a file of the same name is taken from the first that has it.

    ``missing_offline``: some index could not be asked and its page is not in the cache.
    """

    name: str
    found: bool
    wheels: tuple[IndexFile, ...]
    sdists: tuple[str, ...]
    missing_offline: bool = False


class IndexClient:
    """Asks the configured indexes for projects.

    Parameters
    ----------
    config : PipConfig
        Which indexes and folders.
    http : IndexHttp
        Sends the requests.
    cache : IndexCache
        Keeps the pages.
    offline : bool
        Never send a request.

    Attributes
    ----------
    warnings : dict of str to PlanWarning
        Indexes that did not answer, by message.
    """

    def __init__(self, config: PipConfig, http: IndexHttp, cache: IndexCache, *, offline: bool) -> None:
        self._config = config
        self._http = http
        self._cache = cache
        self._offline = offline
        self._links_of: dict[str, dict[str, list[IndexFile]]] = {}
        self._links_lock = threading.Lock()
        self._lock = threading.Lock()
        self.warnings: dict[str, PlanWarning] = {}

    def project(self, name: str) -> Project:
        """Return what there is of a project.

        Parameters
        ----------
        name : str
            The normalised name.

        Raises
        ------
        SourceError
            When no index gives a usable answer and no page is cached. One of several that fails is a warning.
        """
        wheels: dict[str, IndexFile] = {}
        sdists: dict[str, None] = {}
        failures: list[SourceError] = []
        found = missing = answered = False
        for ask in (*self._folders(name), *self._pages(name)):
            try:
                page = ask()
            except SourceError as error:
                failures.append(error)
                continue
            if page is None:
                missing = True
                continue
            answered = True
            found = found or page.found
            for file in page.wheels:
                wheels.setdefault(file.filename, file)
            sdists.update(dict.fromkeys(page.sdists))
        if failures and not (answered and (wheels or not missing)):
            raise failures[0]
        for failure in failures:
            self._warn(failure.code, failure.message, failure.hint)
        return Project(name, found or bool(wheels), tuple(wheels.values()), tuple(sdists), missing)

    def _folders(self, name: str) -> list[Callable[[], ProjectPage | None]]:
        return [partial(self._linked, address, name) for address in self._config.find_links]

    def _pages(self, name: str) -> list[Callable[[], ProjectPage | None]]:
        return [partial(self._page, address, name) for address in self._config.indexes]

    def _warn(self, code: str, message: str, hint: str) -> None:
        with self._lock:
            self.warnings[message] = PlanWarning(code=code, message=message, hint=hint)

    def _page(self, address: IndexAddress, name: str) -> ProjectPage | None:
        """Return an index's page for a project: from a folder, from the cache, or from the server."""
        if address.url is not None and address.url.startswith("file:"):
            return self._file_page(address.url, name)
        cached = self._cache.find_page(address.url or "", name)
        if self._offline or (cached is not None and time.time() - cached.fetched < cached.max_age):
            return cached
        try:
            page = self._fetch(address, name, cached)
        except SourceError as error:
            if cached is None:
                raise
            self._warn("pypi.stale", f"{error.message}; what it said before is used", error.hint)
            return cached
        self._cache.save_page(address.url or "", name, page)
        return page

    def _file_page(self, index: str, name: str) -> ProjectPage:
        """Return the page of a ``file:`` index; one that is unchanged since it was last read is not parsed again."""
        folder = f"{index}/{name}/"
        stamp = page_stamp(folder)
        if stamp is None:
            return read_file_page(folder, index, name)
        cached = self._cache.find_page(index, name)
        if cached is not None and cached.etag == stamp:
            return with_local_facts(cached)
        page = msgspec.structs.replace(read_file_page(folder, index, name), etag=stamp)
        self._cache.save_page(index, name, page)
        return page

    def _fetch(self, address: IndexAddress, name: str, cached: ProjectPage | None) -> ProjectPage:
        index = address.url or (cached.index if cached is not None else remembered_default_index(self._cache))
        url = f"{index}/{name}/"
        headers = {"Accept": ACCEPT}
        if cached is not None and cached.etag:
            headers["If-None-Match"] = cached.etag
        elif cached is not None and cached.last_modified:
            headers["If-Modified-Since"] = cached.last_modified
        with self._http.get(url, headers, stream=True) as response:
            body = read_limited(response, url)
        fetched = time.time()
        max_age = _max_age(response.headers.get("Cache-Control", ""))
        if response.status_code == 304 and cached is not None:
            return msgspec.structs.replace(cached, fetched=fetched, max_age=max_age)
        if response.status_code in (404, 410):
            return ProjectPage(index=index, found=False, fetched=fetched, max_age=min(max_age, MISSING_MAX_AGE))
        if response.status_code != 200:
            raise refused(url, response.status_code)
        page = parse_page(body, response.headers.get("Content-Type", "text/html"), str(response.url), index, name)
        return msgspec.structs.replace(
            page,
            fetched=fetched,
            max_age=max_age,
            etag=response.headers.get("ETag"),
            last_modified=response.headers.get("Last-Modified"),
        )

    def _linked(self, address: IndexAddress, name: str) -> ProjectPage:
        """Return a project's wheels among the links of a folder or page (pip's ``find-links``)."""
        url = address.url or ""
        with self._links_lock:
            if url not in self._links_of:
                self._links_of[url] = by_project(self._links(address))
            wheels = tuple(self._links_of[url].get(name, ()))
        return ProjectPage(index=url, found=bool(wheels), wheels=wheels)

    def _links(self, address: IndexAddress) -> Iterable[IndexFile]:
        url = address.url or ""
        if url.startswith("file:"):
            path = file_path(url)
            return scan_folder(path, url) if path.is_dir() else read_file_page(url, url, "").wheels
        cached = self._cache.find_page(url, "_links")
        if self._offline or (cached is not None and time.time() - cached.fetched < cached.max_age):
            return cached.wheels if cached is not None else ()
        with self._http.get(url, {"Accept": "text/html"}, stream=True) as response:
            body = read_limited(response, url)
        if response.status_code != 200:
            raise refused(url, response.status_code)
        page = parse_page(body, response.headers.get("Content-Type", "text/html"), str(response.url), url, "")
        page = msgspec.structs.replace(page, fetched=time.time(), max_age=DEFAULT_MAX_AGE)
        self._cache.save_page(url, "_links", page)
        return page.wheels


def remembered_default_index(cache: IndexCache) -> str:
    """Return ``default_index()`` as it was before: importing pypi-simple takes a third of a second.

    It is asked again when pypi-simple's file has changed.
    """
    library = find_spec("pypi_simple")
    origin = library.origin if library is not None and library.origin is not None else ""
    stamp = f"{origin} {Path(origin).stat().st_mtime_ns if origin else 0}"
    kept = cache.find_page(DEFAULT_INDEX, "_index")
    if kept is not None and kept.etag == stamp:
        return kept.index
    index = default_index()
    cache.save_page(DEFAULT_INDEX, "_index", ProjectPage(index=index, etag=stamp))
    return index


def default_index() -> str:
    """Return the index that is used when pip is configured with none: pypi-simple knows it."""
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return str(PYPI_SIMPLE_ENDPOINT).rstrip("/")


def _max_age(cache_control: str) -> float:
    """Return for how many seconds a page counts as fresh."""
    for directive in cache_control.lower().split(","):
        key, _, value = directive.strip().partition("=")
        if key in ("no-cache", "no-store"):
            return 0.0
        if key == "max-age" and value.isdigit():
            return float(value)
    return DEFAULT_MAX_AGE
