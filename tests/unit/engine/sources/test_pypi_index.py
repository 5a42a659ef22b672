"""The index client against a real server on loopback: pages, ETags, several indexes, folders, offline, failures."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.sources import pypi_index
from jupyter_envs.engine.sources.pypi_cache import IndexCache
from jupyter_envs.engine.sources.pypi_config import read_pip_config
from jupyter_envs.engine.sources.pypi_http import IndexHttp
from jupyter_envs.engine.sources.pypi_index import DEFAULT_INDEX, IndexClient, default_index, remembered_default_index
from jupyter_envs.errors import SourceError
from jupyter_envs.settings import Settings
from support.http_server import Response, Server, serve
from support.wheels import SimpleIndex, make_wheel


@pytest.fixture
def index(tmp_path: Path) -> SimpleIndex:
    made = SimpleIndex()
    made.wheel(tmp_path / "w", "demo", "1.0")
    made.wheel(tmp_path / "w", "demo", "2.0")
    return made


@pytest.fixture
def server(index: SimpleIndex) -> Iterator[Server]:
    with serve(application=index) as running:
        yield running


def client(settings: Settings, *, offline: bool = False, **pip: str) -> IndexClient:
    variables = {f"PIP_{name.upper()}": value for name, value in pip.items()}
    config = read_pip_config({"PIP_CONFIG_FILE": os.devnull, **variables})
    return IndexClient(config, IndexHttp(settings, config), IndexCache(settings.pypi_directory), offline=offline)


def names(found: pypi_index.Project) -> list[str]:
    return sorted(file.filename.split("-")[1] for file in found.wheels)


@pytest.mark.parametrize("formats", [("json", "html"), ("html",)])
def test_a_project(settings: Settings, index: SimpleIndex, server: Server, formats: tuple[str, ...]) -> None:
    index.formats = formats
    found = client(settings, index_url=f"{server.url}/simple/").project("demo")
    assert names(found) == ["1.0", "2.0"]
    assert {file.index for file in found.wheels} == {f"{server.url}/simple"}
    assert all(file.sha256 for file in found.wheels)


def test_a_project_that_the_index_does_not_have(settings: Settings, server: Server) -> None:
    asking = client(settings, index_url=f"{server.url}/simple")
    assert not asking.project("other").found
    assert not asking.project("other").found
    assert len(server.asked("simple/other/")) == 1


def test_a_fresh_page_is_not_asked_for_again(settings: Settings, server: Server) -> None:
    for _ in range(2):
        assert names(client(settings, index_url=f"{server.url}/simple").project("demo")) == ["1.0", "2.0"]
    assert len(server.asked("simple/*")) == 1


def test_an_old_page_is_asked_for_with_its_etag(settings: Settings, index: SimpleIndex, server: Server) -> None:
    server.fault("simple/*", headers={"Cache-Control": "max-age=0"})
    url = f"{server.url}/simple"
    assert names(client(settings, index_url=url).project("demo")) == ["1.0", "2.0"]
    assert names(client(settings, index_url=url).project("demo")) == ["1.0", "2.0"]
    first, second = server.asked("simple/*")
    assert "if-none-match" not in first.headers
    assert second.headers["if-none-match"]
    index.wheel(index.projects["demo"][0].path.parent, "demo", "3.0")
    assert names(client(settings, index_url=url).project("demo")) == ["1.0", "2.0", "3.0"]


def test_offline_what_is_cached_is_used_and_what_is_not_is_missing(settings: Settings, server: Server) -> None:
    server.fault("simple/*", headers={"Cache-Control": "max-age=0"})
    url = f"{server.url}/simple"
    client(settings, index_url=url).project("demo")
    server.clear()
    away = client(settings, index_url=url, offline=True)
    assert names(away.project("demo")) == ["1.0", "2.0"]
    assert away.project("other").missing_offline
    assert server.log == []


def test_the_first_index_that_has_a_file_gives_it(settings: Settings, server: Server, tmp_path: Path) -> None:
    more = SimpleIndex()
    more.wheel(tmp_path / "more", "demo", "2.0", files={"other.py": ""})
    more.wheel(tmp_path / "more", "demo", "2.5")
    with serve(application=more) as second:
        asking = client(settings, index_url=f"{server.url}/simple", extra_index_url=f"{second.url}/simple")
        found = {file.filename: file.index for file in asking.project("demo").wheels}
    assert found["demo-2.0-py3-none-any.whl"] == f"{server.url}/simple"
    assert found["demo-2.5-py3-none-any.whl"] == f"{second.url}/simple"


def test_folders_and_file_indexes_need_not_exist(settings: Settings, server: Server, tmp_path: Path) -> None:
    asking = client(
        settings,
        index_url=f"{server.url}/simple",
        extra_index_url="file:///nonexistent/simple",
        find_links="/nonexistent/wheels",
    )
    assert names(asking.project("demo")) == ["1.0", "2.0"]
    assert asking.warnings == {}


def test_a_folder_of_wheels_and_a_file_index(settings: Settings, tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", "Demo_App", "1.0")
    make_wheel(tmp_path / "simple/demo-app", "demo_app", "2.0")
    asking = client(
        settings, index_url=(tmp_path / "simple").as_uri(), find_links=str(tmp_path / "wheels"), offline=True
    )
    assert names(asking.project("demo-app")) == ["1.0", "2.0"]
    assert not asking.project("other").missing_offline


def test_an_unchanged_file_index_is_parsed_once_but_its_files_are_looked_at(settings: Settings, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "files", "demo", "1.0")
    page = tmp_path / "simple/demo/index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<a href="../../files/{wheel.name}">{wheel.name}</a>')
    url = (tmp_path / "simple").as_uri()
    (first,) = client(settings, index_url=url).project("demo").wheels
    make_wheel(tmp_path / "files", "demo", "1.0", files={"demo.py": "x = 1\n" * 100})
    (second,) = client(settings, index_url=url).project("demo").wheels
    assert first.size != second.size == wheel.stat().st_size
    page.write_text("<html></html>")
    assert client(settings, index_url=url).project("demo").wheels == ()


def test_a_page_of_links(settings: Settings, server: Server, tmp_path: Path) -> None:
    body = b'<a href="demo-9.0-py3-none-any.whl">demo-9.0-py3-none-any.whl</a> <a href="notes.txt">notes</a>'
    with serve(application=lambda request: Response(body, headers={"Content-Type": "text/html"})) as pages:
        asking = client(settings, no_index="1", find_links=f"{pages.url}/links.html")
        assert names(asking.project("demo")) == ["9.0"]
        assert not asking.project("other").found
        assert len(pages.log) == 1


def test_an_index_that_does_not_answer(settings: Settings) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/simple"
        asking = client(settings, index_url=url)
        for _ in range(2):
            with pytest.raises(SourceError, match="does not answer") as caught:
                asking.project("demo")
    assert caught.value.code == "source.unreachable"
    assert "--offline" in caught.value.hint


def test_one_of_two_indexes_that_fails_is_a_warning(settings: Settings, server: Server) -> None:
    with serve() as broken:
        broken.fault(status=403)
        asking = client(settings, index_url=f"{server.url}/simple", extra_index_url=f"{broken.url}/simple")
        assert names(asking.project("demo")) == ["1.0", "2.0"]
    (warning,) = asking.warnings.values()
    assert warning.code == "source.status"
    assert "403" in warning.message


def test_an_old_page_is_used_while_the_index_does_not_answer(settings: Settings, server: Server) -> None:
    server.fault("simple/*", headers={"Cache-Control": "no-cache"}, times=1)
    url = f"{server.url}/simple"
    client(settings, index_url=url).project("demo")
    server.fault("simple/*", status=404 + 46)
    asking = client(settings, index_url=url)
    assert names(asking.project("demo")) == ["1.0", "2.0"]
    (warning,) = asking.warnings.values()
    assert (warning.code, warning.message.endswith("what it said before is used")) == ("pypi.stale", True)


@pytest.mark.parametrize(("status", "hint"), [(401, "netrc"), (403, "does not let you in"), (451, "--offline")])
def test_an_index_that_refuses(settings: Settings, server: Server, status: int, hint: str) -> None:
    server.fault("simple/*", status=status)
    with pytest.raises(SourceError, match=str(status)) as caught:
        client(settings, index_url=f"{server.url}/simple").project("demo")
    assert hint in caught.value.hint


def test_credentials_of_the_address_are_sent_and_kept_out_of_what_is_stored(settings: Settings, server: Server) -> None:
    server.fault("*", auth=("me", "se cret"))
    address = server.url.replace("http://", "http://me:se%20cret@") + "/simple"
    found = client(settings, index_url=address).project("demo")
    assert names(found) == ["1.0", "2.0"]
    kept = b"".join(path.read_bytes() for path in Path(settings.pypi_directory).rglob("*.json"))
    assert b"se" + b" cret" not in kept
    assert b"me:" not in kept
    assert "me:" not in str(msgspec.to_builtins(found))


def test_credentials_of_netrc(settings: Settings, server: Server, home: Path) -> None:
    server.fault("*", auth=("me", "secret"))
    (home / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (home / ".netrc").chmod(0o600)
    assert names(client(settings, index_url=f"{server.url}/simple").project("demo")) == ["1.0", "2.0"]


def test_a_proxy_is_used(settings: Settings, server: Server) -> None:
    asking = client(settings, index_url="http://index.invalid/simple", proxy=server.url)
    assert names(asking.project("demo")) == ["1.0", "2.0"]
    assert server.log


def test_the_default_index_is_remembered_until_the_library_changes(tmp_path: Path) -> None:
    cache = IndexCache(str(tmp_path))
    assert remembered_default_index(cache) == default_index()
    kept = cache.find_page(DEFAULT_INDEX, "_index")
    assert kept is not None
    other = msgspec.structs.replace(kept, index="https://kept.test/simple")
    cache.save_page(DEFAULT_INDEX, "_index", other)
    assert remembered_default_index(cache) == "https://kept.test/simple"
    cache.save_page(DEFAULT_INDEX, "_index", msgspec.structs.replace(other, etag="an older library"))
    assert remembered_default_index(cache) == default_index()


def test_the_default_index_is_the_client_library_s() -> None:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    assert default_index() == PYPI_SIMPLE_ENDPOINT.rstrip("/")
