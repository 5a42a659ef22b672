"""pip's configuration read as pip reads it: order of files, variables, lists, flags; credentials kept apart."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_envs.engine.sources.pypi_config import (
    IndexAddress,
    PipConfig,
    parse_address,
    pip_config_files,
    read_pip_config,
)
from jupyter_envs.errors import SourceError


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "HOME": str(tmp_path / "home"),
        "XDG_CONFIG_DIRS": str(tmp_path / "machine"),
        "XDG_CONFIG_HOME": str(tmp_path / "home/.config"),
    }


def read(environ: dict[str, str], tmp_path: Path) -> PipConfig:
    return read_pip_config(environ, platform="linux", site_prefix=str(tmp_path / "site"))


def test_without_any_configuration_the_client_s_default_index_holds() -> None:
    config = read_pip_config({"PIP_CONFIG_FILE": os.devnull})
    assert config.indexes == (IndexAddress(None),)
    assert config.find_links == ()


def test_a_later_file_wins(environ: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "machine/pip/pip.conf", "[global]\nindex-url = http://machine.test/simple\ntimeout = 7\n")
    write(tmp_path / "home/.config/pip/pip.conf", "[global]\nindex-url = http://user.test/simple\n")
    assert read(environ, tmp_path).indexes == (IndexAddress("http://user.test/simple"),)
    write(tmp_path / "site/pip.conf", "[global]\nindex_url = http://site.test/simple/\n[install]\npre = yes\n")
    config = read(environ, tmp_path)
    assert config.indexes == (IndexAddress("http://site.test/simple"),)
    assert (config.timeout, config.prereleases) == (7.0, True)
    assert read({**environ, "PIP_INDEX_URL": "http://variable.test"}, tmp_path).indexes[0].url == "http://variable.test"


def test_the_named_file_replaces_the_user_s(environ: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "home/.config/pip/pip.conf", "[global]\nproxy = http://user.test\n")
    named = write(tmp_path / "named.conf", "[global]\nindex-url = http://named.test\n")
    config = read({**environ, "PIP_CONFIG_FILE": str(named)}, tmp_path)
    assert (config.indexes[0].url, config.proxy) == ("http://named.test", None)


def test_no_file_is_read_when_the_named_one_is_the_null_device(environ: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "home/.config/pip/pip.conf", "[global]\nproxy = http://user.test\n")
    assert read({**environ, "PIP_CONFIG_FILE": os.devnull}, tmp_path) == PipConfig()


def test_several_indexes_and_folders(environ: dict[str, str], tmp_path: Path) -> None:
    text = f"[global]\nextra-index-url =\n  http://one.test/simple\n  file:///srv/simple\nfind-links = {tmp_path}/a b\n"
    write(tmp_path / "home/.pip/pip.conf", text)
    config = read(environ, tmp_path)
    assert [address.url for address in config.indexes] == [None, "http://one.test/simple", "file:///srv/simple"]
    assert config.find_links[0].url == f"file://{tmp_path}/a"
    assert config.find_links[1].url == Path("b").absolute().as_uri()


def test_no_index_leaves_the_folders(environ: dict[str, str], tmp_path: Path) -> None:
    config = read({**environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/srv/wheels"}, tmp_path)
    assert config.indexes == ()
    assert config.find_links == (IndexAddress("file:///srv/wheels"),)


def test_the_rest(environ: dict[str, str], tmp_path: Path) -> None:
    more = {
        "PIP_CERT": "~/ca.pem",
        "PIP_CLIENT_CERT": "/etc/client.pem",
        "PIP_PROXY": "http://proxy.test:3128",
        "PIP_TRUSTED_HOST": "one.test two.test:8443",
        "PIP_DEFAULT_TIMEOUT": "180",
    }
    config = read({**environ, **more}, tmp_path)
    assert config.cert == str(Path("~/ca.pem").expanduser())
    assert (config.client_cert, config.proxy, config.timeout) == ("/etc/client.pem", "http://proxy.test:3128", 180.0)
    assert config.trusts("https://one.test/x")
    assert config.trusts("https://two.test:8443/x")
    assert not config.trusts("https://two.test/x")


def test_credentials_never_stay_in_the_address(environ: dict[str, str], tmp_path: Path) -> None:
    config = read({**environ, "PIP_INDEX_URL": "https://me:p%40ss@index.test:8443/simple/"}, tmp_path)
    assert config.indexes[0].url == "https://index.test:8443/simple"
    assert config.credentials_for("https://index.test:8443/files/x.whl") == ("me", "p@ss")
    assert config.credentials_for("https://other.test/x.whl") is None
    assert "p@ss" not in repr(config)


def test_addresses() -> None:
    assert parse_address("file:///opt/simple/") == IndexAddress("file:///opt/simple")
    assert parse_address("https://token@index.test/simple") == IndexAddress("https://index.test/simple", "token", "")


@pytest.mark.parametrize(
    ("environ", "message"),
    [({"PIP_NO_INDEX": "perhaps"}, "neither yes nor no"), ({"PIP_TIMEOUT": "soon"}, "not a number of seconds")],
)
def test_values_that_cannot_be_read(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        read_pip_config({"PIP_CONFIG_FILE": os.devnull, **environ})
    assert caught.value.code == "source.pip_config"
    assert "pip config debug" in caught.value.hint


def test_a_file_that_cannot_be_read(environ: dict[str, str], tmp_path: Path) -> None:
    path = write(tmp_path / "home/.config/pip/pip.conf", "index-url = no section\n")
    with pytest.raises(SourceError, match="cannot be read") as caught:
        read(environ, tmp_path)
    assert caught.value.detail["path"] == str(path)
    assert "PIP_CONFIG_FILE" in caught.value.hint


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        (
            "linux",
            ["/etc/xdg/pip/pip.conf", "/etc/pip.conf", "/h/.pip/pip.conf", "/h/.config/pip/pip.conf", "/s/pip.conf"],
        ),
        (
            "darwin",
            ["/Library/Application Support/pip/pip.conf", "/h/.pip/pip.conf", "/h/.config/pip/pip.conf", "/s/pip.conf"],
        ),
        ("win32", ["/p/pip/pip.ini", "/h/pip/pip.ini", "/a/pip/pip.ini", "/s/pip.ini"]),
    ],
)
def test_the_files_of_three_platforms(platform: str, expected: list[str]) -> None:
    environ = {"HOME": "/h", "PROGRAMDATA": "/p", "APPDATA": "/a"}
    assert [str(path) for path in pip_config_files(environ, platform=platform, site_prefix="/s")] == expected


@pytest.mark.skipif(sys.platform != "linux", reason="compares with pip's own list of files on Linux")
def test_the_same_files_as_pip_reads(home: Path) -> None:
    environ = {"HOME": str(home), "PATH": os.environ["PATH"]}
    probe = "from pip._internal.configuration import get_configuration_files as f; print(sum(f().values(), []))"
    answer = subprocess.run([sys.executable, "-c", probe], env=environ, capture_output=True, text=True, check=True)
    ours = [str(path) for path in pip_config_files(environ, platform="linux", site_prefix=sys.prefix)]
    assert sorted(ours) == sorted(eval(answer.stdout))
