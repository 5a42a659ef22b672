"""What a list of installed packages shows, read from the records without what a list does not need.

Owns the fast reading of many records: hashes and paths of files are skipped, their sizes summed. Refuses to be strict:
a record that cannot be read is left out here; ``doctor`` names it.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from jupyter_envs.engine.models.origins import channel_of, source_of
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.prefix.dist_infos import DistInfo, read_dist_infos
from jupyter_envs.engine.prefix.records import META_DIRECTORY, read_record_file
from jupyter_envs.errors import StorageError


class InstalledPackage(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list. ``bytes`` is the sum of its files' sizes as its record has them."""

    name: str
    version: str
    build: str
    subdir: str
    source: str
    channel: str
    bytes: int
    license: str
    depends: tuple[str, ...]
    noarch: str
    package_directory: str


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """The packages of one environment: those with a record, and Python distributions that no record owns."""

    packages: tuple[InstalledPackage, ...] = ()
    distributions: tuple[DistInfo, ...] = ()


class _Path(msgspec.Struct, frozen=True):
    size_in_bytes: int | None = None


class _Paths(msgspec.Struct, frozen=True):
    paths: tuple[_Path, ...] = ()


class _Listed(msgspec.Struct, frozen=True):
    """The part of a prefix record (CEP 32) that is listed; msgspec skips the rest without making objects of it."""

    name: str
    version: str
    fn: str
    url: str
    build: str = ""
    subdir: str = "noarch"
    channel: str | None = None
    license: str | None = None
    depends: tuple[str, ...] = ()
    noarch: str | bool | None = None
    files: tuple[str, ...] = ()
    paths_data: _Paths = _Paths()
    extracted_package_dir: str | None = None


_DECODER = msgspec.json.Decoder(_Listed)


def read_inventory(prefix: str | os.PathLike[str]) -> Inventory:
    """Return the packages of an environment, sorted by name; those of a venv are its distributions."""
    directory = os.path.join(prefix, META_DIRECTORY)
    try:
        files = sorted(entry for entry in os.listdir(directory) if entry.endswith(".json"))
    except (FileNotFoundError, NotADirectoryError):
        files = []
    packages, owned = [], set[str]()
    for file in files:
        listed = _read(os.path.join(directory, file))
        if listed is not None:
            packages.append(_package(listed))
            owned.update(name.split("/")[-2] for name in listed.files if name.endswith(".dist-info/METADATA"))
    others = [dist for dist in read_dist_infos(prefix) if Path(dist.path).name not in owned]
    packages.sort(key=lambda package: package.name)
    return Inventory(packages=tuple(packages), distributions=tuple(others))


def _read(path: str) -> _Listed | None:
    try:
        return _DECODER.decode(Path(path).read_bytes())
    except FileNotFoundError:
        return None  # removed while the list is made
    except msgspec.DecodeError:
        return _read_foreign(path)


def _read_foreign(path: str) -> _Listed | None:
    """Return a record that another tool wrote in its own way; ``None`` when even the patient reader fails."""
    try:
        record = read_record_file(path)
    except StorageError:
        return None
    return msgspec.convert(msgspec.to_builtins(record), _Listed)


def _package(listed: _Listed) -> InstalledPackage:
    origin = RepodataRecord(
        name=listed.name,
        version=listed.version,
        subdir=listed.subdir,
        fn=listed.fn,
        url=listed.url,
        channel=listed.channel,
    )
    return InstalledPackage(
        name=listed.name,
        version=listed.version,
        build=listed.build,
        subdir=listed.subdir,
        source=source_of(origin),
        channel=channel_of(origin),
        bytes=sum(path.size_in_bytes or 0 for path in listed.paths_data.paths),
        license=listed.license or "",
        depends=listed.depends,
        noarch=listed.noarch if isinstance(listed.noarch, str) else "generic" if listed.noarch else "",
        package_directory=listed.extracted_package_dir or "",
    )
