"""What kind of file system a path is on; what is looked at anew."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jupyter_envs.engine.file_systems import (
    find_local_locks,
    is_network,
    kind_of,
    local_locks_option,
    refresh,
    refresh_tree,
)


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


MOUNT = "36 25 0:52 / {at} rw,relatime shared:20 - {kind} server:/home rw,{options}\n"


@pytest.mark.parametrize(
    ("kind", "options", "found"),
    [
        ("nfs", "vers=3,hard,proto=tcp,mountvers=3,local_lock=none,addr=10.0.0.1", ""),
        ("nfs", "vers=3,hard,nolock,proto=tcp,local_lock=all,addr=10.0.0.1", "local_lock=all"),
        ("nfs", "vers=3,local_lock=flock", "local_lock=flock"),
        ("nfs4", "vers=4.2,hard,local_lock=none,addr=10.0.0.1", ""),
        ("lustre", "checksum,localflock", "localflock"),
        ("cifs", "vers=3.1.1,nobrl", "nobrl"),
    ],
)
def test_a_mount_that_keeps_its_locks_on_this_machine_is_told_by_its_option(
    kind: str, options: str, found: str
) -> None:
    others = MOUNT.format(at="/other", kind=kind, options="nolock").replace("0:52", "0:53")
    mounts = others + MOUNT.format(at="/home", kind=kind, options=options) + "damaged\n"
    assert local_locks_option(mounts, os.makedev(0, 52)) == found
    assert local_locks_option(mounts, os.makedev(0, 54)) == ""


def test_a_local_file_system_has_no_such_option(tmp_path: Path) -> None:
    assert find_local_locks(tmp_path / "not/there/yet") == ""
