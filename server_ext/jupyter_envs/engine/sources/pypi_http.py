"""Requests to a Python index: pip's certificates, proxies, credentials and timeouts on the engine's own session.

Owns the turning of network failures into ``SourceError`` with a hint, and reading a remote archive in ranges. requests
is imported when the first request is made. Refuses an answer longer than ``PAGE_LIMIT`` bytes.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jupyter_envs.engine.sources.pypi_config import PipConfig
from jupyter_envs.errors import SourceError
from jupyter_envs.settings import Settings

if TYPE_CHECKING:
    import requests

PAGE_LIMIT = 512 * 1024 * 1024
TAIL_BYTES = 48 * 1024
STEP_BYTES = 64 * 1024
CHUNK_BYTES = 256 * 1024
CONNECT_SECONDS = 10.0
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class IndexHttp:
    """Sends requests as pip is configured to send them; safe to use from several threads.

    Parameters
    ----------
    settings : Settings
        ``ssl_verify``, ``client_cert`` and ``proxies`` win over pip's own options.
    config : PipConfig
        pip's configuration.
    """

    def __init__(self, settings: Settings, config: PipConfig) -> None:
        self._settings = settings
        self._config = config
        self._session: requests.Session | None = None
        self._silent: dict[str, SourceError] = {}
        self._answered: set[str] = set()

    def get(self, url: str, headers: Mapping[str, str] | None = None, *, stream: bool = False) -> requests.Response:
        """Send a GET request; the answer may have any status. A host that did not answer is not asked again.

        Raises
        ------
        SourceError
            When no answer comes: no network, a certificate that is not trusted, a proxy that refuses.
        """
        import requests

        host = urlsplit(url).netloc
        if host in self._silent and host not in self._answered:
            raise self._silent[host]
        try:
            response = self._connect().get(url, headers=dict(headers or {}), stream=stream, **self._options(url))
        except requests.exceptions.RequestException as error:
            self._silent[host] = unreachable(url, error)
            raise self._silent[host] from error
        self._answered.add(host)
        return response

    def _connect(self) -> requests.Session:
        if self._session is None:
            from jupyter_envs.engine.fetch.session import make_session

            self._session = make_session(self._settings)
        return self._session

    def _options(self, url: str) -> dict[str, Any]:
        """Return the keyword arguments that pip's configuration stands for."""
        config, settings = self._config, self._settings
        options: dict[str, Any] = {"timeout": (CONNECT_SECONDS, config.timeout)}
        if settings.ssl_verify is True and config.trusts(url):
            options["verify"] = False
        elif settings.ssl_verify is True and config.cert:
            options["verify"] = config.cert
        if config.client_cert and not settings.client_cert:
            options["cert"] = config.client_cert
        if config.proxy and not settings.proxies:
            options["proxies"] = {"http": config.proxy, "https": config.proxy}
        credentials = config.credentials_for(url)
        if credentials is not None:
            options["auth"] = credentials
        return options


def unreachable(url: str, error: Exception) -> SourceError:
    """Return the error for an index that gave no answer, with the hint that fits the cause."""
    host = urlsplit(url).netloc or url
    text = str(error).lower()
    if "certificate" in text or "ssl" in text:
        hint = "give pip the certificate of your network: `pip config set global.cert <file>`"
    elif "proxy" in text:
        hint = "check the proxy in HTTPS_PROXY or in `pip config get global.proxy`"
    else:
        hint = "check the network and `pip config list`, or plan from what is cached with --offline"
    return SourceError(
        f"the Python index does not answer: {host}",
        hint=hint,
        code="source.unreachable",
        detail={"url": url, "error": type(error).__name__},
    )


def refused(url: str, status: int) -> SourceError:
    """Return the error for an index that answered with a status that is no page."""
    host = urlsplit(url).netloc or url
    hint = {
        401: "put a user name and password into pip's index-url or into ~/.netrc",
        403: "the index does not let you in: check user name, password and `pip config list`",
        429: "the index asks for fewer requests: try again in a few minutes",
    }.get(status, "try again later, or plan from what is cached with --offline")
    return SourceError(
        f"the Python index answers {status}: {host}",
        hint=hint,
        code="source.status",
        detail={"url": url, "status": status},
    )


