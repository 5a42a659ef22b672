"""Notebooks over REST: locked, asked about, planned and built; what is refused. Nothing happens by asking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_server.serverapp import ServerApp

from jupyter_envs.settings import Settings
from support.api import Api, Finish, Make, Reply
from support.channel import Channel
from support.http_server import serve


def notebook(lock: dict[str, Any] | None = None, source: str = "import six") -> dict[str, Any]:
    metadata = {} if lock is None else {"jupyter_envs": lock}
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": metadata,
        "cells": [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []}],
    }


async def ask(api: Api, content: object, path: str = "work/a b.ipynb") -> Reply:
    return await api("POST", "notebooks/answer", {"content": content, "path": path})


async def lock_of_what_has_gone(api: Api, make: Make, finish: Finish) -> dict[str, Any]:
    """Return the lock of an environment that is gone again."""
    made = await make("a", "tool", "six=1.0", "python")
    reply = await api("POST", "notebooks/lock", {"content": notebook(), "environment": made.id})
    assert (reply.status, reply.body["key"]) == (200, "jupyter_envs")
    found: dict[str, Any] = reply.body["lock"]
    assert reply.body["packages"] == len(found["platforms"][reply.body["subdir"]]["packages"])
    ready = (await ask(api, notebook(found))).body
    assert (ready["state"], ready["environment"]) == ("ready", made.id)
    await finish(await api("DELETE", made.route))
    return found


async def test_a_locked_notebook_is_built_as_it_was_locked(
    api: Api, make: Make, finish: Finish, settings: Settings
) -> None:
    lock = await lock_of_what_has_gone(api, make, finish)
    answer = (await ask(api, notebook(lock))).body
    assert (answer["state"], answer["environment"], answer["refused"]) == ("build", None, [])
    assert answer["download_bytes"] > 0
    assert sum(answer["origins"].values()) == len(next(iter(lock["platforms"].values()))["packages"])
    assert answer["name"].startswith("a-b-")
    assert not Path(settings.envs_directories[0], answer["name"]).exists()
    body = {"content": notebook(lock), "path": "work/a b.ipynb"}
    planned = await finish(await api("POST", "notebooks/plans", body))
    assert planned["state"] == "done", planned
    plan_id = planned["result"]["plan_id"]
    plan = (await api("GET", f"plans/{plan_id}")).body["plan"]
    assert plan["name"] == answer["name"]
    assert plan["command"] == f"jupyter envs create {answer['name']} --file 'work/a b.ipynb'"
    compared = (await api("POST", "notebooks/difference", {**body, "plan_id": plan_id})).body
    assert compared == {"changes": [], "foreign_hosts": []}
    built = await finish(await api("POST", f"plans/{plan_id}/execute", {}))
    assert built["state"] == "done", built
    ready = (await ask(api, notebook(lock))).body
    assert (ready["state"], Path(ready["prefix"]).name) == ("ready", answer["name"])
    again = await api("POST", "notebooks/plans", body)
    assert (again.status, again.error["code"]) == (400, "notebook.nothing_to_build")


async def test_a_lock_of_another_platform_is_solved_for_and_compared(api: Api, make: Make, finish: Finish) -> None:
    lock = await lock_of_what_has_gone(api, make, finish)
    ((subdir, packages),) = lock["platforms"].items()
    lines = [line.replace("six-1.0", "six-0.9") for line in packages["packages"]]
    other = {**lock, "requested": ["tool", "python"], "platforms": {"osx-arm64": {**packages, "packages": lines}}}
    answer = (await ask(api, notebook(other))).body
    assert (answer["state"], answer["platforms"]) == ("solve", ["osx-arm64"])
    assert f"this is {subdir}" in answer["because"]
    body = {"content": notebook(other), "path": "work/a b.ipynb"}
    planned = await finish(await api("POST", "notebooks/plans", body))
    assert planned["state"] == "done", planned
    reply = await api("POST", "notebooks/difference", {**body, "plan_id": planned["result"]["plan_id"]})
    (six,) = (change for change in reply.body["changes"] if change["name"] == "six")
    assert (six["kind"], six["before"]["version"], six["after"]["version"]) == ("upgraded", "0.9", "2.0")


async def test_sources_that_are_not_allowed_are_shown_and_refused(api: Api, make: Make, finish: Finish) -> None:
    lock = await lock_of_what_has_gone(api, make, finish)
    ((subdir, packages),) = lock["platforms"].items()
    line = f"pypi aa/six-1.0-py3-none-any.whl sha256:{'0' * 64} 10 as six-1.0-py3_none_any_0"
    origins = {**packages["origins"], "pypi": "https://files.example/packages"}
    wheel = {**packages, "origins": origins, "packages": [*packages["packages"][:-1], line]}
    body = {"content": notebook({**lock, "platforms": {subdir: wheel}}), "path": "a.ipynb"}
    answer = (await ask(api, body["content"])).body
    assert (answer["state"], answer["refused"]) == ("build", ["pypi"])
    refused = await api("POST", "notebooks/plans", body)
    assert (refused.status, refused.error["code"]) == (400, "sources.refused")


async def test_a_file_beside_a_notebook_is_offered_and_no_other_is_read(
    api: Api, finish: Finish, jp_serverapp: ServerApp
) -> None:
    root = Path(jp_serverapp.root_dir)
    (root / "work/binder").mkdir(parents=True)
    (root / "work/binder/environment.yml").write_text("dependencies: [tool]")
    (root / "environment.yml").write_text("dependencies: [six]")
    answer = (await ask(api, notebook(), "work/a.ipynb")).body
    assert (answer["state"], answer["beside"]) == ("none", ["binder/environment.yml"])
    body = {"content": notebook(), "path": "work/a.ipynb"}
    nothing = await api("POST", "notebooks/plans", body)
    assert nothing.error["code"] == "notebook.nothing_to_build"
    for file in ("environment.yml", "work/../environment.yml", "work/other.yml"):
        refused = await api("POST", "notebooks/plans", {**body, "file": file})
        assert (refused.status, refused.error["code"]) == (400, "notebook.beside"), file
    planned = await finish(await api("POST", "notebooks/plans", {**body, "file": "work/binder/environment.yml"}))
    assert planned["state"] == "done", planned
    plan = (await api("GET", f"plans/{planned['result']['plan_id']}")).body["plan"]
    assert "tool" in plan["requested"]


async def test_a_channel_that_the_settings_do_not_name_is_not_contacted_unasked(
    api: Api, make: Make, finish: Finish, jp_serverapp: ServerApp, stocked: Channel
) -> None:
    lock = await lock_of_what_has_gone(api, make, finish)
    ((_, packages),) = lock["platforms"].items()
    root = Path(jp_serverapp.root_dir)
    with serve(stocked.folder) as server:
        theirs = {**lock, "channels": [server.url], "platforms": {"osx-arm64": packages}}
        (root / "environment.yml").write_text(f"channels: [{server.url}, {stocked.url}]\ndependencies: [tool]")
        (root / "requirements.txt").write_text("six")
        assert (await ask(api, notebook(theirs), "a.ipynb")).body["foreign"] == {"": [server.url]}
        beside = (await ask(api, notebook(), "a.ipynb")).body
        assert beside["beside"] == ["environment.yml", "requirements.txt"]
        assert beside["foreign"] == {"environment.yml": [server.url]}
        body = {"content": notebook(theirs), "path": "a.ipynb"}
        from_file = {"content": notebook(), "path": "a.ipynb", "file": "environment.yml"}
        for asked in (body, from_file, {**body, "channels": [f"{server.url}/other"]}):
            refused = await api("POST", "notebooks/plans", asked)
            assert (refused.status, refused.error["code"]) == (400, "notebook.foreign")
            assert refused.error["detail"] == {"channels": [server.url]}
        assert not server.asked()
        for asked in (body, from_file):
            planned = await finish(await api("POST", "notebooks/plans", {**asked, "channels": [server.url]}))
            assert planned["state"] == "done", planned
        assert server.asked()


async def test_what_is_no_notebook_or_not_below_the_root_is_refused(api: Api) -> None:
    for content in ({}, {"nbformat": 3}, notebook({"lock_version": 99})):
        refused = await ask(api, content)
        assert (refused.status, refused.error["hint"] != "") == (400, True), content
    for path in ("../a.ipynb", "", "/", "a\0.ipynb"):
        refused = await ask(api, notebook(), path)
        assert (refused.status, refused.error["message"]) == (400, f"{path!r} is no file of this server")
    assert (await ask(api, notebook(), "x" * 5000 + ".ipynb")).body["state"] == "none"
