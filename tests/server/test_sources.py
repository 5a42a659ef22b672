"""Sources that are slow, out of reach or wrong, and the child that asks them dying: what is told, what still works."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_server.serverapp import ServerApp

from jupyter_envs.server.services import Services
from support.api import Api, Finish, Make, Reply
from support.channel import Channel
from support.http_server import Server, serve
from support.waiting import PATIENCE
from support.wheels import SimpleIndex


@pytest.fixture
def channel_host(stocked: Channel) -> Iterator[Server]:
    """Serve the channel over HTTP."""
    with serve(stocked.folder) as server:
        yield server


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serve a Python index with one project, and configure pip to use it."""
    simple = SimpleIndex()
    simple.wheel(tmp_path, "polaris", "1.2")
    simple.wheel(tmp_path, "polaris", "1.1")
    with serve(application=simple) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple/")
        yield server


@pytest.fixture
def with_index(extension_config: dict[str, Any], index: Server) -> Server:
    """Let the server use that index beside the channel."""
    extension_config["sources"] = ["conda", "pypi", "interpreter"]
    return index


@pytest.fixture
def over_http(extension_config: dict[str, Any], channel_host: Server) -> Server:
    """Let the server use the channel over HTTP, and the well-known projects of an index that is not asked."""
    extension_config["channels"] = [channel_host.url]
    return channel_host


def names_of(reply: Reply) -> list[tuple[str, str, str]]:
    """Return name, version and source of what was found."""
    return [(line["name"], line["version"], line["source"]) for line in reply.body["results"]]


async def complete(api: Api, **query: object) -> Reply:
    """Ask until every source has answered."""
    deadline = time.monotonic() + PATIENCE
    while True:
        reply = await api("GET", "search", **query)
        if reply.body["complete"]:
            return reply
        assert time.monotonic() < deadline, reply.body["problems"]
        await asyncio.sleep(0.05)


async def test_a_project_of_the_index_is_found_by_its_exact_name(with_index: Server, api: Api) -> None:
    found = await complete(api, q="Polaris")
    assert names_of(found) == [("polaris", "1.2", "pypi")]
    versions = (await api("GET", "packages/polaris")).body["versions"]
    assert [(version["version"], version["source"]) for version in versions] == [("1.2", "pypi"), ("1.1", "pypi")]
    assert versions[0]["size"] > 0
    assert (await api("GET", "packages/polaris", source="conda")).status == 404


async def test_well_known_names_are_offered_by_their_beginning(with_index: Server, api: Api) -> None:
    found = (await api("GET", "search", q="sci")).body["results"]
    names = [line["name"] for line in found]
    assert names[0] == "scipy"
    assert {"scikit-learn", "scikit-image"} <= set(names)
    assert all(line["summary"] and line["source"] == "pypi" for line in found)
    assert (await api("GET", "search", q="sklearn")).body["results"][0]["name"] == "scikit-learn"


async def test_a_python_may_come_from_this_machine(with_index: Server, api: Api) -> None:
    versions = (await api("GET", "packages/python")).body["versions"]
    assert {version["source"] for version in versions} == {"conda", "interpreter"}


async def test_an_index_that_does_not_answer_in_time_leaves_the_others_results(with_index: Server, api: Api) -> None:
    gate = with_index.hold("simple/*")
    found = (await api("GET", "search", q="tool")).body
    assert (found["results"][0]["name"], found["complete"]) == ("tool", True), (
        "the channel has it: nobody else is asked"
    )
    slow = await api("GET", "search", q="polaris")
    assert (slow.status, slow.body["complete"], slow.body["results"]) == (200, False, [])
    assert slow.body["problems"] == [
        {"channel": "pypi", "message": "the Python index has not answered yet", "hint": ""}
    ]
    gate.set()
    assert names_of(await complete(api, q="polaris")) == [("polaris", "1.2", "pypi")]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip's configuration wait for a second only."""
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "1")


