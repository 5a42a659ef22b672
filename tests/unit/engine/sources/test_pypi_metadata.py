"""METADATA without the wheel where that works, with it where it does not, and only once."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.engine.sources.pypi_cache import IndexCache, IndexFile, WheelMetadata
from jupyter_envs.engine.sources.pypi_config import read_pip_config
from jupyter_envs.engine.sources.pypi_http import STEP_BYTES, TAIL_BYTES, IndexHttp, RemoteFile
from jupyter_envs.engine.sources.pypi_index import IndexClient
from jupyter_envs.engine.sources.pypi_metadata import MetadataReader, parse_metadata
from jupyter_envs.errors import SourceError
from jupyter_envs.settings import Settings
from support.http_server import Server, serve
from support.wheels import SimpleIndex, make_wheel

NOISE = os.urandom(300_000)


@pytest.fixture
def index() -> SimpleIndex:
    return SimpleIndex()


@pytest.fixture
def server(index: SimpleIndex) -> Iterator[Server]:
    with serve(application=index) as running:
        yield running


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """Return a wheel that is much longer than its tail: METADATA must be found from the end."""
    return make_wheel(tmp_path / "w", "demo", "1.0", files={"demo.py": "", "noise.bin": NOISE}, requires=["b>=1"])


def tools(settings: Settings, url: str, *, offline: bool = False) -> tuple[IndexClient, MetadataReader, IndexHttp]:
    config = read_pip_config({"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": f"{url}/simple"})
    http, cache = IndexHttp(settings, config), IndexCache(settings.pypi_directory)
    return IndexClient(config, http, cache, offline=offline), MetadataReader(http, cache, offline=offline), http


def only_file(client: IndexClient) -> IndexFile:
    (file,) = client.project("demo").wheels
    return file


def read(settings: Settings, server: Server) -> WheelMetadata | None:
    client, reader, _ = tools(settings, server.url)
    return reader.find(only_file(client))


def test_pep_658(settings: Settings, index: SimpleIndex, server: Server, big: Path) -> None:
    index.add(big)
    found = read(settings, server)
    assert found is not None
    assert found.requires_dist == ("b>=1",)
    assert [request.path for request in server.asked("files/*")] == ["files/demo-1.0-py3-none-any.whl.metadata"]


@pytest.mark.parametrize("sizes", [True, False])
def test_a_range_of_the_archive(settings: Settings, index: SimpleIndex, server: Server, big: Path, sizes: bool) -> None:
    index.core_metadata, index.sizes = False, sizes
    index.add(big)
    found = read(settings, server)
    assert found is not None
    assert (found.requires_dist, found.size) == (("b>=1",), big.stat().st_size)
    assert [bool(request.headers.get("range")) for request in server.asked("files/*.whl")] == [True]


def test_a_server_without_ranges_sends_it_whole(
    settings: Settings, index: SimpleIndex, server: Server, big: Path
) -> None:
    index.core_metadata = False
    index.add(big)
    server.fault("files/*", ignore_range=True)
    found = read(settings, server)
    assert found is not None
    assert found.requires_dist == ("b>=1",)
    assert len(server.asked("files/*")) == 1


def test_a_server_that_refuses_a_suffix_range(
    settings: Settings, index: SimpleIndex, server: Server, big: Path
) -> None:
    index.core_metadata = index.sizes = False
    index.add(big)
    server.fault("files/*", status=416, times=1)
    found = read(settings, server)
    assert found is not None
    assert found.requires_dist == ("b>=1",)


@pytest.mark.parametrize("wrong", [b"Name: demo\nVersion: 1.0\nRequires-Dist: evil\n", None])
def test_a_metadata_file_that_is_missing_or_not_the_promised_one(
    settings: Settings, index: SimpleIndex, server: Server, big: Path, wrong: bytes | None
) -> None:
    index.add(big)
    server.fault("files/*.metadata", **({"replace": wrong} if wrong else {"status": 404}))
    found = read(settings, server)
    assert found is not None
    assert found.requires_dist == ("b>=1",)


def test_it_is_read_once(settings: Settings, index: SimpleIndex, server: Server, big: Path) -> None:
    index.add(big)
    first = read(settings, server)
    server.clear()
    assert read(settings, server) == first
    assert server.asked("files/*") == []


def test_offline(settings: Settings, index: SimpleIndex, server: Server, big: Path) -> None:
    index.add(big)
    client, _, _ = tools(settings, server.url)
    file = only_file(client)
    server.clear()
    _, reader, _ = tools(settings, server.url, offline=True)
    assert reader.find(file) is None
    read(settings, server)
    found = reader.find(file)
    assert found is not None
    assert found.requires_dist == ("b>=1",)


def test_a_local_wheel_tells_its_digest_and_size(settings: Settings, big: Path) -> None:
    _, reader, _ = tools(settings, "http://unused.invalid", offline=True)
    found = reader.find(IndexFile(filename=big.name, url=big.as_uri()))
    assert found is not None
    assert found.size == big.stat().st_size
    assert found.sha256 is not None
    assert len(found.sha256) == 64


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [("other", "1.0", "it says that it is other"), ("demo", "2.0", "its version is 2.0"), ("", "", "is nothing")],
)
def test_metadata_of_another_package(
    settings: Settings, index: SimpleIndex, server: Server, big: Path, name: str, version: str, message: str
) -> None:
    index.add(big, metadata=f"Name: {name}\nVersion: {version}\n".encode())
    with pytest.raises(SourceError, match=message) as caught:
        read(settings, server)
    assert caught.value.code == "source.metadata"
    assert caught.value.hint


def broken_zip(path: Path) -> None:
    path.write_bytes(b"no zip at all" * 100)


def no_metadata(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo/METADATA", "Name: demo")


def two_metadata(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo-1.0.dist-info/METADATA", "Name: demo")
        archive.writestr("more-1.0.dist-info/METADATA", "Name: more")


@pytest.mark.parametrize("spoil", [broken_zip, no_metadata, two_metadata])
def test_a_wheel_that_is_none(settings: Settings, tmp_path: Path, spoil: Any) -> None:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    spoil(path)
    _, reader, _ = tools(settings, "http://unused.invalid")
    with pytest.raises(SourceError, match="cannot be used") as caught:
        reader.find(IndexFile(filename=path.name, url=path.as_uri()))
    assert caught.value.code == "source.metadata"


def test_a_local_wheel_that_has_gone(settings: Settings, tmp_path: Path) -> None:
    _, reader, _ = tools(settings, "http://unused.invalid")
    with pytest.raises(SourceError, match="cannot be read"):
        reader.find(IndexFile(filename="demo-1.0-py3-none-any.whl", url=(tmp_path / "demo.whl").as_uri()))


def test_a_download_that_breaks_off(settings: Settings, index: SimpleIndex, server: Server, big: Path) -> None:
    index.core_metadata = False
    index.add(big)
    server.fault("files/*", truncate_at=100)
    with pytest.raises(SourceError, match="does not answer"):
        read(settings, server)


def test_a_server_that_lies_about_ranges(settings: Settings, index: SimpleIndex, server: Server, big: Path) -> None:
    index.core_metadata = False
    index.add(big)
    server.fault("files/*", status=403)
    with pytest.raises(SourceError, match="403"):
        read(settings, server)


def test_a_remote_file_is_the_file(settings: Settings, tmp_path: Path) -> None:
    content = os.urandom(TAIL_BYTES + 3 * STEP_BYTES + 17)
    (tmp_path / "blob").write_bytes(content)
    with serve(tmp_path) as server:
        _, _, http = tools(settings, server.url)
        remote = RemoteFile(http, f"{server.url}/blob", len(content))
        for start, length in ((0, 10), (5, STEP_BYTES), (len(content) - 5, 100), (STEP_BYTES, 2 * STEP_BYTES), (7, 0)):
            remote.seek(start)
            assert remote.read(length) == content[start : start + length]
        remote.seek(-4, os.SEEK_END)
        assert (remote.read(), remote.tell()) == (content[-4:], len(content))
        remote.seek(0)
        assert remote.read() == content


def test_parse() -> None:
    body = (
        b"Metadata-Version: 2.1\nName: Demo.App\nVersion: 1.0\nRequires-Python: >=3.9\n"
        b"Requires-Dist: b (>=1)\nRequires-Dist: c;\n  extra == 'Test_It'\nProvides-Extra: Test_It\n"
        b"Author: M\xc3\xbcller\n\nRequires-Dist: not-a-header\n"
    )
    assert parse_metadata(body) == WheelMetadata(
        name="Demo.App",
        version="1.0",
        requires_python=">=3.9",
        requires_dist=("b (>=1)", "c; extra == 'Test_It'"),
        extras=("test-it",),
    )
