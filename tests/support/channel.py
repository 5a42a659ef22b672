"""A conda channel in a folder: packages from ``support.packages`` and the repodata that lists them (CEP 36)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import zstandard

from jupyter_envs.engine.models.records import RepodataRecord
from support.packages import (
    PLACEHOLDER,
    SUBDIR,
    BuiltPackage,
    Directory,
    File,
    RawMember,
    Symlink,
    make_package,
    noarch_python_package,
    python_package,
)

__all__ = [
    "PLACEHOLDER",
    "SUBDIR",
    "BuiltPackage",
    "Channel",
    "Directory",
    "File",
    "RawMember",
    "Symlink",
    "make_package",
    "noarch_python_package",
    "python_package",
]


class Channel:
    """A folder that is a channel. ``add`` and its relatives build a package into it; ``index`` writes the repodata.

    Examples
    --------
    >>> channel = Channel(tmp_path / "channel")            # doctest: +SKIP
    >>> channel.python()                                   # doctest: +SKIP
    >>> channel.noarch("tool", entry_points=["tool = tool.cli:main"])   # doctest: +SKIP
    >>> channel.index().url                                # doctest: +SKIP
    """

    def __init__(self, folder: Path | str, *, base_url: str | None = None) -> None:
        self.folder = Path(folder)
        self.base_url = base_url  # CEP 15
        self.packages: list[BuiltPackage] = []
        self.removed: list[str] = []

    @property
    def url(self) -> str:
        """The channel as a ``file://`` URL; a server over the folder has its own."""
        return self.folder.absolute().as_uri()

    def add(self, name: str, version: str = "1.0", build: str | None = None, **options: Any) -> BuiltPackage:
        """Build one package into its subdir (see ``make_package``)."""
        subdir = options.get("subdir") or ("noarch" if options.get("noarch") else SUBDIR)
        return self._keep(make_package(self.folder / subdir, name, version, build, **options))

    def noarch(self, name: str, version: str = "1.0", **options: Any) -> BuiltPackage:
        """Build an importable ``noarch: python`` package (see ``noarch_python_package``)."""
        return self._keep(noarch_python_package(self.folder / "noarch", name, version, **options))

    def python(self, version: str = "3.11.7", build: str = "test_0", **options: Any) -> BuiltPackage:
        """Build a ``python`` that runs (see ``python_package``)."""
        return self._keep(python_package(self.folder / SUBDIR, version, build, **options))

    def record(self, name: str, version: str | None = None, *, channel: str | None = None) -> RepodataRecord:
        """Return the record of the newest added package of that name (and version)."""
        for package in reversed(self.packages):
            if package.index["name"] == name and version in (None, package.index["version"]):
                return package.record(channel or self.url)
        raise KeyError(f"{name} {version or ''} was never added")

    def records(self, *, channel: str | None = None) -> list[RepodataRecord]:
        """Return the records of all packages, in the order they were added."""
        return [package.record(channel or self.url) for package in self.packages]

    def index(self) -> Channel:
        """Write ``repodata.json`` and ``repodata.json.zst`` of every subdir; return the channel itself."""
        for subdir in {"noarch", SUBDIR} | {package.subdir for package in self.packages}:
            self._write(subdir, [package for package in self.packages if package.subdir == subdir])
        return self

    def _keep(self, package: BuiltPackage) -> BuiltPackage:
        self.packages = [known for known in self.packages if known.path != package.path] + [package]
        return package

    def _write(self, subdir: str, packages: list[BuiltPackage]) -> None:
        info: dict[str, Any] = {"subdir": subdir}
        if self.base_url:
            info["base_url"] = f"{self.base_url.rstrip('/')}/{subdir}/"
        entries = {package.path.name: package.repodata() for package in packages}
        repodata = {
            "info": info,
            "packages": {name: entry for name, entry in entries.items() if name.endswith(".tar.bz2")},
            "packages.conda": {name: entry for name, entry in entries.items() if name.endswith(".conda")},
            "removed": self.removed,
            "repodata_version": 2 if self.base_url else 1,
        }
        text = json.dumps(repodata, indent=1, sort_keys=True).encode()
        directory = self.folder / subdir
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "repodata.json").write_bytes(text)
        (directory / "repodata.json.zst").write_bytes(zstandard.compress(text))
