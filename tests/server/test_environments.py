"""Environments over REST: listed, shown, made, renamed, deleted, and gone while somebody looks."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from jupyter_envs.kernels.sync import list_kernels
from jupyter_envs.server.identifiers import environment_id
from jupyter_envs.settings import Settings
from support.api import Api, Finish, Make


async def test_an_environment_is_made_and_listed_with_its_kernel(api: Api, make: Make) -> None:
    assert (await api("GET", "environments")).body == {"environments": []}
    made = await make("analysis", "tool")
    (line,) = (await api("GET", "environments")).body["environments"]
    assert (line["id"], line["name"], line["path"]) == (made.id, "analysis", str(made.prefix))
    assert (line["python"], line["packages"], line["generation"]) == ("3.11.7", 4, 1)
    assert (line["kernels"], line["job"], line["busy"], line["size"]) == (["envs-analysis"], None, False, None)
    shown = (await api("GET", made.route)).body
    assert shown["requested"] == ["tool", "ipykernel"]
    assert shown["sources"] == ["conda"]
    assert (shown["variables"], shown["pinned"], shown["size"]) == ({}, [], None)


async def test_a_measured_size_stands_in_the_list_until_the_environment_changes(
    api: Api, make: Make, finish: Finish
) -> None:
    made = await make("a", "six")
    usage = (await api("GET", f"{made.route}/disk")).body
    assert usage["total"] == usage["unique"] + usage["shared"] > 0
    assert (await api("GET", "environments")).body["environments"][0]["size"] == usage["unique"]
    source = made.prefix.parents[1] / "sources" / f"{64 * '0'}-a.tar"
    source.parent.mkdir()
    source.write_bytes(b"a" * 20_000)
    report = (await api("GET", "disk")).body
    assert 20_000 <= report["sources_bytes"] <= 64_000
    assert [line["id"] for line in report["environments"]] == [made.id]
    assert report["total"] <= report["environments_total"] + report["packages_total"]
    assert report["free_bytes"] > 0
    await finish(await api("POST", "changes", {"action": "install", "environment": made.id, "specs": ["tool"]}))
    assert (await api("GET", made.route)).body["size"] is None


async def test_an_environment_is_renamed_with_its_kernel(api: Api, make: Make, finish: Finish) -> None:
    made = await make("old", "tool")
    job = await finish(await api("PATCH", made.route, {"name": "new"}))
    assert (job["state"], job["kind"], job["name"]) == ("done", "rename", "old")
    (line,) = (await api("GET", "environments")).body["environments"]
    assert (line["name"], line["kernels"]) == ("new", ["envs-new"])
    assert (await api("GET", made.route)).status == 404


async def test_a_rename_to_a_name_that_is_taken_or_none_is_refused(api: Api, make: Make) -> None:
    made = await make("one", "six")
    await make("two", "six")
    taken = await api("PATCH", made.route, {"name": "two"})
    assert (taken.status, taken.error["code"]) == (409, "exists")
    for name in ("a b", "../up", ""):
        refused = await api("PATCH", made.route, {"name": name})
        assert (refused.status, refused.error["code"]) == (400, "spec.name"), name
        assert refused.error["hint"]


async def test_an_environment_is_deleted_with_its_kernel(api: Api, make: Make, finish: Finish) -> None:
    made = await make("a", "tool")
    job = await finish(await api("DELETE", made.route))
    assert job["state"] == "done"
    assert job["result"]["freed_bytes"] > 0
    assert not made.prefix.exists()
    assert list_kernels() == []
    assert (await api("GET", "environments")).body == {"environments": []}


async def test_an_environment_that_was_deleted_behind_its_back(api: Api, make: Make) -> None:
    made = await make("a", "six")
    shutil.rmtree(made.prefix)
    gone = f"there is no environment {made.prefix}"
    for verb, path in (("GET", ""), ("DELETE", ""), ("GET", "/packages"), ("GET", "/verify"), ("GET", "/disk")):
        reply = await api(verb, made.route + path)
        assert (reply.status, reply.error["code"], reply.error["message"]) == (404, "not_found.environment", gone)
        assert reply.error["hint"] == "it may have been deleted or renamed; refresh the list"
    change = await api("POST", "changes", {"action": "install", "environment": made.id, "specs": ["six"]})
    assert (change.status, change.error["message"]) == (404, gone)


async def test_an_id_that_is_none(api: Api, tmp_path: Path) -> None:
    for identifier in ("x", "L3RtcA", environment_id("relative/path"), environment_id("/tmp/../etc")):
        reply = await api("GET", f"environments/{identifier}")
        assert (reply.status, reply.error["code"]) == (404, "not_found.environment"), identifier


async def test_a_venv_is_listed_and_not_changed(api: Api, settings: Settings, jp_root_dir: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", jp_root_dir / ".venv"], check=True)
    (line,) = (await api("GET", "environments")).body["environments"]
    assert (line["kind"], line["external"], line["name"]) == ("venv", True, jp_root_dir.name)
    refused = await api("DELETE", f"environments/{line['id']}")
    assert (refused.status, refused.error["code"]) == (404, "environment.venv")
    shown = await api("GET", f"environments/{line['id']}")
    assert (shown.status, shown.body["requested"]) == (200, [])


async def test_about_says_where_things_are(api: Api, settings: Settings) -> None:
    about = (await api("GET", "about")).body
    assert (about["root"], about["envs_directories"]) == (settings.root, list(settings.envs_directories))
    assert about["writable"] is True
