"""What is kept of recipes' sources: removed by age or all, never while a build runs; its use is noted."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from jupyter_envs.build.cached_sources import prune_sources, sources_bytes, used_now
from jupyter_envs.build.places import occupied

NOW = time.time()
DAY = 86_400


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a root with an archive of 10 days ago, an old one, and an old mirror."""
    mirror = tmp_path / "sources/git/0123456789abcdef"
    (mirror / "objects").mkdir(parents=True)
    (mirror / "objects/a").write_bytes(b"a" * 5000)
    for name, days in (("aa-new.tar.gz", 10), ("bb-old.tar.gz", 40)):
        path = tmp_path / "sources" / name
        path.write_bytes(b"x" * 5000)
        os.utime(path, (NOW - days * DAY,) * 2)
    os.utime(mirror, (NOW - 40 * DAY,) * 2)
    return tmp_path


def names(root: Path) -> set[str]:
    return {path.name for path in (root / "sources").rglob("*") if path.name != "git"}


def test_what_was_not_used_for_long_goes(root: Path) -> None:
    before = sources_bytes(root)
    report = prune_sources(root, 30, NOW, dry_run=False)
    assert {Path(entry.path).name for entry in report.removed} == {"bb-old.tar.gz", "0123456789abcdef"}
    assert names(root) == {"aa-new.tar.gz"}
    assert (report.kept, report.freed_bytes) == (1, before - sources_bytes(root))


def test_all_of_it_goes_when_that_is_asked_for(root: Path) -> None:
    prune_sources(root, 0, NOW, dry_run=False)
    assert names(root) == set()


def test_a_dry_run_removes_nothing(root: Path) -> None:
    before = names(root)
    assert len(prune_sources(root, 0, NOW, dry_run=True).removed) == 3
    assert names(root) == before


def test_nothing_goes_while_a_build_runs(root: Path) -> None:
    with occupied(root / "builds", "hello-1.0-0"):
        report = prune_sources(root, 0, NOW, dry_run=False)
        assert (report.removed, report.kept) == ((), 3)
    assert len(prune_sources(root, 0, NOW, dry_run=False).removed) == 3


def test_a_build_notes_what_it_uses(root: Path) -> None:
    path = root / "sources/bb-old.tar.gz"
    used_now(path)
    assert not {"bb-old.tar.gz"} & {
        Path(entry.path).name for entry in prune_sources(root, 30, NOW, dry_run=True).removed
    }
    used_now(root / "not-there")


def test_no_root_is_no_error(tmp_path: Path) -> None:
    assert prune_sources(tmp_path / "none", 0, NOW, dry_run=False).removed == ()
    assert sources_bytes(tmp_path / "none") == 0
