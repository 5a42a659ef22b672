"""Conda packages from a small description: real ``.conda`` and ``.tar.bz2`` archives, well made or malicious.

Owns what stands inside an archive (CEP 34 and 35). ``make_package`` writes one; ``python_package`` describes a
``python`` whose ``bin/python`` really runs. Contents with the placeholder in them are recorded as text or binary by
themselves.
"""

from __future__ import annotations

import bz2
import hashlib
import io
import json
import os
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

from jupyter_envs.engine.models.platform import current_subdir
from jupyter_envs.engine.models.records import RepodataRecord

PLACEHOLDER = "/opt/placeholder" + "_placehold" * 23 + "_"  # 16 + 230 + 1 = 247 characters, as long as a builder's own
SUBDIR = current_subdir()
TIMESTAMP = 1_700_000_000_000  # milliseconds, as in repodata
MTIME = 1_700_000_000


@dataclass(frozen=True)
class Symlink:
    """A soft link in a package; the target is written as it is, dangling or pointing out if asked so."""

    target: str


@dataclass(frozen=True)
class File:
    """A file with more than content. ``placeholder=False`` leaves a placeholder in it unrecorded."""

    data: bytes | str
    mode: int = 0o644
    placeholder: bool = True
    no_link: bool = False
    mtime: int = MTIME

    @property
    def content(self) -> bytes:
        return self.data.encode() if isinstance(self.data, str) else self.data


@dataclass(frozen=True)
class Directory:
    """A ``path_type: directory`` entry, as real packages hold for empty directories."""


@dataclass(frozen=True)
class RawMember:
    """A tar member put into the archive beside the honest ones and named nowhere in ``info``.

    ``kind`` is one of tarfile's types: ``tarfile.REGTYPE``, ``SYMTYPE``, ``LNKTYPE``, ``DIRTYPE``, ``FIFOTYPE``,
    ``CHRTYPE``.
    """

    name: str
    data: bytes = b""
    kind: bytes = tarfile.REGTYPE
    linkname: str = ""
    mode: int = 0o644
    mtime: int = MTIME


Content = bytes | str | Symlink | File | Directory


@dataclass(frozen=True)
class BuiltPackage:
    """An archive on disk and what repodata says of it."""

    path: Path
    index: dict[str, Any]
    paths: dict[str, Any] = field(default_factory=dict)

    @property
    def dist(self) -> str:
        return f"{self.index['name']}-{self.index['version']}-{self.index['build']}"

    @property
    def subdir(self) -> str:
        return str(self.index["subdir"])

    def repodata(self) -> dict[str, Any]:
        """Return the entry of ``repodata.json``, with size and digests of the archive."""
        data = self.path.read_bytes()
        return {
            **self.index,
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        }

    def record(self, channel: str | None = None, **changes: Any) -> RepodataRecord:
        """Return the engine's record; ``channel`` is a URL, by default the folder that holds the subdir."""
        channel = channel or self.path.parent.parent.as_uri()
        url = f"{channel.rstrip('/')}/{self.subdir}/{self.path.name}"
        return record_from({**self.repodata(), "fn": self.path.name, "url": url, "channel": channel, **changes})


def record_from(entry: Mapping[str, Any]) -> RepodataRecord:
    """Turn a mapping as JSON has it into a record, without keys the model does not know."""
    known = {key: value for key, value in entry.items() if key in RepodataRecord.__struct_fields__}
    for key in ("depends", "constrains"):
        known[key] = tuple(known.get(key, ()))
    return RepodataRecord(**known)


