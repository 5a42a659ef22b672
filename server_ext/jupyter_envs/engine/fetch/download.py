"""Verified, resumable, parallel downloads.

Owns the workers and the order for one file: lock its part, resume, check, commit. Guarantees that a destination appears
only complete, verified and synced. Refuses bytes beyond the promised size.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from jupyter_envs.engine.fetch.digests import Checker, verify_file
from jupyter_envs.engine.fetch.part import (
    commit,
    find_validator,
    hash_part,
    locked_part,
    remember_validator,
    start_over,
)
from jupyter_envs.engine.fetch.progress import Progress
from jupyter_envs.engine.fetch.refusals import failed, reason_of, refuse_length, refuse_status
from jupyter_envs.engine.fetch.urls import local_path, without_credentials
from jupyter_envs.engine.fetch.wanted import Download, InterruptedDownloadError
from jupyter_envs.engine.models.events import CancelToken, Reporter
from jupyter_envs.errors import CancelledError, EnvsError, FetchError, IntegrityError, OfflineError, StorageError
from jupyter_envs.settings import Settings

if TYPE_CHECKING:
    import requests

PARALLEL = 6
ATTEMPTS = 4
CHUNK = 1 << 18
WAIT_SECONDS = 0.1
PAUSE_SECONDS = 0.3
LEAVE_SECONDS = 2.0


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
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in sorted(range(len(downloads)), key=lambda n: -(downloads[n].size or 0)):
            waiting.put(number)
        progress = Progress(downloads, self._reporter)
        self._stop.clear()

        def work() -> None:
            while not self._stop.is_set():
                try:
                    number = waiting.get_nowait()
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
            with locked_part(f"{download.destination}.part", self._check) as part:
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
                start_over(download, part)
                if not resumed or restarted:
                    raise self._with_url(error, download) from None
                restarted = True
            except InterruptedDownloadError as error:
                attempt = 1 if os.fstat(part).st_size > resumed else attempt + 1
                if attempt >= ATTEMPTS:
                    raise failed(download, str(error)) from error
                self._pause(PAUSE_SECONDS * 2**attempt)
        commit(download, part)

    def _receive(self, download: Download, part: int, progress: Progress) -> Checker:
        import requests

        checker = Checker(download.promise, download.name)
        offset = hash_part(part, checker, download)
        if offset and offset == download.size:
            return checker
        headers = {"Accept-Encoding": "identity", **_range_headers(download, offset)}
        assert self._session is not None
        try:
            with self._session.get(download.url, headers=headers, stream=True) as response:
                if response.status_code == 416:
                    raise checker.error("size", str(download.size), f"at most {offset}")
                refuse_status(download, response.status_code)
                if offset and not _continues(response, offset):
                    start_over(download, part)
                    checker, offset = Checker(download.promise, download.name), 0
                refuse_length(download, response, offset, checker)
                remember_validator(download, response.headers)
                progress.at(download.destination, offset)
                self._stream(response, part, offset, checker, partial(self._came, progress, download, checker))
        except (
            requests.exceptions.SSLError,
            requests.exceptions.InvalidURL,
            requests.exceptions.InvalidSchema,
        ) as error:
            raise failed(download, reason_of(error)) from error
        except requests.RequestException as error:
            raise InterruptedDownloadError(reason_of(error)) from error
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


def _range_headers(download: Download, offset: int) -> dict[str, str]:
    if not offset:
        return {}
    validator = find_validator(download)
    return {"Range": f"bytes={offset}-", **({"If-Range": validator} if validator else {})}


def _continues(response: requests.Response, offset: int) -> bool:
    return response.status_code == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {offset}-")
