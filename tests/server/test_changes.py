"""Plans and changes over REST: looked at, executed, out of date, refused; two at once."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import msgspec

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.settings import Settings
from support.api import Api, Finish, Make
from support.channel import Channel


async def test_the_plan_that_was_looked_at_is_executed(api: Api, finish: Finish, settings: Settings) -> None:
    asked = {"action": "create", "name": "a", "specs": ["tool"], "add_ipykernel": False}
    reply = await api("POST", "plans", asked)
    job = await finish(reply)
    assert (job["kind"], job["action"], job["state"]) == ("plan", "create", "done")
    assert reply.headers["Location"] == f"/a%40b/envs/api/v1/jobs/{job['id']}"
    plan_id = job["result"]["plan_id"]
    shown = (await api("GET", f"plans/{plan_id}")).body
    assert shown["stale"] is False
    plan = shown["plan"]
    assert (plan["plan_id"], plan["action"], plan["name"]) == (plan_id, "create", "a")
    added = {change["name"]: change["after"] for change in plan["changes"]}
    assert set(added) == {"python", "six", "tool"}
    assert (added["six"]["version"], added["six"]["source"], added["six"]["channel"]) == ("2.0", "conda", "channel")
    assert plan["download_bytes"] > 0
    assert plan["command"] == "jupyter envs create a tool"
    assert not Path(plan["prefix"]).exists()

    job = await finish(await api("POST", f"plans/{plan_id}/execute", {}))
    assert (job["kind"], job["action"], job["state"]) == ("execute", "create", "done")
    assert job["request"] == asked  # so that any tab can ask for it again
    assert job["result"]["result"]["generation"] == 1
    assert {change["name"]: change["after"] for change in job["result"]["result"]["changes"]}["six"] == "2.0"
    assert Path(plan["prefix"], "conda-meta").is_dir()


async def test_a_plan_of_an_environment_that_changed_since_is_refused(
    api: Api, finish: Finish, make: Make, settings: Settings, stocked: Channel
) -> None:
    made = await make("a", "six=1.0")
    job = await finish(await api("POST", "plans", {"action": "install", "environment": made.id, "specs": ["tool"]}))
    plan_id = job["result"]["plan_id"]
    engine = Engine(msgspec.structs.replace(settings, channels=(str(stocked.folder),), sources=("conda",)))
    request = ChangeRequest(action="install", prefix=str(made.prefix), specs=("six=2.0",))
    await asyncio.to_thread(lambda: engine.execute(engine.plan(request)))
    assert (await api("GET", f"plans/{plan_id}")).body["stale"] is True
    refused = await api("POST", f"plans/{plan_id}/execute", {})
    assert (refused.status, refused.error["code"]) == (409, "plan.stale")
    assert refused.error["message"] == "a has changed since this plan was made"
    assert refused.error["hint"] == "make the plan again"


async def test_scripts_that_a_plan_did_not_name_are_not_run_when_only_those_may_be(
    api: Api, finish: Finish, settings: Settings
) -> None:
    body = {"action": "create", "name": "a", "specs": ["held"], "add_ipykernel": False}
    plans = []
    for unknown in (1, 0):  # the first time it is not in the cache
        planned = await finish(await api("POST", "plans", body))
        plans.append((await api("GET", f"plans/{planned['result']['plan_id']}")).body["plan"])
        assert plans[-1]["scripts_unknown"] == unknown
        if unknown:
            job = await finish(await api("POST", f"plans/{plans[-1]['plan_id']}/execute", {"known_scripts": True}))
            assert (job["state"], job["result"]["executed"]) == ("done", False)
            assert not Path(settings.envs_directories[0], "a").exists()
    assert plans[0]["link_scripts"] == []
    assert job["result"]["link_scripts"] == plans[1]["link_scripts"] == ["held-1.0-h0_0: bin/.held-post-link.sh"]


async def test_a_plan_of_an_environment_that_is_gone_says_so(api: Api, finish: Finish, make: Make) -> None:
    made = await make("a", "six=1.0")
    job = await finish(await api("POST", "plans", {"action": "install", "environment": made.id, "specs": ["tool"]}))
    shutil.rmtree(made.prefix)
    plan_id = job["result"]["plan_id"]
    assert (await api("GET", f"plans/{plan_id}")).body["stale"] is True
    refused = await api("POST", f"plans/{plan_id}/execute", {})
    assert (refused.status, refused.error["code"]) == (404, "not_found.environment")
    assert refused.error["message"] == "there is no environment a"
    assert "deleted" in refused.error["hint"]


async def test_a_plan_that_was_executed_is_not_executed_twice(api: Api, finish: Finish) -> None:
    job = await finish(await api("POST", "plans", {"action": "create", "name": "a", "specs": ["six"]}))
    route = f"plans/{job['result']['plan_id']}/execute"
    first, second = await asyncio.gather(api("POST", route, {}), api("POST", route, {}))
    assert sorted((first.status, second.status)) == [202, 423]
    await finish(first if first.status == 202 else second)
    again = await api("POST", route, {})
    assert (again.status, again.error["code"]) == (409, "plan.stale")


async def test_of_two_changes_posted_at_once_one_is_taken_on(api: Api, finish: Finish, make: Make) -> None:
    made = await make("a", "six=1.0")
    asked = {"action": "install", "environment": made.id, "specs": ["six=2.0"]}
    first, second = await asyncio.gather(api("POST", "changes", asked), api("POST", "changes", asked))
    taken, refused = sorted((first, second), key=lambda reply: reply.status)
    assert (taken.status, refused.status) == (202, 423)
    assert refused.error["code"] == "locked.job"
    assert refused.error["detail"]["job"] == taken.body["job"]["id"]
    assert refused.error["message"] == "a is being changed already (jupyter envs install a six=2.0)"
    assert (await finish(taken))["state"] == "done"


async def test_a_name_that_is_taken_or_not_allowed(api: Api, make: Make) -> None:
    await make("a", "six")
    taken = await api("POST", "changes", {"action": "create", "name": "a", "specs": ["six"]})
    assert (taken.status, taken.error["code"]) == (409, "exists")
    assert taken.error["message"] == "there is already an environment a"
    for name in ("my env", "base", "-x", "sub/dir", "", "ä"):
        refused = await api("POST", "plans", {"action": "create", "name": name, "specs": ["six"]})
        assert (refused.status, refused.error["code"]) == (400, "spec.name"), name
        assert refused.error["hint"]


async def test_a_request_that_lacks_something(api: Api, make: Make) -> None:
    made = await make("a", "six")
    lacking = [
        {"action": "install", "environment": made.id},
        {"action": "install", "environment": made.id, "specs": [" "]},
        {"action": "remove", "environment": made.id},
        {"action": "restore", "environment": made.id},
        {"action": "update"},
        {"action": "clone", "name": "b"},
    ]
    for body in lacking:
        refused = await api("POST", "changes", body)
        assert (refused.status, refused.error["code"]) == (400, "spec.incomplete"), body
        assert refused.error["hint"]


async def test_a_body_that_is_not_json_or_not_what_is_asked_for(api: Api) -> None:
    for body, code in (
        (b"{", "spec.json"),
        (b"\xff\xfe", "spec.json"),
        (b"[]", "spec.body"),
        (b'{"action": "explode"}', "spec.body"),
        (b'{"action": "create", "name": 1}', "spec.body"),
        (b'{"action": "create", "naem": "x"}', "spec.body"),
    ):
        refused = await api("POST", "changes", body)
        assert (refused.status, refused.error["code"]) == (400, code), body
        assert refused.error["hint"] == "envs/api/v1/openapi.yaml describes what can be sent"


async def test_requests_that_clash_are_explained(api: Api, finish: Finish) -> None:
    job = await finish(await api("POST", "plans", {"action": "create", "name": "a", "specs": ["six=1.0", "needy"]}))
    assert (job["state"], job["error"]["code"].split(".")[0]) == ("failed", "solve")
    assert job["error"]["detail"]["conflict"]["requests"]


async def test_a_file_is_created_from_and_names_the_environment(api: Api, finish: Finish) -> None:
    file = {"name": "environment.yml", "text": "name: course\ndependencies:\n  - six=1.0\nvariables:\n  LEVEL: one\n"}
    parsed = (await api("POST", "exchange/parse", file)).body["parsed"]
    assert (parsed["format"], parsed["name"], parsed["specs"]) == ("yaml", "course", ["six=1.0"])
    job = await finish(await api("POST", "changes", {"action": "create", "file": file}))
    assert (job["state"], job["name"]) == ("done", "course")
    assert job["command"] == "jupyter envs create course --file environment.yml"
    shown = (await api("GET", f"environments/{job['environment']}")).body
    assert (shown["requested"], shown["variables"]) == (["six=1.0", "ipykernel"], {"LEVEL": "one"})


async def test_a_file_that_is_none(api: Api) -> None:
    for text in ("dependencies: 7\n", "a: [\n"):
        refused = await api("POST", "exchange/parse", {"name": "environment.yml", "text": text})
        assert refused.status == 400
        assert refused.error["code"].startswith("exchange"), refused.error
        assert "environment.yml" in refused.error["message"]


async def test_a_file_includes_those_beside_it_and_none_above_the_servers_root(api: Api, jp_root_dir: Path) -> None:
    (jp_root_dir / "sub").mkdir()
    (jp_root_dir / "sub/base.txt").write_text("six==1.0\n")
    file = {"name": "sub/requirements.txt", "text": "-r base.txt\n"}
    parsed = (await api("POST", "exchange/parse", file)).body["parsed"]
    assert parsed["pip_specs"] == ["pypi::six==1.0"]
    (jp_root_dir.parent / "base.txt").write_text("six==1.0\n")
    refused = await api("POST", "exchange/parse", {"name": "../requirements.txt", "text": "-r base.txt\n"})
    assert refused.status in (400, 404)


async def test_clone_install_remove_undo_and_restore(api: Api, finish: Finish, make: Make) -> None:
    made = await make("a", "six=1.0")
    for body in (
        {"action": "install", "environment": made.id, "specs": ["tool"]},
        {"action": "remove", "environment": made.id, "specs": ["tool"]},
        {"action": "undo", "environment": made.id},
        {"action": "restore", "environment": made.id, "generation": 1},
        {"action": "clone", "clone_from": made.id, "name": "b"},
        {"action": "repair", "environment": made.id},
        {"action": "update", "environment": made.id, "specs": []},
    ):
        job = await finish(await api("POST", "changes", body))
        assert job["state"] == "done", (body, job["error"])
    history = (await api("GET", f"{made.route}/generations")).body
    actions = [generation["action"] for generation in history["generations"]]
    assert actions[:5] == ["create", "install", "remove", "undo", "restore"]
    assert history["generations"][3]["restores"] == 2
    assert history["generations"][1]["command"] == "jupyter envs install a tool"
    assert len((await api("GET", "environments")).body["environments"]) == 2
    compared = (await api("GET", f"{made.route}/generations/1/compare/2")).body["changes"]
    assert {change["name"]: (change["kind"], change["after"]) for change in compared} == {"tool": ("added", "1.0")}
    missing = await api("GET", f"{made.route}/generations/1/compare/99")
    assert (missing.status, missing.error["code"]) == (404, "generation")


async def test_a_frozen_environment_refuses_and_says_why(api: Api, finish: Finish, make: Make) -> None:
    made = await make("a", "six=1.0")
    (made.prefix / "conda-meta/frozen").write_text('{"message": "ask the teacher"}')
    asked = {"action": "install", "environment": made.id, "specs": ["six=2.0"]}
    job = await finish(await api("POST", "plans", asked))
    assert (job["state"], job["error"]["code"]) == ("failed", "frozen")
    assert "ask the teacher" in job["error"]["message"] + job["error"]["hint"]
    assert (await api("GET", made.route)).body["frozen"] is True


async def test_there_is_no_such_plan(api: Api) -> None:
    for verb, path in (("GET", "plans/nothing"), ("POST", "plans/nothing/execute")):
        reply = await api(verb, path, {} if verb == "POST" else None)
        assert (reply.status, reply.error["code"]) == (404, "not_found.plan")
