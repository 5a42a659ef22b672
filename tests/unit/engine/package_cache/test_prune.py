"""Pruning: what any environment or running process uses stays, the rest goes, and the figures are true."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.file_systems import machine
from jupyter_envs.engine.models.events import CancelToken, NullReporter
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.package_cache import disk
from jupyter_envs.engine.package_cache.cache import PackageCache
from jupyter_envs.engine.package_cache.usage import PRUNE_LOCK, announce, used_by_others
from jupyter_envs.errors import LockedError
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.faults import snapshot_tree, tree_difference

TAG = str(sys.implementation.cache_tag)
ANNOUNCE = """
import sys
from jupyter_envs.engine.models.events import CancelToken
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.package_cache.usage import announce
name, version, build = sys.argv[2].rsplit("-", 2)
announce(sys.argv[1], [RepodataRecord(name=name, version=version, build=build, fn="", url="")], CancelToken())
print("announced", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def pkgs(settings: Settings) -> Path:
    return Path(settings.package_directories[0])


@pytest.fixture
def records(channel: Channel, settings: Settings) -> list[RepodataRecord]:
    """Return the records of two packages that are in the cache, compiled."""
    for name in ("one", "two"):
        channel.noarch(name, files={f"site-packages/{name}/data.bin": os.urandom(20_000)})
    found = channel.records()
    cache = PackageCache(settings)
    cache.populate(found, NullReporter(), CancelToken())
    cache.compile(found, Path(sys.executable), TAG, NullReporter(), CancelToken())
    return found


def names(pkgs: Path) -> tuple[list[str], list[str]]:
    """Return the packages, and those with compiled files."""
    return sorted(name for name in os.listdir(pkgs) if name[0] != "."), sorted(os.listdir(pkgs / ".pyc" / TAG))


def used_bytes(folder: Path) -> int:
    """Return what the files of a folder take on the disk, each counted once, however many names it has."""
    found = {}
    for path in folder.rglob("*"):
        info = path.lstat()
        if not path.is_dir() or path.is_symlink():
            found[info.st_dev, info.st_ino] = info.st_blocks * 512
    return sum(found.values())


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return process.pid


@contextmanager
def announcing(pkgs: Path, record: RepodataRecord) -> Iterator[subprocess.Popen[str]]:
    """Run another process that has announced a package, until the block ends."""
    command = [sys.executable, "-c", ANNOUNCE, str(pkgs), record.dist]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "announced\n"
        yield process
        process.kill()


def link(pkgs: Path, record: RepodataRecord, environment: Path) -> None:
    """Share one file of a package with an environment."""
    environment.mkdir()
    os.link(pkgs / record.dist / f"site-packages/{record.name}/data.bin", environment / "data.bin")


def test_what_nothing_uses_goes_with_its_compiled_files(
    settings: Settings, pkgs: Path, records: list[RepodataRecord]
) -> None:
    report = PackageCache(settings).prune(())
    assert names(pkgs) == ([], [])
    assert sorted((entry.kind, os.path.basename(entry.path)) for entry in report.removed) == [
        (kind, record.dist) for kind in ("compiled", "package") for record in records
    ]
    assert report.kept == 0
    assert PackageCache(settings).entries() == []
    assert not [name for name in os.listdir(pkgs) if name.startswith(".tmp-")]


def test_dists_to_keep_stay_with_their_compiled_files(
    settings: Settings, pkgs: Path, records: list[RepodataRecord]
) -> None:
    report = PackageCache(settings).prune([records[0].dist])
    assert names(pkgs) == ([records[0].dist], [records[0].dist])
    assert report.kept == 2
    assert PackageCache(settings).missing(records) == [records[1]]


def test_what_an_environment_shares_stays(
    tmp_path: Path, settings: Settings, pkgs: Path, records: list[RepodataRecord]
) -> None:
    link(pkgs, records[1], tmp_path / "environment")
    linked = {(entry.kind, entry.dist): entry.linked for entry in PackageCache(settings).entries()}
    assert linked["package", records[0].dist] is False
    assert linked["package", records[1].dist] is True
    PackageCache(settings).prune(())
    assert names(pkgs) == ([records[1].dist], [records[1].dist])
    (tmp_path / "environment/data.bin").unlink()
    PackageCache(settings).prune(())
    assert names(pkgs) == ([], [])


def test_links_within_a_package_are_not_an_environment(
    settings: Settings, pkgs: Path, records: list[RepodataRecord]
) -> None:
    inside = pkgs / records[0].dist / "site-packages/one"
    os.link(inside / "data.bin", inside / "second-name.bin")
    PackageCache(settings).prune(())
    assert names(pkgs) == ([], [])


def test_soft_links_are_not_followed(
    tmp_path: Path, settings: Settings, pkgs: Path, records: list[RepodataRecord]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"x" * 50_000)
    before = {entry.path: entry.bytes for entry in PackageCache(settings).entries()}
    (pkgs / records[0].dist / "elsewhere").symlink_to(outside)
    after = {entry.path: entry.bytes for entry in PackageCache(settings).entries()}
    assert after[str(pkgs / records[0].dist)] < before[str(pkgs / records[0].dist)] + 50_000
    PackageCache(settings).prune(())
    assert (outside / "precious").stat().st_size == 50_000


def test_what_a_running_process_announced_stays_until_it_ends(
    settings: Settings, pkgs: Path, records: list[RepodataRecord]
) -> None:
    with announcing(pkgs, records[0]) as process:
        assert used_by_others(str(pkgs)) == {records[0].dist}
        PackageCache(settings).prune(())
        assert names(pkgs) == ([records[0].dist], [records[0].dist])
        note = pkgs / f".locks/using-{process.pid}-{machine()}"
        assert note.exists()
    assert used_by_others(str(pkgs)) == frozenset()
    assert not note.exists()
    PackageCache(settings).prune(())
    assert names(pkgs) == ([], [])


def test_what_this_process_announced_itself_is_no_hindrance(
    settings: Settings, pkgs: Path, records: list[RepodataRecord]
) -> None:
    announce(str(pkgs), records, CancelToken())
    assert used_by_others(str(pkgs)) == frozenset()
    assert len(PackageCache(settings).prune(()).removed) == 4


def test_announcements_of_another_machine_count_for_a_day(pkgs: Path, records: list[RepodataRecord]) -> None:
    where = "0000" if machine() != "0000" else "1111"
    note = pkgs / f".locks/using-{dead_pid()}-{where}"
    note.write_text(f"{records[0].dist}\n")
    assert used_by_others(str(pkgs)) == {records[0].dist}
    yesterday = time.time() - 25 * 3600
    os.utime(note, (yesterday, yesterday))
    assert used_by_others(str(pkgs)) == frozenset()
    assert not note.exists()


def test_a_dry_run_says_the_same_and_removes_nothing(
    tmp_path: Path, settings: Settings, pkgs: Path, records: list[RepodataRecord]
) -> None:
    link(pkgs, records[1], tmp_path / "environment")
    (pkgs / f".tmp-{dead_pid()}-{machine()}01234567").mkdir()
    (pkgs / "other-1.0-0.conda").write_bytes(b"x" * 5000)
    before = snapshot_tree(pkgs)
    dry = PackageCache(settings).prune((), dry_run=True)
    changed = [line for line in tree_difference(before, snapshot_tree(pkgs)) if f".locks/{PRUNE_LOCK}" not in line]
    assert changed == []
    assert dry.dry_run
    real = PackageCache(settings).prune(())
    assert not real.dry_run
    assert msgspec.structs.replace(dry, dry_run=False) == real
    assert {entry.kind for entry in real.removed} == {"package", "compiled", "temporary", "archive"}


def test_freed_bytes_are_what_the_disk_has_more_afterwards(
    tmp_path: Path, settings: Settings, pkgs: Path, records: list[RepodataRecord]
) -> None:
    compiled = next((pkgs / ".pyc" / TAG / records[0].dist).rglob("*.pyc"))
    environment = tmp_path / "root/envs/e"
    environment.mkdir(parents=True)
    os.link(compiled, environment / "shared.pyc")  # only the compiled file: the package goes, this file's bytes stay
    before = used_bytes(tmp_path / "root")
    report = PackageCache(settings).prune(())
    assert names(pkgs) == ([], [])
    assert report.freed_bytes == before - used_bytes(tmp_path / "root")
    assert report.freed_bytes > 40_000
    assert (environment / "shared.pyc").stat().st_nlink == 1


def test_what_dead_processes_left_goes_and_what_living_ones_write_stays(
    settings: Settings, pkgs: Path, records: list[RepodataRecord]
) -> None:
    dead = pkgs / f".tmp-{dead_pid()}-{machine()}01234567"
    (dead / "half").mkdir(parents=True)
    (dead / "half/file").write_bytes(b"x")
    alive = Path(disk.make_temporary(str(pkgs)))
    report = PackageCache(settings).prune([record.dist for record in records])
    assert [(entry.kind, entry.path) for entry in report.removed] == [("temporary", str(dead))]
    assert not dead.exists()
    assert alive.is_dir()


def test_archives_parts_and_compiled_files_of_what_is_gone_go(
    settings: Settings, pkgs: Path, records: list[RepodataRecord]
) -> None:
    (pkgs / "kept-1.0-0.conda").write_bytes(b"archive")
    (pkgs / ".downloads/01234567-x-1.0-0.conda.part").write_bytes(b"part")
    coming = ["76543210-y-1.0-cp311_0.whl.part", "76543210-y-1.0-cp311_0.whl.part.etag"]
    for name in coming:
        (pkgs / ".downloads" / name).write_bytes(b"another process is downloading it")
    orphan = pkgs / ".pyc/cpython-38/gone-1.0-0"
    orphan.mkdir(parents=True)
    (orphan / "index.json").write_text("{}")
    (pkgs / "urls.txt").write_text("another tool's\n")
    report = PackageCache(settings).prune([*(record.dist for record in records), "y-1.0-cp311_0"])
    assert sorted(entry.kind for entry in report.removed) == ["archive", "compiled", "download"]
    assert not orphan.exists()
    assert sorted(os.listdir(pkgs / ".downloads")) == coming
    assert (pkgs / "urls.txt").exists()
    assert PackageCache(settings).missing(records) == []


def test_a_cache_that_another_process_cleans_is_refused(
    settings: Settings, pkgs: Path, records: list[RepodataRecord]
) -> None:
    with disk.locked(str(pkgs), PRUNE_LOCK, CancelToken()), pytest.raises(LockedError):
        PackageCache(settings).prune(())
    assert PackageCache(settings).missing(records) == []


def test_a_cache_that_is_not_there_is_clean(settings: Settings, pkgs: Path) -> None:
    assert PackageCache(settings).prune(()).removed == ()
    assert PackageCache(settings).entries() == []
    assert not pkgs.exists()


def test_entries_tell_sizes(settings: Settings, pkgs: Path, records: list[RepodataRecord]) -> None:
    for entry in PackageCache(settings).entries():
        assert entry.bytes == entry.freed == used_bytes(Path(entry.path))
        assert entry.files == sum(path.is_file() for path in Path(entry.path).rglob("*"))


def test_pruned_packages_are_not_remembered(settings: Settings, records: list[RepodataRecord]) -> None:
    cache = PackageCache(settings)
    assert cache.missing(records) == []
    cache.prune(())
    assert cache.missing(records) == records
    cache.populate(records, NullReporter(), CancelToken())
    assert cache.missing(records) == []


@pytest.mark.parametrize("harm", ["content", "missing", "paths.json"])
def test_damaged_packages_are_thrown_away_with_their_compiled_files(
    settings: Settings, pkgs: Path, records: list[RepodataRecord], harm: str
) -> None:
    folder = pkgs / records[0].dist
    data = folder / "site-packages/one/data.bin"
    if harm == "content":
        data.write_bytes(b"y" * 20_000)
    elif harm == "missing":
        data.unlink()
    else:
        (folder / "info/paths.json").write_bytes(b"{")
    cache = PackageCache(settings)
    assert cache.discard_damaged(records) == [records[0]]
    assert names(pkgs) == ([records[1].dist], [records[1].dist])
    assert cache.missing(records) == [records[0]]
    cache.populate(records, NullReporter(), CancelToken())
    assert cache.discard_damaged(records) == []
    assert cache.verify(records[0]) == []


def test_a_damaged_package_in_a_read_only_layer_stays_and_is_not_used(
    tmp_path: Path, channel: Channel, settings: Settings, pkgs: Path
) -> None:
    record = channel.noarch("one").record()
    layer = tmp_path / "layer"
    below = msgspec.structs.replace(settings, package_directories=(str(layer),))
    PackageCache(below).populate([record], NullReporter(), CancelToken())
    (layer / record.dist / "site-packages/one/cli.py").write_text("changed\n")
    kept = snapshot_tree(layer)
    both = msgspec.structs.replace(settings, package_directories=(str(pkgs), str(layer)))
    cache = PackageCache(both)
    assert cache.find(record) == layer / record.dist
    assert cache.discard_damaged([record]) == [record]
    assert cache.find(record) is None
    assert tree_difference(kept, snapshot_tree(layer)) == []
    cache.populate([record], NullReporter(), CancelToken())
    assert cache.find(record) == pkgs / record.dist
    assert cache.discard_damaged([record]) == []


def test_a_record_that_is_not_in_the_cache_is_not_damaged(channel: Channel, settings: Settings) -> None:
    assert PackageCache(settings).discard_damaged([channel.noarch("absent").record()]) == []


def test_who_waits_for_a_lock_that_nobody_gives_back_is_told(tmp_path: Path) -> None:
    with (
        disk.locked(str(tmp_path), "pack-1-0", CancelToken()),
        pytest.raises(LockedError, match="another process has been at work") as raised,
        disk.locked(str(tmp_path), "pack-1-0", CancelToken(), patience=0.1),
    ):
        pass
    assert raised.value.code == "cache.locked"
    path = Path(str(raised.value.detail["path"]))
    assert str(path) in raised.value.hint
    path.unlink()
    with disk.locked(str(tmp_path), "pack-1-0", CancelToken(), patience=0.1) as mine:
        assert mine, "the hint works"
