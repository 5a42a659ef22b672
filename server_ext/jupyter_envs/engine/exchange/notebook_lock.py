"""The lock that a notebook carries in its metadata: read and write. Pure.

Owns the form (``schemas/notebook-lock-v1.json``): what was asked for, the channels, and for each platform every package
with its URL, digest and size, one line each, so that a diff of two notebooks can be read::

    "platforms": {"linux-64": {
      "python": "3.12.4",
      "origins": {"conda-forge": "https://.../conda-forge", "pypi": "https://.../packages"},
      "packages": [
        "conda-forge linux-64/python-3.12.4-h194c7f8_0_cpython.conda sha256:... 31981265",
        "pypi 8c/0f/.../torch-2.3.0-cp312-....whl sha256:... 779100000 as pytorch-2.3.0-cp312_..._0"],
      "depends": {"pytorch": "python >=3.8.0; filelock; sympy"}}}

What a wheel depends on is in no file that could be read without its markers, so the lock says it; a conda package
says it by itself.

The same environment always gives the same lock. Nothing of this machine stands in it but folders that were channels
and borrowed interpreters. Refuses locks of a newer version and lines that are no package.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from jupyter_envs.engine.exchange.artifacts import record_from_url
from jupyter_envs.engine.fetch.urls import without_login
from jupyter_envs.engine.models.origins import INTERPRETER_SCHEME, is_wheel, origin_of
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import SpecError

KEY = "jupyter_envs"
"""The key in the notebook's metadata."""
LOCK_VERSION = 1
_SEPARATOR = "; "
_LINE = re.compile(
    r"(?P<origin>[^ ]+) (?P<rest>[^ ]+)"
    r"(?: (?:sha256:(?P<sha256>[0-9a-f]{64})|md5:(?P<md5>[0-9a-f]{32})))?"
    r"(?: (?P<size>[0-9]+))?"
    r"(?: as (?P<dist>[^ ]+-[^ -]+-[^ -]+))?"
)


class PlatformLock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The packages for one platform; see the module."""

    python: str | None = None
    origins: dict[str, str]
    packages: tuple[str, ...]
    depends: dict[str, str] = {}


class NotebookLock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a notebook carries."""

    lock_version: int
    requested: tuple[str, ...]
    channels: tuple[str, ...] = ()
    platforms: dict[str, PlatformLock]


# -- write ------------------------------------------------------------------------------------------------------


def make_lock(
    records: Sequence[RepodataRecord],
    requested: Sequence[str],
    channels: Sequence[str],
    subdir: str,
    earlier: NotebookLock | None = None,
) -> NotebookLock:
    """Return the lock of an environment.

    Parameters
    ----------
    records : sequence
        All its packages, in the order in which they are to be linked.
    requested, channels : sequence of str
        What was asked for, and of which channels.
    subdir : str
        Its platform.
    earlier : NotebookLock
        What the notebook carried before: the packages of other platforms stay as long as the requests are the same.

    Raises
    ------
    SpecError
        ``exchange.no_url``: a record without a URL, made by a tool that did not write it down.
    """
    asked = tuple(without_login(spec) for spec in requested)
    same = earlier is not None and set(earlier.requested) == set(asked)
    others = earlier.platforms if same and earlier is not None else {}
    platforms = {**others, subdir: lock_platform(records)}
    return NotebookLock(
        lock_version=LOCK_VERSION,
        requested=asked,
        channels=tuple(without_login(channel) for channel in channels),
        platforms=dict(sorted(platforms.items())),
    )


def lock_platform(records: Sequence[RepodataRecord]) -> PlatformLock:
    """Return the packages of one platform as lines."""
    for record in records:
        if not record.url:
            raise SpecError(
                f"where {record.dist} came from is not recorded",
                hint="install the package again so that its URL is recorded",
                code="exchange.no_url",
            )
    origins = _origins(records)
    python = next((record.version for record in records if record.name == "python"), None)
    lines = tuple(_line(record, origins) for record in records)
    depends = {
        record.name: _SEPARATOR.join(record.depends) for record in records if is_wheel(record) and record.depends
    }
    return PlatformLock(
        python=python,
        origins=dict(sorted(origins.items())),
        packages=lines,
        depends=dict(sorted(depends.items())),
    )


def lock_json(lock: NotebookLock) -> dict[str, Any]:
    """Return the lock as it stands in the metadata."""
    value: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(lock))
    return value


