"""A notebook that carries its environment: locked, opened where that is not, built after a look, run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from jupyter_envs.engine.exchange.notebook_lock import KEY, lock_json, make_lock
from jupyter_envs.engine.prefix.names import suggest_name
from support.channel import SUBDIR, Channel
from support.http_server import serve
from ui.flows import serious_problems
from ui.lab_server import TOKEN, LabServer
from ui.notebooks import KERNEL_MS, cell, code, run, saved, show, toolbar_item, wait_for_kernel, write

Shot = Callable[[Page, str], Path]
JOB_MS = 90_000


def offer(page: Page) -> Locator:
    """Return the line that offers an environment."""
    return page.locator(".jp-NotebookPanel .jp-envs-Carried")


def open_without_kernel(page: Page, lab: LabServer, path: Path) -> None:
    """Open a notebook whose kernel is not here: what is offered stands before JupyterLab's question for another."""
    page.goto(f"{lab.url}lab/tree/{path.name}?token={TOKEN}&reset")
    expect(page.locator(".jp-NotebookPanel")).to_be_visible(timeout=KERNEL_MS)
    expect(offer(page)).to_be_visible(timeout=KERNEL_MS)
    expect(page.locator(".jp-Dialog")).to_have_count(0)


@pytest.fixture
def study(lab: LabServer, analysis: str) -> Iterator[str]:
    """Return the name of an environment of the test's own; what a test builds goes, too."""
    before = lab.environments()
    lab.envs("clone", analysis, "study", "--yes")
    lab.envs("install", "study", "plotkit", "gridkit=2.0.0", "--yes")  # no other environment has all of that
    yield "study"
    for left in lab.environments() - before:
        lab.envs("delete", left, "--yes")


@pytest.fixture
def carried(lab: LabServer, study: str, request: pytest.FixtureRequest) -> Path:
    """Return a notebook that carries an environment which is not here any more."""
    name = suggest_name(request.node.name)  # one of its own: the server keeps a session by the path
    path = write(lab, f"{name}.ipynb", f"envs-{study}", [code("import gridkit\ngridkit.__name__")])
    lab.envs("lock", str(path))
    lab.envs("delete", study, "--yes")
    return path


