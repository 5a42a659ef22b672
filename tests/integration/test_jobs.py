"""Jobs with real child processes: done, failed, cancelled, killed, outliving who started them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import psutil
import pytest

from jupyter_envs.engine.models.events import Event
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.prefix.records import iter_record_names
from jupyter_envs.errors import LockedError, NotFoundError
from jupyter_envs.jobs.client import JobClient
from jupyter_envs.jobs.events import EventWriter, JobEvent, read_events
from jupyter_envs.jobs.models import Job, JobKind, JobRequest
from jupyter_envs.jobs.plans import load_plan
from jupyter_envs.jobs.process import held
from jupyter_envs.kernels.sync import list_kernels
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.http_server import serve
from support.repodata import RepodataChannel
from support.waiting import PATIENCE, lives, wait_until

STARTER = """
import os, sys, msgspec
from pathlib import Path
from jupyter_envs.jobs.client import JobClient
from jupyter_envs.jobs.models import JobRequest
from jupyter_envs.settings import Settings
read = lambda name, kind: msgspec.json.decode(Path(name).read_bytes(), type=kind)
client = JobClient(read(sys.argv[2], Settings))
print(client.submit(read(sys.argv[1], JobRequest)).id, flush=True)
{end}
"""


def caught(channel: Channel) -> Path:
    """Return the file that is there when a job is in the middle of the script of ``slow``."""
    return channel.folder / "caught"


@pytest.fixture
def client(settings: Settings) -> JobClient:
    return JobClient(settings)


@pytest.fixture
def stocked(channel: Channel) -> Channel:
    channel.python()
    channel.noarch("six", "1.0")
    channel.noarch("six", "2.0")
    channel.noarch("ipykernel", "7.4.0")
    channel.add(
        "slow",
        files={"share/slow.txt": "slow"},
        link_scripts={"post-link": f"touch '{caught(channel)}'\nsleep 60 &\nwait\n"},
    )
    return channel.index()


def change(settings: Settings, channel: Channel, action: str, *specs: str, **options: object) -> JobRequest:
    request = ChangeRequest(
        action=action,  # type: ignore[arg-type]  # one of the literals
        prefix=f"{settings.envs_directories[0]}/a",
        specs=specs,
        channels=(str(channel.folder),),
        sources=("conda",),
    )
    return JobRequest(kind="change", change=request, command="test", **options)  # type: ignore[arg-type]  # its fields


def run(client: JobClient, request: JobRequest) -> Job:
    return client.wait(client.submit(request).id, timeout=PATIENCE)


def names(prefix: Path) -> set[str]:
    return {record.name for record in iter_record_names(prefix)}


def tree(prefix: Path) -> dict[str, bytes]:
    files = (path for path in sorted(prefix.rglob("*")) if path.is_file() or path.is_symlink())
    kept = (path for path in files if not path.name.startswith("lock"))
    return {
        str(path.relative_to(prefix)): os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        for path in kept
    }


def test_a_change_runs_in_a_child_and_leaves_result_events_log_and_kernel(
    client: JobClient, settings: Settings, stocked: Channel
) -> None:
    seen: list[JobEvent] = []
    job = client.submit(change(settings, stocked, "create", "python", "six", "ipykernel"))
    assert job.pid not in (None, os.getpid())
    job = client.wait(job.id, seen.append, timeout=PATIENCE)
    assert (job.state, job.error, job.exit_code) == ("done", None, 0)
    prefix = Path(settings.envs_directories[0]) / "a"
    assert names(prefix) == {"python", "six", "ipykernel"}
    assert job.result is not None
    assert job.result["kernels"] == ["envs-a"]
    assert [kernel.prefix for kernel in list_kernels()] == [str(prefix)]
    assert seen == read_events(client.store.events_path(job.id))
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
    phases = [event.phase for event in seen if event.kind == "phase"]
    assert [phase for phase in dict.fromkeys(phases) if phase in ("solve", "fetch", "extract", "link", "kernels")] == [
        "solve",
        "extract",  # nothing is fetched from a channel in a folder
        "link",
        "kernels",
    ]
    assert "job" in client.store.log_path(job.id).read_text()


def test_a_plan_is_executed_later_by_another_job(client: JobClient, settings: Settings, stocked: Channel) -> None:
    request = msgspec.structs.replace(change(settings, stocked, "create", "six"), kind="plan")
    planned = run(client, request)
    assert planned.result is not None
    plan = load_plan(settings.root, str(planned.result["plan_id"]))
    assert not Path(plan.prefix).exists()
    done = run(client, JobRequest(kind="execute", plan_id=plan.plan_id, prefix=plan.prefix))
    assert done.state == "done"
    assert names(Path(plan.prefix)) == {"python", "six"}


def test_what_would_take_something_away_stops_after_the_plan(
    client: JobClient, settings: Settings, stocked: Channel
) -> None:
    run(client, change(settings, stocked, "create", "six"))
    before = tree(Path(settings.envs_directories[0]) / "a")
    job = run(client, change(settings, stocked, "install", "six<2", consent="destructive"))
    assert job.result is not None
    assert job.result["executed"] is False
    assert tree(Path(settings.envs_directories[0]) / "a") == before
    job = run(client, change(settings, stocked, "install", "six<2", consent="given"))
    assert job.result is not None
    assert job.result["executed"] is True


def test_what_is_there_already_makes_no_generation(client: JobClient, settings: Settings, stocked: Channel) -> None:
    run(client, change(settings, stocked, "create", "six"))
    before = tree(Path(settings.envs_directories[0]) / "a")
    job = run(client, change(settings, stocked, "install", "six"))
    assert job.result is not None
    assert (job.state, job.result["result"]) == ("done", {})
    assert tree(Path(settings.envs_directories[0]) / "a") == before


def test_a_failed_job_keeps_the_error_with_its_code_and_hint(
    client: JobClient, settings: Settings, stocked: Channel
) -> None:
    job = run(client, change(settings, stocked, "create", "nosuch"))
    assert (job.state, job.exit_code) == ("failed", 5)
    assert job.error is not None
    assert job.error["code"] == "solve.unknown"
    assert "nosuch" in str(job.error["message"])
    assert not Path(settings.envs_directories[0], "a").exists()


def test_a_fault_of_ours_is_an_internal_error_with_its_traceback_in_the_log(
    client: JobClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = 'import sys\nsys.modules["jupyter_envs.engine.api"] = None\n'
    (tmp_path / "sitecustomize.py").write_text(broken)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    job = run(client, JobRequest(kind="clean"))
    assert (job.state, job.exit_code) == ("failed", 1)
    assert job.error is not None
    assert job.error["code"] == "internal"
    assert "jobs log" in str(job.error["hint"])
    assert "Traceback" in client.store.log_path(job.id).read_text()


def test_cancelling_a_download_changes_nothing(client: JobClient, settings: Settings, stocked: Channel) -> None:
    with serve(stocked.folder) as server:
        server.hold("*six-2.0*")
        request = change(settings, stocked, "create", "six")
        assert request.change is not None
        request = msgspec.structs.replace(
            request, change=msgspec.structs.replace(request.change, channels=(server.url,))
        )
        job = client.submit(request)
        wait_until(lambda: server.asked("*six-2.0*"))
        started = time.monotonic()
        job = client.cancel(job.id, grace=PATIENCE)
        assert time.monotonic() - started < PATIENCE, "it stopped by itself"
    assert (job.state, job.exit_code) == ("cancelled", 130)
    assert job.error is not None
    assert job.error["code"] == "cancelled"
    assert not Path(settings.envs_directories[0], "a").exists()


def test_a_job_that_does_not_stop_is_killed_and_its_environment_put_back(
    client: JobClient, settings: Settings, stocked: Channel
) -> None:
    run(client, change(settings, stocked, "create", "six<2"))
    prefix = Path(settings.envs_directories[0]) / "a"
    before = tree(prefix)
    job = client.submit(change(settings, stocked, "install", "slow", "six=2"))
    wait_until(caught(stocked).exists)
    sleeping = psutil.Process(job.pid).children(recursive=True)
    job = client.cancel(job.id, grace=0.2)
    assert job.state == "cancelled"
    assert sleeping
    assert psutil.wait_procs(sleeping, timeout=PATIENCE)[1] == []
    assert tree(prefix) == before
    assert names(prefix) == {"python", "six"}


def test_a_queued_job_without_a_process_is_cancelled_at_once(client: JobClient) -> None:
    job = client.store.add(JobRequest(kind="clean"))
    assert client.cancel(job.id).state == "cancelled"
    ran = subprocess.run([sys.executable, "-m", "jupyter_envs.jobs.run", job.id], stdin=subprocess.DEVNULL, check=False)
    assert ran.returncode == 0
    assert client.store.get(job.id).state == "cancelled"


def test_cancelling_what_has_ended_changes_nothing(client: JobClient, settings: Settings, stocked: Channel) -> None:
    job = run(client, change(settings, stocked, "create", "six"))
    assert client.cancel(job.id) == job
    with pytest.raises(NotFoundError):
        client.cancel("20000101-000000-none")


def test_a_killed_job_is_interrupted_and_the_next_use_recovers(
    client: JobClient, settings: Settings, stocked: Channel
) -> None:
    run(client, change(settings, stocked, "create", "six<2"))
    prefix = Path(settings.envs_directories[0]) / "a"
    before = tree(prefix)
    job = client.submit(change(settings, stocked, "install", "slow", "six=2"))
    wait_until(caught(stocked).exists)
    assert job.pid is not None
    scripts = psutil.Process(job.pid).children(recursive=True)
    os.kill(job.pid, signal.SIGKILL)
    for script in scripts:
        script.kill()
    wait_until(lambda: client.reap_interrupted() or client.store.get(job.id).finished)
    ended = client.store.get(job.id)
    assert ended.state == "interrupted"
    assert ended.error is not None
    assert ended.error["code"] == "job.interrupted"
    assert run(client, JobRequest(kind="recover", prefix=str(prefix))).result == {"recovered": True}
    assert tree(prefix) == before


def test_after_a_restart_live_jobs_of_dead_processes_are_interrupted(client: JobClient, settings: Settings) -> None:
    dead = client.store.add(JobRequest(kind="clean"))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert client.store.start(dead.id, gone.pid)
    reused = client.store.add(JobRequest(kind="clean"))
    assert client.store.attach(reused.id, os.getpid(), 12345.0)  # the pid lives, but was started at another time
    assert {job.id for job in JobClient(settings).reap_interrupted()} == {dead.id, reused.id}
    assert client.store.live() == []


def test_a_job_of_another_machine_runs_on_as_long_as_it_holds_its_lock(client: JobClient, settings: Settings) -> None:
    away = client.store.add(JobRequest(kind="clean"))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert client.store.start(away.id, gone.pid)  # a number that no process has here
    with held(client.store.events_path(away.id)):
        assert JobClient(settings).reap_interrupted() == []
        assert JobClient(settings).store.get(away.id).state == "running"
        with pytest.raises(LockedError, match="runs on another machine") as caught:
            client.cancel(away.id)
        assert caught.value.code == "job.elsewhere"
        assert "cancel it there" in caught.value.hint
        assert not client.store.get(away.id).cancel_requested
    assert [job.id for job in JobClient(settings).reap_interrupted()] == [away.id]


@pytest.mark.parametrize(
    ("kind", "reported", "code"),
    [
        ("change", Event(kind="phase", phase="solve"), "job.interrupted.early"),
        ("change", Event(kind="message", phase="solve", data={"plan_id": "p"}), "job.interrupted"),
        ("plan", Event(kind="message", phase="solve", data={"plan_id": "p"}), "job.interrupted.early"),
        ("clean", Event(kind="phase", phase="clean"), "job.interrupted"),
    ],
)
def test_what_ended_before_its_plan_was_made_has_changed_nothing(
    client: JobClient, kind: JobKind, reported: Event, code: str
) -> None:
    dead = client.store.add(JobRequest(kind=kind))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert client.store.start(dead.id, gone.pid)
    EventWriter(client.store.events_path(dead.id)).report(reported)
    (ended,) = client.reap_interrupted()
    assert ended.error is not None
    assert ended.error["code"] == code
    assert str(ended.error["hint"]).endswith("nothing has changed") is (code == "job.interrupted.early")


def test_a_job_outlives_who_started_it(settings: Settings, stocked: Channel, tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    request.write_bytes(msgspec.json.encode(change(settings, stocked, "create", "six")))
    (tmp_path / "settings.json").write_bytes(msgspec.json.encode(settings))
    starter = STARTER.format(end="os._exit(0)")
    arguments = [sys.executable, "-c", starter, str(request), str(tmp_path / "settings.json")]
    answer = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert JobClient(settings).wait(answer.stdout.strip(), timeout=PATIENCE).state == "done"
    assert names(Path(settings.envs_directories[0]) / "a") == {"python", "six"}


def test_what_ended_is_taken_leave_of_and_what_runs_is_let_go_without_a_word(
    client: JobClient, settings: Settings, stocked: Channel, tmp_path: Path
) -> None:
    ended = run(client, JobRequest(kind="clean"))
    assert ended.pid is not None
    wait_until(lambda: not lives(ended.pid or 0))
    run(client, JobRequest(kind="clean"))
    assert not psutil.pid_exists(ended.pid), "a zombie"
    (tmp_path / "request.json").write_bytes(msgspec.json.encode(change(settings, stocked, "create", "slow")))
    (tmp_path / "settings.json").write_bytes(msgspec.json.encode(settings))
    starter = STARTER.format(end="client.wait(client.submit(JobRequest(kind='clean')).id)")
    arguments = [str(tmp_path / "request.json"), str(tmp_path / "settings.json")]
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", starter, *arguments], capture_output=True, text=True, check=True
    )
    assert answer.stderr == ""
    assert client.cancel(answer.stdout.strip(), grace=PATIENCE).state == "cancelled"


def test_deleting_and_renaming_take_the_kernel_along(client: JobClient, settings: Settings, stocked: Channel) -> None:
    run(client, change(settings, stocked, "create", "ipykernel"))
    prefix = Path(settings.envs_directories[0]) / "a"
    renamed = run(client, JobRequest(kind="rename", prefix=str(prefix), new_name="b"))
    assert renamed.result == {"prefix": str(prefix.parent / "b"), "kernels": ["envs-b"], "old_kernels": ["envs-a"]}
    assert [kernel.name for kernel in list_kernels()] == ["envs-b"]
    deleted = run(client, JobRequest(kind="delete", prefix=str(prefix.parent / "b")))
    assert deleted.state == "done"
    assert list_kernels() == []
    assert not (prefix.parent / "b").exists()


def test_a_kernel_that_cannot_be_written_does_not_fail_the_change(
    client: JobClient, settings: Settings, stocked: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "file"))
    seen: list[JobEvent] = []
    job = client.submit(change(settings, stocked, "create", "ipykernel"))
    assert client.wait(job.id, seen.append, timeout=PATIENCE).state == "done"
    assert [event.hint for event in seen if event.kind == "warning"] == [
        "check who owns the folder, or set JUPYTER_DATA_DIR to one you can write"
    ]


def test_compiling_follows_in_the_background(settings: Settings, stocked: Channel) -> None:
    client = JobClient(msgspec.structs.replace(settings, compile_in_background=True))
    run(client, change(settings, stocked, "create", "six"))
    wait_until(lambda: client.store.jobs(hidden=True, states=("done",))[0].kind == "compile")
    assert [job.kind for job in client.store.jobs()] == ["change"]
    run(client, change(settings, stocked, "install", "six"))
    assert client.store.live() == []


def test_a_conflict_whose_text_has_no_end_ends_before_the_memory_does(
    settings: Settings, client: JobClient, channel: Channel
) -> None:
    circle = RepodataChannel(channel.folder)
    circle.add("b", "2", depends=["c >=2", "c ==1"]).add("b", "3", depends=["c ==3", "c <2"])
    circle.add("c", "1").add("c", "2").add("c", "3", depends=["b ==3"]).write()
    job = run(client, change(settings, channel, "create", "c", "b>=2"))
    assert (job.state, (job.error or {})["code"]) == ("failed", "solve.memory")
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(job.pid).wait(timeout=PATIENCE)  # its memory is free again
    assert not Path(settings.envs_directories[0], "a").exists()
