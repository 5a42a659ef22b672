"""The package cache as the rest of the engine sees it: layers of directories, the first of them writable.

Owns which directory a record's package is in. Refuses to mix two packages of the same name, version and build: the
sha256 (else the URL) must be the record's. What is only needed to fill, compile, check or prune is imported when it is
asked for, so that linking from the cache loads none of it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jupyter_envs.engine.models.events import CancelToken, Reporter
from jupyter_envs.engine.models.records import PackageManifest, PathsEntry, RepodataRecord
from jupyter_envs.engine.package_cache.layout import bundled_path, directory_names, full_identity, is_same_package
from jupyter_envs.engine.package_cache.manifest import find_compiled, find_stored_record, read_manifest
from jupyter_envs.errors import CacheError, StorageError
from jupyter_envs.settings import Settings

if TYPE_CHECKING:
    from jupyter_envs.engine.package_cache.compiled import CompileJob, CompileReport
    from jupyter_envs.engine.package_cache.prune import CacheEntry, PruneReport
    from jupyter_envs.engine.package_cache.verify import Damage


class PackageCache:
    """The package directories of the settings.

    Parameters
    ----------
    settings : Settings
        ``package_directories``: the first is written to, the others are read-only layers below it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._layers = settings.package_directories
        self._distrusted: set[str] = set()
        self._channels: tuple[str, ...] = ()
        self._archives = ""
        # What was found stays found: a process announces what it uses, and only then is it safe from pruning.
        self._located: dict[tuple[str, str], tuple[str, RepodataRecord]] = {}
        self._manifests: dict[str, tuple[RepodataRecord, PackageManifest]] = {}

    def remember_channels(self, channels: Sequence[str]) -> None:
        """Use the credentials in these channels' URLs, beside those of the settings, for what is fetched from them."""
        self._channels = tuple(channels)

    def use_archives(self, folder: str) -> None:
        """Take archives from a bundle's folder, as far as it has them, instead of fetching them; empty for none."""
        self._archives = folder

    def to_fetch(self, records: Sequence[RepodataRecord]) -> list[RepodataRecord]:
        """Return those of the missing records whose archives are neither in the bundle nor kept in a layer."""
        return [record for record in records if not self._has_archive(record)]

    def find(self, record: RepodataRecord) -> Path | None:
        """Return the directory of the record's extracted package, ``None`` when no layer has it."""
        found = self._locate(record)
        return Path(found[0]) if found else None

    def missing(self, records: Sequence[RepodataRecord]) -> list[RepodataRecord]:
        """Return those records whose packages must be fetched or extracted."""
        return [record for record in records if self._locate(record) is None]

    def populate(self, records: Sequence[RepodataRecord], reporter: Reporter, cancel: CancelToken) -> None:
        """Bring in what is missing.

        Raises
        ------
        FetchError, IntegrityError, OfflineError, ArchiveError
            Of the first package that could not be had; what was there stays.
        CacheError, StorageError
            The writable directory refuses.
        CancelledError
            The token was set; downloads are resumed next time.
        """
        from jupyter_envs.engine.package_cache.disk import remove_stale
        from jupyter_envs.engine.package_cache.usage import announce

        try:
            announce(self._layers[0], records, cancel)
            remove_stale(self._layers[0])
        except OSError as error:
            raise StorageError.from_os_error(error, "opening the package cache") from error
        self._located = {key: found for key, found in self._located.items() if os.path.isdir(found[0])}
        missing = self.missing(records)
        if missing:
            from jupyter_envs.engine.package_cache.populate import Populator

            Populator(self._settings, reporter, cancel, self._channels, self._archives).populate(missing)

    def manifest(self, record: RepodataRecord, cache_tag: str | None) -> PackageManifest:
        """Return what linking needs of the record's package.

        Parameters
        ----------
        record : RepodataRecord
            A package that is in the cache.
        cache_tag : str or None
            Such as ``cpython-311``, to have its compiled files too, if there are any.

        Raises
        ------
        CacheError
            The package is not in the cache.
        ArchiveError
            Its metadata is damaged, or lists paths that leave the package.
        """
        found = self._locate(record)
        if found is None:
            raise CacheError(
                f"{record.dist} is not in the package cache",
                hint="run the command once without --offline, so that it can be fetched",
                code="cache.missing",
                detail={"dist": record.dist},
            )
        directory, stored = found
        known = self._manifests.get(directory)
        if known is None or known[0] != record:
            known = self._manifests[directory] = (record, read_manifest(record, stored, directory))
        manifest = known[1]
        if cache_tag is None:
            return manifest
        compiled = self._find_compiled(directory, stored, cache_tag)
        if compiled is None:
            return manifest
        return msgspec.structs.replace(manifest, pyc_directory=compiled[0], pyc=compiled[1])

    def self_described(self, record: RepodataRecord) -> RepodataRecord:
        """Return the record with the licence and time that the extracted package itself names (``info/index.json``).

        Lists and plans that a user hands in may leave these out, or say something else.

        Raises
        ------
        CacheError
            The package is not in the cache.
        ArchiveError
            Its metadata is damaged.
        """
        from jupyter_envs.engine.archive.metadata import read_index

        said = read_index(self.manifest(record, None).directory, record.dist)
        return msgspec.structs.replace(
            record, license=said.license or record.license, timestamp=said.timestamp or record.timestamp
        )

    def compile(
        self, records: Sequence[RepodataRecord], python: Path, cache_tag: str, reporter: Reporter, cancel: CancelToken
    ) -> CompileReport:
        """Compile the Python files of packages that are in the cache, unless that was done before.

        Parameters
        ----------
        records : sequence of RepodataRecord
            Those that are not in the cache are left out.
        python : Path
            An environment's Python, which does the compiling.
        cache_tag : str
            Its ``sys.implementation.cache_tag``, such as ``cpython-311``.
        reporter, cancel
            Told the phase ``compile``; asked between packages.

        Raises
        ------
        CacheError
            The Python cannot be run or has another tag, or the cache cannot be written.
        StorageError
            The disk refuses.
        """
        from jupyter_envs.engine.package_cache import disk
        from jupyter_envs.engine.package_cache.compiled import CompileReport, compile_packages

        pkgs = self._layers[0]
        with disk.locked(pkgs, f".compile-{cache_tag}", cancel):
            jobs = self._compile_jobs(records, cache_tag)
            if not jobs:
                return CompileReport()
            return compile_packages(jobs, pkgs, python, cache_tag, reporter, cancel)

    def verify(self, record: RepodataRecord) -> list[Damage]:
        """Check each file of an extracted package against ``info/paths.json``; return what is wrong.

        Raises
        ------
        CacheError
            The package is not in the cache.
        ArchiveError
            Its metadata is damaged.
        """
        from jupyter_envs.engine.package_cache.verify import find_damage

        return find_damage(self.manifest(record, None))

    def discard_damaged(self, records: Sequence[RepodataRecord]) -> list[RepodataRecord]:
        """Verify packages and throw away the damaged, so that ``populate`` brings them again.

        A damaged one in a read-only layer stays there and is not used by this object any more. Returns the damaged;
        records that are not in the cache are left out.
        """
        from jupyter_envs.engine.package_cache.verify import discard, is_damaged

        damaged = []
        for record in records:
            while (found := self._locate(record)) is not None and is_damaged(record, found[1], found[0]):
                damaged.append(record)
                if found[0].startswith(f"{self._layers[0]}/"):
                    discard(self._layers[0], found[0])
                else:
                    self._distrusted.add(found[0])
                self._forget()
        return damaged

    def entries(self) -> list[CacheEntry]:
        """Return everything in the writable directory, with sizes and whether environments share its files."""
        from jupyter_envs.engine.package_cache.prune import list_entries

        return list_entries(self._layers[0])

    def prune(self, keep: Collection[str], *, dry_run: bool = False) -> PruneReport:
        """Remove from the writable directory what no environment uses.

        Parameters
        ----------
        keep : collection of str
            Dists (``name-version-build``) that stay whatever their links say: those of all environments' records.
        dry_run : bool
            Only say what would be removed.

        Raises
        ------
        StorageError
            Something cannot be removed.
        """
        from jupyter_envs.engine.package_cache.prune import prune

        self._forget()
        return prune(self._layers[0], frozenset(keep), dry_run=dry_run)

    def _has_archive(self, record: RepodataRecord) -> bool:
        """Tell whether an archive is on this machine; its digest is compared when it is extracted."""
        if self._archives and os.path.isfile(f"{self._archives}/{bundled_path(record)}"):
            return True
        if not (record.sha256 or record.md5):
            return False
        kept = [f"{pkgs}/{record.fn}" for pkgs in self._layers]
        return any(os.path.isfile(path) and record.size in (None, os.path.getsize(path)) for path in kept)

    def _compile_jobs(self, records: Sequence[RepodataRecord], cache_tag: str) -> list[CompileJob]:
        from jupyter_envs.engine.package_cache.compiled import CompileJob, sources_to_compile

        jobs = []
        for record in records:
            found = self._locate(record)
            if found is None or self._find_compiled(*found, cache_tag) is not None:
                continue
            directory, stored = found
            paths = sources_to_compile(read_manifest(record, stored, directory), cache_tag)
            if paths:
                jobs.append(CompileJob(directory=directory, package=full_identity(stored), paths=paths))
        return jobs

    def _find_compiled(
        self, directory: str, stored: RepodataRecord, cache_tag: str
    ) -> tuple[str, tuple[PathsEntry, ...]] | None:
        name = directory.rpartition("/")[2]
        for pkgs in self._layers:
            compiled = find_compiled(pkgs, cache_tag, name, stored)
            if compiled is not None:
                return compiled
        return None

    def _locate(self, record: RepodataRecord) -> tuple[str, RepodataRecord] | None:
        key = (record.dist, record.sha256 or record.md5 or record.url)
        found = self._located.get(key)
        if found is None:
            found = self._search_layers(record)
            if found is not None:
                self._located[key] = found
        return found

    def _forget(self) -> None:
        """Look everything up anew: something was removed."""
        self._located.clear()
        self._manifests.clear()

    def _search_layers(self, record: RepodataRecord) -> tuple[str, RepodataRecord] | None:
        for pkgs in self._layers:
            for name in directory_names(record):
                directory = f"{pkgs}/{name}"
                if directory in self._distrusted:
                    continue
                stored = find_stored_record(directory)
                if stored is None:
                    continue
                if is_same_package(record, stored):
                    return directory, stored
        return None
