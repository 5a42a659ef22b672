"""Which places of a notebook a person is asked about."""

from __future__ import annotations

import msgspec
import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.notebooks.places import download_hosts, foreign_channels, foreign_hosts
from jupyter_envs.settings import Settings
from support.channel import SUBDIR, Channel
from support.http_server import Request, Response, serve

OWN, THEIRS = "https://own.example/t/secret-1/main", "https://theirs.example/some/channel"


@pytest.fixture
def engine(settings: Settings) -> Engine:
    return Engine(msgspec.structs.replace(settings, channels=(OWN, "file:///a/folder")))


def asking(*specs: str, **more: object) -> ChangeRequest:
    return ChangeRequest(action="create", prefix="/e/a", specs=specs, **more)  # type: ignore[arg-type]  # fields of it


def locked(url: str) -> RepodataRecord:
    return RepodataRecord(name="x", version="1.0", build="h_0", subdir=SUBDIR, fn=url.rpartition("/")[2], url=url)


@pytest.mark.parametrize(
    ("request_", "foreign"),
    [
        (asking("x"), ()),
        (asking("x", channels=("https://own.example/main/", "/another/folder")), ()),
        (
            asking("x", channels=(THEIRS, f"{THEIRS}/", "https://me:word@theirs.example/b")),
            (THEIRS, "https://theirs.example/b"),
        ),
        (asking("main::x", "pypi::y", "interpreter::python", f"{THEIRS}::z"), (THEIRS,)),
        (asking("x", channels=(THEIRS,), sources=("pypi",)), ()),
        (asking("x", records=(locked(f"https://own.example/main/{SUBDIR}/x-1.0-h_0.conda"),), channels=(THEIRS,)), ()),
        (asking("x", records=(locked(f"{THEIRS}/{SUBDIR}/x-1.0-h_0.conda"),)), (THEIRS,)),
        (asking("x", records=(locked(f"file:///c/{SUBDIR}/x-1.0-h_0.conda"),)), ()),
    ],
)
def test_channels_that_the_settings_do_not_name(
    engine: Engine, request_: ChangeRequest, foreign: tuple[str, ...]
) -> None:
    assert foreign_channels(request_, engine) == foreign


def test_a_package_that_is_in_the_cache_needs_no_question(settings: Settings, channel: Channel) -> None:
    channel.add("tool")
    with serve(channel.index().folder) as server:
        engine = Engine(settings)
        request = ChangeRequest(
            action="create", prefix=str(engine.new_prefix("a")), records=(channel.record("tool", channel=server.url),)
        )
        assert foreign_channels(request, engine) == (server.url,)
        assert download_hosts(request, engine) == (server.url.removeprefix("http://"),)
        engine.execute(engine.plan(request))
        assert foreign_channels(request, engine) == download_hosts(request, engine) == ()


def test_hosts_of_wheels_are_ones_own_where_the_own_index_says_so(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = "x-1.0-py3-none-any.whl"
    page = f'<!DOCTYPE html><html><body><a href="https://files.example/a/{wheel}">{wheel}</a></body></html>'.encode()

    def index(request: Request) -> Response | None:
        is_project = request.path.startswith("simple/x/")
        return Response(page, headers={"Content-Type": "text/html"}) if is_project else None

    with serve(application=index) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        assert foreign_hosts([locked("https://files.example/b/x-1.1-py3-none-any.whl")], engine) == ()
        elsewhere = locked("https://elsewhere.example/x-1.1-py3-none-any.whl")
        unknown = locked("https://other.example/y-1.1-py3-none-any.whl")
        own = locked(f"{server.url}/files/x-1.1-py3-none-any.whl")
        assert foreign_hosts([elsewhere, own, unknown], engine) == ("elsewhere.example", "other.example")
