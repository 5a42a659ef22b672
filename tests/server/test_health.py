"""Health over REST: verify, doctor and their fixes, kernels, export, cleaning, stale modules."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

from jupyter_envs.engine.prefix.python import site_packages
from jupyter_envs.engine.prefix.registry import register_environment
from jupyter_envs.kernels.sync import list_kernels
from jupyter_envs.server.identifiers import environment_id
from support.api import Api, Finish, Made, Make


def module_file(made: Made, name: str) -> Path:
    """Return the file of an installed module."""
    place = site_packages(made.prefix)
    assert place is not None
    (path,) = [path for path in (place / f"{name}.py", place / name / "__init__.py") if path.exists()]
    return path


async def kernel_findings(api: Api, made: Made) -> list[dict[str, Any]]:
    """Return what the doctor says of kernels; of this machine's variables it may say other things."""
    findings = (await api("GET", f"{made.route}/doctor")).body["findings"]
    return [finding for finding in findings if finding["code"].startswith("kernel.")]


async def test_a_missing_file_is_found_and_repaired(api: Api, make: Make, finish: Finish) -> None:
    made = await make("a", "six")
    assert (await api("GET", f"{made.route}/verify")).body == {"findings": []}
    path = module_file(made, "six")
    path.unlink()
    (finding,) = (await api("GET", f"{made.route}/verify")).body["findings"]
    assert (finding["code"], finding["severity"], finding["package"]) == ("file.missing", "error", "six")
    assert finding["path"] == str(path)
    assert finding["fix"] == {"action": "repair", "specs": []}
    job = await finish(await api("POST", f"{made.route}/fix", finding["fix"]))
    assert (job["state"], job["action"]) == ("done", "repair")
    assert path.exists()


async def test_what_the_doctor_misses_is_installed_by_its_fix(api: Api, make: Make, finish: Finish) -> None:
    made = await make("a", "tool")
    (made.prefix / "conda-meta").joinpath(next((made.prefix / "conda-meta").glob("six-*.json")).name).unlink()
    findings = (await api("GET", f"{made.route}/doctor")).body["findings"]
    (finding,) = [finding for finding in findings if finding["code"] == "depends.unsatisfied"]
    assert finding["fix"] == {"action": "install", "specs": ["six"]}
    job = await finish(await api("POST", f"{made.route}/fix", finding["fix"]))
    assert (job["action"], job["command"]) == ("install", "jupyter envs install a six")


async def test_an_environment_without_its_kernel_gets_it_by_its_fix(api: Api, make: Make) -> None:
    made = await make("a", "tool")
    (kernel,) = list_kernels()
    Path(kernel.directory, "kernel.json").unlink()
    (finding,) = await kernel_findings(api, made)
    assert (finding["code"], finding["fix"]) == ("kernel.missing", {"action": "kernels", "specs": []})
    assert (await api("POST", f"{made.route}/fix", finding["fix"])).body == {"fixed": True}
    assert [kernel.prefix for kernel in list_kernels()] == [str(made.prefix)]
    assert await kernel_findings(api, made) == []


