"""Small real wheels, and a package index over them as PEP 503 HTML and PEP 691 JSON.

``make_wheel`` writes a wheel that pip accepts. ``SimpleIndex`` is an application for ``support.http_server.serve``:
with or without core metadata (PEP 658), sizes, upload times (PEP 700), yanked files (PEP 592) and ``requires-python``.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.http_server import Request, Response

Bytes = bytes | str
JSON_TYPE = "application/vnd.pypi.simple.v1+json"


def normalised(name: str) -> str:
    """Return the name as PEP 503 spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def make_wheel(
    folder: Path | str,
    name: str,
    version: str = "1.0",
    *,
    files: Mapping[str, Bytes] | None = None,
    requires: Sequence[str] = (),
    requires_python: str | None = None,
    extras: Mapping[str, Sequence[str]] | None = None,
    entry_points: Mapping[str, Mapping[str, str]] | None = None,
    data: Mapping[str, Bytes] | None = None,
    tag: str = "py3-none-any",
    build_tag: str = "",
    metadata: str = "",
    executable: Sequence[str] = (),
    raw: Mapping[str, Bytes] | None = None,
    record: Bytes | None = None,
    root_is_purelib: bool | None = None,
) -> Path:
    """Write a wheel and return its path.

    ``files`` are relative to site-packages (default: one importable module); ``data`` are ``scripts/…``, ``data/…``,
    ``headers/…``, ``purelib/…`` or ``platlib/…``; ``entry_points`` is group -> name -> target; ``executable`` names
    members with mode 0755; ``raw`` members are written as they are and left out of RECORD; ``record`` replaces RECORD
    whole.
    """
    stem = f"{re.sub(r'[^A-Za-z0-9.]+', '_', name)}-{version}"
    module = re.sub(r"[^A-Za-z0-9]+", "_", name).lower()
    content = dict(files) if files is not None else {f"{module}/__init__.py": f'__version__ = "{version}"\n'}
    content |= {f"{stem}.data/{path}": text for path, text in (data or {}).items()}
    info = f"{stem}.dist-info"
    content[f"{info}/METADATA"] = _metadata(name, version, requires, requires_python, extras or {}) + metadata
    pure = tag.endswith("-none-any") if root_is_purelib is None else root_is_purelib
    content[f"{info}/WHEEL"] = _wheel_file(tag, pure)
    if entry_points:
        content[f"{info}/entry_points.txt"] = _entry_points(entry_points)
    members = {path: _bytes(text) for path, text in content.items()}
    listing = _record(members, f"{info}/RECORD") if record is None else _bytes(record)
    members |= {f"{info}/RECORD": listing} | {path: _bytes(text) for path, text in (raw or {}).items()}
    target = Path(folder) / f"{stem}{'-' + build_tag if build_tag else ''}-{tag}.whl"
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, payload in members.items():
            item = zipfile.ZipInfo(path, (2023, 11, 14, 22, 13, 20))
            item.compress_type = zipfile.ZIP_DEFLATED
            item.external_attr = (0o100755 if path in executable or "/scripts/" in path else 0o100644) << 16
            archive.writestr(item, payload)
    return target


