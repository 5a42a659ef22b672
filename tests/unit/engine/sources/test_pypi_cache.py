"""The index's disk cache: what is kept comes back; what is broken counts as absent; a full disk says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envs.engine.sources.pypi_cache import IndexCache, IndexFile, ProjectPage, WheelMetadata, metadata_key
from jupyter_envs.errors import StorageError

WHEEL = "a-1-py3-none-any.whl"
FILE = IndexFile(filename=WHEEL, url=f"https://files.test/{WHEEL}", sha256="AB" * 32, size=7)
PAGE = ProjectPage(index="https://index.test/simple", wheels=(FILE,), sdists=("0.9",), fetched=5.0, etag='"x"')
METADATA = WheelMetadata(name="a", version="1", requires_dist=("b>=1",), extras=("test",))


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    cache = IndexCache(str(tmp_path / "pypi"))
    cache.save_page("https://index.test/simple", "a", PAGE)
    cache.save_metadata(metadata_key(FILE), METADATA)
    again = IndexCache(str(tmp_path / "pypi"))
    assert again.find_page("https://index.test/simple", "a") == PAGE
    assert again.find_page("", "a") is None
    assert again.find_metadata("ab" * 32) == METADATA


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    cache = IndexCache(str(tmp_path / "absent"))
    assert cache.find_page("", "a") is None
    assert cache.find_metadata("00") is None
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("content", [b"", b"{", b'{"name": 3}', b"\xff\xfe"])
def test_a_broken_file_counts_as_absent(tmp_path: Path, content: bytes) -> None:
    cache = IndexCache(str(tmp_path))
    cache.save_metadata("abcd", METADATA)
    next(tmp_path.rglob("abcd.json")).write_bytes(content)
    assert cache.find_metadata("abcd") is None
    cache.save_metadata("abcd", METADATA)
    assert cache.find_metadata("abcd") == METADATA
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["abcd.json"]


def test_without_a_digest_the_key_changes_with_the_file() -> None:
    bare = IndexFile(filename="a-1-py3-none-any.whl", url="file:///w/a-1-py3-none-any.whl", size=7, uploaded=1)
    changed = IndexFile(filename="a-1-py3-none-any.whl", url="file:///w/a-1-py3-none-any.whl", size=7, uploaded=2)
    assert metadata_key(bare) != metadata_key(changed)
    assert metadata_key(FILE) == "ab" * 32


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "pypi").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="keeping what the Python index says"):
        IndexCache(str(tmp_path / "pypi")).save_page("", "a", PAGE)
