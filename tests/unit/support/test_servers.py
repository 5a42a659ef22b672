"""The test server's faults and the test index are what clients really see."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest
import requests

from support.http_server import serve
from support.wheels import JSON_TYPE, SimpleIndex, make_wheel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/file").write_bytes(bytes(range(200)))
    return tmp_path / "site"


def test_ranges_and_etags_are_answered_and_logged(folder: Path) -> None:
    with serve(folder) as server:
        whole = requests.get(f"{server.url}/file", timeout=60)
        part = requests.get(f"{server.url}/file", headers={"Range": "bytes=190-"}, timeout=60)
        tail = requests.get(f"{server.url}/file", headers={"Range": "bytes=-5"}, timeout=60)
        same = requests.get(f"{server.url}/file", headers={"If-None-Match": whole.headers["ETag"]}, timeout=60)
        assert (part.status_code, part.content) == (206, bytes(range(190, 200)))
        assert tail.content == bytes(range(195, 200))
        assert same.status_code == 304
        assert requests.get(f"{server.url}/absent", timeout=60).status_code == 404
        assert len(server.asked("file")) == 4


def test_faults_happen_as_often_as_asked(folder: Path) -> None:
    with serve(folder) as server:
        server.fault("file", times=1, status=503, headers={"Retry-After": "0"})
        assert [requests.get(f"{server.url}/file", timeout=60).status_code for _ in range(2)] == [503, 200]


def test_truncation_corruption_and_ranges_ignored(folder: Path) -> None:
    with serve(folder) as server:
        server.fault("file", times=1, truncate_at=50)
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            requests.get(f"{server.url}/file", timeout=60)
        server.fault("file", times=1, corrupt=True)
        wrong = requests.get(f"{server.url}/file", timeout=60).content
        assert (len(wrong), wrong == bytes(range(200))) == (200, False)
        server.fault("file", times=1, ignore_range=True)
        assert requests.get(f"{server.url}/file", headers={"Range": "bytes=1-"}, timeout=60).status_code == 200


def test_credentials_are_demanded(folder: Path) -> None:
    with serve(folder) as server:
        server.fault(auth=("me", "secret"))
        assert requests.get(f"{server.url}/file", timeout=60).status_code == 401
        assert requests.get(f"{server.url}/file", auth=("me", "secret"), timeout=60).status_code == 200


def test_slow_answers_are_slow(folder: Path) -> None:
    with serve(folder) as server:
        server.fault("file", latency=0.05, chunk_size=100, chunk_delay=0.05)
        start = time.monotonic()
        assert len(requests.get(f"{server.url}/file", timeout=60).content) == 200
        assert time.monotonic() - start >= 0.09


@pytest.mark.parametrize("kind", ["json", "html"])
def test_the_index_serves_both_forms(tmp_path: Path, kind: str) -> None:
    index = SimpleIndex(formats=(kind,))
    path = index.wheel(
        tmp_path, "Some.Name", "1.2", requires_python=">=3.8", says={"yanked": "broken", "core_metadata": True}
    )
    with serve(application=index) as server:
        answer = requests.get(
            f"{server.url}/simple/some-name/", headers={"Accept": f"{JSON_TYPE}, text/html;q=0.1"}, timeout=60
        )
        assert path.name in answer.text
        assert "broken" in answer.text
        if kind == "json":
            file = json.loads(answer.text)["files"][0]
            assert (file["requires-python"], file["size"]) == (">=3.8", path.stat().st_size)
        metadata = requests.get(f"{server.url}/files/{path.name}.metadata", timeout=60)
        assert b"Name: Some.Name" in metadata.content
        assert requests.get(f"{server.url}/simple/other/", timeout=60).status_code == 404


def test_pip_takes_a_wheel_from_the_index(tmp_path: Path) -> None:
    index = SimpleIndex()
    index.wheel(tmp_path / "w", "dependency", "1.0")
    index.wheel(
        tmp_path / "w",
        "tool",
        "1.0",
        requires=["dependency>=1"],
        entry_points={"console_scripts": {"tool": "tool:main"}},
        data={"scripts/run-tool": "#!python\nprint(1)\n", "data/share/tool/x.txt": "x"},
    )
    with serve(application=index) as server:
        command = [sys.executable, "-m", "pip", "install", "--isolated", "--index-url", f"{server.url}/simple/", "tool"]
        result = subprocess.run(
            [*command, "--target", str(tmp_path / "t")], capture_output=True, text=True, check=False, timeout=60
        )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "t/dependency/__init__.py").is_file()
    assert (tmp_path / "t/share/tool/x.txt").read_text() == "x"


def test_a_wheel_may_be_malformed_on_request(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, "evil", raw={"../outside": "x"}, record="evil/__init__.py,sha256=AAAA,1\n")
    with zipfile.ZipFile(path) as archive:
        assert "../outside" in archive.namelist()
        assert archive.read("evil-1.0.dist-info/RECORD") == b"evil/__init__.py,sha256=AAAA,1\n"


def test_an_unused_port_answers_nothing(folder: Path) -> None:
    with serve(folder) as server:
        url = server.url
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{url}/file", timeout=60)
