"""Brings packages into the cache: fetch, extract, sync, rename.

A package appears under its name only complete and on the disk. Whoever loses the race for a name uses the winner's;
per-package locks only save doing the work twice. Refuses nothing itself: archives are checked by ``archive`` and
``fetch``.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from jupyter_envs.engine.archive.interpreter import is_interpreter
from jupyter_envs.engine.archive.pool import extract_all
from jupyter_envs.engine.archive.worker import Job
from jupyter_envs.engine.durable import sync_directory, sync_filesystem
from jupyter_envs.engine.fetch.digests import Promise, verify_file
from jupyter_envs.engine.fetch.download import Fetcher
from jupyter_envs.engine.fetch.urls import local_path, with_login, with_user
from jupyter_envs.engine.fetch.wanted import Download
from jupyter_envs.engine.models.events import CancelToken, Event, Reporter
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.package_cache import disk
from jupyter_envs.engine.package_cache.layout import (
    DOWNLOADS,
    bundled_path,
    directory_names,
    download_name,
    is_same_package,
)
from jupyter_envs.engine.package_cache.manifest import find_stored_record
from jupyter_envs.engine.removal import remove_tree
from jupyter_envs.errors import CacheError, FetchError, IntegrityError, StorageError
from jupyter_envs.settings import Settings


class Local(NamedTuple):
    """An archive on this machine, no path for an interpreter; ``checked``: its bytes were compared just now."""

    path: str
    checked: bool


class Populator:
    """Populates one writable cache directory.

    Parameters
    ----------
    settings : Settings
        For the network; its first package directory is written to, all are searched for archives.
    reporter, cancel
        Told phases ``fetch`` and ``extract``; asked between archives and chunks.
    channels : sequence of str
        Channels of a request beside those of the settings: their credentials are used, records have none.
    archives : str
        The folder of a bundle, whose archives come first.
    """

    def __init__(
        self,
        settings: Settings,
        reporter: Reporter,
        cancel: CancelToken,
        channels: Sequence[str] = (),
        archives: str = "",
    ) -> None:
        self._settings = settings
        self._channels = channels
        self._archives = archives
        self._pkgs = settings.package_directories[0]
        self._reporter = reporter
        self._cancel = cancel

    def populate(self, records: Sequence[RepodataRecord]) -> None:
        """Bring in records that are not there; some may have arrived from another process by now.

        Raises
        ------
        FetchError, IntegrityError, ArchiveError
            Of the first package that failed; those that were complete before stay.
        StorageError
            The disk refuses.
        """
        self._prepare()
        ordered = sorted(records, key=lambda one: one.dist)
        several = disk.locks_at_once()
        others: list[RepodataRecord] = []
        try:
            for start in range(0, len(ordered), several):
                with contextlib.ExitStack() as locks:
                    mine, taken = self._claim(ordered[start : start + several], locks)
                    self._bring(mine)
                others += taken
            for record in others:
                with disk.locked(self._pkgs, record.dist, self._cancel):
                    if self._find(record) is None:
                        self._bring([record])
        except OSError as error:
            raise StorageError.from_os_error(error, "filling the package cache") from error

    def _prepare(self) -> None:
        try:
            os.makedirs(f"{self._pkgs}/{DOWNLOADS}", exist_ok=True)
            disk.remove_stale(self._pkgs)
        except OSError as error:
            raise CacheError(
                f"the package cache cannot be written: {self._pkgs} ({error.strerror})",
                hint="add a writable directory to pkgs_dirs, or set JUPYTER_ENVS_ROOT to a folder you can write",
                code="cache.read_only",
                detail={"path": self._pkgs},
            ) from error

    def _claim(
        self, records: Sequence[RepodataRecord], locks: contextlib.ExitStack
    ) -> tuple[list[RepodataRecord], list[RepodataRecord]]:
        mine, others = [], []
        for record in records:
            if locks.enter_context(disk.locked(self._pkgs, record.dist, None)):
                if self._find(record) is None:
                    mine.append(record)
            else:
                others.append(record)
        return mine, others

    def _bring(self, records: Sequence[RepodataRecord]) -> None:
        if not records:
            return
        found = {record.dist: local for record in records if (local := self._find_local(record)) is not None}
        fetched = self._fetch([record for record in records if record.dist not in found])
        self._report(Event(kind="phase", phase="extract", total=len(records)))
        temporary = disk.make_temporary(self._pkgs)
        try:
            archives = {**found, **{dist: Local(path, checked=True) for dist, path in fetched.items()}}
            jobs = [
                self._job(number, record, archives[record.dist], temporary) for number, record in enumerate(records)
            ]
            self._extract(jobs)
            sync_filesystem(temporary)
            for job in jobs:
                self._commit(job, temporary)
            sync_directory(self._pkgs)
        finally:
            remove_tree(temporary)
        for path in fetched.values():
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    def _fetch(self, records: Sequence[RepodataRecord]) -> dict[str, str]:
        """Download what is not on this machine; return dist to path of the downloaded."""
        downloads = [download_of(record, self._pkgs, self._settings, self._channels) for record in records]
        if downloads:  # archives of this machine are read where they are
            self._report(Event(kind="phase", phase="fetch", total=len(downloads)))
        paths = Fetcher(self._settings, self._reporter, self._cancel).fetch(downloads)
        return {record.dist: path for record, path in zip(records, paths, strict=True)}

    def _find_local(self, record: RepodataRecord) -> Local | None:
        """Return the archive of a package on this machine; one that was kept, only if it is what was promised."""
        if is_interpreter(record.url):
            return Local("", checked=False)
        bundled = f"{self._archives}/{bundled_path(record)}"
        if self._archives and os.path.isfile(bundled):
            return Local(bundled, checked=False)
        path = local_path(record.url)
        if path is not None:
            if not os.path.isfile(path):
                raise FetchError(
                    f"{record.dist} is not where its channel says: {path}",
                    hint="index the channel again, or put the archive back",
                    code="fetch.not_found",
                    detail={"url": record.url},
                )
            return Local(path, checked=False)
        for pkgs in self._settings.package_directories:
            kept = f"{pkgs}/{record.fn}"
            if os.path.isfile(kept) and (record.sha256 or record.md5):
                with contextlib.suppress(IntegrityError):
                    promise = Promise(size=record.size, sha256=record.sha256, md5=record.md5)
                    verify_file(kept, promise, kept)
                    return Local(kept, checked=True)
        return None

    def _job(self, number: int, record: RepodataRecord, local: Local, temporary: str) -> Job:
        root = f"{temporary}/{number}"
        os.mkdir(root)
        size = record.size if record.size or not local.path else _size_of(local.path, record)
        verify_files = self._settings.extra_safety_checks or not record.sha256
        return Job(
            number, msgspec.structs.replace(record, size=size), local.path, root, not local.checked, verify_files
        )

    def _extract(self, jobs: Sequence[Job]) -> None:
        done = 0

        def finished(job: Job) -> None:
            nonlocal done
            done += 1
            self._report(Event(kind="progress", phase="extract", text=job.record.dist, done=done, total=len(jobs)))

        try:
            extract_all(jobs, self._cancel, finished)
        except IntegrityError as error:
            if not self._archives:
                raise
            hint = f"the file in {self._archives} is damaged; copy the bundle again, or make it again where it is from"
            raise IntegrityError(error.message, hint=hint, code=error.code, detail=error.detail) from error

    def _commit(self, job: Job, temporary: str) -> None:
        """Give an extracted package its name; what is under it already wins when it is the same package."""
        record = job.record
        for name in directory_names(record):
            target = f"{self._pkgs}/{name}"
            for _ in range(2):
                try:
                    os.rename(job.root, target)
                except OSError:
                    stored = find_stored_record(target)
                    if stored is None:  # another tool left it half extracted
                        disk.put_away(target, f"{temporary}/unfinished-{name}")
                        continue
                    if is_same_package(record, stored):
                        return
                    break
                else:
                    return
        raise CacheError(
            f"{record.dist} cannot be put in the package cache: its names are taken",
            hint="run `jupyter envs clean`",
            code="cache.taken",
            detail={"path": self._pkgs, "dist": record.dist},
        )

    def _find(self, record: RepodataRecord) -> str | None:
        for name in directory_names(record):
            stored = find_stored_record(f"{self._pkgs}/{name}")
            if stored is not None and is_same_package(record, stored):
                return name
        return None

    def _report(self, event: Event) -> None:
        self._reporter.report(event)


def address_of(record: RepodataRecord, settings: Settings, channels: Sequence[str] = ()) -> str:
    """Return where to fetch an archive, with the credentials of its channel, or of pip's configuration for a wheel.

    ``channels`` are those of a request beside those of the settings.
    """
    aliases = [settings.channel_alias] if settings.channel_alias else []
    known = (*channels, *settings.channels, *settings.custom_channels.values(), *aliases)
    url = with_login(record.url, known)
    if url != record.url or not record.fn.endswith(".whl"):
        return url
    from jupyter_envs.engine.sources.pypi_config import read_pip_config

    login = read_pip_config(os.environ).credentials_for(url)
    return with_user(url, *login) if login else url


def _size_of(path: str, record: RepodataRecord) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        raise FetchError(
            f"{record.fn} is not there: {path}",
            hint="check the folder of the channel or the path of the file",
            code="fetch.not_found",
            detail={"path": path},
        ) from None


def download_of(record: RepodataRecord, folder: str, settings: Settings, channels: Sequence[str] = ()) -> Download:
    """Return what is fetched for a package, into the part of ``folder`` where downloads wait to be checked."""
    return Download(
        url=address_of(record, settings, channels),
        destination=f"{folder}/{DOWNLOADS}/{download_name(record)}",
        sha256=record.sha256,
        md5=record.md5,
        size=record.size,
        label=record.dist,
    )
