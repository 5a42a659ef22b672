"""Extraction of conda's own archives: ``.conda`` (CEP 35) and ``.tar.bz2``.

Refuses a ``.conda`` whose inner archives are not the two that its ``index.json`` names, and whatever the guard refuses.
"""

from __future__ import annotations

import bz2
from collections.abc import Iterator
from typing import IO, cast

import msgspec
import zstandard

from jupyter_envs.engine.archive.guard import Guard, refuse
from jupyter_envs.engine.archive.tar import ReadInto, corrupt, iter_members
from jupyter_envs.engine.archive.writer import TreeWriter
from jupyter_envs.engine.archive.zips import Entry, ZipReader


class _ChunkReader:
    """Gives an iterator of chunks the ``read`` that the decompressor asks for; each chunk goes through uncopied."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def read(self, _size: int) -> bytes:
        return next(self._chunks, b"")


def extract_conda(path: str, writer: TreeWriter, guard: Guard, name: str, *, checked: bool = True) -> str:
    """Extract a ``.conda`` file: its ``info`` archive first, then its ``pkg`` archive.

    ``checked`` is the zip reader's. Returns the ``name-version-build`` that the inner archives carry (CEP 35).
    """
    with ZipReader(path, guard, name, checked=checked) as reader:
        info, package = _find_inner(reader.entries, name)
        _check_format(reader, name)
        for entry in (info, package):
            _extract_zst(reader.chunks(entry), writer, guard, name)
    return info.name.removeprefix("info-").removesuffix(".tar.zst")


def extract_tar_bz2(path: str, writer: TreeWriter, guard: Guard, name: str) -> None:
    """Extract a ``.tar.bz2`` file."""
    try:
        with bz2.open(path) as stream:
            _extract_tar(stream.readinto, writer, guard, name)
    except (EOFError, ValueError) as error:
        raise corrupt(name, str(error)) from error
    except OSError as error:
        if error.errno is None:  # bz2's own "Invalid data stream"
            raise corrupt(name, str(error)) from error
        raise


def _find_inner(entries: tuple[Entry, ...], name: str) -> tuple[Entry, Entry]:
    info = [entry for entry in entries if entry.name.startswith("info-") and entry.name.endswith(".tar.zst")]
    package = [entry for entry in entries if entry.name.startswith("pkg-") and entry.name.endswith(".tar.zst")]
    if len(info) != 1 or len(package) != 1 or info[0].name[5:] != package[0].name[4:]:
        raise refuse(name, "does not hold one info and one pkg archive of the same name", "archive.layout")
    return info[0], package[0]


def _check_format(reader: ZipReader, name: str) -> None:
    metadata = [entry for entry in reader.entries if entry.name == "metadata.json"]
    if not metadata:
        raise refuse(name, "has no metadata.json", "archive.layout")
    try:
        version = msgspec.json.decode(reader.read(metadata[0], 1 << 20), type=dict[str, object])
    except msgspec.DecodeError as error:
        raise corrupt(name, "its metadata.json is not JSON") from error
    if version.get("conda_pkg_format_version") != 2:
        what = f"has format version {version.get('conda_pkg_format_version')!r}, only 2 is known"
        raise refuse(name, what, "archive.version", "update jupyter-envs, or use another build of the package")


def _extract_zst(chunks: Iterator[bytes], writer: TreeWriter, guard: Guard, name: str) -> None:
    source = cast("IO[bytes]", _ChunkReader(chunks))
    try:
        with zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True) as stream:
            _extract_tar(stream.readinto, writer, guard, name)
    except zstandard.ZstdError as error:
        raise corrupt(name, str(error)) from error


def _extract_tar(readinto: ReadInto, writer: TreeWriter, guard: Guard, name: str) -> None:
    for member in iter_members(readinto, name, guard.admit_bytes):
        path = member.name.removeprefix("./")
        if member.kind == "file":
            writer.file(path, member.chunks, member.mode, member.mtime)
        elif member.kind == "directory":
            if path.rstrip("/") not in ("", "."):
                writer.directory(path.rstrip("/"))
        elif member.kind == "symlink":
            writer.symlink(path, member.target)
        else:
            writer.hardlink(path, member.target.removeprefix("./"))
