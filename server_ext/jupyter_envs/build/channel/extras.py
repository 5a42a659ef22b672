"""What rattler's indexer leaves out: ``run_exports.json`` of each subdir (CEP 12) and ``channeldata.json`` (CEP 38).

Incremental: a package is opened once; what is known of it is kept in ``.cache/extras.json`` of its subdir, by file name
and sha256. Packages that are gone, or removed from the index by a patch, disappear.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

_RUN_EXPORTS, _ABOUT = "info/run_exports.json", "info/about.json"
_ABOUT_KEYS = ("description", "dev_url", "doc_url", "home", "license", "summary", "tags", "identifiers", "keywords")
_KINDS = ("packages", "packages.conda")


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one archive."""

    sha256: str
    run_exports: dict[str, list[str]] = {}
    about: dict[str, Any] = {}


def write_extras(folder: Path) -> None:
    """Bring ``run_exports.json`` and ``channeldata.json`` of a channel in line with its ``repodata.json`` files."""
    newest: dict[str, dict[str, Any]] = {}
    subdirs = []
    for repodata_path in sorted(folder.glob("*/repodata.json")):
        subdir = repodata_path.parent.name
        repodata = json.loads(repodata_path.read_bytes())
        known = _known_packages(repodata_path.parent, repodata)
        _write_run_exports(repodata_path.parent, repodata, known)
        subdirs.append(subdir)
        _add_newest(newest, repodata, known, subdir)
    text = {"channeldata_version": 1, "packages": newest, "subdirs": subdirs}
    write_atomically(folder / "channeldata.json", json.dumps(text, indent=1, sort_keys=True).encode())


def _known_packages(folder: Path, repodata: dict[str, Any]) -> dict[str, Known]:
    cache = folder / ".cache" / "extras.json"
    try:
        before = msgspec.json.decode(cache.read_bytes(), type=dict[str, Known])
    except (FileNotFoundError, msgspec.DecodeError):  # what can be made anew need not be trusted
        before = {}
    found: dict[str, Known] = {}
    for kind in _KINDS:
        for name, entry in repodata.get(kind, {}).items():
            digest = entry.get("sha256", "")
            old = before.get(name)
            found[name] = old if old is not None and old.sha256 == digest else _read(folder / name, digest)
    if found != before:
        cache.parent.mkdir(exist_ok=True)
        write_atomically(cache, msgspec.json.encode(found))
    return found


def _read(path: Path, digest: str) -> Known:
    from conda_package_streaming.package_streaming import stream_conda_component

    values: dict[str, Any] = {}
    for tar, member in stream_conda_component(path, component="info"):
        if member.name in (_RUN_EXPORTS, _ABOUT):
            stream = tar.extractfile(member)
            values[member.name] = json.loads(stream.read()) if stream else {}
        if len(values) == 2:
            break
    exports = values.get(_RUN_EXPORTS, {})
    about = {key: value for key, value in values.get(_ABOUT, {}).items() if key in _ABOUT_KEYS and value}
    return Known(sha256=digest, run_exports=exports if isinstance(exports, dict) else {"weak": exports}, about=about)


def _write_run_exports(folder: Path, repodata: dict[str, Any], known: dict[str, Known]) -> None:
    text = {
        "info": {"subdir": folder.name, "version": 1},
        **{
            kind: {name: {"run_exports": known[name].run_exports} for name in sorted(repodata.get(kind, {}))}
            for kind in _KINDS
        },
    }
    write_atomically(folder / "run_exports.json", json.dumps(text, indent=1, sort_keys=True).encode())


def _entries(repodata: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in _KINDS:
        yield from repodata.get(kind, {}).items()


def _add_newest(
    newest: dict[str, dict[str, Any]], repodata: dict[str, Any], known: dict[str, Known], subdir: str
) -> None:
    """Add each package's newest version to channeldata, and the subdirs that have it."""
    from rattler import Version

    for name, entry in _entries(repodata):
        about, exports = known[name].about, known[name].run_exports
        item = newest.get(entry["name"])
        subdirs = sorted({*(item["subdirs"] if item else ()), subdir})
        if item is None or Version(entry["version"]) >= Version(item["version"]):
            newest[entry["name"]] = {
                **about,
                "version": entry["version"],
                "timestamp": (entry.get("timestamp") or 0) // 1000,
                "run_exports": {entry["version"]: exports} if exports else {},
                "subdirs": subdirs,
            }
        else:
            item["subdirs"] = subdirs


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file by rename, unless it has these bytes already; for one process at a time, which holds a lock.

    What one left that was killed is overwritten or removed by the next.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        if path.is_file() and path.read_bytes() == data:
            temporary.unlink(missing_ok=True)
            return
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
