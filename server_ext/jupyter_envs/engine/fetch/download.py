"""Verified, resumable, parallel downloads.

Owns what lies beside a destination while it comes: ``<destination>.part`` and ``<destination>.part.etag``. Guarantees
that a destination appears only complete, verified and synced, by rename. Refuses bytes beyond the promised size.
Two processes that want the same destination take turns (``flock`` on the part).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from jupyter_envs.engine.fetch.digests import READ_BYTES, Checker, Promise, verify_file
from jupyter_envs.engine.fetch.urls import local_path, without_credentials
from jupyter_envs.engine.models.events import CancelToken, Event, Reporter
from jupyter_envs.errors import CancelledError, EnvsError, FetchError, IntegrityError, OfflineError, StorageError
from jupyter_envs.settings import Settings

if TYPE_CHECKING:
    import requests

PARALLEL = 6
ATTEMPTS = 4
CHUNK = 1 << 18
REPORT_SECONDS = 0.1
WAIT_SECONDS = 0.1
PAUSE_SECONDS = 0.3
LEAVE_SECONDS = 2.0


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """One file to have.

    ``url`` may be ``http(s)://``, ``file://`` or a plain path; local files are verified and used where they are.
    ``size`` is in bytes, digests are hex, ``label`` is what a person sees.
    """

    url: str
    destination: str
    sha256: str | None = None
    md5: str | None = None
    size: int | None = None
    label: str = ""

    @property
    def promise(self) -> Promise:
        """Size and digests that the file must have."""
        return Promise(size=self.size, sha256=self.sha256, md5=self.md5)

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.label or without_credentials(self.url)


class InterruptedDownloadError(Exception):
    """The connection ended early; what came is kept and the rest can be asked for."""


class Progress:
    """Adds up bytes of all downloads and tells the reporter, ten times a second at most."""

    def __init__(self, downloads: Sequence[Download], reporter: Reporter) -> None:
        self._reporter = reporter
        self._lock = threading.Lock()
        self._total = len(downloads)
        self._total_bytes = sum(one.size or 0 for one in downloads)
        self._at: dict[str, int] = {}
        self._fresh = 0
        self._done = 0
        self._started = time.monotonic()
        self._reported = 0.0

    def at(self, destination: str, size: int, fresh: int = 0) -> None:
        """Take how far one download is: bytes that are there, and how many of them came just now."""
        with self._lock:
            self._at[destination] = size
            self._fresh += fresh
            if time.monotonic() - self._reported >= REPORT_SECONDS:
                self._report("")

    def finish(self, label: str) -> None:
        """Count one file as done."""
        with self._lock:
            self._done += 1
            self._report(label)

    def _report(self, label: str) -> None:
        now = time.monotonic()
        self._reported = now
        there = sum(self._at.values())
        left = self._total_bytes - there
        speed = self._fresh / max(now - self._started, 1e-3)
        self._reporter.report(
            Event(
                kind="progress",
                phase="fetch",
                text=label,
                done=self._done,
                total=self._total,
                done_bytes=there,
                total_bytes=max(self._total_bytes, there),
                eta=round(left / speed, 1) if speed and left > 0 else None,
            )
        )


class Fetcher:
    """Downloads files, several at a time.

    Parameters
    ----------
    settings : Settings
        Proxies, certificates, ``offline``.
    reporter : Reporter
        Told bytes, files and the time left.
    cancel : CancelToken
        Asked between chunks; what came so far stays and is resumed next time.
    """

    def __init__(self, settings: Settings, reporter: Reporter, cancel: CancelToken) -> None:
        self._settings = settings
        self._reporter = reporter
        self._cancel = cancel
        self._session: requests.Session | None = None
        self._stop = threading.Event()

    def fetch(self, downloads: Sequence[Download], arrived: Callable[[Download, str], None] | None = None) -> list[str]:
        """Have all files; return their paths in the order of ``downloads``.

        Parameters
        ----------
        downloads : sequence of Download
            What to have.
        arrived : callable, optional
            Told each file as soon as it is there, from the thread that fetched it.

        Raises
        ------
        FetchError, IntegrityError, OfflineError
            The first download that failed; the others stop and keep what they have.
        StorageError
            The disk refuses.
        CancelledError
            The token was set.
        """
        self._cancel.check()
        paths = [""] * len(downloads)
        failures: list[BaseException] = []
        todo: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in sorted(range(len(downloads)), key=lambda n: -(downloads[n].size or 0)):
            todo.put(number)
        progress = Progress(downloads, self._reporter)
        self._stop.clear()

        def work() -> None:
            while not self._stop.is_set():
                try:
                    number = todo.get_nowait()
                except queue.Empty:
                    return
                try:
                    paths[number] = self._have(downloads[number], progress)
                    progress.finish(downloads[number].name)
                    if arrived is not None:
                        arrived(downloads[number], paths[number])
                except BaseException as error:  # handed to the caller's thread, which raises it
                    failures.append(error)
                    self._stop.set()

        self._session = None if all(local_path(one.url) for one in downloads) else self._make_session()
        threads = [threading.Thread(target=work, daemon=True) for _ in range(min(PARALLEL, len(downloads)))]
        for thread in threads:
            thread.start()
        self._wait(threads)
        if self._cancel.cancelled:
            self._cancel.check()
        if failures:
            raise next((error for error in failures if not isinstance(error, CancelledError)), failures[0])
        return paths

    def _wait(self, threads: list[threading.Thread]) -> None:
        leave_at: float | None = None
        for thread in threads:
            while thread.is_alive():
                thread.join(WAIT_SECONDS)
                if leave_at is None and (self._cancel.cancelled or self._stop.is_set()):
                    self._stop.set()
                    leave_at = time.monotonic() + LEAVE_SECONDS
                if leave_at is not None and time.monotonic() > leave_at:
                    break  # blocked in a read; the thread is a daemon and ends at its next chunk

    def _make_session(self) -> requests.Session:
        from jupyter_envs.engine.fetch.session import make_session

        return make_session(self._settings)

    def _have(self, download: Download, progress: Progress) -> str:
        local = local_path(download.url)
        try:
            if local is not None:
                return self._verify_local(download, local, progress)
            os.makedirs(os.path.dirname(download.destination), exist_ok=True)
            with _locked_part(f"{download.destination}.part", self._check) as part:
                if not self._have_already(download, progress):
                    self._download(download, part, progress)
            return download.destination
        except EnvsError:
            raise
        except OSError as error:
            raise StorageError.from_os_error(error, f"downloading {download.name}") from error

    def _verify_local(self, download: Download, path: str, progress: Progress) -> str:
        try:
            verify_file(path, download.promise, download.name)
        except FileNotFoundError:
            raise FetchError(
                f"{download.name} is not there: {path}",
                hint="check the folder of the channel or the path of the file",
                code="fetch.not_found",
                detail={"path": path},
            ) from None
        progress.at(download.destination, os.stat(path).st_size)
        return path

    def _have_already(self, download: Download, progress: Progress) -> bool:
        if not os.path.exists(download.destination):
            return False
        try:
            verify_file(download.destination, download.promise, download.name)
        except IntegrityError:
            os.unlink(download.destination)
            return False
        progress.at(download.destination, os.stat(download.destination).st_size)
        return True

    def _download(self, download: Download, part: int, progress: Progress) -> None:
        if self._settings.offline:
            raise OfflineError(
                f"{download.name} is not in the package cache",
                hint="run the command once without --offline",
                detail={"url": without_credentials(download.url)},
            )
        attempt, restarted = 0, False
        while True:
            resumed = os.fstat(part).st_size
            try:
                checker = self._receive(download, part, progress)
                checker.finish()
                break
            except IntegrityError as error:
                _start_over(download, part)
                if not resumed or restarted:
                    raise self._with_url(error, download) from None
                restarted = True
            except InterruptedDownloadError as error:
                attempt = 1 if os.fstat(part).st_size > resumed else attempt + 1
                if attempt >= ATTEMPTS:
                    raise _failed(download, str(error)) from error
                self._pause(PAUSE_SECONDS * 2**attempt)
        _commit(download, part)

    def _receive(self, download: Download, part: int, progress: Progress) -> Checker:
        import requests

        checker = Checker(download.promise, download.name)
        offset = _hash_part(part, checker, download)
        if offset and offset == download.size:
            return checker
        headers = {"Accept-Encoding": "identity", **_range_headers(download, offset)}
        assert self._session is not None
        try:
            with self._session.get(download.url, headers=headers, stream=True) as response:
                if response.status_code == 416:
                    raise checker.error("size", str(download.size), f"at most {offset}")
                _refuse_status(download, response.status_code)
                if offset and not _continues(response, offset):
                    _start_over(download, part)
                    checker, offset = Checker(download.promise, download.name), 0
                _refuse_length(download, response, offset, checker)
                _remember_validator(download, response)
                progress.at(download.destination, offset)
                self._stream(response, part, offset, checker, partial(self._came, progress, download, checker))
        except (
            requests.exceptions.SSLError,
            requests.exceptions.InvalidURL,
            requests.exceptions.InvalidSchema,
        ) as error:
            raise _failed(download, _reason(error)) from error
        except requests.RequestException as error:
            raise InterruptedDownloadError(_reason(error)) from error
        if download.size is not None and checker.size < download.size:
            raise InterruptedDownloadError("the connection was closed early")
        return checker

    def _stream(
        self, response: requests.Response, part: int, offset: int, checker: Checker, came: Callable[[int], None]
    ) -> None:
        os.lseek(part, offset, os.SEEK_SET)
        for chunk in response.iter_content(CHUNK):
            self._check()
            checker.update(chunk)
            view = memoryview(chunk)
            while view:
                view = view[os.write(part, view) :]
            came(len(chunk))

    @staticmethod
    def _came(progress: Progress, download: Download, checker: Checker, fresh: int) -> None:
        progress.at(download.destination, checker.size, fresh)

    def _check(self) -> None:
        self._cancel.check()
        if self._stop.is_set():
            raise CancelledError("stopped, because another download failed")

    def _pause(self, seconds: float) -> None:
        self._stop.wait(seconds)
        self._check()

    @staticmethod
    def _with_url(error: IntegrityError, download: Download) -> IntegrityError:
        error.detail["url"] = without_credentials(download.url)
        return error


class _locked_part:  # noqa: N801  # used as a function: a with-statement's context
    """Opens and locks a part; whoever waited looks again whether the name still means the file it locked."""

    def __init__(self, path: str, check: Callable[[], None]) -> None:
        self._path = path
        self._check = check
        self._fd = -1

    def __enter__(self) -> int:
        while True:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                self._lock()
                here = os.fstat(self._fd)
                there = os.stat(self._path)
            except FileNotFoundError:
                os.close(self._fd)
                continue
            except BaseException:
                os.close(self._fd)
                raise
            if (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino):
                return self._fd
            os.close(self._fd)

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def _lock(self) -> None:
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._check()
                time.sleep(WAIT_SECONDS)
            except OSError as error:
                if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
                    raise
                return  # a file system without locks: the digest still decides
            else:
                return


def _hash_part(part: int, checker: Checker, download: Download) -> int:
    """Feed what an earlier attempt left to the checker; a part that cannot be right is emptied."""
    size = os.fstat(part).st_size
    if not size:
        return 0
    too_long = download.size is not None and size > download.size
    if too_long or (download.promise.strongest is None and not _validator(download)):
        os.ftruncate(part, 0)
        return 0
    os.lseek(part, 0, os.SEEK_SET)
    while chunk := os.read(part, READ_BYTES):
        checker.update(chunk)
    return size


def _range_headers(download: Download, offset: int) -> dict[str, str]:
    if not offset:
        return {}
    validator = _validator(download)
    return {"Range": f"bytes={offset}-", **({"If-Range": validator} if validator else {})}


def _continues(response: requests.Response, offset: int) -> bool:
    return response.status_code == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {offset}-")


def _refuse_length(download: Download, response: requests.Response, offset: int, checker: Checker) -> None:
    """Refuse a file whose announced length is not the promised one, before its bytes come."""
    length = response.headers.get("Content-Length", "")
    if download.size is None or not length.isdigit() or "Content-Encoding" in response.headers:
        return
    if offset + int(length) != download.size:
        raise checker.error("size", str(download.size), str(offset + int(length)))


def _validator(download: Download) -> str:
    try:
        with open(f"{download.destination}.part.etag", encoding="utf-8") as stream:  # noqa: PTH123  # plain strings
            return stream.read().strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


def _remember_validator(download: Download, response: requests.Response) -> None:
    etag = response.headers.get("ETag", "")
    validator = etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified", "")
    with open(f"{download.destination}.part.etag", "w", encoding="utf-8") as stream:  # noqa: PTH123  # plain strings
        stream.write(validator)


def _start_over(download: Download, part: int) -> None:
    os.ftruncate(part, 0)
    _forget_validator(download)


def _forget_validator(download: Download) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{download.destination}.part.etag")


def _commit(download: Download, part: int) -> None:
    os.fsync(part)
    os.rename(f"{download.destination}.part", download.destination)
    _forget_validator(download)
    directory = os.open(os.path.dirname(download.destination), os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _refuse_status(download: Download, status: int) -> None:
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


def _failed(download: Download, reason: str) -> FetchError:
    return FetchError(
        f"{without_credentials(download.url)} could not be downloaded: {reason}",
        hint="check the connection and the proxy, then try again; what came so far is kept",
        code="fetch.connection",
        detail={"url": without_credentials(download.url), "reason": reason},
    )


def _reason(error: Exception) -> str:
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
