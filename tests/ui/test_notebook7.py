"""In Notebook 7, which has no dock, no launcher and no status bar: what stands there, and that nothing fails for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from ui.conftest import use_theme
from ui.flows import serious_problems, wait_for_app
from ui.lab_server import TOKEN, LabServer
from ui.notebooks import KERNEL_MS, cell, code, missing, suggestion, toolbar_item, write

Shot = Callable[[Page, str], Path]
PAGES = ("tree", "edit/notes.txt", "notebooks/seven.ipynb")


@pytest.fixture
def context(open_lab: Callable[..., Page]) -> BrowserContext:
    """Return a browser context that is logged in."""
    return open_lab().context


def visit(context: BrowserContext, lab: LabServer, path: str) -> tuple[Page, list[str]]:
    """Open a page of Notebook 7; return it with the list that its faults go to."""
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(f"{lab.url}{path}?token={TOKEN}")
    expect(page.locator("#jp-left-stack")).to_be_attached(timeout=KERNEL_MS)
    wait_for_app(page)
    return page, faults


@pytest.mark.parametrize("path", PAGES)
def test_no_plugin_fails(context: BrowserContext, lab: LabServer, analysis: str, path: str) -> None:
    (lab.notebooks / "notes.txt").write_text("notes")
    write(lab, "seven.ipynb", f"envs-{analysis}", [code("1")])
    page, faults = visit(context, lab, path)
    expect(page.locator("#jp-envs-sidebar")).to_be_attached()
    assert [fault for fault in faults if "jupyter-envs" in fault] == []
    registered = page.evaluate("() => window.jupyterapp.listPlugins().filter(id => id.startsWith('jupyter-envs:'))")
    inactive = page.evaluate("ids => ids.filter(id => !window.jupyterapp.isPluginActivated(id))", registered)
    assert "jupyter-envs:notebook" in registered
    assert inactive == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_notebook_says_where_it_runs_and_what_is_missing(
    context: BrowserContext, lab: LabServer, analysis: str, shot: Shot, theme: str
) -> None:
    cells = [code("import sklearn", missing("sklearn"))]
    write(lab, "seven.ipynb", f"envs-{analysis}", cells)
    page, _ = visit(context, lab, "notebooks/seven.ipynb")
    use_theme(page, theme)
    expect(toolbar_item(page)).to_contain_text(f"{analysis} · Python 3.", timeout=KERNEL_MS)
    install = suggestion(cell(page, 0)).get_by_role("button", name=f"Install scikit-learn into {analysis}")
    expect(install).to_be_visible()
    shot(page, f"notebook7-{theme}")
    for selector in (".jp-envs-NotebookItem", ".jp-envs-Suggestion"):
        assert serious_problems(page, selector) == []


def test_the_sidebar_opens_from_the_menu(context: BrowserContext, lab: LabServer, analysis: str, shot: Shot) -> None:
    write(lab, "seven.ipynb", f"envs-{analysis}", [code("1")])
    page, _ = visit(context, lab, "notebooks/seven.ipynb")
    page.get_by_role("menuitem", name="View").click()
    page.locator(".lm-Menu-itemLabel").get_by_text("Left Sidebar", exact=True).click()
    page.locator(".lm-Menu-itemLabel").get_by_text("Show Environments", exact=True).click()
    sidebar = page.locator("#jp-envs-sidebar")
    expect(sidebar).to_be_visible()
    expect(sidebar).to_contain_text(analysis)
    shot(page, "notebook7-sidebar")


def test_the_toolbar_item_opens_the_page(context: BrowserContext, lab: LabServer, analysis: str, shot: Shot) -> None:
    write(lab, "seven.ipynb", f"envs-{analysis}", [code("1")])
    page, _ = visit(context, lab, "notebooks/seven.ipynb")
    expect(toolbar_item(page)).to_contain_text(analysis, timeout=KERNEL_MS)
    toolbar_item(page).click()
    expect(page.locator(".jp-envs-Page")).to_be_visible()
    shot(page, "notebook7-page")
