"""Crashes and refusals happen at the call that was asked for, and trees are compared exactly."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from support.faults import Fault, SavedTree, count_calls, crash_points, run_forked, snapshot_tree, tree_difference

pytestmark = pytest.mark.usefixtures("forked")


def work(folder: Path) -> str:
    (folder / "a").mkdir()
    (folder / "a/file").write_text("x")
    os.link(folder / "a/file", folder / "a/hard")
    os.symlink("file", folder / "a/soft")
    os.replace(folder / "a/hard", folder / "a/moved")
    (folder / "a/file").read_text()
    os.unlink(folder / "a/file")
    return "done"


def test_calls_that_change_something_are_counted(tmp_path: Path) -> None:
    outcome = count_calls(lambda: work(tmp_path), below=tmp_path)
    events = [call.split()[0] for call in outcome.calls]
    assert events == ["os.mkdir", "open", "os.link", "os.symlink", "os.rename", "os.remove"]
    assert outcome.result == "done"


def test_calls_elsewhere_are_not_counted(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    assert count_calls(lambda: work(tmp_path / "there"), below=tmp_path / "here").calls == ()


def test_calls_relative_to_a_directory_descriptor_are_counted(tmp_path: Path) -> None:
    def action() -> None:
        descriptor = os.open(tmp_path, os.O_RDONLY)
        os.mkdir("sub", dir_fd=descriptor)
        os.rmdir("sub", dir_fd=descriptor)

    calls = count_calls(action, below=tmp_path).calls
    assert calls == (f"os.mkdir {tmp_path}/sub", f"os.rmdir {tmp_path}/sub")


def test_a_kill_comes_before_the_call(tmp_path: Path) -> None:
    outcome = run_forked(lambda: work(tmp_path), below=tmp_path, fault=Fault(3))
    assert outcome.killed
    assert sorted(snapshot_tree(tmp_path)) == ["a", "a/file"]


def test_a_refusal_is_raised_once(tmp_path: Path) -> None:
    outcome = run_forked(lambda: work(tmp_path), below=tmp_path, fault=Fault(2, "raise", errno.EIO))
    assert (outcome.error, outcome.signal) == ("OSError", 0)
    assert os.strerror(errno.EIO) in outcome.message


def test_a_full_disk_stays_full_but_lets_files_go(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("x")

    def action() -> list[str]:
        failed = []
        for name in ("one", "two"):
            try:
                (tmp_path / name).mkdir()
            except OSError as error:
                failed.append(errno.errorcode[error.errno or 0])
        (tmp_path / "old").unlink()
        return failed

    assert run_forked(action, below=tmp_path, fault=Fault(1, "raise-on")).result == ["ENOSPC", "ENOSPC"]
    assert snapshot_tree(tmp_path) == {}


def test_every_point_starts_from_the_same_tree(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    seen = [
        (k, outcome.killed, len(snapshot_tree(folder)))
        for k, outcome in crash_points(lambda: work(folder), tree=folder)
    ]
    assert seen == [(1, True, 0), (2, True, 1), (3, True, 2), (4, True, 3), (5, True, 4), (6, True, 4), (0, False, 3)]


def test_a_saved_tree_comes_back_with_modes_and_links(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "file").write_text("x")
    (folder / "file").chmod(0o755)
    os.link(folder / "file", folder / "hard")
    os.symlink("nowhere", folder / "soft")
    before = snapshot_tree(folder)
    with SavedTree(folder) as saved:
        (folder / "file").unlink()
        (folder / "new").mkdir()
        assert len(tree_difference(before, snapshot_tree(folder))) == 2
        saved.restore()
    assert tree_difference(before, snapshot_tree(folder)) == []
    assert (folder / "file").stat().st_ino == (folder / "hard").stat().st_ino


@pytest.mark.parametrize("change", ["content", "mode", "kind"])
def test_a_difference_in_content_mode_or_kind_is_seen(tmp_path: Path, change: str) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    before = snapshot_tree(tmp_path)
    if change == "content":
        path.write_text("y")
    elif change == "mode":
        path.chmod(0o600)
    else:
        path.unlink()
        path.symlink_to("x")
    assert tree_difference(before, snapshot_tree(tmp_path))