def change(path: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    edit(content["metadata"])
    path.write_text(json.dumps(content), encoding="utf-8")


def test_locked_deleted_built_and_run(page: Page, lab: LabServer, study: str, shot: Shot) -> None:
    path = write(lab, "whole.ipynb", f"envs-{study}", [code("import gridkit, sys\ngridkit.__name__")])
    show(page, lab, path)
    expect(toolbar_item(page)).to_contain_text(study, timeout=KERNEL_MS)
    page.locator(".jp-NotebookPanel-toolbar [data-jp-item-name='lock-environment']").get_by_role("button").click()
    expect(page.get_by_text(f"The notebook carries {study} now:")).to_be_visible()
    shot(page, "carry-locked")
    lock = saved(page, path)["metadata"]["jupyter_envs"]
    assert any(
        line.split()[1].rpartition("/")[2].startswith("gridkit-")
        for line in next(iter(lock["platforms"].values()))["packages"]
    )
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.goto("about:blank")
    lab.envs("delete", study, "--yes")
    before = lab.environments()

    open_without_kernel(page, lab, path)
    expect(offer(page)).to_contain_text("The environment that this notebook carries is not here.", timeout=KERNEL_MS)
    shot(page, "carry-offer")
    offer(page).get_by_role("button", name="Build it…").click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("gridkit", timeout=JOB_MS)
    expect(dialog).to_contain_text("more on the disk")
    assert lab.environments() == before
    shot(page, "carry-plan")
    dialog.get_by_role("button", name="Apply").click()
    expect(toolbar_item(page)).to_contain_text("whole-", timeout=JOB_MS)
    expect(offer(page)).to_be_hidden()
    (built,) = lab.environments() - before
    assert built.startswith("whole-")
    wait_for_kernel(page)
    run(page, 0)
    expect(cell(page, 0).locator(".jp-OutputArea-output")).to_have_text("'gridkit'")
    assert saved(page, path)["metadata"]["jupyter_envs"] == lock


def test_an_environment_that_has_it_all_is_used(page: Page, lab: LabServer, carried: Path, analysis: str) -> None:
    lab.envs("clone", analysis, "twin", "--yes")
    lab.envs("install", "twin", "plotkit", "gridkit=2.0.0", "--yes")
    open_without_kernel(page, lab, carried)
    use = offer(page).get_by_role("button", name="Use its kernel")
    use.click(timeout=KERNEL_MS)
    expect(offer(page)).to_be_hidden()
    expect(toolbar_item(page)).to_contain_text("Python 3.", timeout=KERNEL_MS)


def test_another_platform_is_solved_for_and_the_difference_shown(
    page: Page, lab: LabServer, carried: Path, shot: Shot
) -> None:
    def elsewhere(metadata: dict[str, Any]) -> None:
        lock = metadata["jupyter_envs"]
        ((_, packages),) = lock["platforms"].items()
        packages["packages"] = [line.replace("gridkit-2.0.0", "gridkit-1.4.2") for line in packages["packages"]]
        lock["platforms"] = {"osx-arm64": packages}

    change(carried, elsewhere)
    open_without_kernel(page, lab, carried)
    expect(offer(page)).to_contain_text("it is locked for osx-arm64", timeout=KERNEL_MS)
    offer(page).get_by_role("button", name="Build it…").click()
    note = page.locator(".jp-Dialog .jp-envs-Difference")
    expect(note).to_contain_text("gridkit 1.4.2 → 2.0.0", timeout=JOB_MS)
    shot(page, "carry-difference")


def test_a_strangers_channel_and_script_are_shown_before_they_are_asked_and_run(
    page: Page, lab: LabServer, tmp_path: Path, shot: Shot
) -> None:
    theirs = Channel(tmp_path / "theirs")
    theirs.add("talks", link_scripts={"post-link": f"touch {tmp_path}/ran\n"})
    with serve(theirs.index().folder) as server:
        lock = make_lock([theirs.record("talks", channel=server.url)], ["talks"], [server.url], SUBDIR)
        path = write(lab, "strange.ipynb", "envs-nowhere", [code("1")])
        change(path, lambda metadata: metadata.update({KEY: lock_json(lock)}))
        open_without_kernel(page, lab, path)
        build = offer(page).get_by_role("button", name="Build it…")
        build.click(timeout=KERNEL_MS)
        dialog = page.locator(".jp-Dialog")
        expect(dialog).to_contain_text(server.url)
        shot(page, "carry-foreign")
        dialog.get_by_role("button", name="Cancel").click()
        assert not server.asked()
        build.click()
        dialog.get_by_role("button", name="Contact").click()
        expect(dialog).to_contain_text("1 package is not downloaded yet. If it brings a script", timeout=JOB_MS)
        expect(dialog).to_contain_text(f"Packages are downloaded from {server.url.removeprefix('http://')}.")
        shot(page, "carry-unknown-scripts")
        dialog.get_by_role("button", name="Apply").click()
        expect(dialog).to_contain_text("Scripts that will run: talks-1.0", timeout=JOB_MS)
        shot(page, "carry-scripts")
        dialog.get_by_role("button", name="Discard").click()
        expect(dialog).to_have_count(0)
    assert not list((lab.root / "envs").glob("strange-*"))
    assert not (tmp_path / "ran").exists()


def test_servers_of_wheels_that_the_settings_do_not_name_stand_above_the_plan(
    page: Page, lab: LabServer, carried: Path, shot: Shot
) -> None:
    def with_wheel(metadata: dict[str, Any]) -> None:
        ((_, locked),) = metadata[KEY]["platforms"].items()
        locked["origins"]["pypi"] = "https://wheels.example/packages"
        locked["packages"].append(
            f"pypi aa/strange-1.0-py3-none-any.whl sha256:{'0' * 64} 10 as strange-1.0-py3_none_any_0"
        )

    change(carried, with_wheel)
    open_without_kernel(page, lab, carried)
    offer(page).get_by_role("button", name="Build it…").click(timeout=KERNEL_MS)
    note = page.locator(".jp-Dialog .jp-envs-Difference")
    expect(note).to_contain_text("that your settings do not name: wheels.example.", timeout=JOB_MS)
    expect(page.locator(".jp-Dialog").get_by_role("button", name="Apply")).to_be_enabled()
    shot(page, "carry-foreign-wheels")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280)])
def test_screen_readers_and_both_themes(
    open_lab: Callable[..., Page], lab: LabServer, carried: Path, shot: Shot, theme: str, width: int
) -> None:
    page = open_lab(theme=theme, width=width)
    open_without_kernel(page, lab, carried)
    expect(offer(page)).to_be_visible(timeout=KERNEL_MS)
    shot(page, f"carry-{theme}-{width}")
    assert serious_problems(page, ".jp-envs-Carried") == []
    offer(page).get_by_role("button", name="Build it…").click()
    expect(page.locator(".jp-Dialog")).to_contain_text("gridkit", timeout=JOB_MS)
    shot(page, f"carry-plan-{theme}-{width}")
    page.locator(".jp-Dialog").get_by_role("button", name="Discard").click()
    offer(page).get_by_role("button", name="Dismiss").click()
    expect(page.locator(".jp-Dialog", has_text="Select Kernel")).to_be_visible(timeout=KERNEL_MS)
