"""The zip reader: what ``zipfile`` wrote, and the ways zip files lie."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from pathlib import Path

import pytest

from jupyter_envs.engine.archive.guard import Guard
from jupyter_envs.engine.archive.zips import ZipReader
from jupyter_envs.errors import ArchiveError

CONTENT = random.Random(2).randbytes(300_000) + b"0" * 3_000_000


def write(path: Path, entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name, (2023, 11, 14, 22, 13, 20)), content, method)
    return path


def read(path: Path) -> dict[str, bytes]:
    with ZipReader(str(path), Guard(path.name, path.stat().st_size), path.name) as reader:
        return {entry.name: reader.read(entry) for entry in reader.entries}


def refused(path: Path) -> ArchiveError:
    with pytest.raises(ArchiveError) as caught:
        read(path)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_contents(tmp_path: Path, method: int) -> None:
    entries = {"a": b"", "b/c": CONTENT, "é/ü": b"x"}
    assert read(write(tmp_path / "a.zip", entries, method)) == entries


def test_times_are_universal(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", {"a": b""})
    with ZipReader(str(path), Guard("a", 1), "a") as reader:
        assert reader.entries[0].mtime == 1_700_000_000


def test_zip64(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("big", "w", force_zip64=True) as stream:
        stream.write(b"x" * 100)
    assert read(path) == {"big": b"x" * 100}


def test_more_entries_than_sixteen_bits_hold(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(0x10001):
            archive.writestr(zipfile.ZipInfo(str(number)), b"")
    with ZipReader(str(path), Guard("a", 1), "a") as reader:
        assert len(reader.entries) == 0x10001


def test_a_million_entries_are_refused_by_their_number(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", {"a": b""})
    content = bytearray(path.read_bytes())
    end = content.rfind(b"PK\5\6")
    size, offset = struct.unpack_from("<2L", content, end + 12)
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1_000_000, 1_000_000, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    struct.pack_into("<2H", content, end + 8, 0xFFFF, 0xFFFF)
    path.write_bytes(bytes(content[:end]) + record + locator + bytes(content[end:]))
    assert refused(path).code == "archive.bomb"


@pytest.mark.parametrize("cut", [0, 10, 1000])
def test_not_a_zip_or_cut_off(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path / "a.zip", {"a": CONTENT})
    path.write_bytes(path.read_bytes()[:cut])
    assert refused(path).code == "archive.corrupt"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damaged_content(tmp_path: Path, method: int) -> None:
    path = write(tmp_path / "a.zip", {"a": CONTENT}, method)
    content = bytearray(path.read_bytes())
    content[5000] ^= 0xFF
    path.write_bytes(content)
    assert refused(path).code == "archive.corrupt"


def test_an_entry_that_is_longer_than_announced(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", {"a": b"0" * 1_000_000})
    content = bytearray(path.read_bytes())
    struct.pack_into("<L", content, content.rfind(b"PK\1\2") + 24, 10)
    path.write_bytes(content)
    assert refused(path).code == "archive.corrupt"


def test_entries_that_lie_over_each_other(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", {"a": b"0" * 1000, "b": b"0" * 1000})
    content = bytearray(path.read_bytes())
    struct.pack_into("<L", content, content.rfind(b"PK\1\2") + 42, 0)
    path.write_bytes(content)
    assert refused(path).code == "archive.bomb"


def test_encrypted_entries(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", {"a": b"x"})
    content = bytearray(path.read_bytes())
    content[content.rfind(b"PK\1\2") + 8] |= 1
    path.write_bytes(content)
    assert refused(path).code == "archive.kind"


def test_unknown_compression(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a", b"x")
    (tmp_path / "a.zip").write_bytes(buffer.getvalue())
    assert refused(tmp_path / "a.zip").code == "archive.kind"