async def test_a_plan_that_needs_an_index_which_does_not_answer_in_time_says_so(
    impatient: None, with_index: Server, api: Api, finish: Finish
) -> None:
    with_index.fault("simple/*", chunk_size=1, chunk_delay=5)
    job = await finish(await api("POST", "plans", {"action": "create", "name": "a", "specs": ["pypi::polaris"]}))
    assert (job["state"], job["result"]) == ("failed", None)
    assert f"the Python index does not answer: {with_index.url.removeprefix('http://')}" in job["error"]["message"]
    assert job["error"]["hint"].startswith("check the network and `pip config list`")


async def test_an_index_that_fails_is_named(with_index: Server, api: Api) -> None:
    with_index.fault("simple/*", status=403)
    failed = (await api("GET", "search", q="polaris")).body
    while failed["problems"][0]["message"] == "the Python index has not answered yet":  # its client tries again first
        await asyncio.sleep(0.2)
        failed = (await api("GET", "search", q="polaris")).body
    assert failed["complete"] is False
    assert failed["problems"][0]["channel"] == "pypi"
    assert "403" in failed["problems"][0]["message"]


async def test_one_of_several_indexes_that_fails_is_named_beside_what_the_others_have(
    with_index: Server, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{with_index.url}/other")
    with_index.fault("other/*", status=403)
    reply = await api("GET", "search", q="polaris")
    while not reply.body["results"]:  # its client tries again first
        await asyncio.sleep(0.2)
        reply = await api("GET", "search", q="polaris")
    assert (names_of(reply), reply.body["complete"]) == ([("polaris", "1.2", "pypi")], False)
    assert "403" in reply.body["problems"][0]["message"]


async def test_a_channel_that_does_not_answer_in_time_is_told_and_asked_for_again(over_http: Server, api: Api) -> None:
    gate = over_http.hold()
    slow = (await api("GET", "search", q="six")).body
    assert (slow["complete"], slow["results"]) == (False, [])
    assert slow["problems"][0]["message"] == f"{over_http.url} has not answered yet"
    gate.set()
    assert names_of(await complete(api, q="six"))[0][0] == "six"


async def test_a_channel_that_does_not_exist_is_a_problem_not_an_error(over_http: Server, api: Api) -> None:
    over_http.fault("*", status=404)
    reply = await api("GET", "sources")
    assert (reply.status, len(reply.body["problems"])) == (200, 1)
    assert reply.body["problems"][0]["message"].startswith("there is no channel at ")
    missing = (await api("GET", "packages/six")).body
    assert (missing["versions"], missing["complete"]) == ([], False)


def child_of(app: ServerApp) -> psutil.Process:
    """Return the process that the extension asks."""
    (extension,) = app.extension_manager.extension_apps["jupyter_envs"]
    services: Services = extension.services
    return psutil.Process(services.queries.pid)


async def test_a_child_that_dies_is_told_and_replaced(over_http: Server, jp_serverapp: ServerApp, api: Api) -> None:
    gate = over_http.hold()
    asking = asyncio.ensure_future(api("GET", "search", q="six"))
    while not over_http.log:
        await asyncio.sleep(0.01)
    first = child_of(jp_serverapp)
    os.kill(first.pid, signal.SIGKILL)
    gate.set()
    reply = await asking
    assert (reply.status, reply.error["code"]) == (500, "query.crashed")
    assert reply.error["message"] == "the process that looks things up ended before it answered"
    assert reply.error["hint"].startswith("try again")
    assert names_of(await complete(api, q="six"))[0][0] == "six"
    assert child_of(jp_serverapp) != first


async def test_many_questions_are_answered_at_once(make: Make, api: Api) -> None:
    made = await make("a", "tool")
    paths = [f"{made.route}/packages/six/why", f"{made.route}/verify", "search?q=six", "packages/six"] * 5
    replies = await asyncio.gather(*(api("GET", path.partition("?")[0], q="six") for path in paths))
    assert [reply.status for reply in replies] == [200] * 20
    assert replies[0].body == {"chains": [["tool", "six"]]}
