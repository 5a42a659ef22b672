"""``*.dist-info`` of an environment's site-packages: what Python itself says is installed, and who installed it.

Reads METADATA's first lines and INSTALLER (PEP 376, PEP 627); refuses to import anything.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from jupyter_envs.engine.prefix.python import site_packages


class DistInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One installed Python distribution. ``path`` is its dist-info's; ``editable`` by PEP 610's direct_url.json."""

    name: str
    version: str
    installer: str = ""
    path: str
    editable: bool = False


def normalized(name: str) -> str:
    """Return a distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_dist_infos(prefix: str | os.PathLike[str]) -> list[DistInfo]:
    """Return the distributions in a prefix's site-packages, sorted by name; none when it has no Python.

    A dist-info without readable METADATA is told by its folder's name.
    """
    directory = find_site_packages(prefix)
    if directory is None:
        return []
    try:
        entries = sorted(entry for entry in os.listdir(directory) if entry.endswith(".dist-info"))
    except FileNotFoundError:
        return []
    return sorted((_read(directory / entry) for entry in entries), key=lambda info: normalized(info.name))


def find_site_packages(prefix: str | os.PathLike[str]) -> Path | None:
    """Return the site-packages of a prefix that exists on disk, or ``None``."""
    directory = site_packages(prefix)
    return directory if directory is not None and directory.is_dir() else None


def _read(path: Path) -> DistInfo:
    stem = path.name[: -len(".dist-info")]
    name, _, version = stem.partition("-")
    fields = _header_fields(path / "METADATA")
    return DistInfo(
        name=fields.get("name") or name,
        version=fields.get("version") or version,
        installer=_text(path / "INSTALLER").strip(),
        path=str(path),
        editable=_is_editable(_text(path / "direct_url.json")),
    )


def _header_fields(path: Path) -> dict[str, str]:
    """Return Name and Version of a METADATA file, from its header alone."""
    fields: dict[str, str] = {}
    for line in _text(path).splitlines():
        if not line or len(fields) == 2:
            break
        key, colon, value = line.partition(":")
        if colon and key.lower() in ("name", "version"):
            fields.setdefault(key.lower(), value.strip())
    return fields


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        # A dist-info may lack any of its files; what it lacks is told by the folder's name instead.
        return ""


def _is_editable(direct_url: str) -> bool:
    if not direct_url:
        return False
    try:
        raw = msgspec.json.decode(direct_url)
    except msgspec.DecodeError:
        return False
    info = raw.get("dir_info") if isinstance(raw, dict) else None
    return isinstance(info, dict) and bool(info.get("editable"))
