"""Filling the cache: what is in it afterwards, and that a package is there whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.models.events import CancelToken, Event, NullReporter
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.package_cache.cache import PackageCache
from jupyter_envs.errors import (
    ArchiveError,
    CacheError,
    CancelledError,
    FetchError,
    IntegrityError,
    OfflineError,
    StorageError,
)
from jupyter_envs.settings import Settings
from support.faults import Fault, crash_points, run_forked, snapshot_tree
from support.http_server import serve
from support.packages import SUBDIR, make_package, noarch_python_package
from support.wheels import make_wheel

FILES = {"lib/a": "content", "bin/a": "#!/bin/sh\n"}


def populate(settings: Settings, *records: RepodataRecord) -> PackageCache:
    cache = PackageCache(settings)
    cache.populate(records, NullReporter(), CancelToken())
    return cache


def visible(pkgs: Path) -> list[str]:
    """Return what a reader of the cache sees: everything but the engine's own dotted folders."""
    return sorted(name for name in os.listdir(pkgs) if not name.startswith(".")) if pkgs.is_dir() else []


@pytest.fixture
def pkgs(settings: Settings) -> Path:
    return Path(settings.package_directories[0])


def test_from_a_folder_and_from_a_server(tmp_path: Path, settings: Settings, pkgs: Path) -> None:
    local = make_package(tmp_path / "c/noarch", "a", files=FILES, noarch="generic")
    remote = make_package(tmp_path / "c/noarch", "b", files=FILES, noarch="generic", extension=".tar.bz2")
    with serve(tmp_path / "c") as server:
        records = [local.record(), remote.record(server.url)]
        cache = populate(settings, *records)
        assert cache.missing(records) == []
        assert visible(pkgs) == [local.dist, remote.dist]
        assert cache.find(records[1]) == pkgs / remote.dist
        populate(settings, *records)
        assert len(server.asked("*.tar.bz2")) == 1
    assert local.path.exists()
    assert os.listdir(pkgs / ".downloads") == []
    assert not [name for name in os.listdir(pkgs) if name.startswith(".tmp-")]


