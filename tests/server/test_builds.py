"""Recipes over REST: which folders hold one, a build and its package installed, a faulty one refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.api import Api, Finish, Make
from support.recipes import write_recipe

GREET = """\
package: {name: greet, version: "1.2"}
build:
  noarch: generic
  script: ["mkdir -p $PREFIX/share && echo hi > $PREFIX/share/greet.txt"]
test:
  commands: ["grep hi $PREFIX/share/greet.txt"]
"""


@pytest.fixture
def recipe(jp_root_dir: Path) -> Path:
    """Return the folder of a recipe below the server's root."""
    return write_recipe(jp_root_dir / "recipes/greet", {"meta.yaml": GREET})


async def test_folders_with_a_recipe_are_named(api: Api, recipe: Path, jp_root_dir: Path) -> None:
    (jp_root_dir / "recipes/plain").mkdir()
    assert (await api("GET", "recipes", folder="recipes")).body == {"folders": ["greet"]}
    assert (await api("GET", "recipes")).body == {"folders": []}
    assert (await api("GET", "recipes", folder="gone")).body == {"folders": []}
    reply = await api("GET", "recipes", folder="../..")
    assert (reply.status, reply.error["code"]) == (400, "spec")


@pytest.mark.parametrize("path", ["recipes/greet", "recipes/greet/meta.yaml"])
async def test_a_recipe_is_built_and_its_package_installed(
    api: Api, make: Make, finish: Finish, recipe: Path, jp_root_dir: Path, path: str
) -> None:
    started = await api("POST", "builds", {"recipe": path})
    assert (started.body["job"]["kind"], started.body["job"]["name"]) == ("build", "greet")
    assert started.body["job"]["command"] == f"jupyter envs build {path}"
    job = await finish(started)
    assert job["state"] == "done", job
    assert job["result"]["channel"] == str(jp_root_dir / "channel")
    (package,) = job["result"]["packages"]
    assert (package["state"], package["subdir"]) == ("built", "noarch")
    log = (await api("GET", f"jobs/{job['id']}/log")).body["text"]
    assert "testing greet-1.2-" in log
    again = await finish(await api("POST", "builds", {"recipe": path, "force": True}))
    assert again["command"] == f"jupyter envs build --force {path}"
    assert [each["state"] for each in again["result"]["packages"]] == ["built"]
    made = await make("a", "six")
    name, version, build = package["dist"].rsplit("-", 2)
    change = {"action": "install", "environment": made.id, "specs": [f"{name}={version}={build}"]}
    done = await finish(await api("POST", "changes", {**change, "channels": [job["result"]["channel"]]}))
    assert done["state"] == "done", done
    assert (made.prefix / "share/greet.txt").read_text() == "hi\n"


async def test_a_faulty_recipe_is_refused_with_its_line(api: Api, recipe: Path) -> None:
    (recipe / "meta.yaml").write_text(GREET.replace("  script:", "  scirpt:"))
    reply = await api("POST", "builds", {"recipe": "recipes/greet"})
    assert (reply.status, reply.error["code"], reply.error["hint"]) == (400, "recipe.key", "did you mean script?")
    assert reply.error["detail"]["line"] == 4
    assert Path(str(reply.error["detail"]["file"])).name == "meta.yaml"
    assert (await api("GET", "jobs")).body["jobs"] == []
    assert (await api("POST", "builds", {"recipe": "../elsewhere"})).status == 400
    assert (await api("POST", "builds", {"recipe": "recipes"})).status == 400
