"""The jobs table: transitions, many writers, a file system without shared memory, a newer schema."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.errors import NotFoundError, SpecError, StorageError
from jupyter_envs.jobs import store as store_module
from jupyter_envs.jobs.models import JobRequest
from jupyter_envs.jobs.store import JobStore

REQUEST = JobRequest(
    kind="change",
    change=ChangeRequest(action="install", prefix="/envs/a", specs=("numpy<2",)),
    command="jupyter envs install a 'numpy<2'",
)

WRITER = """
import sys
from pathlib import Path
from jupyter_envs.jobs.models import JobRequest
from jupyter_envs.jobs.store import JobStore
for number in range(25):
    store = JobStore(Path(sys.argv[1]))
    job = store.add(JobRequest(kind="clean", command=f"{sys.argv[2]}-{number}"))
    assert store.start(job.id, number + 1)
    assert store.finish(job.id, "done", exit_code=0, result={"number": number})
"""


def journal_mode(store: JobStore) -> str:
    connection = sqlite3.connect(store.path)
    try:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])
    finally:
        connection.close()


def break_shared_memory(directory: Path) -> None:
    """Let SQLite fail to make its shared memory, as it does on NFS."""
    (directory / "jobs.sqlite-shm").symlink_to("/nonexistent/shm")


def test_a_job_keeps_its_request_and_goes_from_queued_to_done(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs")
    job = store.add(REQUEST)
    assert (job.state, job.prefix, job.request) == ("queued", "/envs/a", REQUEST)
    assert store.start(job.id, 4242)
    assert store.attach(job.id, 4242, 17.5)
    assert store.get(job.id).state == "running"
    assert store.finish(job.id, "done", exit_code=0, result={"generation": 3})
    ended = store.get(job.id)
    assert (ended.state, ended.pid, ended.process_started, ended.result) == ("done", 4242, 17.5, {"generation": 3})
    assert ended.created_at <= (ended.started_at or 0) <= (ended.ended_at or 0)


def test_only_the_first_end_counts(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    job = store.add(REQUEST)
    assert store.finish(job.id, "cancelled")
    assert not store.start(job.id, 1)
    assert not store.finish(job.id, "done", result={})
    assert store.get(job.id).state == "cancelled"


def test_running_is_not_an_end(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    job = store.add(REQUEST)
    with pytest.raises(ValueError, match="not a final state"):
        store.finish(job.id, "running")


def test_the_process_that_says_who_it_is_wins_over_its_starter(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    job = store.add(REQUEST)
    assert store.start(job.id, 10)
    assert not store.attach(job.id, 11, 2.0)
    assert store.get(job.id).pid == 10


def test_ids_can_be_shortened_when_they_stay_clear(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    job = store.add(REQUEST)
    assert store.get(job.id[-4:]).id == job.id
    assert store.get("last").id == job.id
    store.add(REQUEST)
    with pytest.raises(NotFoundError) as caught:
        store.get(job.id[:8])
    assert caught.value.code == "not_found.job"
    assert "jupyter envs jobs" in caught.value.hint


def test_lists_are_newest_first_and_leave_background_jobs_out(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    first, second = store.add(REQUEST), store.add(JobRequest(kind="clean"))
    hidden = store.add(JobRequest(kind="compile", prefix="/envs/a", hidden=True))
    assert [job.id for job in store.jobs()] == [second.id, first.id]
    assert [job.id for job in store.jobs(hidden=True, limit=1)] == [hidden.id]
    assert {job.id for job in store.jobs(prefix="/envs/a", hidden=True)} == {first.id, hidden.id}
    store.finish(first.id, "failed", error={"code": "solve"})
    assert [job.error for job in store.jobs(states=("failed",))] == [{"code": "solve"}]
    assert {job.id for job in store.live()} == {second.id, hidden.id}


def test_pruning_forgets_the_oldest_ended_jobs_and_their_files(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    live = store.add(REQUEST)
    ended = [store.add(REQUEST) for _ in range(5)]
    for job in ended:
        store.finish(job.id, "done")
        store.log_path(job.id).write_text("said\n")
        store.events_path(job.id).write_text("{}\n")
    assert set(store.prune(keep=2)) == {job.id for job in ended[:3]}
    assert {job.id for job in store.jobs()} == {live.id, ended[3].id, ended[4].id}
    assert {path.name for path in tmp_path.glob("*.log")} == {f"{job.id}.log" for job in ended[3:]}
    assert len(list(tmp_path.glob("*.events.jsonl"))) == 2


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    directory = tmp_path / "cold"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(directory), f"w{n}"]) for n in range(4)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0, 0]
    jobs = JobStore(directory).jobs(states=("done",))
    assert {job.command for job in jobs} == {f"w{n}-{number}" for n in range(4) for number in range(25)}


def test_the_journal_is_wal_and_the_files_are_private(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs")
    assert journal_mode(store) == "wal"
    assert store.path.stat().st_mode & 0o077 == 0
    assert store.directory.stat().st_mode & 0o077 == 0


def test_without_shared_memory_a_rollback_journal_is_used(tmp_path: Path) -> None:
    break_shared_memory(tmp_path)
    store = JobStore(tmp_path)
    job = store.add(REQUEST)
    assert JobStore(tmp_path).get(job.id).state == "queued"
    assert journal_mode(store) == "delete"


def test_a_store_that_moves_to_such_a_file_system_keeps_its_jobs(tmp_path: Path) -> None:
    job = JobStore(tmp_path).add(REQUEST)
    assert not (tmp_path / "jobs.sqlite-shm").exists()
    break_shared_memory(tmp_path)
    store = JobStore(tmp_path)
    assert store.get(job.id).request == REQUEST
    assert journal_mode(store) == "delete"


def test_on_a_network_mount_there_is_no_memory_to_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = JobStore(tmp_path).add(REQUEST)
    assert journal_mode(JobStore(tmp_path)) == "wal"
    monkeypatch.setattr(store_module, "is_network", lambda _path: True)
    assert JobStore(tmp_path).get(job.id).request == REQUEST, "what was written before is kept"
    assert journal_mode(JobStore(tmp_path)) == "delete"
    assert journal_mode(JobStore(tmp_path / "new")) == "delete"


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    connection = sqlite3.connect(store.path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(SpecError, match="newer jupyter-envs") as caught:
        JobStore(tmp_path)
    assert "upgrade" in caught.value.hint


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "jobs.sqlite").write_text("not a database at all " * 50)
    with pytest.raises(StorageError, match=r"jobs\.sqlite") as caught:
        JobStore(tmp_path)
    assert "move" in caught.value.hint


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="opening the jobs store"):
        JobStore(tmp_path / "file" / "jobs")
