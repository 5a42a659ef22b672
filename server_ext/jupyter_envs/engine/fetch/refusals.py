"""What is wrong with a server's answer, in words: statuses, lengths, connections. Never repeats a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_envs.engine.fetch.digests import Checker
from jupyter_envs.engine.fetch.urls import without_credentials
from jupyter_envs.engine.fetch.wanted import Download
from jupyter_envs.errors import FetchError

if TYPE_CHECKING:
    import requests


def refuse_length(download: Download, response: requests.Response, offset: int, checker: Checker) -> None:
    """Refuse a file whose announced length is not the promised one, before its bytes come."""
    length = response.headers.get("Content-Length", "")
    if download.size is None or not length.isdigit() or "Content-Encoding" in response.headers:
        return
    if offset + int(length) != download.size:
        raise checker.error("size", str(download.size), str(offset + int(length)))


def refuse_status(download: Download, status: int) -> None:
    """Raise ``FetchError`` for an answer that is no file."""
    if status in (200, 206):
        return
    hints = {
        401: ("fetch.denied", "add the channel's or index's credentials (netrc, or in its URL)"),
        403: ("fetch.denied", "check your permission for this channel or index"),
        404: ("fetch.not_found", "the index is newer or older than the files; refresh it and plan again"),
        410: ("fetch.not_found", "the file was withdrawn; plan again"),
    }
    code, hint = hints.get(status, ("fetch.status", "try again later; the server has a problem"))
    raise FetchError(
        f"the server answered {status} for {without_credentials(download.url)}",
        hint=hint,
        code=code,
        detail={"url": without_credentials(download.url), "status": status},
    )


def failed(download: Download, reason: str) -> FetchError:
    """Return the error of a download that was given up."""
    return FetchError(
        f"{without_credentials(download.url)} could not be downloaded: {reason}",
        hint="check the connection and the proxy, then try again; what came so far is kept",
        code="fetch.connection",
        detail={"url": without_credentials(download.url), "reason": reason},
    )


def reason_of(error: Exception) -> str:
    """Say what went wrong without repeating the URL, which may hold a password."""
    import requests

    kinds: tuple[tuple[type[Exception], str], ...] = (
        (requests.exceptions.SSLError, "the server's certificate is not trusted"),
        (requests.exceptions.ProxyError, "the proxy refuses"),
        (requests.Timeout, "the server does not answer in time"),
        (requests.exceptions.ChunkedEncodingError, "the connection was closed early"),
        (requests.ConnectionError, "no connection"),
        (requests.exceptions.InvalidURL, "the URL is not one"),
        (requests.exceptions.InvalidSchema, "no such kind of URL is known"),
    )
    return next((text for kind, text in kinds if isinstance(error, kind)), type(error).__name__)
