"""Pages of an index in both forms give the same files; what is no page is refused with a hint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_envs.engine.sources.pypi_page import file_path, parse_page, read_file_page, scan_folder
from jupyter_envs.errors import SourceError
from support.http_server import Request
from support.wheels import JSON_TYPE, SimpleIndex, make_wheel

URL = "https://index.test/simple/demo/"
INDEX = "https://index.test/simple"


def index_with_two(tmp_path: Path) -> SimpleIndex:
    index = SimpleIndex()
    index.wheel(tmp_path, "demo", "1.0", requires_python=">=3.9", says={"upload_time": "2024-03-01T12:00:00Z"})
    index.wheel(tmp_path, "demo", "1.1", says={"yanked": "broken"})
    sdist = tmp_path / "demo-0.9.tar.gz"
    sdist.write_bytes(b"sdist")
    index.add(sdist)
    return index


def ask(index: SimpleIndex, accept: str) -> tuple[bytes, str]:
    answer = index(Request("GET", "simple/demo/", "", {"accept": accept}))
    assert answer is not None
    return answer.body, answer.headers["Content-Type"]


def test_both_forms_tell_the_same(tmp_path: Path) -> None:
    index = index_with_two(tmp_path)
    as_json = parse_page(*ask(index, JSON_TYPE), URL, INDEX, "demo")
    as_html = parse_page(*ask(index, "text/html"), URL, INDEX, "demo")
    assert as_json.sdists == as_html.sdists == ("0.9",)
    for one, other in zip(as_json.wheels, as_html.wheels, strict=True):
        assert (one.filename, one.url, one.sha256, one.requires_python, one.yanked, one.metadata) == (
            other.filename,
            other.url,
            other.sha256,
            other.requires_python,
            other.yanked,
            other.metadata,
        )
    assert [file.yanked for file in as_json.wheels] == [False, True]
    assert (as_json.wheels[0].uploaded, as_html.wheels[0].uploaded) == (1709294400000, None)
    assert as_json.wheels[0].size == (tmp_path / "demo-1.0-py3-none-any.whl").stat().st_size
    assert as_json.wheels[0].url == "https://index.test/files/demo-1.0-py3-none-any.whl"


def page(**file: object) -> bytes:
    entry = {"filename": "demo-1-py3-none-any.whl", "url": "demo-1-py3-none-any.whl", "hashes": {}, **file}
    return json.dumps({"meta": {"api-version": "1.3"}, "name": "demo", "files": [entry]}).encode()


@pytest.mark.parametrize(
    ("file", "mark"),
    [
        ({}, ""),
        ({"core-metadata": True}, "true"),
        ({"core-metadata": False, "dist-info-metadata": {"sha256": "ab"}}, "ab"),
        ({"data-dist-info-metadata": {"md5": "ab"}}, "true"),
    ],
)
def test_every_spelling_of_the_metadata_key(file: dict[str, object], mark: str) -> None:
    """PEP 658, 691 and 714 name it differently."""
    assert parse_page(page(**file), JSON_TYPE, URL, INDEX, "demo").wheels[0].metadata == mark


def test_an_upload_time_that_cannot_be_read_is_unknown() -> None:
    found = parse_page(page(**{"upload-time": "yesterday"}), JSON_TYPE, URL, INDEX, "demo").wheels[0]
    assert found.uploaded is None


def test_a_server_has_no_say_over_local_files() -> None:
    body = page(url="file:///etc/demo-1-py3-none-any.whl")
    assert parse_page(body, JSON_TYPE, URL, INDEX, "demo").wheels == ()
    html = b'<a href="file:///etc/demo-1-py3-none-any.whl">demo-1-py3-none-any.whl</a>'
    assert parse_page(html, "text/html", URL, INDEX, "demo").wheels == ()


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b"{}", JSON_TYPE, "JSON that is not a project page"),
        (b"not json", JSON_TYPE, "JSON that is not a project page"),
        (b'{"meta": {"api-version": "2.0"}, "files": []}', JSON_TYPE, "version 2.0 of the index format"),
        (b"\x89PNG", "image/png", "image/png"),
        (
            b'<meta name="pypi:repository-version" content="2.0"><a href="x">x</a>',
            "text/html",
            "newer version of the index format",
        ),
    ],
)
def test_what_is_no_page(body: bytes, content_type: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        parse_page(body, content_type, URL, INDEX, "demo")
    assert caught.value.code == "source.not_an_index"
    assert "index-url" in caught.value.hint


def test_an_html_page_without_links_is_an_empty_page() -> None:
    assert parse_page(b"<html><body>welcome</body></html>", "text/html", URL, INDEX, "demo").wheels == ()


def test_a_file_index_with_and_without_a_page(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "files", "demo", "1.0")
    folder = tmp_path / "simple/demo"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(f'<a href="../../files/{wheel.name}#sha256={"ab" * 32}">{wheel.name}</a>')
    index = (tmp_path / "simple").as_uri()
    found = read_file_page(f"{index}/demo/", index, "demo").wheels[0]
    assert file_path(found.url) == wheel
    assert (found.sha256, found.size) == ("ab" * 32, wheel.stat().st_size)
    assert found.uploaded == int(wheel.stat().st_mtime * 1000)
    (folder / "index.html").unlink()
    make_wheel(folder, "demo", "2.0")
    assert [file.filename for file in read_file_page(f"{index}/demo/", index, "demo").wheels] == [
        "demo-2.0-py3-none-any.whl"
    ]
    assert not read_file_page(f"{index}/other/", index, "other").found


def test_a_folder_of_wheels(tmp_path: Path) -> None:
    make_wheel(tmp_path, "demo", "1.0+cpu")
    (tmp_path / "notes.txt").write_text("no wheel")
    (tmp_path / "folder.whl").mkdir()
    (file,) = scan_folder(tmp_path, "file:///w")
    assert file_path(file.url) == tmp_path / "demo-1.0+cpu-py3-none-any.whl"


def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read") as caught:
        scan_folder(tmp_path / "absent", "file:///w")
    assert caught.value.code == "source.unreadable"
