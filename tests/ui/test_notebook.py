"""In the notebook: where its kernel runs, a restart only when needed, and what to do about a missing module."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from support.waiting import wait_until
from ui.flows import serious_problems
from ui.lab_server import LabServer
from ui.notebooks import (
    KERNEL_MS,
    banner,
    cell,
    code,
    missing,
    moved,
    run,
    saved,
    show,
    start,
    suggestion,
    toolbar_item,
    wait_for_kernel,
    write,
)

Shot = Callable[[Page, str], Path]
JOB_MS = 90_000
SEEN_MS = 60_000  # until the browser has seen what a shell did, on a machine with other things to do
MANY_CELLS = 80


@pytest.fixture
def study(lab: LabServer, analysis: str) -> Iterator[str]:
    """Return the name of an environment of the test's own: a copy with ``gridkit`` 2.0.0 and a kernel, none running."""
    lab.envs("clone", analysis, "study", "--yes")
    lab.end_kernels()  # what another test left runs under the same name, and this one counts its own
    yield "study"
    for left in ("study", "studio"):
        lab.envs("delete", left, "--yes", check=False)


def change_kernel(page: Page, name: str) -> None:
    """Give the notebook another kernel, as the dialog in the toolbar does."""
    page.evaluate(
        "name => window.jupyterapp.shell.currentWidget.sessionContext.changeKernel({name}).then(() => null)", name
    )
    wait_for_kernel(page)


def wait_for_packages(page: Page, count: int) -> None:
    """Wait until the browser has seen a change that brought the environment to so many packages."""
    expect(toolbar_item(page)).to_have_attribute("title", re.compile(rf"\b{count} packages"), timeout=JOB_MS)


def scroll(page: Page, top: int, wanted: Locator) -> None:
    """Scroll the notebook until something is in sight: how high cells are, JupyterLab knows when it has drawn them."""

    def in_sight() -> bool:
        page.locator(".jp-NotebookPanel .jp-WindowedPanel-outer").evaluate("(node, top) => node.scrollTo(0, top)", top)
        return wanted.is_visible()

    wait_until(in_sight)


def packages(page: Page) -> int:
    """Return how many packages the toolbar item counts."""
    lines = (toolbar_item(page).get_attribute("title") or "").splitlines()
    return next(int(line.split()[0]) for line in lines if line.endswith("packages"))


def test_the_toolbar_says_where_the_kernel_runs(page: Page, lab: LabServer, study: str) -> None:
    show(page, lab, write(lab, "where.ipynb", f"envs-{study}", [code("1")]))
    item = toolbar_item(page)
    expect(item).to_contain_text(f"{study} · Python 3.", timeout=KERNEL_MS)
    expect(item).to_have_attribute("title", re.compile(re.escape(str(lab.root / "envs" / study))))
    item.click()
    expect(page.locator(".jp-MainAreaWidget .jp-envs-Page")).to_be_visible()


def test_the_toolbar_follows_the_kernel_and_the_environment(page: Page, lab: LabServer, study: str) -> None:
    show(page, lab, write(lab, "follow.ipynb", f"envs-{study}", [code("1")]))
    item = toolbar_item(page)
    expect(item).to_contain_text(study, timeout=KERNEL_MS)
    change_kernel(page, "python3")
    expect(item).to_contain_text("not managed")
    change_kernel(page, f"envs-{study}")
    expect(item).to_contain_text(study)
    lab.envs("rename", study, "studio")
    expect(item).to_contain_text(f"{study} (gone)", timeout=SEEN_MS)
    change_kernel(page, "envs-studio")
    expect(item).to_contain_text("studio · Python 3.")


def test_a_restart_is_asked_for_only_when_something_imported_has_changed(
    page: Page, lab: LabServer, study: str, shot: Shot
) -> None:
    cells = [code("import gridkit"), code("gridkit.__name__")]
    show(page, lab, write(lab, "restart.ipynb", f"envs-{study}", cells))
    run(page, 0)
    before = packages(page)
    lab.envs("install", study, "plotkit", "--yes")
    wait_for_packages(page, before + 1)
    wait_for_kernel(page)
    expect(banner(page)).to_be_hidden()
    lab.envs("install", study, "gridkit=2.1.0", "--yes")
    expect(banner(page)).to_contain_text(
        f"gridkit has changed in {study} since this kernel imported it.", timeout=SEEN_MS
    )
    expect(banner(page).locator(".jp-envs-Banner-text")).to_have_attribute("title", "gridkit 2.0.0 → 2.1.0")
    shot(page, "notebook-restart")
    banner(page).get_by_role("button", name="Restart kernel").click()
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(banner(page)).to_be_hidden()
    wait_for_kernel(page)
    run(page, 0)
    expect(cell(page, 0).locator(".jp-InputPrompt")).to_have_text("[1]:")
    expect(banner(page)).to_be_hidden()


