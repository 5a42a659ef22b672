"""What kind of file system a path is on; what is looked at anew."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jupyter_envs.engine.file_systems import is_network, kind_of, refresh, refresh_tree


def test_the_kind_is_what_the_kernel_says(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("needs Linux: elsewhere nothing says the kind of a file system")
    assert kind_of("/proc") == 0x9FA0
    assert kind_of(tmp_path / "missing") == 0
    assert not is_network("/proc")


def test_looking_anew_changes_nothing_and_refuses_nothing(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path)
    before = tmp_path.stat()
    refresh(tmp_path / "missing")
    refresh_tree(tmp_path)
    refresh_tree(tmp_path / "missing")
    assert tmp_path.stat() == before
