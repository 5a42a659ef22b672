"""Extracted packages made file by file, as they stand in a cache."""

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.engine.link.actions import LinkTarget
from jupyter_envs.engine.link.plan import link_target
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.models.records import PackageManifest, PathsEntry, RepodataRecord

OLD = 1_600_000_000  # seconds: long before any test

MakePackage = Callable[..., PackageManifest]


def record(name: str, version: str = "1.0", build: str = "0", **fields: Any) -> RepodataRecord:
    fn = f"{name}-{version}-{build}.conda"
    fields = {"subdir": "noarch", "url": f"https://channel.example/noarch/{fn}", **fields}
    return RepodataRecord(name=name, version=version, build=build, fn=fn, channel="https://channel.example", **fields)


def python_record(version: str = "3.11.7", **fields: Any) -> RepodataRecord:
    return record("python", version, **fields)


@pytest.fixture
def target(tmp_path: Path) -> LinkTarget:
    """An environment with Python 3.11 below the test's directory."""
    return link_target(f"{tmp_path}/env", layout_for("linux-64"), python_record())


@pytest.fixture
def package(tmp_path: Path) -> MakePackage:
    """Return ``make(name, {path: content or ("->", link target) or None for a directory}, ...)``."""
    return package_maker(tmp_path / "pkgs")


def package_maker(pkgs: Path) -> MakePackage:
    def make(
        name: str,
        files: Mapping[str, bytes | tuple[str, str] | None],
        *,
        placeholders: Mapping[str, tuple[str, str]] | None = None,
        no_link: frozenset[str] = frozenset(),
        modes: Mapping[str, int] | None = None,
        version: str = "1.0",
        **fields: Any,
    ) -> PackageManifest:
        directory = pkgs / f"{name}-{version}-0"
        entries = []
        for path, content in files.items():
            full = directory / path
            full.parent.mkdir(parents=True, exist_ok=True)
            extra: dict[str, Any] = {}
            if content is None:
                full.mkdir()
                entries.append(PathsEntry(path=path, path_type="directory"))
                continue
            if isinstance(content, tuple):
                full.symlink_to(content[1])
                entries.append(PathsEntry(path=path, path_type="softlink", sha256=hashlib.sha256(b"").hexdigest()))
                continue
            full.write_bytes(content)
            full.chmod((modes or {}).get(path, 0o644))
            os.utime(full, (OLD, OLD))
            if path in (placeholders or {}):
                mode, text = (placeholders or {})[path]
                extra = {"file_mode": mode, "prefix_placeholder": text}
            if path in no_link:
                extra["no_link"] = True
            digest = hashlib.sha256(content).hexdigest()
            entries.append(
                PathsEntry(path=path, path_type="hardlink", sha256=digest, size_in_bytes=len(content), **extra)
            )
        directory.mkdir(parents=True, exist_ok=True)
        return PackageManifest(record=record(name, version), directory=str(directory), paths=tuple(entries), **fields)

    return make
