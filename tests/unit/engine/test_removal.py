"""Trees that go while others use them: an NFS client's held files stay, what is gone already is gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_envs.engine import removal
from jupyter_envs.engine.removal import is_held, remove_tree

HELD = ".nfs0000000000a1b2c300000001"


def fill(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)
    return root


def test_a_tree_goes_whole_and_links_are_not_followed(tmp_path: Path) -> None:
    outside = fill(tmp_path / "outside", "kept")
    tree = fill(tmp_path / "tree", "a", "deep/er/b")
    (tree / "to-outside").symlink_to(outside)
    assert remove_tree(tree)
    assert not tree.exists()
    assert (outside / "kept").is_file()
    assert remove_tree(tree), "gone is gone"


def test_a_file_that_an_nfs_client_holds_stays_with_its_directory_and_nothing_else_does(tmp_path: Path) -> None:
    tree = fill(tmp_path / "tree", "a", "deep/b", f"held/{HELD}", "held/c")
    assert not remove_tree(tree)
    assert [str(path.relative_to(tree)) for path in sorted(tree.rglob("*"))] == ["held", f"held/{HELD}"]
    (tree / "held" / HELD).unlink()  # as the client does when the file is closed
    assert remove_tree(tree)


def test_a_held_file_whose_client_never_came_back_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = fill(tmp_path / "tree", HELD)
    monkeypatch.setattr(removal, "HELD_SECONDS", -1.0)
    assert remove_tree(tree)


@pytest.mark.parametrize(
    ("name", "held"),
    [(HELD, True), (".nfs.20051.0044", True), (".nfsrc", False), ("nfs00000000", False), (".a", False)],
)
def test_only_names_of_clients_are_held(name: str, held: bool) -> None:
    assert is_held(name) == held


def test_what_cannot_be_deleted_is_said_after_all_else_is_gone(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        mount = Path("/proc/self/fdinfo")  # a directory that not even root can empty
        with pytest.raises(OSError, match=r"not permitted|denied|not empty"):
            remove_tree(mount)
        assert not remove_tree(mount, ignore_errors=True)
        return
    tree = fill(tmp_path / "tree", "a", "closed/b", "z")
    (tree / "closed").chmod(0o555)
    with pytest.raises(PermissionError):
        remove_tree(tree)
    assert sorted(path.name for path in tree.rglob("*")) == ["b", "closed"]
    assert not remove_tree(tree, ignore_errors=True)
    (tree / "closed").chmod(0o755)
    assert remove_tree(tree)