def make_package(
    folder: Path | str,
    name: str,
    version: str = "1.0",
    build: str | None = None,
    *,
    files: Mapping[str, Content] | None = None,
    depends: Sequence[str] = (),
    constrains: Sequence[str] = (),
    noarch: str | None = None,
    subdir: str | None = None,
    build_number: int = 0,
    entry_points: Sequence[str] = (),
    link_scripts: Mapping[str, str] | None = None,
    placeholder: str = PLACEHOLDER,
    extension: str = ".conda",
    index: Mapping[str, Any] | None = None,
    about: Mapping[str, Any] | None = None,
    members: Iterable[RawMember] = (),
    info_members: Iterable[RawMember] = (),
    paths_json: Mapping[str, Any] | None = None,
    legacy: bool = False,
    without: Iterable[str] = (),
) -> BuiltPackage:
    """Write one package into ``folder`` and return it.

    ``link_scripts`` maps ``pre-link``, ``post-link``, ``pre-unlink``, ``post-unlink`` or ``messages`` to shell text.
    ``index`` overrides or adds keys of ``info/index.json``; ``paths_json`` replaces ``info/paths.json`` whole;
    ``legacy`` leaves ``paths.json`` out, so that ``files``, ``has_prefix`` and ``no_link`` count (older packages);
    ``without`` names ``info`` files to leave out; ``members`` go into the payload as they are, however malicious.
    """
    subdir = subdir or ("noarch" if noarch else SUBDIR)
    build = build if build is not None else {"python": "py", None: "h0"}.get(noarch, noarch or "") + f"_{build_number}"
    payload: dict[str, Content] = {**_script_files(name, link_scripts or {}, subdir), **(files or {})}
    index_json = {
        "name": name,
        "version": version,
        "build": build,
        "build_number": build_number,
        "depends": list(depends),
        "constrains": list(constrains),
        "subdir": subdir,
        "timestamp": TIMESTAMP,
        "license": "BSD-3-Clause",
        **({"noarch": noarch} if noarch else {}),
        **(index or {}),
    }
    paths = {
        "paths": [_paths_entry(path, payload, placeholder) for path in sorted(payload)],
        "paths_version": 1,
    }
    if paths_json is not None:
        paths = dict(paths_json)
    info = _info_files(index_json, paths, payload, placeholder, about)
    if entry_points:
        info["info/link.json"] = _dump(
            {"noarch": {"type": "python", "entry_points": list(entry_points)}, "package_metadata_version": 1}
        )
    dropped = {f"info/{item}" for item in without} | ({"info/paths.json"} if legacy else set())
    info = {path: data for path, data in info.items() if path not in dropped}
    target = Path(folder) / f"{name}-{version}-{build}{extension}"
    target.parent.mkdir(parents=True, exist_ok=True)
    _write_archive(target, info, payload, list(members), list(info_members))
    return BuiltPackage(target, index_json, paths)


def python_package(
    folder: Path | str, version: str = "3.11.7", build: str = "test_0", *, executable: str | None = None, **options: Any
) -> BuiltPackage:
    """Write a small ``python`` that really runs: as a venv does, it borrows the interpreter of the tests.

    ``bin/python`` in a prefix made of it has ``sys.prefix`` and ``site-packages`` of that prefix. When the version's
    minor is not the interpreter's own, ``lib/pythonX.Y`` is laid out for the version asked, though it is not what runs.
    """
    base = executable or os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    minor = ".".join(version.split(".")[:2])
    files: dict[str, Content] = {
        # A link out of the package is refused, as it must be; a script that keeps its own name does the same.
        f"bin/python{minor}": File(f'#!/bin/bash\nexec -a "$0" {base} "$@"\n', 0o755),
        "bin/python3": Symlink(f"python{minor}"),
        "bin/python": Symlink(f"python{minor}"),
        f"bin/python{minor}-config": File(f"#!{PLACEHOLDER}/bin/python{minor}\nprint('config')\n", 0o755),
        "pyvenv.cfg": f"home = {os.path.dirname(base)}\ninclude-system-site-packages = false\nversion = {version}\n",
        f"lib/python{minor}/site-packages/README.txt": "packages go here\n",
        **options.pop("files", {}),
    }
    return make_package(folder, "python", version, build, files=files, **options)


def noarch_python_package(
    folder: Path | str, name: str, version: str = "1.0", *, depends: Sequence[str] = ("python",), **options: Any
) -> BuiltPackage:
    """Write a noarch Python package with an importable module, a data file and a ``dist-info`` that pip sees."""
    module = name.replace("-", "_")
    info = f"site-packages/{module}-{version}.dist-info"
    files: dict[str, Content] = {
        f"site-packages/{module}/__init__.py": f'"""A test package."""\n__version__ = "{version}"\n',
        f"site-packages/{module}/cli.py": f'def main():\n    print("{name} {version}")\n',
        f"site-packages/{module}/data/table.csv": "a,b\n1,2\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/INSTALLER": "conda\n",
        f"{info}/RECORD": f"{module}/__init__.py,,\n",
        **options.pop("files", {}),
    }
    return make_package(folder, name, version, files=files, depends=depends, noarch="python", **options)


def _script_files(name: str, scripts: Mapping[str, str], subdir: str) -> dict[str, Content]:
    windows = subdir.startswith("win-")
    directory, ending = ("Scripts", "bat") if windows else ("bin", "sh")
    return {
        f"{directory}/.{name}-messages.txt" if kind == "messages" else f"{directory}/.{name}-{kind}.{ending}": File(
            text, 0o755
        )
        for kind, text in scripts.items()
    }


