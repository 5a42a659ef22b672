"""What every source of records is, and the two conversions between rattler's records and ours.

Owns the seam to rattler: a source is asked for one name at a time and answers with rattler records; everything above
the solve sees ``RepodataRecord`` only. Nothing is lost either way: hashes, sizes, timestamps, constraints, features,
``python_site_packages_path`` (CEP 17), extras and flags (CEP 43 to 45) survive. rattler is imported on first use.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from jupyter_envs.engine.models.origins import is_interpreter
from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.records import RepodataRecord

if TYPE_CHECKING:
    from rattler import NoArchType, PackageName, RepoDataRecord, Subdir

INTERPRETER_SUFFIX = ".interpreter"
EXTRA_PREFIX = "pypi-extra--"


class RecordSource(Protocol):
    """A source that takes part in a solve beside conda channels (rattler's ``RepoDataSource``, plus warnings)."""

    warnings: list[PlanWarning]

    async def fetch_package_records(self, platform: Subdir, name: PackageName) -> list[RepoDataRecord]:
        """Return the records of one name on one platform; called as the solve reaches the name."""
        ...

    def package_names(self, platform: Subdir) -> list[str]:
        """Return the names the source knows without asking anyone; may be empty."""
        ...


def is_synthetic(name: str) -> bool:
    """Whether a name stands for a wheel's extra and is never installed."""
    return name.startswith(EXTRA_PREFIX)


def from_rattler(record: RepoDataRecord) -> RepodataRecord:
    """Return our record with everything that rattler's holds."""
    ours = _DECODER.decode(record.to_json())
    if is_interpreter(ours) and ours.fn.endswith(".conda"):
        ours = msgspec.structs.replace(ours, fn=ours.fn.removesuffix(".conda") + INTERPRETER_SUFFIX)
    return ours


def to_rattler(record: RepodataRecord, *, with_timestamp: bool = True) -> RepoDataRecord:
    """Return rattler's record of ours.

    Parameters
    ----------
    record : RepodataRecord
        Ours. An interpreter's file name gets an archive suffix, which ``from_rattler`` takes off again: rattler accepts
        none but archives' names.
    with_timestamp : bool
        ``False`` keeps the record out of reach of ``exclude_newer``: what is installed may stay, whatever its age.
    """
    from rattler import PackageName, PackageRecord, RepoDataRecord, VersionWithSource
    from rattler.package import BuildString

    package = PackageRecord(
        name=PackageName(record.name),
        version=VersionWithSource(record.version),
        build=BuildString(record.build),
        build_number=record.build_number,
        subdir=record.subdir,
        arch=record.arch,
        platform=record.platform,
        noarch=_noarch(record.noarch),
        depends=list(record.depends),
        constrains=list(record.constrains),
        sha256=bytes.fromhex(record.sha256) if record.sha256 else None,
        md5=bytes.fromhex(record.md5) if record.md5 else None,
        size=record.size,
        legacy_bz2_md5=bytes.fromhex(record.legacy_bz2_md5) if record.legacy_bz2_md5 else None,
        legacy_bz2_size=record.legacy_bz2_size,
        license=record.license,
        license_family=record.license_family,
        python_site_packages_path=record.python_site_packages_path,
        extra_depends=record.extra_depends,
        flags=list(record.flags),
        attestations_sha256=bytes.fromhex(record.attestations_sha256) if record.attestations_sha256 else None,
    )
    if record.features:
        package.features = record.features
    if record.track_features:
        package.track_features = _features(record.track_features)
    if record.timestamp and with_timestamp:
        package.timestamp = _as_time(record.timestamp)
    if record.indexed_timestamp and with_timestamp:
        package.indexed_timestamp = _as_time(record.indexed_timestamp)
    return RepoDataRecord(package, _archive_name(record), record.url, _channel_url(record))


class MemorySource:
    """Records at hand: what an environment has already, so that it stays solvable when its source forgets it."""

    def __init__(self, records: Iterable[RepodataRecord], *, with_timestamp: bool = True) -> None:
        self.warnings: list[PlanWarning] = []
        self._records: dict[tuple[str, str], list[RepoDataRecord]] = {}
        for record in records:
            key = (record.subdir, record.name)
            self._records.setdefault(key, []).append(to_rattler(record, with_timestamp=with_timestamp))

    async def fetch_package_records(self, platform: Subdir, name: PackageName) -> list[RepoDataRecord]:
        """Return the records of one name on one platform."""
        return self._records.get((str(platform), name.normalized), [])

    def package_names(self, platform: Subdir) -> list[str]:
        """Return the names held for one platform."""
        return [name for subdir, name in self._records if subdir == str(platform)]


def _noarch(value: str | bool | None) -> NoArchType:
    """Return the word for a ``noarch`` field; ``true`` is the oldest spelling of ``generic``."""
    from rattler import NoArchType

    if value is True or value == "generic":
        return NoArchType("generic")
    return NoArchType("python" if value == "python" else None)


def _features(value: str | Sequence[str]) -> list[str]:
    return value.split() if isinstance(value, str) else list(value)


def _as_time(timestamp: float) -> datetime.datetime:
    """Return the time of a repodata timestamp: milliseconds, or seconds in the oldest records."""
    seconds = timestamp / 1000 if timestamp > 253402300799 else timestamp
    return datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC)


def _channel_url(record: RepodataRecord) -> str:
    """Return the channel as the URL that rattler insists on; other tools write a name, or nothing."""
    if record.channel and "://" in record.channel:
        return record.channel
    return record.url.rsplit("/", 2)[0] + "/"


def _archive_name(record: RepodataRecord) -> str:
    if record.fn.endswith(INTERPRETER_SUFFIX):
        return record.fn.removesuffix(INTERPRETER_SUFFIX) + ".conda"
    return record.fn


_DECODER = msgspec.json.Decoder(RepodataRecord)
