"""Bytes by inode: what a hard link shares is counted once, against what ``du`` says."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from jupyter_envs.engine.prefix.disk import disk_report, disk_usage

SIZE = 40960


def fill(path: Path, size: int = SIZE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))
    return path


def link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.link(source, target)


def du(*paths: Path) -> int:
    """Bytes by coreutils, which counts an inode once per call."""
    output = subprocess.run(["du", "-sc", "-B1", *paths], capture_output=True, text=True, check=True).stdout
    return int(output.splitlines()[-1].split()[0])


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A cache and two environments that share one file with it and with each other, and own one each."""
    cache, one, two = tmp_path / "pkgs", tmp_path / "one", tmp_path / "two"
    shared = fill(cache / "p-1.0-0/lib/shared")
    for prefix in (one, two):
        link(shared, prefix / "lib/shared")
        fill(prefix / "own")
    return cache, one, two


def test_unique_and_shared(trees: tuple[Path, Path, Path]) -> None:
    cache, one, two = trees
    usage = {Path(item.path).name: item for item in disk_usage([one, two], [cache])}
    assert usage["one"].shared == usage["two"].shared == usage["pkgs"].shared == SIZE
    assert SIZE <= usage["one"].unique < 2 * SIZE
    assert usage["one"].total == du(one)
    assert (usage["one"].files, usage["one"].apparent) == (2, 2 * SIZE)


def test_totals_count_nothing_twice(trees: tuple[Path, Path, Path]) -> None:
    cache, one, two = trees
    report = disk_report([one, two], [cache])
    assert report.total == du(cache, one, two)
    assert report.environments_total == du(one, two)
    assert report.packages_total == du(cache)
    assert report.saved == 2 * SIZE
    assert len(report.environments) == 2 and len(report.packages) == 1


def test_two_names_inside_one_environment_are_its_own(tmp_path: Path) -> None:
    first = fill(tmp_path / "env/a")
    link(first, tmp_path / "env/b")
    usage = disk_usage([tmp_path / "env"])[0]
    assert usage.shared == 0
    assert usage.total == usage.unique == du(tmp_path / "env")
    assert (usage.files, usage.apparent) == (2, 2 * SIZE)


def test_links_are_not_followed(tmp_path: Path) -> None:
    fill(tmp_path / "outside/big", 10 * SIZE)
    env = tmp_path / "env"
    env.mkdir()
    (env / "dir").symlink_to(tmp_path / "outside")
    (env / "file").symlink_to(tmp_path / "outside/big")
    (env / "loop").symlink_to(env)
    usage = disk_usage([env])[0]
    assert usage.total < SIZE and usage.files == 3


def test_what_is_deleted_alone_frees_what_is_unique(trees: tuple[Path, Path, Path]) -> None:
    cache, one, two = trees
    unique = disk_usage([one])[0].unique
    before = du(cache, one, two)
    subprocess.run(["rm", "-rf", one], check=True)
    assert before - du(cache, two) == unique


def test_a_tree_that_is_not_there_has_an_error(tmp_path: Path) -> None:
    usage = disk_usage([tmp_path / "gone"], [tmp_path / "no-cache"])
    assert [(item.total, item.files, "gone" in item.error) for item in usage] == [(0, 0, True)]
    assert disk_report([tmp_path / "gone"]).total == 0
