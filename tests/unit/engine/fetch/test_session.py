"""The session: who wins over whom, and what it retries."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest
import requests

from jupyter_envs.engine.fetch.session import make_session, pip_certificate, pip_configuration_files
from jupyter_envs.settings import Settings
from support.http_server import serve

URL = "https://host.example/a"
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT")


def merged(session: requests.Session, **asked: object) -> dict[str, object]:
    wants = {"proxies": None, "stream": None, "verify": None, "cert": None, **asked}
    return dict(session.merge_environment_settings(URL, **wants))  # type: ignore[arg-type]  # keywords of requests


@pytest.fixture(autouse=True)
def no_bundles(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in BUNDLES:
        monkeypatch.delenv(name, raising=False)


def test_settings_win_over_the_environments_certificates(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/environment.pem")
    assert merged(make_session(settings))["verify"] == "/environment.pem"
    assert merged(make_session(msgspec.structs.replace(settings, ssl_verify="/own.pem")))["verify"] == "/own.pem"
    assert merged(make_session(msgspec.structs.replace(settings, ssl_verify=False)))["verify"] is False


def test_pips_certificate_is_the_last_resort(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    session = make_session(settings, {"PIP_CERT": "/pip.pem", "PIP_CONFIG_FILE": "/dev/null"})
    assert merged(session)["verify"] == "/pip.pem"
    assert merged(session, verify=False)["verify"] is False
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/environment.pem")
    assert merged(session)["verify"] == "/environment.pem"


def test_pips_configuration_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("[global]\ncert = /from/file.pem\n")
    assert pip_certificate({"PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}) == "/from/file.pem"
    (tmp_path / "pip.conf").write_text("not an ini file")
    environ = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "HOME": str(tmp_path)}
    assert pip_certificate({**environ, "PIP_CERT": "~/x.pem"}) == str(Path("~/x.pem").expanduser())


def test_pip_can_be_told_to_read_no_file() -> None:
    assert pip_configuration_files({"PIP_CONFIG_FILE": "/dev/null"}) == []


def test_settings_proxies_win_over_the_environments(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://environment.example:1")
    assert merged(make_session(settings))["proxies"] == {"https": "http://environment.example:1"}
    own = make_session(msgspec.structs.replace(settings, proxies={"https": "http://own.example:2"}))
    assert merged(own)["proxies"] == {"https": "http://own.example:2"}


def test_client_certificate(settings: Settings) -> None:
    session = make_session(msgspec.structs.replace(settings, client_cert="/client.pem"))
    assert merged(session)["cert"] == "/client.pem"


def test_busy_servers_are_asked_again_after_the_time_they_name(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    with serve(tmp_path) as server:
        server.fault(times=1, status=429, headers={"Retry-After": "1"})
        server.fault(times=1, status=503)
        started = time.monotonic()
        with make_session(settings) as session, session.get(f"{server.url}/file") as response:
            assert response.content == b"content"
        assert time.monotonic() - started >= 1
        assert len(server.asked()) == 3
        agent = server.asked()[0].headers["user-agent"]
        assert agent.startswith("jupyter-envs/")


def test_credentials_come_from_netrc(settings: Settings, tmp_path: Path, home: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (home / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (home / ".netrc").chmod(0o600)
    with serve(tmp_path) as server:
        server.fault(auth=("me", "secret"))
        with make_session(settings) as session, session.get(f"{server.url}/file") as response:
            assert response.status_code == 200
