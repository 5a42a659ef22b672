"""Few files are synced one by one, many with their whole file system; what cannot be synced is an error."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_envs.engine.durable import MANY, replace_file, sync_directory, sync_files, sync_filesystem


def files_in(folder: Path, count: int) -> list[str]:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}").write_text("a")
    return [f"{folder}/{number}" for number in range(count)]


def synced(monkeypatch: pytest.MonkeyPatch, paths: list[str], root: Path) -> list[str]:
    """Return what was given to ``fsync``, which still happens."""
    told: list[str] = []
    fsync = os.fsync

    def telling(fd: int) -> None:
        told.append(os.readlink(f"/proc/self/fd/{fd}"))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", telling)
    sync_files(paths, str(root))
    return told


def test_few_files_are_synced_and_then_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = files_in(tmp_path / "few", MANY)
    assert synced(monkeypatch, paths, tmp_path / "few") == [*paths, f"{tmp_path}/few"]


def test_many_files_are_not_synced_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert synced(monkeypatch, files_in(tmp_path / "many", MANY + 1), tmp_path / "many") == []


def test_a_file_is_replaced_whole_or_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    replace_file(path, b"old", 0o640)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"old", 0o640)

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_what_is_not_there_cannot_be_synced(tmp_path: Path) -> None:
    for sync in (sync_directory, sync_filesystem):
        with pytest.raises(FileNotFoundError):
            sync(f"{tmp_path}/gone")
    with pytest.raises(FileNotFoundError):
        sync_files([f"{tmp_path}/gone"], str(tmp_path))