def _origins(records: Sequence[RepodataRecord]) -> dict[str, str]:
    """Return a short name for each beginning of the records' URLs."""
    folders: dict[tuple[str, str], list[str]] = {}
    for record in records:
        url = _plain(record.url)
        folders.setdefault((origin_of(record), _server(url)), []).append(_folder(url, record))
    origins: dict[str, str] = {}
    for (name, _), found in sorted(folders.items()):
        base = found[0] if len(set(found)) == 1 else posixpath.commonpath([_path(each) for each in found])
        number, chosen = 1, name.replace(" ", "-")
        while chosen in origins:
            number += 1
            chosen = f"{name.replace(' ', '-')}-{number}"
        origins[chosen] = base if "://" in base else f"{_server(found[0])}{base}"
    return origins


def _plain(url: str) -> str:
    return without_login(url).replace(" ", "%20")


def _server(url: str) -> str:
    """Return a URL up to its path."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _path(url: str) -> str:
    return url[len(_server(url)) :] or "/"


def _folder(url: str, record: RepodataRecord) -> str:
    """Return where a channel begins, or the folder of a file that is in none."""
    end = f"/{record.subdir}/{record.fn}"
    return url.removesuffix(end) if url.endswith(end) else url.rpartition("/")[0]


def _line(record: RepodataRecord, origins: Mapping[str, str]) -> str:
    url = _plain(record.url)
    name = max((name for name, base in origins.items() if _below(url, base)), key=lambda name: len(origins[name]))
    parts = [name, url[len(origins[name]) :].lstrip("/")]
    if record.sha256:
        parts.append(f"sha256:{record.sha256}")
    elif record.md5:
        parts.append(f"md5:{record.md5}")
    if record.size is not None:
        parts.append(str(record.size))
    if url.startswith(INTERPRETER_SCHEME) or record_from_url(url, subdir=record.subdir).dist != record.dist:
        parts.append(f"as {record.dist}")
    return " ".join(parts)


def _below(url: str, base: str) -> bool:
    return url.startswith(base if base.endswith("/") else f"{base}/")


# -- read -------------------------------------------------------------------------------------------------------


def find_lock(metadata: Mapping[str, Any], path: str = "") -> NotebookLock | None:
    """Return the lock in a notebook's metadata, ``None`` when it carries none.

    Raises
    ------
    SpecError
        ``exchange.notebook``: it is broken, or of a newer version.
    """
    value = metadata.get(KEY)
    if value is None:
        return None
    version = value.get("lock_version") if isinstance(value, dict) else None
    where = f"{path}: " if path else ""
    if isinstance(version, int) and version > LOCK_VERSION:
        raise SpecError(
            f"{where}the environment in the notebook has version {version}, this jupyter-envs reads {LOCK_VERSION}",
            hint="upgrade jupyter-envs",
            code="exchange.notebook",
        )
    try:
        lock = msgspec.convert(value, NotebookLock)
        for subdir in lock.platforms:
            locked_records(lock, subdir)
    except (msgspec.ValidationError, SpecError) as error:
        raise SpecError(
            f"{where}the environment in the notebook cannot be read: {error}",
            hint="`jupyter envs lock` writes it anew",
            code="exchange.notebook",
        ) from error
    return lock


def locked_records(lock: NotebookLock, subdir: str) -> tuple[RepodataRecord, ...]:
    """Return the records of one platform, empty when the lock has none for it.

    Raises
    ------
    SpecError
        A line is no package.
    """
    platform = lock.platforms.get(subdir)
    if platform is None:
        return ()
    records = (_record(line, platform.origins, subdir) for line in platform.packages)
    return tuple(_with_depends(record, platform.depends) for record in records)


def lock_digest(records: Sequence[RepodataRecord]) -> str:
    """Return 64 hexadecimal digits that are the same for the same packages, in any order and from any mirror."""
    lines = sorted(f"{record.dist} {record.sha256 or record.md5 or record.url}" for record in records)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _with_depends(record: RepodataRecord, depends: Mapping[str, str]) -> RepodataRecord:
    said = depends.get(record.name)
    return msgspec.structs.replace(record, depends=tuple(said.split(_SEPARATOR))) if said else record


def _record(line: str, origins: Mapping[str, str], subdir: str) -> RepodataRecord:
    match = _LINE.fullmatch(line)
    if match is None or match["origin"] not in origins:
        raise SpecError(f"not a package: {line!r}", hint="it begins with one of the origins")
    base = origins[match["origin"]]
    url = f"{base}{'' if base.endswith('/') else '/'}{match['rest']}"
    record = record_from_url(url, subdir=subdir, dist=match["dist"], md5=match["md5"], sha256=match["sha256"])
    return msgspec.structs.replace(record, size=int(match["size"]) if match["size"] else None)
