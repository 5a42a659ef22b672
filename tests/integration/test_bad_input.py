"""What goes wrong for people: each ends in a sentence with a hint, the right exit code, and the environment as it was.

Everything is typed at the command line, with real jobs, archives, servers and disks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.engine.transaction.lock import PREFIX_LOCK, locked
from support.channel import Channel
from support.faults import Entry, snapshot_tree, tree_difference
from support.http_server import serve
from support.packages import PLACEHOLDER, File, RawMember, Symlink

Answer = tuple[int, dict[str, Any]]
Command = Callable[..., Answer]


@pytest.fixture
def envs(tmp_path: Path, channel: Channel) -> Command:
    """Type a command with ``--json`` and get exit code and answer; the channel is the test's own unless told."""

    def run(*words: str, channel: str | None = str(channel.folder), **variables: str) -> Answer:
        where = ["-c", channel, "--source", "conda"] if channel else []
        done = subprocess.run(
            [sys.executable, "-m", "jupyter_envs.cli.main", *words, *where, "--json"],
            capture_output=True,
            text=True,
            env={**os.environ, **variables},
            timeout=240,
            check=False,
        )
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"no JSON: {done.stdout!r} {done.stderr!r}") from None

    return run


@pytest.fixture
def stocked(channel: Channel) -> Channel:
    channel.add("base", "1.0", files={"lib/base.txt": "one", "share/both.txt": "base"})
    channel.add("base", "2.0", files={"lib/base.txt": "two"})
    channel.add("needs-old", "1.0", depends=["base <2"])
    channel.add("needs-new", "1.0", depends=["base >=2"])
    return channel.index()


@pytest.fixture
def prefix(tmp_path: Path, stocked: Channel, envs: Command) -> Path:
    code, answer = envs("create", "a", "base=1.0", "--no-kernel")
    assert code == 0, answer
    return tmp_path / "root/envs/a"


@pytest.fixture
def unchanged(prefix: Path) -> Iterator[Path]:
    """The environment, which must be the same to the byte when the test ends."""
    before = tree(prefix)
    yield prefix
    assert tree_difference(before, tree(prefix)) == []


def tree(prefix: Path) -> dict[str, Entry]:
    return snapshot_tree(prefix, ignore=lambda path: path == PREFIX_LOCK)


def refused(answer: Answer, code: int, error: str, *, says: str = "", hint: str = "") -> dict[str, Any]:
    exit_code, payload = answer
    assert "error" in payload, payload
    problem: dict[str, Any] = payload["error"]
    assert (exit_code, problem["code"]) == (code, error), payload
    assert problem["hint"], payload
    assert says in problem["message"], payload
    assert hint in problem["hint"], payload
    return problem


@pytest.mark.usefixtures("unchanged")
class TestRequests:
    def test_a_typo_in_a_spec(self, envs: Command) -> None:
        problem = refused(envs("install", "a", "base>=>1"), 2, "spec.match")
        assert "base>=>1" in problem["message"] + problem["hint"]

    def test_a_name_that_nobody_has(self, envs: Command) -> None:
        refused(envs("install", "a", "bsae"), 5, "solve.unknown", says="bsae", hint="base")

    def test_a_conflicting_request(self, envs: Command) -> None:
        problem = refused(envs("install", "a", "needs-new", "needs-old"), 5, "solve.conflict")
        assert "needs-new" in problem["message"]
        assert problem["detail"]["conflict"]["fixes"], problem

    def test_a_package_to_remove_that_is_not_installed(self, envs: Command) -> None:
        refused(envs("remove", "a", "bse", "--yes", channel=None), 3, "package", hint="base")

    def test_an_environment_that_is_not_there(self, envs: Command) -> None:
        refused(envs("install", "aa", "base"), 3, "environment", hint="a")

    def test_a_name_that_is_taken(self, envs: Command) -> None:
        refused(envs("create", "a", "base"), 4, "exists", hint="install")

    def test_a_name_that_is_not_allowed(self, envs: Command) -> None:
        refused(envs("create", "my env!", "base"), 2, "spec.name", hint="my-env")

    def test_a_generation_that_never_was(self, envs: Command) -> None:
        refused(envs("restore", "a", "9", "--yes", channel=None), 3, "generation")

    def test_nothing_to_undo(self, envs: Command) -> None:
        refused(envs("undo", "a", "--yes", channel=None), 3, "generation")

    def test_an_environment_file_that_is_not_one(self, envs: Command, tmp_path: Path) -> None:
        file = tmp_path / "environment.yml"
        file.write_text("dependencies: 7\nnmae: x\n")
        exit_code, payload = envs("create", "b", "--file", str(file))
        assert exit_code == 2
        assert payload["error"]["hint"]
        assert "environment.yml" in payload["error"]["message"]

    def test_a_channel_that_is_not_there(self, envs: Command, tmp_path: Path) -> None:
        exit_code, payload = envs("install", "a", "base", channel=str(tmp_path / "nowhere"))
        assert exit_code == 6, payload
        assert payload["error"]["hint"]


