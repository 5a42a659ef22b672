"""One process at a time: who comes second is told who is first, and a dead holder holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_envs.engine.transaction import lock
from jupyter_envs.engine.transaction.lock import find_holder, is_locked, lock_path, locked
from jupyter_envs.errors import LockedError, StorageError
from support.waiting import PATIENCE

HOLD = """
import sys, time
from pathlib import Path
from jupyter_envs.engine.transaction.lock import locked
with locked(Path(sys.argv[1]), prefix=Path("/envs/analysis"), command="install analysis polars"):
    print("held", flush=True)
    time.sleep(280)
"""


@pytest.fixture
def holder(tmp_path: Path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_process_is_told_who_is_first(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    path = tmp_path / "lock"
    assert is_locked(path)
    with pytest.raises(LockedError) as caught, locked(path, prefix=Path("/envs/analysis"), command="remove"):
        pass
    assert str(holder.pid) in caught.value.message
    assert "install analysis polars" in caught.value.message
    assert "jupyter envs jobs" in caught.value.hint
    assert caught.value.exit_code == 9


def test_a_killed_holder_holds_nothing(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    path = tmp_path / "lock"
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert not is_locked(path)
    with locked(path, prefix=Path("/envs/analysis"), command="remove"):
        assert find_holder(path) == {"pid": os.getpid(), "command": "remove"}
    assert find_holder(path) is None


def test_waiting_gets_the_lock_when_the_holder_ends(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    killer = subprocess.Popen(["sh", "-c", f"sleep 0.3; kill {holder.pid}"])
    with locked(tmp_path / "lock", prefix=Path("/envs/analysis"), command="remove", timeout=PATIENCE):
        assert killer.wait() == 0
        assert holder.wait() == -signal.SIGTERM


def test_a_lock_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError), locked(tmp_path / "file" / "lock", prefix=tmp_path, command="x"):
        pass


def test_a_prefix_that_exists_holds_its_own_lock_file(tmp_path: Path) -> None:
    assert lock_path(tmp_path / "new", tmp_path / "locks").parent == tmp_path / "locks"
    (tmp_path / "old/conda-meta").mkdir(parents=True)
    assert lock_path(tmp_path / "old", tmp_path / "locks") == tmp_path / "old/conda-meta/jupyter-envs/lock"


def test_whoever_comes_after_another_machine_looks_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, looked = tmp_path / "lock", list[Path]()
    monkeypatch.setattr(lock, "refresh_tree", looked.append)

    def change() -> list[Path]:
        looked.clear()
        with locked(path, prefix=tmp_path, command="install"):
            return list(looked)

    assert change() == [], "nobody was there before"
    assert change() == [], "it was this machine"
    path.write_text('{"machine": "another"}')
    assert change() == [tmp_path]
    assert change() == []
    path.write_text('{"pid": 1, "command": "killed there", "machine": "another"}')
    assert change() == [tmp_path]