def test_a_notebook_goes_along_with_a_rename(page: Page, lab: LabServer, study: str, shot: Shot) -> None:
    cells = [code("import gridkit"), code("import sys; sys.prefix.split('/')[-1]")]
    show(page, lab, write(lab, "moved.ipynb", f"envs-{study}", cells))
    run(page, 0)
    lab.envs("install", study, "gridkit=2.1.0", "--yes")
    expect(banner(page)).to_be_visible(timeout=SEEN_MS)
    toolbar_item(page).click()
    page.evaluate("() => void window.jupyterapp.commands.execute('jupyter-envs:rename', {id: null, active: true})")
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("1 running kernel uses it and will have to be switched")
    dialog.get_by_label("Name").fill("studio")
    dialog.get_by_role("button", name="Rename").click()
    page.get_by_role("tab", name="moved.ipynb").click()
    expect(moved(page)).to_contain_text("study is now called studio.", timeout=SEEN_MS)
    expect(banner(page)).to_be_hidden()
    shot(page, "notebook-moved")
    page.reload()
    moved(page).get_by_role("button", name="Use its kernel").click(timeout=KERNEL_MS)
    expect(toolbar_item(page)).to_contain_text("studio · Python 3.", timeout=KERNEL_MS)
    expect(moved(page)).to_be_hidden()
    wait_for_kernel(page)
    expect(run(page, 1).locator(".jp-OutputArea-output")).to_have_text("'studio'")


def test_a_dismissed_line_comes_back_with_the_next_change_and_goes_with_an_undo(
    page: Page, lab: LabServer, study: str
) -> None:
    show(page, lab, write(lab, "dismiss.ipynb", f"envs-{study}", [code("import gridkit"), code("1 + 1")]))
    run(page, 0)
    lab.envs("install", study, "gridkit=2.1.0", "--yes")
    expect(banner(page)).to_be_visible(timeout=SEEN_MS)
    banner(page).get_by_role("button", name="Dismiss").click()
    expect(banner(page)).to_be_hidden()
    run(page, 1)
    expect(banner(page)).to_be_hidden()
    lab.envs("install", study, "plotkit", "--yes")
    expect(banner(page)).to_be_visible(timeout=SEEN_MS)
    lab.envs("undo", study, "--yes")
    lab.envs("undo", study, "--yes")
    expect(banner(page)).to_be_hidden(timeout=SEEN_MS)


def test_a_busy_kernel_is_asked_when_it_is_idle_and_without_a_trace(
    page: Page, lab: LabServer, study: str, tmp_path: Path
) -> None:
    done = tmp_path / "done"
    cells = [code(f"import gridkit, os, time\nwhile not os.path.exists('{done}'):\n    time.sleep(0.1)"), code("1 + 1")]
    show(page, lab, write(lab, "busy.ipynb", f"envs-{study}", cells))
    start(page, 0)
    lab.envs("install", study, "gridkit=2.1.0", "--yes")
    expect(cell(page, 0).locator(".jp-InputPrompt")).to_have_text("[*]:")
    expect(banner(page)).to_be_hidden()
    done.touch()
    expect(banner(page)).to_be_visible(timeout=SEEN_MS)
    run(page, 1)
    expect(cell(page, 1).locator(".jp-InputPrompt")).to_have_text("[2]:")