def _behind(path: str, payload: Mapping[str, Content]) -> bytes:
    """Return what a soft link's digest is of: the packaged file that it leads to, else nothing (as builders do)."""
    for _ in range(40):
        item = payload.get(path)
        if not isinstance(item, Symlink):
            break
        path = os.path.normpath(os.path.join(os.path.dirname(path), item.target))
    if item is None or isinstance(item, Symlink | Directory):
        return b""
    return (item if isinstance(item, File) else File(item)).content


def _paths_entry(path: str, payload: Mapping[str, Content], placeholder: str) -> dict[str, Any]:
    item = payload[path]
    if isinstance(item, Directory):
        return {"_path": path, "path_type": "directory"}
    if isinstance(item, Symlink):
        data = _behind(path, payload)
        digest = hashlib.sha256(data).hexdigest()
        return {"_path": path, "path_type": "softlink", "sha256": digest, "size_in_bytes": len(data)}
    file = item if isinstance(item, File) else File(item)
    data = file.content
    entry: dict[str, Any] = {
        "_path": path,
        "path_type": "hardlink",
        "sha256": hashlib.sha256(data).hexdigest(),
        "size_in_bytes": len(data),
    }
    if file.placeholder and placeholder.encode() in data:
        entry.update(prefix_placeholder=placeholder, file_mode="binary" if b"\0" in data else "text")
    if file.no_link:
        entry["no_link"] = True
    return entry


def _info_files(
    index: dict[str, Any],
    paths: dict[str, Any],
    payload: Mapping[str, Content],
    placeholder: str,
    about: Mapping[str, Any] | None,
) -> dict[str, bytes]:
    names = sorted(path for path, item in payload.items() if not isinstance(item, Directory))
    info = {
        "info/index.json": _dump(index),
        "info/paths.json": _dump(paths),
        "info/files": "".join(f"{path}\n" for path in names).encode(),
        "info/about.json": _dump({"summary": f"{index['name']} for tests", **(about or {})}),
    }
    entries = [_paths_entry(path, payload, placeholder) for path in names]
    prefixed = [f'"{placeholder}" "{e["file_mode"]}" "{e["_path"]}"\n' for e in entries if "file_mode" in e]
    if prefixed:
        info["info/has_prefix"] = "".join(prefixed).encode()
    unlinked = [f"{e['_path']}\n" for e in entries if e.get("no_link")]
    if unlinked:
        info["info/no_link"] = "".join(unlinked).encode()
    return info


def _dump(value: object) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode()


def _write_archive(
    target: Path,
    info: Mapping[str, bytes],
    payload: Mapping[str, Content],
    members: list[RawMember],
    info_members: list[RawMember],
) -> None:
    if target.name.endswith(".tar.bz2"):
        target.write_bytes(bz2.compress(_tar({**info, **payload}, info_members + members), 1))
        return
    stem = target.name.removesuffix(".conda")
    compressor = zstandard.ZstdCompressor(level=1)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_zip_name("metadata.json"), json.dumps({"conda_pkg_format_version": 2}))
        archive.writestr(_zip_name(f"pkg-{stem}.tar.zst"), compressor.compress(_tar(payload, members)))
        archive.writestr(_zip_name(f"info-{stem}.tar.zst"), compressor.compress(_tar(info, info_members)))


def _zip_name(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, (2023, 11, 14, 22, 13, 20))


def _tar(files: Mapping[str, Content], members: Iterable[RawMember]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path, item in files.items():
            _add(tar, _honest_member(path, item))
        for member in members:
            _add(tar, member)
    return buffer.getvalue()


def _honest_member(path: str, item: Content) -> RawMember:
    if isinstance(item, Directory):
        return RawMember(path, kind=tarfile.DIRTYPE, mode=0o755)
    if isinstance(item, Symlink):
        return RawMember(path, kind=tarfile.SYMTYPE, linkname=item.target, mode=0o777)
    file = item if isinstance(item, File) else File(item)
    return RawMember(path, file.content, mode=file.mode, mtime=file.mtime)


def _add(tar: tarfile.TarFile, member: RawMember) -> None:
    info = tarfile.TarInfo(member.name)
    info.type, info.linkname, info.mode, info.mtime = member.kind, member.linkname, member.mode, member.mtime
    info.size = len(member.data) if member.kind == tarfile.REGTYPE else 0
    tar.addfile(info, io.BytesIO(member.data))