def read_metadata(wheel: Path) -> bytes:
    """Return the METADATA member of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        member = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return archive.read(member)


def _bytes(text: Bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _metadata(
    name: str, version: str, requires: Sequence[str], requires_python: str | None, extras: Mapping[str, Sequence[str]]
) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", f"Summary: {name} for tests"]
    if requires_python:
        lines.append(f"Requires-Python: {requires_python}")
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    for extra, requirements in extras.items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {_with_extra(requirement, extra)}" for requirement in requirements]
    return "\n".join(lines) + "\n"


def _with_extra(requirement: str, extra: str) -> str:
    text, _, marker = requirement.partition(";")
    return f"{text.strip()} ; ({marker.strip()}) and extra == '{extra}'" if marker else f"{text} ; extra == '{extra}'"


def _wheel_file(tag: str, pure: bool) -> str:
    python, abi, platform = tag.split("-")
    tags = [f"Tag: {p}-{a}-{f}" for p in python.split(".") for a in abi.split(".") for f in platform.split(".")]
    return "\n".join(["Wheel-Version: 1.0", "Generator: tests", f"Root-Is-Purelib: {str(pure).lower()}", *tags]) + "\n"


def _entry_points(groups: Mapping[str, Mapping[str, str]]) -> str:
    return "\n".join(
        f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in items.items()) for group, items in groups.items()
    )


def _record(members: Mapping[str, bytes], own: str) -> bytes:
    lines = [f"{path},sha256={_urlsafe(payload)},{len(payload)}" for path, payload in members.items()]
    return ("\n".join([*lines, f"{own},,"]) + "\n").encode()


def _urlsafe(payload: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(payload).digest()).rstrip(b"=").decode()


@dataclass
class Listed:
    """One file of the index and what the index says of it."""

    path: Path
    requires_python: str | None = None
    upload_time: str | None = None
    yanked: bool | str = False
    core_metadata: bool = True
    with_hash: bool = True
    metadata: bytes | None = None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


@dataclass
class SimpleIndex:
    """An index application: ``/simple/<name>/`` and ``/files/<file>``. ``formats`` are those it can answer in."""

    formats: Sequence[str] = ("json", "html")
    core_metadata: bool = True
    sizes: bool = True
    projects: dict[str, list[Listed]] = field(default_factory=dict)

    def add(self, path: Path, **says: Any) -> Listed:
        """List a file (wheel or sdist); ``says`` are the fields of ``Listed``."""
        project = normalised(path.name.split("-")[0] if path.suffix == ".whl" else path.name.rsplit("-", 1)[0])
        item = Listed(path, **{"core_metadata": self.core_metadata and path.suffix == ".whl", **says})
        if "requires_python" not in says and path.suffix == ".whl":
            found = re.search(rb"^Requires-Python: (.*)$", read_metadata(path), re.MULTILINE)
            item.requires_python = found.group(1).decode().strip() if found else None
        self.projects.setdefault(project, []).append(item)
        return item

    def wheel(
        self, folder: Path | str, name: str, version: str = "1.0", *, says: Mapping[str, Any] | None = None, **what: Any
    ) -> Path:
        """Make a wheel (see ``make_wheel``) and list it."""
        path = make_wheel(folder, name, version, **what)
        self.add(path, **(says or {}))
        return path

    def __call__(self, request: Request) -> Response | None:
        """Answer a request; ``None`` for what is not the index's."""
        parts = [part for part in request.path.split("/") if part]
        if parts[:1] == ["files"] and len(parts) == 2:
            return self._file(parts[1])
        if parts[:1] != ["simple"] or len(parts) > 2:
            return None
        if len(parts) == 1:
            return self._answer(
                request, {"projects": [{"name": name} for name in sorted(self.projects)]}, _root_html(self)
            )
        if parts[1] not in self.projects:
            return Response(b"no such project\n", 404)
        return self._answer(request, self._project(parts[1]), _project_html(self.projects[parts[1]]))

    def _answer(self, request: Request, data: dict[str, Any], page: str) -> Response:
        accepts_json = JSON_TYPE in request.headers.get("accept", "")
        if "json" in self.formats and (accepts_json or "html" not in self.formats):
            body = json.dumps({"meta": {"api-version": "1.1"}, **data}).encode()
            return Response(body, headers={"Content-Type": JSON_TYPE})
        return Response(page.encode(), headers={"Content-Type": "text/html; charset=utf-8"})

    def _project(self, name: str) -> dict[str, Any]:
        return {"name": name, "files": [self._file_json(item) for item in self.projects[name]]}

    def _file_json(self, item: Listed) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "filename": item.path.name,
            "url": f"../../files/{item.path.name}",
            "hashes": {"sha256": item.sha256} if item.with_hash else {},
            "requires-python": item.requires_python,
            "yanked": item.yanked,
        }
        if self.sizes:
            entry["size"] = item.path.stat().st_size
        if item.upload_time:
            entry["upload-time"] = item.upload_time
        if item.core_metadata:
            entry["core-metadata"] = {"sha256": hashlib.sha256(_core_metadata(item)).hexdigest()}
        return entry

    def _file(self, name: str) -> Response:
        for item in (item for items in self.projects.values() for item in items):
            if name == item.path.name:
                return Response(item.path.read_bytes(), headers={"Content-Type": "application/octet-stream"})
            if name == f"{item.path.name}.metadata" and item.core_metadata:
                return Response(_core_metadata(item), headers={"Content-Type": "text/plain"})
        return Response(b"no such file\n", 404)


def _core_metadata(item: Listed) -> bytes:
    return item.metadata if item.metadata is not None else read_metadata(item.path)


def _root_html(index: SimpleIndex) -> str:
    return "<!DOCTYPE html><html><body>" + "".join(f'<a href="{n}/">{n}</a>' for n in index.projects) + "</body></html>"


def _project_html(items: Sequence[Listed]) -> str:
    return "<!DOCTYPE html><html><body>\n" + "\n".join(_anchor(item) for item in items) + "\n</body></html>"


def _anchor(item: Listed) -> str:
    fragment = f"#sha256={item.sha256}" if item.with_hash else ""
    attributes = [f'href="../../files/{item.path.name}{fragment}"']
    if item.requires_python:
        attributes.append(f'data-requires-python="{html.escape(item.requires_python)}"')
    if item.yanked is not False:
        attributes.append(f'data-yanked="{html.escape(item.yanked if isinstance(item.yanked, str) else "")}"')
    if item.core_metadata:
        attributes.append(f'data-core-metadata="sha256={hashlib.sha256(_core_metadata(item)).hexdigest()}"')
    return f"<a {' '.join(attributes)}>{item.path.name}</a>"
