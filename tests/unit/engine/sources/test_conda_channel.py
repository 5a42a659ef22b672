"""Channel texts become URLs; channels answer, refuse, or cannot be reached."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.sources import conda_http
from jupyter_envs.engine.sources.conda_channel import ChannelState, CondaChannels
from jupyter_envs.engine.sources.conda_http import probe, proxy_for
from jupyter_envs.engine.sources.conda_urls import ChannelRef, channel_refs, channel_url
from jupyter_envs.errors import EnvsError, SourceError, SpecError
from jupyter_envs.settings import Settings
from support.http_server import Server, serve
from support.repodata import RepodataChannel


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conda_http, "_REACHABLE", {})


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Server]:
    RepodataChannel(tmp_path / "www/main").python("3.11.7").add("a").write()
    RepodataChannel(tmp_path / "www/pure").add("a").write(subdirs=["noarch"])
    (tmp_path / "www/torn/noarch").mkdir(parents=True)
    (tmp_path / "www/torn/noarch/repodata.json").write_text("{nope")
    with serve(tmp_path / "www") as server:
        yield server


def opened(settings: Settings, *texts: str, offline: bool = False) -> CondaChannels:
    channels = CondaChannels(channel_refs(texts, settings), settings, offline=offline)
    asyncio.run(channels.open())
    return channels


def state_of(settings: Settings, text: str, *, offline: bool = False) -> ChannelState:
    return opened(settings, text, offline=offline).states[0]


class TestUrls:
    @pytest.mark.parametrize(
        ("text", "url"),
        [
            ("conda-forge", "https://alias.example/conda-forge/"),
            ("conda-forge/label/dev", "https://alias.example/conda-forge/label/dev/"),
            ("https://host.example/a/b", "https://host.example/a/b/"),
            ("https://me:pw@host.example/t/tk-1/a/", "https://me:pw@host.example/t/tk-1/a/"),
            ("file:///srv/channel", "file:///srv/channel/"),
            ("/srv/my channels/a", "file:///srv/my%20channels/a/"),
            ("my channels", None),
            ("/srv/channel", "file:///srv/channel/"),
            ("team", "https://packages.example/conda/team/"),
            ("team/label/x", "https://packages.example/conda/team/label/x/"),
            ("disk", "file:///mnt/disk/"),
        ],
    )
    def test_of_a_text(self, settings: Settings, text: str, url: str | None) -> None:
        settings = msgspec.structs.replace(
            settings,
            channel_alias="https://alias.example/",
            custom_channels={"team": "https://packages.example/conda", "disk": "/mnt"},
        )
        if url is None:
            with pytest.raises(SpecError, match="not a channel"):
                channel_url(text, settings)
        else:
            assert channel_url(text, settings) == url

    def test_the_alias_has_a_default(self, settings: Settings) -> None:
        assert channel_url("conda-forge", settings).endswith("/conda-forge/")
        assert channel_url("conda-forge", settings).startswith("https://")

    @pytest.mark.parametrize("text", [".", "./channel", "~/channel"])
    def test_of_a_relative_folder(
        self, settings: Settings, text: str, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        expected = home / "channel" if text.startswith("~") else tmp_path / text
        assert channel_url(text, settings) == expected.as_uri().rstrip("/") + "/"

    def test_defaults_are_what_condarc_says_and_channels_are_taken_once(self, settings: Settings) -> None:
        settings = msgspec.structs.replace(settings, default_channels=("https://a.example/x", "https://a.example/y"))
        refs = channel_refs(["https://a.example/y/", "defaults", "nodefaults"], settings)
        assert [ref.url for ref in refs] == ["https://a.example/y/", "https://a.example/x/"]

    def test_a_channel_is_called_by_name_url_or_folder(self) -> None:
        ref = ChannelRef("https://me:pw@host.example/t/tk-1/team", "https://me:pw@host.example/t/tk-1/team/")
        assert ref.shown == "https://host.example/team"
        assert ref.is_called("team")
        assert ref.is_called("https://host.example/team/")
        assert not ref.is_called("host.example")
        assert ref.holds("https://host.example/team/noarch/a-1-0.conda")
        assert not ref.holds("https://host.example/teams/noarch/a-1-0.conda")
        assert ChannelRef("/srv/c", "file:///srv/c/").is_called("/srv/c/")


class TestOpening:
    def test_a_channel_says_its_names(self, settings: Settings, served: Server) -> None:
        channels = opened(settings, f"{served.url}/main")
        assert channels.states[0].names == {"a", "python"}
        assert channels.claims("a")
        assert not channels.claims("b")
        (record,) = asyncio.run(channels.records("python"))
        assert record.dist == "python-3.11.7-0"

    def test_a_missing_platform_is_normal(self, settings: Settings, served: Server) -> None:
        assert state_of(settings, f"{served.url}/pure").names == {"a"}

    @pytest.mark.parametrize("place", ["http", "folder"])
    def test_no_such_channel(self, settings: Settings, served: Server, tmp_path: Path, place: str) -> None:
        with pytest.raises(SourceError, match="there is no channel at") as raised:
            opened(settings, f"{served.url}/absent" if place == "http" else str(tmp_path / "absent"))
        assert raised.value.code == "source.no_channel"
        assert "noarch/repodata.json" in raised.value.hint

    @pytest.mark.parametrize("place", ["http", "folder"])
    def test_repodata_that_cannot_be_read(self, settings: Settings, served: Server, tmp_path: Path, place: str) -> None:
        with pytest.raises(SourceError) as raised:
            opened(settings, f"{served.url}/torn" if place == "http" else str(tmp_path / "www/torn"))
        assert raised.value.code == "source.repodata"

    def test_a_channel_that_wants_credentials(self, settings: Settings, served: Server) -> None:
        served.fault("*", auth=("me", "secret"))
        with pytest.raises(SourceError) as raised:
            opened(settings, f"{served.url}/main")
        assert raised.value.code == "source.credentials"
        assert "netrc" in raised.value.hint

    def test_credentials_in_the_url(self, settings: Settings, served: Server) -> None:
        served.fault("*", auth=("me", "secret"))
        url = f"{served.url}/main".replace("://", "://me:secret@")
        assert "a" in state_of(settings, url).names

    def test_credentials_in_netrc(
        self, settings: Settings, served: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1\nlogin me\npassword secret\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        served.fault("*", auth=("me", "secret"))
        assert "a" in state_of(settings, f"{served.url}/main").names

    def test_a_proxy_is_used(self, settings: Settings, served: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = msgspec.structs.replace(settings, proxies={"http": served.url})
        monkeypatch.setenv("no_proxy", "")
        state_or_error = _outcome(settings, "http://channels.example/main")
        asked = [request.path for request in served.log]
        assert any("channels.example" in path or path.startswith("main/") for path in asked), state_or_error

    def test_a_server_that_fails_is_unreachable(self, settings: Settings, served: Server) -> None:
        served.fault("*", status=503)
        state = state_of(settings, f"{served.url}/main")
        assert "503" in state.problem
        assert not state.usable

    def test_and_its_cache_is_used(self, settings: Settings, served: Server) -> None:
        url = f"{served.url}/main"
        state_of(settings, url)
        served.http.shutdown()
        served.http.server_close()
        state = state_of(settings, url)
        assert state.cached
        assert state.usable
        assert "a" in state.names
        assert "refused" in state.problem

    def test_offline_asks_nobody(self, settings: Settings, served: Server) -> None:
        url = f"{served.url}/main"
        assert not state_of(settings, url, offline=True).usable
        state_of(settings, url)
        served.clear()
        assert "a" in state_of(settings, url, offline=True).names
        assert served.log == []

    def test_a_folder_needs_no_network_when_offline(self, settings: Settings, tmp_path: Path) -> None:
        RepodataChannel(tmp_path / "local").add("b").write()
        assert state_of(settings, str(tmp_path / "local"), offline=True).names == {"b"}


def test_certificates_are_those_of_the_settings_while_a_client_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", "/before")
    with conda_http._trusting(str(tmp_path / "own.pem")):
        assert os.environ["SSL_CERT_FILE"] == str(tmp_path / "own.pem")
    assert "SSL_CERT_FILE" not in os.environ
    with conda_http._trusting(str(tmp_path)):
        assert os.environ["SSL_CERT_DIR"] == str(tmp_path)
    assert os.environ["SSL_CERT_DIR"] == "/before"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/bundle.pem")
    with conda_http._trusting(True):
        assert os.environ["SSL_CERT_FILE"] == "/bundle.pem"


class TestProbe:
    def test_a_host_that_does_not_exist_is_known_at_once_and_remembered(self, settings: Settings) -> None:
        url = "https://nowhere.invalid/channel/"
        assert "nowhere.invalid cannot be reached" in probe(url, settings)
        assert conda_http._REACHABLE[("nowhere.invalid", 443)] == probe(url, settings)

    def test_the_proxy_is_what_must_be_reached(self, settings: Settings, served: Server) -> None:
        settings = msgspec.structs.replace(settings, proxies={"https": served.url})
        assert probe("https://nowhere.invalid/channel/", settings) == ""

    @pytest.mark.parametrize(
        ("proxies", "environ", "proxy"),
        [
            ({}, {}, ""),
            ({"https": "http://p:1"}, {}, "http://p:1"),
            ({}, {"https_proxy": "http://e:1"}, "http://e:1"),
            ({"https": "http://p:1"}, {"https_proxy": "http://e:1"}, "http://p:1"),
            ({"https://host.example": "http://h:1", "https": "http://p:1"}, {}, "http://h:1"),
            ({"https": "http://p:1"}, {"no_proxy": "host.example"}, ""),
        ],
    )
    def test_which_proxy(
        self,
        settings: Settings,
        proxies: dict[str, str],
        environ: dict[str, str],
        proxy: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        for name in list(os.environ):
            if name.lower().endswith("_proxy"):
                monkeypatch.delenv(name)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        settings = msgspec.structs.replace(settings, proxies=proxies)
        assert proxy_for("https://host.example/c/", settings) == proxy


def _outcome(settings: Settings, text: str) -> object:
    try:
        return state_of(settings, text)
    except EnvsError as error:
        return error
