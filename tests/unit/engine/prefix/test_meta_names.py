"""Names of files in conda-meta, read and remembered."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from jupyter_envs.engine.prefix.meta_names import MetaNames, RememberedNames, read_meta_names

LONG_AGO = time.time() - 3600


@pytest.fixture
def meta(tmp_path: Path) -> Path:
    """Return a conda-meta that nobody has changed for an hour."""
    meta = tmp_path / "conda-meta"
    meta.mkdir()
    for name in ("python-3.12.1-h_0.json", "python-dateutil-2.9-py_0.json", "ipykernel-6.29-0.json", "history"):
        (meta / name).touch()
    os.utime(meta, (LONG_AGO, LONG_AGO))
    return meta


def test_what_names_say(meta: Path) -> None:
    assert read_meta_names(str(meta)) == MetaNames(3, "3.12.1", True, frozenset({"history"}))


def test_a_directory_is_read_again_only_when_it_has_changed(meta: Path) -> None:
    read = RememberedNames()
    assert read(str(meta)) is read(str(meta))
    (meta / "six-1.0-0.json").touch()
    assert read(str(meta)).packages == 4


def test_a_second_change_within_a_tick_is_seen(meta: Path) -> None:
    read = RememberedNames()
    now = time.time()
    (meta / "six-1.0-0.json").touch()
    os.utime(meta, (now, now))
    assert read(str(meta)).packages == 4
    (meta / "six-1.0-0.json").unlink()
    os.utime(meta, (now, now))
    assert read(str(meta)).packages == 3


def test_another_directory_in_its_place_is_another_one(meta: Path) -> None:
    read = RememberedNames()
    read(str(meta))
    other = shutil.copytree(meta, meta.with_name("other"))
    (other / "six-1.0-0.json").touch()
    meta.rename(meta.with_name("old"))
    other.rename(meta)
    os.utime(meta, (LONG_AGO, LONG_AGO))
    assert read(str(meta)).packages == 4


def test_one_that_has_gone_is_an_error_and_comes_back(meta: Path) -> None:
    read = RememberedNames()
    read(str(meta))
    meta.rename(meta.with_name("away"))
    with pytest.raises(FileNotFoundError):
        read(str(meta))
    meta.with_name("away").rename(meta)
    assert read(str(meta)).packages == 3