@pytest.mark.usefixtures("unchanged")
class TestArchives:
    """Archives that are not what they say, or must not be extracted."""

    def test_a_corrupted_archive(self, envs: Command, stocked: Channel) -> None:
        package = stocked.add("hurt", files={"share/x": "x" * 5000})
        data = bytearray(package.path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        stocked.index()
        package.path.write_bytes(bytes(data))
        refused(envs("install", "a", "hurt"), 7, "integrity.digest", says="hurt")

    def test_an_archive_that_is_broken_although_its_digest_is_right(self, envs: Command, stocked: Channel) -> None:
        package = stocked.add("hurt", files={"share/x": "x" * 5000})
        package.path.write_bytes(package.path.read_bytes()[:-400])
        stocked.index()
        exit_code, payload = envs("install", "a", "hurt")
        assert exit_code == 7, payload
        assert payload["error"]["code"].startswith("archive")
        assert payload["error"]["hint"]

    def test_a_truncated_download(self, envs: Command, stocked: Channel) -> None:
        stocked.add("cut", files={"share/x": os.urandom(50_000)})
        stocked.index()
        with serve(stocked.folder) as server:
            server.fault("*cut-1.0*", truncate_at=20_000)
            exit_code, payload = envs("install", "a", "cut", channel=server.url)
        assert exit_code == 7, payload
        assert payload["error"]["hint"]

    def test_a_wrong_hash(self, envs: Command, stocked: Channel) -> None:
        package = stocked.add("other", files={"share/x": "x"})
        stocked.index()
        repodata = package.path.parent / "repodata.json"
        repodata.write_text(repodata.read_text().replace(package.repodata()["sha256"], "0" * 64))
        (package.path.parent / "repodata.json.zst").unlink(missing_ok=True)
        refused(envs("install", "a", "other"), 7, "integrity.digest", says="other")

    @pytest.mark.parametrize(
        "member",
        [
            RawMember("../../escaped.txt", b"x"),
            RawMember("/tmp/escaped.txt", b"x"),
            RawMember("share/out", kind=tarfile.SYMTYPE, linkname="../../../../etc"),
            RawMember("share/hard", kind=tarfile.LNKTYPE, linkname="../../../etc/passwd"),
            RawMember("share/pipe", kind=tarfile.FIFOTYPE),
        ],
        ids=["climbs", "absolute", "symlink-out", "hardlink-out", "fifo"],
    )
    def test_a_member_that_must_not_be_extracted(
        self, member: RawMember, envs: Command, stocked: Channel, tmp_path: Path
    ) -> None:
        stocked.add("evil", files={"share/x": "x"}, members=[member])
        stocked.index()
        exit_code, payload = envs("install", "a", "evil")
        assert exit_code == 7, payload
        assert payload["error"]["code"].startswith("archive")
        assert payload["error"]["hint"]
        assert not list(tmp_path.rglob("escaped.txt"))

    def test_a_record_whose_paths_climb_out(self, envs: Command, stocked: Channel, tmp_path: Path) -> None:
        paths = {"paths": [{"_path": "../../../escaped.txt", "path_type": "hardlink"}], "paths_version": 1}
        stocked.add("evil", files={"share/x": "x"}, paths_json=paths)
        stocked.index()
        exit_code, payload = envs("install", "a", "evil")
        assert exit_code == 7, payload
        assert not list(tmp_path.rglob("escaped.txt"))

    def test_a_bomb_of_a_million_entries(self, envs: Command, stocked: Channel, tmp_path: Path) -> None:
        import io

        import zstandard

        from support.packages import make_package

        package = make_package(stocked.folder / "noarch", "bomb", noarch="generic", files={"share/x": "x"})
        header = tarfile.TarInfo("share/x").tobuf()
        with package.path.open("rb") as stream:
            content = stream.read()
        bomb = zstandard.ZstdCompressor(level=3).compress(header * 1_000_001 + b"\0" * 1024)
        _replace_payload(package.path, io.BytesIO(content), bomb)
        stocked.packages.append(package)
        stocked.index()
        exit_code, payload = envs("install", "a", "bomb")
        assert exit_code == 7, payload
        assert payload["error"]["code"].startswith("archive"), payload
        assert payload["error"]["hint"]


def _replace_payload(target: Path, source: Any, payload: bytes) -> None:
    """Write the archive anew with another ``pkg-*.tar.zst``."""
    import zipfile

    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as new:
        for item in old.infolist():
            new.writestr(item, payload if item.filename.startswith("pkg-") else old.read(item))


@pytest.mark.usefixtures("unchanged")
class TestMachine:
    """Disks, permissions and other processes."""

    def test_a_prefix_longer_than_the_placeholder(self, envs: Command, stocked: Channel, tmp_path: Path) -> None:
        binary = File(b"\x7fELF\0" + PLACEHOLDER.encode() + b"/lib\0rest", 0o755)
        stocked.add("binary", files={"bin/tool": binary})
        stocked.index()
        deep = tmp_path / "/".join(["d" * 60] * 5) / "env"
        exit_code, payload = envs("create", "--no-kernel", "-p", str(deep), "binary")
        assert (exit_code, payload["error"]["code"]) == (8, "link.prefix_too_long"), payload
        assert "shorter" in payload["error"]["hint"]
        assert not deep.exists()

    def test_an_environment_that_another_process_is_changing(self, envs: Command, prefix: Path) -> None:
        with locked(prefix / PREFIX_LOCK, prefix=prefix, command="install a something"):
            refused(envs("install", "a", "base=2.0", "--yes"), 9, "locked", says="another process", hint="wait")

    def test_a_frozen_environment(self, envs: Command, prefix: Path) -> None:
        frozen = prefix / "conda-meta/frozen"
        frozen.write_text('{"message": "ask the teacher"}')
        refused(envs("install", "a", "needs-new", "--yes"), 10, "frozen", says="ask the teacher", hint="clone")
        frozen.unlink()

    def test_a_root_that_cannot_be_written(self, envs: Command, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("not a folder")
        exit_code, payload = envs(
            "create", "b", "base", "--no-kernel", JUPYTER_ENVS_ROOT=str(tmp_path / "file" / "root")
        )
        assert exit_code in (7, 12), payload
        assert payload["error"]["hint"], payload

    def test_a_disk_that_is_full(self, envs: Command, stocked: Channel, tmp_path: Path) -> None:
        small = tmp_path / "small"
        small.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(small)], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip("needs the right to mount a small tmpfs")
        stocked.add("big", files={"share/big": os.urandom(2_000_000)})
        stocked.index()
        try:
            exit_code, payload = envs("create", "b", "big", "--no-kernel", JUPYTER_ENVS_ROOT=str(small / "root"))
            assert exit_code == 12, payload
            assert payload["error"]["code"] == "storage.full", payload
            assert "free" in payload["error"]["hint"]
            assert not (small / "root/envs/b").exists()
        finally:
            subprocess.run(["umount", str(small)], check=True)


def test_a_kernel_name_that_is_taken(envs: Command, prefix: Path, home: Path, stocked: Channel, tmp_path: Path) -> None:
    """A kernelspec of somebody else under the name is left alone; ours gets another."""
    foreign = home / "jupyter/data/kernels/envs-b"
    foreign.mkdir(parents=True)
    (foreign / "kernel.json").write_text('{"argv": ["true"], "display_name": "mine", "language": "x"}')
    stocked.python()
    stocked.noarch("ipykernel", "7.4.0")
    stocked.index()
    exit_code, payload = envs("create", "b", "python")
    assert exit_code == 0, payload
    assert json.loads((foreign / "kernel.json").read_text())["display_name"] == "mine"
    assert [kernel for kernel in payload["kernels"] if kernel.startswith("envs-b-")], payload


def test_a_file_that_no_package_owns_is_kept(envs: Command, prefix: Path, stocked: Channel) -> None:
    (prefix / "share/mine.txt").write_text("my own work")
    stocked.add("taker", files={"share/mine.txt": "theirs", "share/link": Symlink("mine.txt")})
    stocked.index()
    exit_code, payload = envs("install", "a", "taker")
    assert exit_code == 0, payload
    kept = list((prefix / "share").glob("mine.txt.before-*"))
    assert [path.read_text() for path in kept] == ["my own work"]
    assert "link.backup" in json.dumps(payload)