async def test_a_list_that_names_what_is_gone_is_put_right(api: Api, tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    assert register_environment(gone, os.environ)
    (finding,) = (await api("GET", "doctor")).body["findings"]
    assert (finding["code"], finding["path"]) == ("registry.stale", gone)
    fixed = await api("POST", f"environments/{environment_id(gone)}/fix", finding["fix"])
    assert fixed.body == {"fixed": True}
    assert (await api("GET", "doctor")).body == {"findings": []}


async def test_a_kernel_whose_environment_has_gone_is_told_and_removed_by_its_fix(api: Api, make: Make) -> None:
    made = await make("a", "tool")
    shutil.rmtree(made.prefix)
    findings = (await api("GET", "doctor")).body["findings"]
    assert {finding["code"]: finding["path"] for finding in findings} == {
        "kernel.gone": str(made.prefix),
        "registry.stale": str(made.prefix),
    }
    assert {finding["fix"]["action"] for finding in findings} == {"forget"}
    assert (await api("POST", f"{made.route}/fix", findings[0]["fix"])).body == {"fixed": True}
    assert (await api("GET", "doctor")).body == {"findings": []}
    assert list_kernels() == []


async def test_a_fix_that_is_none(api: Api, make: Make) -> None:
    made = await make("a", "six")
    for body in ({"action": "pray"}, {"action": "install"}):
        reply = await api("POST", f"{made.route}/fix", body)
        assert (reply.status, reply.error["code"]) == (400, "spec.fix")
        assert reply.error["hint"].startswith("one of repair, recover")


async def test_kernels_are_shown_removed_and_registered_again(api: Api, make: Make) -> None:
    made = await make("a", "tool")
    shown = (await api("GET", f"{made.route}/kernels")).body
    assert shown["kernels"] == [
        {"name": "envs-a", "display_name": "Python 3.11 (a)", "language": "python", "kernel": "python3"}
    ]
    assert shown["variables"]["CONDA_PREFIX"] == str(made.prefix)
    assert shown["variables"]["PATH"] == f"{made.prefix}/bin:${{PATH}}"
    removed = await api("DELETE", f"{made.route}/kernels")
    assert (removed.status, removed.body) == (204, b"")
    assert (await api("GET", f"{made.route}/kernels")).body["kernels"] == []
    assert await kernel_findings(api, made) == [], "who removed it does not miss it"
    again = await api("POST", f"{made.route}/kernels", {})
    assert (again.status, again.body["kernels"]) == (200, shown["kernels"])


async def test_an_environment_that_has_no_kernel_to_offer(api: Api, finish: Finish) -> None:
    asked = {"action": "create", "name": "a", "specs": ["six"], "add_ipykernel": False}
    job = await finish(await api("POST", "changes", asked))
    assert job["result"]["kernels"] == []
    reply = await api("POST", f"environments/{job['environment']}/kernels", {})
    assert (reply.status, reply.error["code"]) == (404, "not_found.kernel")


async def test_an_environment_is_written_as_a_file(api: Api, make: Make) -> None:
    made = await make("a", "tool")
    for form, begins, filename in (
        ("yaml", "name: a", "environment.yml"),
        ("explicit", "#", "a-explicit.txt"),
        ("pixi", "#", "pixi.lock"),
        ("requirements", "", "requirements.txt"),
    ):
        reply = (await api("GET", f"{made.route}/export", format=form)).body
        assert (reply["format"], reply["filename"]) == (form, filename)
        assert reply["text"].startswith(begins), reply["text"][:40]
    exact = (await api("GET", f"{made.route}/export", format="yaml", exact=1)).body["text"]
    assert "six=2.0=" in exact
    refused = await api("GET", f"{made.route}/export", format="word")
    assert (refused.status, refused.error["hint"]) == (400, "yaml, explicit, pixi or requirements")


async def test_packages_that_nobody_uses_are_cleaned(api: Api, make: Make, finish: Finish) -> None:
    made = await make("a", "tool")
    await finish(await api("DELETE", made.route))
    dry = await finish(await api("POST", "clean", {"dry_run": True}))
    while not dry["result"][
        "freed_bytes"
    ]:  # the process that used the packages is about to leave; the timeout is pytest's
        await asyncio.sleep(0.1)
        dry = await finish(await api("POST", "clean", {"dry_run": True}))
    assert (dry["kind"], dry["environment"], dry["result"]["dry_run"]) == ("clean", None, True)
    done = await finish(await api("POST", "clean", {}))
    assert done["result"]["freed_bytes"] == dry["result"]["freed_bytes"] > 0
    assert (await finish(await api("POST", "clean", {})))["result"]["removed"] == []


async def test_modules_whose_package_changed_since_a_generation_are_stale(api: Api, make: Make, finish: Finish) -> None:
    made = await make("a", "six=1.0", "tool")
    imported = {"modules": ["six", "tool.cli", "os"], "since": 1}
    assert (await api("POST", f"{made.route}/stale-modules", imported)).body == {"stale": []}
    await finish(await api("POST", "changes", {"action": "install", "environment": made.id, "specs": ["six=2.0"]}))
    upgraded = (await api("POST", f"{made.route}/stale-modules", imported)).body["stale"]
    assert upgraded == [{"module": "six", "package": "six", "before": "1.0", "after": "2.0"}]
    await finish(await api("POST", "changes", {"action": "remove", "environment": made.id, "specs": ["tool"]}))
    removed = (await api("POST", f"{made.route}/stale-modules", imported)).body["stale"]
    assert removed[1] == {"module": "tool", "package": "tool", "before": "1.0", "after": None}
    unknown = await api("POST", f"{made.route}/stale-modules", {"modules": [], "since": 99})
    assert (unknown.status, unknown.error["code"]) == (404, "generation")
