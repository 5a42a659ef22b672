"""The tar reader gives what ``tarfile`` wrote, in each of its formats, and refuses damage."""

from __future__ import annotations

import io
import tarfile

import pytest

from jupyter_envs.engine.archive.tar import iter_members
from jupyter_envs.errors import ArchiveError

LONG = "/".join(["folder" * 5] * 8) + "/file.txt"
FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


def tar_of(*members: tarfile.TarInfo, data: bytes = b"", form: int = tarfile.GNU_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for member in members:
            if member.isreg():
                member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, **values: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in values.items():
        setattr(info, key, value)
    return info


def read(content: bytes) -> list[tuple[str, str, bytes, int, str]]:
    return [
        (one.name, one.kind, b"".join(one.chunks), one.mode, one.target)
        for one in iter_members(io.BytesIO(content).readinto, "a.conda", lambda size: None)
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_each_format(form: int) -> None:
    content = tar_of(
        member("dir", tarfile.DIRTYPE, mode=0o755),
        member("dir/a", mode=0o4755, mtime=1_700_000_000),
        member("dir/l", tarfile.SYMTYPE, linkname="a"),
        member("dir/h", tarfile.LNKTYPE, linkname="dir/a"),
        data=b"x" * 1000,
        form=form,
    )
    assert [(one[0].rstrip("/"), one[1]) for one in read(content)] == [
        ("dir", "directory"),
        ("dir/a", "file"),
        ("dir/l", "symlink"),
        ("dir/h", "hardlink"),
    ]
    assert read(content)[1][2:4] == (b"x" * 1000, 0o4755)
    assert read(content)[2][4] == "a"


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_foreign_names(form: int) -> None:
    names = [LONG, "é" * 90, "short"]
    content = tar_of(*(member(name) for name in names), member("l", tarfile.SYMTYPE, linkname=LONG), form=form)
    assert [one[0] for one in read(content)] == [*names, "l"]
    assert read(content)[-1][4] == LONG


def test_fractional_and_negative_times() -> None:
    content = tar_of(member("a", mtime=1_700_000_000.25), form=tarfile.PAX_FORMAT)
    assert [one.mtime for one in iter_members(io.BytesIO(content).readinto, "a", lambda size: None)] == [
        1_700_000_000.25
    ]
    content = tar_of(member("a", mtime=-5))
    assert [one.mtime for one in iter_members(io.BytesIO(content).readinto, "a", lambda size: None)] == [-5]


def test_what_the_caller_leaves_unread_is_skipped() -> None:
    content = tar_of(member("a"), member("b"), data=b"y" * 3000)
    assert [one.name for one in iter_members(io.BytesIO(content).readinto, "a", lambda size: None)] == ["a", "b"]


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.GNUTYPE_SPARSE])
def test_kinds_that_packages_must_not_have(kind: bytes) -> None:
    with pytest.raises(ArchiveError) as caught:
        read(tar_of(member("a", kind)))
    assert caught.value.code == "archive.kind"


def test_names_that_are_not_utf8() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT, encoding="latin-1") as tar:
        tar.addfile(member("caf\xe9"))
    with pytest.raises(ArchiveError) as caught:
        read(buffer.getvalue())
    assert caught.value.code == "archive.name"


@pytest.mark.parametrize("cut", [100, 512, 700, 1400])
def test_a_truncated_archive(cut: int) -> None:
    content = tar_of(member("a"), data=b"x" * 1000)
    with pytest.raises(ArchiveError) as caught:
        read(content[:cut])
    assert (caught.value.code, caught.value.hint) == ("archive.corrupt", "download it again; the file is incomplete")


@pytest.mark.parametrize("at", [0, 101, 130, 150])
def test_a_flipped_bit_in_a_header(at: int) -> None:
    content = bytearray(tar_of(member("a"), data=b"x" * 10))
    content[at] ^= 0x40
    with pytest.raises(ArchiveError) as caught:
        read(bytes(content))
    assert (caught.value.code, caught.value.hint) == ("archive.corrupt", "download it again; the file is damaged")


def test_sizes_are_told_before_they_are_read() -> None:
    told: list[int] = []
    content = tar_of(member("a"), member("b"), data=b"x" * 1000)
    list(iter_members(io.BytesIO(content).readinto, "a", told.append))
    assert told == [1000, 1000]