def test_wheels_of_a_private_index_are_fetched_with_the_credentials_of_pip(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = make_wheel(tmp_path / "index", "private", "1.0")
    with serve(tmp_path / "index") as server:
        server.fault("*", auth=("me", "p@ss"))
        monkeypatch.setenv("PIP_INDEX_URL", server.url.replace("://", "://me:p%40ss@") + "/simple/")
        record = RepodataRecord(
            name="private",
            version="1.0",
            build="py3_none_any_0",
            noarch="python",
            fn=wheel.name,
            url=f"{server.url}/{wheel.name}",
            sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        )
        cache = populate(settings, record)
    assert cache.find(record)
    assert b"p@ss" not in (cache.find(record) / "info/repodata_record.json").read_bytes()


def test_events(tmp_path: Path, settings: Settings) -> None:
    seen: list[Event] = []
    remote = make_package(tmp_path / f"far/{SUBDIR}", "b", files=FILES)

    class Recorder:
        def report(self, event: Event) -> None:
            seen.append(event)

    record = make_package(tmp_path / f"c/{SUBDIR}", "a", files=FILES).record()
    PackageCache(settings).populate([record], Recorder(), CancelToken())
    here = [("phase", "extract", 0, 1), ("progress", "extract", 1, 1)]
    assert [(one.kind, one.phase, one.done, one.total) for one in seen] == here  # of what is here, nothing is fetched
    seen.clear()
    with serve(tmp_path / "far") as server:
        PackageCache(settings).populate([remote.record(server.url)], Recorder(), CancelToken())
    phases = [(one.phase, one.total) for one in seen if one.kind == "phase"]
    assert phases == [("fetch", 1), ("extract", 1)]


def test_an_archive_that_another_tool_kept_is_used(tmp_path: Path, settings: Settings, pkgs: Path) -> None:
    package = make_package(tmp_path / f"c/{SUBDIR}", "a", files=FILES)
    record = package.record("http://127.0.0.1:9/nowhere")
    pkgs.mkdir(parents=True)
    (pkgs / record.fn).write_bytes(package.path.read_bytes())
    assert populate(settings, record).missing([record]) == []
    assert (pkgs / record.fn).exists()


@pytest.mark.parametrize("damage", ["another byte", "one byte more"])
def test_an_archive_that_was_kept_and_is_damaged_is_fetched_instead(
    tmp_path: Path, settings: Settings, pkgs: Path, damage: str
) -> None:
    package = make_package(tmp_path / f"c/{SUBDIR}", "a", files=FILES)
    data = package.path.read_bytes()
    pkgs.mkdir(parents=True)
    with serve(tmp_path / "c") as server:
        record = package.record(server.url)
        (pkgs / record.fn).write_bytes(data + b"x" if damage == "one byte more" else data[:-1] + bytes([data[-1] ^ 1]))
        assert populate(settings, record).missing([record]) == []
        assert len(server.asked(f"*{record.fn}")) == 1


def test_offline_names_what_is_missing(tmp_path: Path, settings: Settings) -> None:
    record = make_package(tmp_path / f"c/{SUBDIR}", "a", files=FILES).record("http://127.0.0.1:9/nowhere")
    with pytest.raises(OfflineError) as caught:
        populate(msgspec.structs.replace(settings, offline=True), record)
    assert record.dist in caught.value.message
    assert caught.value.hint == "run the command once without --offline"


def test_two_packages_of_the_same_name_are_never_mixed(tmp_path: Path, settings: Settings, pkgs: Path) -> None:
    first = make_package(tmp_path / f"one/{SUBDIR}", "a", files={"lib/a": "one"}).record()
    second = make_package(tmp_path / f"two/{SUBDIR}", "a", files={"lib/a": "two"}).record()
    cache = populate(settings, first, second)
    found = [cache.find(first), cache.find(second)]
    assert [path and (path / "lib/a").read_text() for path in found] == ["one", "two"]
    assert second.sha256 is not None
    assert first.sha256 is not None
    names = visible(pkgs)
    assert names[0] == first.dist
    assert names[1] in (f"{first.dist}-{second.sha256[:8]}", f"{first.dist}-{first.sha256[:8]}")
    third = msgspec.structs.replace(first, sha256="0" * 64, md5=None)
    assert cache.find(third) is None


def test_a_record_without_digests_matches_by_url(tmp_path: Path, settings: Settings) -> None:
    record = make_package(tmp_path / f"c/{SUBDIR}", "a", files=FILES).record()
    cache = populate(settings, record)
    bare = RepodataRecord(name="a", version="1.0", build=record.build, fn=record.fn, url=record.url)
    assert cache.find(bare) is not None
    assert cache.find(msgspec.structs.replace(bare, url="https://elsewhere.example/a.conda")) is None
    assert cache.manifest(bare, None).record.license == "BSD-3-Clause"
    assert cache.manifest(record, None).record == record


def test_what_another_tool_left_unfinished_is_replaced(tmp_path: Path, settings: Settings, pkgs: Path) -> None:
    record = make_package(tmp_path / f"c/{SUBDIR}", "a", files=FILES).record()
    (pkgs / record.dist / "lib").mkdir(parents=True)
    cache = populate(settings, record)
    assert cache.find(record) == pkgs / record.dist
    assert cache.verify(record) == []


def test_layers_below_are_used_and_never_written(tmp_path: Path, settings: Settings, pkgs: Path) -> None:
    lower = msgspec.structs.replace(settings, package_directories=(str(tmp_path / "lower"),))
    shared = make_package(tmp_path / f"c/{SUBDIR}", "a", files=FILES).record()
    own = make_package(tmp_path / f"c/{SUBDIR}", "b", files=FILES).record()
    populate(lower, shared)
    before = snapshot_tree(tmp_path / "lower")
    both = msgspec.structs.replace(settings, package_directories=(str(pkgs), str(tmp_path / "lower")))
    cache = populate(both, shared, own)
    assert cache.find(shared) == tmp_path / "lower" / shared.dist
    assert visible(pkgs) == [own.dist]
    assert snapshot_tree(tmp_path / "lower") == before


@pytest.mark.parametrize("bad", ["truncated", "corrupted", "wrong hash", "missing"])
def test_bad_archives_leave_the_cache_as_it_was(tmp_path: Path, settings: Settings, pkgs: Path, bad: str) -> None:
    good = make_package(tmp_path / f"c/{SUBDIR}", "good", files=FILES).record()
    package = make_package(tmp_path / f"c/{SUBDIR}", "bad", files=FILES)
    record = package.record()
    content = package.path.read_bytes()
    if bad == "missing":
        package.path.unlink()
    elif bad == "truncated":
        package.path.write_bytes(content[:-100])
    elif bad == "corrupted":
        package.path.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
    else:
        record = msgspec.structs.replace(record, sha256="0" * 64)
    populate(settings, good)
    with pytest.raises(FetchError) as caught:
        populate(settings, good, record)
    assert (
        caught.value.code
        == {
            "truncated": "integrity.size",
            "corrupted": "integrity.digest",
            "wrong hash": "integrity.digest",
            "missing": "fetch.not_found",
        }[bad]
    )
    assert caught.value.hint
    assert isinstance(caught.value, IntegrityError) == (bad != "missing")
    assert visible(pkgs) == [good.dist]
    assert not [name for name in os.listdir(pkgs) if name.startswith(".tmp-")]


def test_a_file_where_the_cache_should_be(tmp_path: Path, settings: Settings) -> None:
    record = make_package(tmp_path / f"c/{SUBDIR}", "a", files=FILES).record()
    (tmp_path / "file").write_text("not a folder")
    blocked = msgspec.structs.replace(settings, package_directories=(str(tmp_path / "file/pkgs"),))
    with pytest.raises((CacheError, StorageError)) as caught:
        populate(blocked, record)
    assert caught.value.exit_code in (7, 12)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_an_unwritable_root(tmp_path: Path, settings: Settings, number: int) -> None:
    record = make_package(tmp_path / f"c/{SUBDIR}", "a", files=FILES).record()
    outcome = run_forked(lambda: hint_of(settings, record), below=settings.root, fault=Fault(1, "raise-on", number))
    assert outcome.result == [
        "cache.read_only",
        "add a writable directory to pkgs_dirs, or set JUPYTER_ENVS_ROOT to a folder you can write",
    ]


def hint_of(settings: Settings, record: RepodataRecord) -> list[str]:
    with pytest.raises(CacheError) as caught:
        populate(settings, record)
    return [caught.value.code, caught.value.hint]


def test_killed_at_every_call_the_package_is_whole_or_not_there(tmp_path: Path, settings: Settings, pkgs: Path) -> None:
    record = noarch_python_package(tmp_path / "c/noarch", "a").record()
    populate(settings, make_package(tmp_path / f"c/{SUBDIR}", "other", files=FILES).record())
    for k, outcome in crash_points(lambda: populate(settings, record) and None, tree=pkgs):
        assert outcome.killed == (k > 0), k
        assert set(visible(pkgs)) - {"other-1.0-h0_0"} in (set(), {record.dist}), k
        cache = populate(settings, record)
        assert cache.verify(record) == [], k
        assert not [name for name in os.listdir(pkgs) if name.startswith(".tmp-")], k


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_refused_at_every_call_the_package_is_whole_or_not_there(
    tmp_path: Path, settings: Settings, pkgs: Path, number: int
) -> None:
    record = make_package(tmp_path / f"c/{SUBDIR}", "a", files=FILES).record()
    populate(settings, make_package(tmp_path / f"c/{SUBDIR}", "other", files=FILES).record())
    for k, outcome in crash_points(
        lambda: populate(settings, record) and None, tree=pkgs, kind="raise-on", error=number
    ):
        if k and outcome.error:
            assert outcome.error in ("StorageError", "CacheError"), (k, outcome)
        assert set(visible(pkgs)) - {"other-1.0-h0_0"} in (set(), {record.dist}), k
        cache = populate(settings, record)
        assert cache.verify(record) == [], k


def test_cancelling_leaves_nothing_half_done(tmp_path: Path, settings: Settings, pkgs: Path) -> None:
    records = [make_package(tmp_path / f"c/{SUBDIR}", f"a{n}", files=FILES).record() for n in range(3)]
    cancel = CancelToken()

    class CancelAtFirst:
        def report(self, event: Event) -> None:
            if event.kind == "progress":
                cancel.cancel()

    with pytest.raises(CancelledError):
        PackageCache(settings).populate(records, CancelAtFirst(), cancel)
    assert visible(pkgs) == []
    assert not [name for name in os.listdir(pkgs) if name.startswith(".tmp-")]


def test_what_dead_processes_left_is_removed(tmp_path: Path, settings: Settings, pkgs: Path) -> None:
    from jupyter_envs.engine.file_systems import machine

    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead = pkgs / f".tmp-{gone.pid}-{machine()}00000000"
    alive = pkgs / f".tmp-{os.getpid()}-{machine()}00000000"
    elsewhere = pkgs / f".tmp-{gone.pid}-{'0000' if machine() != '0000' else '1111'}00000000"
    for folder in (dead, alive, elsewhere):
        (folder / "0").mkdir(parents=True)
    populate(settings, make_package(tmp_path / f"c/{SUBDIR}", "a", files=FILES).record())
    assert [folder.exists() for folder in (dead, alive, elsewhere)] == [False, True, True]
    os.utime(elsewhere, (1, 1))
    populate(settings, make_package(tmp_path / f"c/{SUBDIR}", "b", files=FILES).record())
    assert not elsewhere.exists()


@pytest.mark.parametrize(("name", "build"), [("../../escaped", "0"), ("a", "0/../../../escaped")])
def test_a_name_that_leads_out_of_the_cache(
    tmp_path: Path, settings: Settings, pkgs: Path, name: str, build: str
) -> None:
    made = make_package(tmp_path / "c/noarch", "a", files=FILES, noarch="generic")
    (pkgs / "a-1.0-0").mkdir(parents=True)
    before = snapshot_tree(tmp_path)
    with pytest.raises(ArchiveError, match="a package cannot be called") as caught:
        populate(settings, msgspec.structs.replace(made.record(), name=name, build=build))
    assert caught.value.code == "archive.name"
    assert {path for path in snapshot_tree(tmp_path) if "escaped" in path} == set()
    assert snapshot_tree(tmp_path).items() >= before.items()


def test_an_archive_that_is_dangerous(tmp_path: Path, settings: Settings, pkgs: Path) -> None:
    from support.packages import RawMember

    package = make_package(tmp_path / f"c/{SUBDIR}", "a", members=[RawMember("../../../../precious", b"x")])
    with pytest.raises(ArchiveError) as caught:
        populate(settings, package.record())
    assert caught.value.code == "archive.escape"
    assert visible(pkgs) == []


WORKER = """
import json, sys
import msgspec
from jupyter_envs.engine.models.events import CancelToken, NullReporter
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.package_cache.cache import PackageCache
from jupyter_envs.settings import Settings
given = json.load(sys.stdin)
settings = msgspec.convert(given["settings"], Settings)
records = msgspec.convert(given["records"], list[RepodataRecord])
cache = PackageCache(settings)
cache.populate(records, NullReporter(), CancelToken())
print(sum(len(cache.manifest(record, None).paths) + len(cache.verify(record)) for record in records))
"""


def test_sixteen_processes_on_one_cold_cache(tmp_path: Path, settings: Settings, pkgs: Path) -> None:
    with serve(tmp_path / "c") as server:
        packages = [noarch_python_package(tmp_path / "c/noarch", f"a{n}") for n in range(6)]
        records = [package.record(server.url if n % 2 else None) for n, package in enumerate(packages)]
        given = json.dumps({"settings": msgspec.to_builtins(settings), "records": msgspec.to_builtins(records)})
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(16)
        ]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(given)
            process.stdin.close()
            process.stdin = None
        ends = [process.communicate(timeout=100) for process in processes]
        assert [(out.strip(), err) for out, err in ends] == [("36", "")] * 16
        assert len(server.asked("*.conda")) == 3
    assert visible(pkgs) == sorted(package.dist for package in packages)
    assert not [name for name in os.listdir(pkgs) if name.startswith(".tmp-")]


def test_more_packages_than_files_that_may_be_open(tmp_path: Path, settings: Settings, pkgs: Path) -> None:
    records = [make_package(tmp_path / f"c/{SUBDIR}", f"a{n}", files={"share/x": "x"}).record() for n in range(90)]
    given = json.dumps({"settings": msgspec.to_builtins(settings), "records": msgspec.to_builtins(records)})
    limited = f"import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n{WORKER}"
    command = [sys.executable, "-c", limited]
    ran = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=240)
    assert (ran.stdout.strip(), ran.stderr) == ("90", "")
    assert len(visible(pkgs)) == 90
