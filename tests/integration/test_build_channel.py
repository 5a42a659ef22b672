"""A channel's folder: published, indexed incrementally, patched, changed, served."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
import requests

from jupyter_envs.build.channel.folder import FolderChannel, subdir_of
from jupyter_envs.build.channel.serve import make_server
from jupyter_envs.errors import ArchiveError, NotFoundError
from jupyter_envs.settings import Settings
from support.packages import SUBDIR, BuiltPackage, make_package
from support.recipes import install


@pytest.fixture
def folder(tmp_path: Path) -> FolderChannel:
    return FolderChannel(tmp_path / "channel")


def add(folder: FolderChannel, packages: Path, name: str, version: str = "1.0", **options: Any) -> BuiltPackage:
    package = make_package(packages, name, version, **options)
    folder.publish([(package.subdir, package.path)], replace=True)
    return package


def names(folder: FolderChannel, subdir: str = SUBDIR) -> list[str]:
    repodata = json.loads((folder.folder / subdir / "repodata.json").read_text())
    return sorted([*repodata["packages"], *repodata["packages.conda"]])


def test_packages_of_both_formats_are_published_and_removed(folder: FolderChannel, tmp_path: Path) -> None:
    add(folder, tmp_path, "a", "1.0", about={"summary": "old"})
    add(folder, tmp_path, "a", "2.0", extension=".tar.bz2", about={"summary": "new", "home": "http://localhost"})
    add(folder, tmp_path, "n", noarch="generic", files={"share/n": "n"})
    assert names(folder) == ["a-1.0-h0_0.conda", "a-2.0-h0_0.tar.bz2"]
    assert names(folder, "noarch") == ["n-1.0-generic_0.conda"]
    channeldata = json.loads((folder.folder / "channeldata.json").read_text())
    assert channeldata["packages"]["a"]["version"] == "2.0"
    assert channeldata["packages"]["a"]["summary"] == "new"
    assert channeldata["subdirs"] == [SUBDIR, "noarch"]
    for index in ("repodata.json.zst", "repodata_shards.msgpack.zst", "run_exports.json"):
        assert (folder.folder / SUBDIR / index).is_file()
    folder.remove(["a-2.0-h0_0"])
    assert names(folder) == ["a-1.0-h0_0.conda"]
    assert json.loads((folder.folder / "channeldata.json").read_text())["packages"]["a"]["summary"] == "old"
    with pytest.raises(NotFoundError, match="has no package a-9"):
        folder.remove(["a-9-h0_0"])


def test_only_new_packages_are_read(folder: FolderChannel, tmp_path: Path) -> None:
    first = add(folder, tmp_path, "a")
    damaged = folder.path(SUBDIR, first.path.name)
    damaged.write_bytes(b"x" * damaged.stat().st_size)  # it would fail if it were opened again
    add(folder, tmp_path, "b")
    assert names(folder) == ["a-1.0-h0_0.conda", "b-1.0-h0_0.conda"]
    with folder.changing(), pytest.raises(ArchiveError) as caught:
        folder.index((), force=True)
    assert caught.value.code == "archive.channel"
    assert caught.value.hint


def test_a_replaced_package_has_its_new_record(folder: FolderChannel, tmp_path: Path) -> None:
    add(folder, tmp_path / "one", "a", files={"one": "1"})
    second = add(folder, tmp_path / "two", "a", files={"two": "2"}, depends=["b"])
    repodata = json.loads((folder.folder / SUBDIR / "repodata.json").read_text())
    (entry,) = repodata["packages.conda"].values()
    assert entry["depends"] == ["b"]
    assert entry["sha256"] == second.repodata()["sha256"]


def test_a_patch_is_applied_each_time(folder: FolderChannel, tmp_path: Path) -> None:
    add(folder, tmp_path, "a", depends=["b <2"])
    instructions = {
        "patch_instructions_version": 1,
        "packages": {},
        "packages.conda": {"a-1.0-h0_0.conda": {"depends": ["b <3"]}},
        "revoke": [],
        "remove": [],
    }
    patch = add(
        folder,
        tmp_path,
        "fixes",
        noarch="generic",
        files={f"{SUBDIR}/patch_instructions.json": json.dumps(instructions)},
    )
    folder.set_patch(patch.path.name)

    def needs() -> list[str]:
        text = (folder.folder / SUBDIR / "repodata.json").read_text()
        found: list[str] = json.loads(text)["packages.conda"]["a-1.0-h0_0.conda"]["depends"]
        return found

    assert needs() == ["b <3"]
    add(folder, tmp_path, "later")
    assert needs() == ["b <3"], "still, after another package came"
    folder.set_patch(None)
    assert needs() == ["b <2"]
    with pytest.raises(NotFoundError):
        folder.set_patch("none-1-0.conda")


def test_an_archive_must_be_what_its_name_says(tmp_path: Path) -> None:
    package = make_package(tmp_path, "a")
    assert subdir_of(package.path) == SUBDIR
    other = tmp_path / "b-1.0-h0_0.conda"
    shutil.copy(package.path, other)
    with pytest.raises(ArchiveError, match="does not hold the package that its name says"):
        subdir_of(other)
    old = make_package(tmp_path, "d", extension=".tar.bz2")
    old.path.rename(tmp_path / "e-1.0-h0_0.tar.bz2")
    with pytest.raises(ArchiveError, match="says that it is d-1"):
        subdir_of(tmp_path / "e-1.0-h0_0.tar.bz2")
    (tmp_path / "c.conda").write_bytes(b"nothing")
    with pytest.raises(ArchiveError, match="not a conda package"):
        subdir_of(tmp_path / "c.conda")


def test_many_clients_wait_for_a_server_that_is_busy(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(make_server(tmp_path, "127.0.0.1", 0))  # it accepts none yet
        for _ in range(60):
            stack.enter_context(socket.create_connection(server.server_address[:2], timeout=20))


def test_a_served_channel_is_installed_from(folder: FolderChannel, tmp_path: Path, settings: Settings) -> None:
    add(folder, tmp_path, "a", files={"share/a": "served"})
    (folder.folder / "broken").mkdir()
    (folder.folder / "broken/x.conda").write_text("x")
    server = make_server(folder.folder, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        prefix = install(settings, "e", "a", channels=(url,))  # type: ignore[arg-type]  # a URL instead of a folder
        assert (prefix / "share/a").read_text() == "served"
        assert requests.get(f"{url}/broken/x.conda", timeout=60).status_code == 404
        assert requests.get(f"{url}/.channel.lock", timeout=60).status_code == 404
        assert requests.get(f"{url}/%2e%2e/%2e%2e/etc/passwd", timeout=60).status_code == 404
        answer = requests.get(f"{url}/{SUBDIR}/repodata.json", timeout=60)
        again = {"If-Modified-Since": answer.headers["Last-Modified"]}
        assert requests.get(answer.url, headers=again, timeout=60).status_code == 304
        assert requests.post(url, timeout=60).status_code == 501
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