class RangeNotSupportedError(Exception):
    """The server sent the whole archive; ``body`` is where it was put. Never leaves this package."""

    def __init__(self, body: IO[bytes]) -> None:
        super().__init__("the server ignores Range")
        self.body = body


class RemoteFile(io.RawIOBase):
    """A file on a server, read in ranges; what was read once is kept. Enough of a file for ``zipfile``.

    Parameters
    ----------
    http : IndexHttp
        Sends the requests.
    url : str
        The file.
    size : int or None
        Its length in bytes if known; else the server says.

    Raises
    ------
    RangeNotSupportedError
        From the constructor, with the whole file, when the server does not do ranges.
    SourceError
        When the file cannot be had.
    """

    def __init__(self, http: IndexHttp, url: str, size: int | None) -> None:
        super().__init__()
        self._http = http
        self._url = url
        self._position = 0
        self._parts: list[tuple[int, bytes]] = []
        wanted = f"bytes={max(size - TAIL_BYTES, 0)}-{size - 1}" if size else f"bytes=-{TAIL_BYTES}"
        start, body, self.size = self._request(wanted)
        self._parts.append((start, body))

    def _request(self, wanted: str) -> tuple[int, bytes, int]:
        """Return where the answer begins, its bytes, and the length of the whole file."""
        response = self._http.get(self._url, {"Range": wanted, "Accept-Encoding": "identity"}, stream=True)
        with response:
            found = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
            if response.status_code == 206 and found:
                return int(found[1]), _content(response, self._url), int(found[3])
            if response.status_code == 200:
                raise RangeNotSupportedError(_to_temporary_file(response, self._url))
            if response.status_code == 416 and wanted.startswith("bytes=-"):
                raise RangeNotSupportedError(self._whole())
            raise refused(self._url, response.status_code)

    def _whole(self) -> IO[bytes]:
        with self._http.get(self._url, stream=True) as response:
            if response.status_code != 200:
                raise refused(self._url, response.status_code)
            return _to_temporary_file(response, self._url)

    def seekable(self) -> bool:
        """Whether the position can be set: yes."""
        return True

    def readable(self) -> bool:
        """Whether bytes can be read: yes."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes from the position on, asking the server for what is not there yet."""
        end = self.size if size is None or size < 0 else min(self._position + size, self.size)
        if end <= self._position:
            return b""
        body = self._find(self._position, end) or self._fetch(self._position, end)
        self._position += len(body)
        return body

    def _find(self, start: int, end: int) -> bytes | None:
        for begin, body in self._parts:
            if begin <= start and end <= begin + len(body):
                return body[start - begin : end - begin]
        return None

    def _fetch(self, start: int, end: int) -> bytes:
        """Ask for a range that is not there, rounded up, and joined with a part that begins inside it."""
        last = min(max(end, start + STEP_BYTES), self.size)
        following = next((part for part in self._parts if start < part[0] <= last), None)
        if following is not None:
            last = following[0]
        begin, body, _ = self._request(f"bytes={start}-{last - 1}")
        if begin != start or len(body) != last - start:
            raise refused(self._url, 206)
        self._parts.append((start, body + following[1] if following is not None else body))
        found = self._find(start, end)
        if found is None:
            raise refused(self._url, 206)
        return found


def read_limited(response: requests.Response, url: str) -> bytes:
    """Return the body of a streamed answer; ``SourceError`` when it is longer than ``PAGE_LIMIT`` or breaks off."""
    return _content(response, url)


def _content(response: requests.Response, url: str) -> bytes:
    parts: list[bytes] = []
    total = 0
    for chunk in _chunks(response, url):
        total += len(chunk)
        if total > PAGE_LIMIT:
            raise SourceError(
                f"the Python index sends more than {PAGE_LIMIT} bytes for one page: {urlsplit(url).netloc}",
                hint="check `pip config get global.index-url`; the address may not be an index",
                code="source.page_too_long",
            )
        parts.append(chunk)
    return b"".join(parts)


def _to_temporary_file(response: requests.Response, url: str) -> IO[bytes]:
    body: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (whoever gets it closes it)
    for chunk in _chunks(response, url):
        body.write(chunk)
    body.seek(0)
    return body


def _chunks(response: requests.Response, url: str) -> Any:
    import requests

    try:
        yield from response.iter_content(CHUNK_BYTES)
    except requests.exceptions.RequestException as error:
        raise unreachable(url, error) from error
