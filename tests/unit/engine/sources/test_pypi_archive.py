"""The metadata of a wheel without ``zipfile``: the same bytes, or none."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jupyter_envs.engine.sources.pypi_archive import find_metadata

LIMIT = 1 << 20
METADATA = "Name: a\nVersion: 1\n" * 20


def wheel(*members: str, method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name in members:
            archive.writestr(name, METADATA if name.endswith("METADATA") else "x" * 300)
        archive.comment = comment
    return buffer.getvalue()


def found(data: bytes) -> bytes | None:
    return find_metadata(io.BytesIO(data), LIMIT)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_the_metadata_at_the_root(method: int) -> None:
    names = ("a/__init__.py", "a/x.dist-info/METADATA", "a-1.dist-info/METADATA", "a-1.dist-info/METADATA.json")
    assert found(wheel(*names, method=method)) == METADATA.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\5\6",
        wheel("a.py"),
        wheel("a-1.dist-info/METADATA", "b-1.dist-info/METADATA"),
        wheel("a/a-1.dist-info/METADATA"),
        wheel("a-1.dist-info/METADATA", method=zipfile.ZIP_LZMA),
        wheel("a-1.dist-info/METADATA", comment=b"a comment"),
        b"before" + wheel("a-1.dist-info/METADATA"),
    ],
    ids=["empty", "short", "none", "two", "below", "lzma", "comment", "prefixed"],
)
def test_what_is_not_ordinary_is_left_to_others(data: bytes) -> None:
    assert found(data) is None


def test_more_than_the_limit_is_left_to_others() -> None:
    data = wheel("a-1.dist-info/METADATA")
    assert find_metadata(io.BytesIO(data), len(METADATA)) is not None
    assert find_metadata(io.BytesIO(data), len(METADATA) - 1) is None


WHEEL = wheel("a.py", "a-1.dist-info/METADATA", "b.py")


@given(st.integers(0, len(WHEEL) - 1), st.integers(1, 255))
@example(len(WHEEL) - 6, 1)
def test_a_damaged_byte_gives_the_right_bytes_or_none(place: int, change: int) -> None:
    damaged = bytearray(WHEEL)
    damaged[place] ^= change
    assert found(bytes(damaged)) in (METADATA.encode(), None)
