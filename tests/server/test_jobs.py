"""Jobs over REST: followed, cancelled, killed, and still there after the server was started again."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import msgspec
import psutil
import pytest

from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.jobs.client import JobClient
from jupyter_envs.jobs.models import JobRequest
from jupyter_envs.settings import Settings
from support.api import Api, Finish, Make
from support.channel import Channel
from support.waiting import PATIENCE


async def until(condition: Callable[[], Awaitable[object]], seconds: float = PATIENCE) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


async def start_slow(api: Api, make: Make) -> tuple[str, str]:
    """Return an environment and a job that installs a package whose script waits, caught in that script."""
    made = await make("a", "six")
    reply = await api("POST", "changes", {"action": "install", "environment": made.id, "specs": ["held"]})
    job_id = reply.body["job"]["id"]

    async def in_script() -> bool:
        return any(event["phase"] == "scripts" for event in (await api("GET", f"jobs/{job_id}/events")).body["events"])

    await until(in_script)
    return made.id, job_id


async def test_a_job_is_followed_by_its_events_and_its_log(api: Api, finish: Finish) -> None:
    job = await finish(await api("POST", "changes", {"action": "create", "name": "a", "specs": ["six"]}))
    news = (await api("GET", f"jobs/{job['id']}/events")).body
    assert news["job"] == job
    numbers = [event["seq"] for event in news["events"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {"solve", "link", "kernels"} <= {event.get("phase") for event in news["events"]}
    later = (await api("GET", f"jobs/{job['id']}/events", since=numbers[-1] - 1)).body["events"]
    assert [event["seq"] for event in later] == numbers[-1:]

    log = (await api("GET", f"jobs/{job['id']}/log")).body
    assert f"job {job['id']}: jupyter envs create a six" in log["text"]
    rest = (await api("GET", f"jobs/{job['id']}/log", since=log["next"])).body
    assert (rest["text"], rest["next"]) == ("", log["next"])


async def test_jobs_are_listed_the_newest_first(api: Api, finish: Finish, make: Make) -> None:
    made = await make("a", "six")
    await make("b", "six")
    job = await finish(await api("POST", "plans", {"action": "update", "environment": made.id}))
    jobs = (await api("GET", "jobs")).body["jobs"]
    assert [entry["name"] for entry in jobs] == ["a", "b", "a"]
    assert jobs[0] == job
    assert [entry["id"] for entry in (await api("GET", "jobs", limit=1)).body["jobs"]] == [job["id"]]
    assert len((await api("GET", "jobs", environment=made.id)).body["jobs"]) == 2
    assert (await api("GET", "jobs", live=1)).body["jobs"] == []


async def test_a_live_job_makes_its_environment_busy_and_is_cancelled_at_once(
    api: Api, make: Make, settings: Settings
) -> None:
    environment, job_id = await start_slow(api, make)
    line = (await api("GET", "environments")).body["environments"][0]
    assert (line["busy"], line["job"]) == (True, job_id)
    assert (await api("GET", f"environments/{environment}")).body["job"] == job_id
    assert [job["id"] for job in (await api("GET", "jobs", live="true")).body["jobs"]] == [job_id]

    process = psutil.Process(JobClient(settings).store.get(job_id).pid)
    process.suspend()  # it cannot stop now: who cancels is answered without waiting for that
    reply = await api("DELETE", f"jobs/{job_id}")
    process.resume()
    assert (reply.status, reply.body["job"]["cancel_requested"]) == (202, True)
    assert reply.body["job"]["state"] == "running"

    async def cancelled() -> bool:
        return (await api("GET", f"jobs/{job_id}")).body["job"]["state"] == "cancelled"

    await until(cancelled)
    job = (await api("GET", f"jobs/{job_id}")).body["job"]
    assert job["error"]["code"] == "cancelled"
    line = (await api("GET", "environments")).body["environments"][0]
    assert (line["busy"], line["job"], line["generation"]) == (False, None, 1)


async def test_a_job_that_was_killed_is_shown_as_interrupted_and_its_environment_is_mended(
    api: Api, make: Make, finish: Finish, settings: Settings
) -> None:
    environment, job_id = await start_slow(api, make)
    pid = JobClient(settings).store.get(job_id).pid
    assert pid is not None
    for process in [*psutil.Process(pid).children(recursive=True), psutil.Process(pid)]:
        os.kill(process.pid, signal.SIGKILL)

    async def interrupted() -> bool:
        return (await api("GET", f"jobs/{job_id}")).body["job"]["state"] == "interrupted"

    await until(interrupted)
    job = (await api("GET", f"jobs/{job_id}")).body["job"]
    assert (job["error"]["code"], job["error"]["hint"] != "") == ("job.interrupted", True)
    assert (await api("GET", f"environments/{environment}")).body["interrupted"] is True
    findings = (await api("GET", f"environments/{environment}/doctor")).body["findings"]
    fix = next(finding["fix"] for finding in findings if finding["code"] == "transaction.interrupted")
    assert fix == {"action": "recover", "specs": []}
    mended = await finish(await api("POST", f"environments/{environment}/fix", fix))
    assert (mended["state"], mended["kind"]) == ("done", "recover")
    assert (await api("GET", f"environments/{environment}")).body["interrupted"] is False


async def test_there_is_no_such_job(api: Api) -> None:
    for verb, path in (("GET", ""), ("DELETE", ""), ("GET", "/events"), ("GET", "/log")):
        reply = await api(verb, f"jobs/20200101-000000-abcd{path}")
        assert (reply.status, reply.error["code"]) == (404, "not_found.job")


async def test_queries_that_are_not_understood(api: Api) -> None:
    for path, query in (("jobs", {"limit": "many"}), ("jobs", {"live": "perhaps"}), ("jobs", {"limit": "-1"})):
        reply = await api("GET", path, **query)
        assert (reply.status, reply.error["code"]) == (400, "spec.query")


SUBMIT = """
import sys, msgspec
from jupyter_envs.jobs.client import JobClient
from jupyter_envs.jobs.models import JobRequest
from jupyter_envs.settings import Settings
client = JobClient(msgspec.json.decode(sys.argv[1], type=Settings))
print(client.submit(msgspec.json.decode(sys.argv[2], type=JobRequest)).id)
"""


@pytest.fixture
def earlier_job(settings: Settings, stocked: Channel) -> str:
    """Return the id of a job that a process has started which is no more: the server before this one."""
    own = msgspec.structs.replace(settings, channels=(str(stocked.folder),), sources=("conda",))
    change = ChangeRequest(action="create", prefix=f"{settings.envs_directories[0]}/a", specs=("held",))
    texts = [msgspec.json.encode(value).decode() for value in (own, JobRequest(kind="change", change=change))]
    command = [sys.executable, "-c", SUBMIT, *texts]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


async def test_a_job_that_the_server_before_has_started_is_there_and_can_be_stopped(earlier_job: str, api: Api) -> None:
    (job,) = (await api("GET", "jobs", live=1)).body["jobs"]
    assert job["id"] == earlier_job
    await api("DELETE", f"jobs/{earlier_job}")

    async def ended() -> bool:
        return (await api("GET", f"jobs/{earlier_job}")).body["job"]["state"] == "cancelled"

    await until(ended)
    assert (await api("GET", "environments")).body == {"environments": []}
