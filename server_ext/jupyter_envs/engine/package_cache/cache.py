"""The package cache as the rest of the engine sees it: layers of directories, the first of them writable.

Owns which directory a record's package is in. Refuses to mix two packages of the same name, version and build: the
sha256 (else the URL) must be the record's. What is only needed to fill, compile, check or prune is imported when it is
asked for, so that linking from the cache loads none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from jupyter_envs.engine.models.events import CancelToken, Reporter
from jupyter_envs.engine.models.records import PackageManifest, RepodataRecord
from jupyter_envs.engine.package_cache.layout import directory_names, is_same_package
from jupyter_envs.engine.package_cache.manifest import find_compiled, find_stored_record, read_manifest
from jupyter_envs.errors import CacheError
from jupyter_envs.settings import Settings


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
        missing = self.missing(records)
        if missing:
            from jupyter_envs.engine.package_cache.populate import Populator

            Populator(self._settings, reporter, cancel).populate(missing)

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
        manifest = read_manifest(record, stored, directory)
        if cache_tag is None:
            return manifest
        name = directory.rpartition("/")[2]
        for pkgs in self._layers:
            compiled = find_compiled(pkgs, cache_tag, name)
            if compiled is not None:
                return msgspec.structs.replace(manifest, pyc_directory=compiled[0], pyc=compiled[1])
        return manifest

    def _locate(self, record: RepodataRecord) -> tuple[str, RepodataRecord] | None:
        for pkgs in self._layers:
            for name in directory_names(record):
                directory = f"{pkgs}/{name}"
                stored = find_stored_record(directory)
                if stored is None:
                    continue
                if is_same_package(record, stored):
                    return directory, stored
        return None
