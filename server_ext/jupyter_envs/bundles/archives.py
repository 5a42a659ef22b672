"""The archives of a bundle: copied from this machine or fetched, checked, each in its place by rename.

Guarantees that a name in ``channel/`` or ``wheels/`` stands for a complete archive with its digest. Refuses two
archives of one name with different bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import html
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import msgspec

from jupyter_envs.build.channel.extras import write_atomically
from jupyter_envs.engine.durable import sync_directory, sync_filesystem
from jupyter_envs.engine.fetch.digests import READ_BYTES, Checker, Promise, verify_file
from jupyter_envs.engine.fetch.download import Fetcher
from jupyter_envs.engine.fetch.urls import local_path
from jupyter_envs.engine.models.events import CancelToken, Event, Reporter
from jupyter_envs.engine.models.origins import is_interpreter
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.package_cache.layout import DOWNLOADS, bundled_path, download_name, is_same_package
from jupyter_envs.engine.package_cache.populate import download_of
from jupyter_envs.errors import AlreadyExistsError, IntegrityError, NotFoundError, StorageError
from jupyter_envs.settings import Settings


class Archives:
    """Those of one bundle.

    Parameters
    ----------
    folder : Path
        The bundle's.
    settings : Settings
        For the network; archives that other tools kept in its package directories are used.
    named : mapping
        What the bundle holds already, path to sha256: these are never replaced.
    channels : sequence of str
        Of the request: their credentials are used, records have none.
    reporter, cancel
        Told the phase ``fetch``; asked between chunks.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        named: Mapping[str, str],
        channels: Sequence[str],
        reporter: Reporter,
        cancel: CancelToken,
    ) -> None:
        self._named = named
        self._channels = channels
        self._folder = folder
        self._settings = settings
        self._reporter = reporter
        self._cancel = cancel
        self.new_bytes = 0

    def gather(self, records: Sequence[RepodataRecord]) -> list[RepodataRecord]:
        """Have the archives of all records; return the records with the sha256 and size of what is there.

        Raises
        ------
        FetchError, IntegrityError, OfflineError
            The first archive that could not be had; what came before stays, and is not asked for again.
        AlreadyExistsError
            ``bundle.clash``: the bundle has another archive of that name.
        StorageError
            The disk refuses.
        """
        archives = _distinct(records)
        try:
            wanted = [record for record in archives if not self._is_there(record)]
            self._check_room(wanted)
            self._reporter.report(Event(kind="phase", phase="fetch", total=len(wanted)))
            distant = [record for record in wanted if not self._copied(record)]
            self._fetch(distant)
            described = {bundled_path(record): self._described(record) for record in archives}
        except OSError as error:
            raise StorageError.from_os_error(error, f"writing the bundle {self._folder}") from error
        shutil.rmtree(self._folder / DOWNLOADS, ignore_errors=True)
        return [record if is_interpreter(record) else described[bundled_path(record)] for record in records]

    def write_wheel_page(self) -> None:
        """Write ``wheels/index.html``, a page of links with digests, where there are wheels."""
        wheels = sorted((self._folder / "wheels").glob("*.whl"))
        if not wheels:
            return
        links = [
            f'<a href="{quote(wheel.name)}#sha256={_digest(wheel)}">{html.escape(wheel.name)}</a><br>'
            for wheel in wheels
        ]
        text = "<!DOCTYPE html>\n<html><body>\n" + "\n".join(links) + "\n</body></html>\n"
        write_atomically(self._folder / "wheels" / "index.html", text.encode())

    def sync(self) -> None:
        """Bring what was written to the disk."""
        try:
            sync_filesystem(str(self._folder))
        except OSError as error:
            raise StorageError.from_os_error(error, f"writing the bundle {self._folder}") from error

    def _target(self, record: RepodataRecord) -> Path:
        return self._folder / bundled_path(record)

    def _is_there(self, record: RepodataRecord) -> bool:
        target = self._target(record)
        if not target.is_file():
            return False
        promise = _promise(record)
        if promise.strongest is None:
            return False
        with contextlib.suppress(IntegrityError):
            verify_file(str(target), promise, record.fn)
            return True
        return False

    def _check_room(self, wanted: Sequence[RepodataRecord]) -> None:
        needed, free = sum(record.size or 0 for record in wanted), shutil.disk_usage(self._folder).free
        if needed > free:
            raise StorageError(
                f"the bundle needs {needed / 1e6:,.0f} MB more, and {free / 1e6:,.0f} MB are free in {self._folder}",
                hint="free some space there, or choose another folder",
                code="storage.full",
            )

    def _copied(self, record: RepodataRecord) -> bool:
        """Copy an archive that is on this machine; tell whether there was one."""
        source = self._find_here(record)
        if source is None:
            return False
        self._cancel.check()
        temporary = self._folder / DOWNLOADS / download_name(record)
        temporary.parent.mkdir(exist_ok=True)
        checker = Checker(_promise(record), record.fn)
        try:
            with source.open("rb") as reading, temporary.open("wb") as writing:
                while chunk := reading.read(READ_BYTES):
                    self._cancel.check()
                    checker.update(chunk)
                    writing.write(chunk)
            checker.finish()
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        self._place(temporary, record)
        return True

    def _find_here(self, record: RepodataRecord) -> Path | None:
        path = local_path(record.url)
        if path is not None:
            if not os.path.isfile(path):
                raise NotFoundError(
                    f"the archive of {record.dist} is not there any more: {path}",
                    hint="put it back, or install the package from a channel that has it, then make the bundle",
                    code="not_found.archive",
                )
            return Path(path)
        if _promise(record).strongest is None:
            return None
        for pkgs in self._settings.package_directories:
            kept = Path(pkgs, record.fn)
            if kept.is_file():
                with contextlib.suppress(IntegrityError):
                    verify_file(str(kept), _promise(record), record.fn)
                    return kept
        return None

    def _fetch(self, records: Sequence[RepodataRecord]) -> None:
        if not records:
            return
        downloads = [download_of(record, str(self._folder), self._settings, self._channels) for record in records]
        paths = Fetcher(self._settings, self._reporter, self._cancel).fetch(downloads)
        for record, path in zip(records, paths, strict=True):
            self._place(Path(path), record)

    def _place(self, archive: Path, record: RepodataRecord) -> None:
        """Give a checked archive its name."""
        target = self._target(record)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_file() and self._named.get(bundled_path(record)) == _digest(target):
            raise _clash(record)
        self.new_bytes += archive.stat().st_size
        archive.replace(target)
        sync_directory(target.parent)

    def _described(self, record: RepodataRecord) -> RepodataRecord:
        """Return the record with the digest and the size of the archive that is there."""
        target = self._target(record)
        return msgspec.structs.replace(record, sha256=record.sha256 or _digest(target), size=target.stat().st_size)


def _distinct(records: Sequence[RepodataRecord]) -> list[RepodataRecord]:
    """Return one record for each archive."""
    found: dict[str, RepodataRecord] = {}
    for record in records:
        if not is_interpreter(record):
            known = found.setdefault(bundled_path(record), record)
            if not is_same_package(record, known):
                raise _clash(record)
    return list(found.values())


def _clash(record: RepodataRecord) -> AlreadyExistsError:
    return AlreadyExistsError(
        f"the bundle has another {record.fn} already, with other bytes",
        hint="put this environment into a bundle of its own",
        code="bundle.clash",
    )


def _promise(record: RepodataRecord) -> Promise:
    return Promise(size=record.size, sha256=record.sha256, md5=record.md5)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