def test_a_missing_module_is_installed_from_below_its_cell(page: Page, lab: LabServer, study: str, shot: Shot) -> None:
    path = write(lab, "missing.ipynb", f"envs-{study}", [code("import plotkit\nplotkit.__name__")])
    show(page, lab, path)
    found = run(page, 0)
    install = suggestion(found).get_by_role("button", name=f"Install plotkit into {study}")
    expect(install).to_be_visible(timeout=SEEN_MS)
    (cell_saved,) = saved(page, path)["cells"]
    assert cell_saved["outputs"][0]["ename"] == "ModuleNotFoundError"
    assert f"Install plotkit into {study}" not in path.read_text(encoding="utf-8")
    assert cell_saved["metadata"] == {}
    install.click()
    expect(page.locator(".jp-Dialog")).to_contain_text("plotkit")
    page.locator(".jp-Dialog").get_by_role("button", name="Apply").click(timeout=JOB_MS)
    again = suggestion(found).get_by_role("button", name="Run the cell again")
    expect(again).to_be_visible(timeout=JOB_MS)
    expect(suggestion(found)).to_contain_text(f"plotkit is in {study} now.")
    shot(page, "notebook-installed")
    again.click()
    expect(found.locator(".jp-OutputArea-output")).to_have_text("'plotkit'")
    expect(suggestion(found)).to_have_count(0)


def test_thinking_better_of_it_leaves_the_offer(page: Page, lab: LabServer, study: str) -> None:
    show(page, lab, write(lab, "discard.ipynb", f"envs-{study}", [code("import plotkit")]))
    found = run(page, 0)
    install = suggestion(found).get_by_role("button", name="Install plotkit")
    install.click(timeout=SEEN_MS)
    expect(install).to_be_disabled()
    page.locator(".jp-Dialog").get_by_role("button", name="Discard").click()
    expect(install).to_be_enabled()
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    expect(suggestion(found)).to_have_count(0)


def test_an_offer_stands_also_below_outputs_that_a_file_was_opened_with(page: Page, lab: LabServer, study: str) -> None:
    fillers = [code(f"x = {number}") for number in range(MANY_CELLS)]
    cells = [code("import plotkit", missing("plotkit")), *fillers, code("import yaml", missing("yaml"))]
    show(page, lab, write(lab, "opened.ipynb", f"envs-{study}", cells))
    first, last = suggestion(cell(page, 0)), suggestion(cell(page, MANY_CELLS + 1))
    expect(first.get_by_role("button", name=f"Install plotkit into {study}")).to_be_visible(timeout=KERNEL_MS)
    for _ in range(2):  # far cells leave the page and come back
        scroll(page, 1_000_000, last.get_by_role("button", name=f"Install pyyaml into {study}"))
        expect(last).to_contain_text("It brings the module yaml.")
        scroll(page, 0, first.get_by_role("button"))
    expect(first).to_have_count(1)
    lab.envs("install", study, "plotkit", "--yes")
    expect(first.get_by_role("button", name="Run the cell again")).to_be_visible(timeout=SEEN_MS)


def test_nothing_is_offered_where_nothing_can_be_installed(page: Page, lab: LabServer, study: str) -> None:
    show(page, lab, write(lab, "nowhere.ipynb", "python3", [code("import plotkit", missing("plotkit"))]))
    expect(toolbar_item(page)).to_contain_text("not managed", timeout=KERNEL_MS)
    expect(suggestion(cell(page, 0)).get_by_role("button")).to_have_count(0)
    change_kernel(page, f"envs-{study}")
    expect(suggestion(cell(page, 0)).get_by_role("button", name=f"Install plotkit into {study}")).to_be_visible(
        timeout=SEEN_MS
    )


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 2000)])
def test_screen_readers_and_both_themes(
    open_lab: Callable[..., Page], lab: LabServer, study: str, shot: Shot, theme: str, width: int
) -> None:
    page = open_lab(theme=theme, width=width)
    cells = [code("import gridkit"), code("import sklearn", missing("sklearn"))]
    show(page, lab, write(lab, f"looks-{theme}.ipynb", f"envs-{study}", cells))
    run(page, 0)
    lab.envs("install", study, "gridkit=2.1.0", "--yes")
    expect(banner(page)).to_be_visible(timeout=SEEN_MS)
    expect(suggestion(cell(page, 1)).get_by_role("button", name="Install scikit-learn")).to_be_visible(timeout=SEEN_MS)
    shot(page, f"notebook-{theme}-{width}")
    for selector in (".jp-envs-NotebookItem", ".jp-envs-Stale", ".jp-envs-Suggestion"):
        assert serious_problems(page, selector) == []
