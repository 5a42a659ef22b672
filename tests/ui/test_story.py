"""The whole story, as a person would live it: from an empty sidebar to a kernel in the launcher, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from ui.flows import note_when_seen, wait_until_seen
from ui.lab_server import LabServer
from ui.notebooks import wait_for_kernel

LONG = 180_000  # milliseconds: ipykernel and what it needs come from the index
Shot = Callable[[Page, str], Path]
OpenLab = Callable[..., Page]


@pytest.fixture
def empty_lab(lab: LabServer) -> Iterator[LabServer]:
    """Return a JupyterLab without "thesis": a second try finds no environment of the first one, and its name free."""
    lab.envs("delete", "thesis", "--yes", check=False)
    yield lab
    lab.end_kernels()


def show_environments(page: Page) -> Locator:
    """Open the sidebar's panel, unless it is, and return it."""
    panel = page.get_by_role("region", name="Environments")
    if not panel.is_visible():
        page.get_by_role("tab", name="Environments").click()
    expect(panel).to_be_visible()
    return panel


def row_of(panel: Locator, name: str) -> Locator:
    """Return the row of an environment in the list."""
    return panel.locator(".jp-envs-Row").filter(has=panel.page.get_by_text(name, exact=True))


def installed(lab: LabServer, name: str) -> dict[str, str]:
    """Return names and versions of the packages of an environment, as a shell beside the server sees them."""
    listed = json.loads(lab.envs("packages", name, "--json").stdout)
    return {package["name"]: package["version"] for package in listed["packages"]}


def ask_for_thesis(page: Page, shot: Shot) -> None:
    """Fill in the dialog: a name, a package from the suggestions, one that is typed."""
    panel = show_environments(page)
    shot(page, "story-1-sidebar")
    panel.get_by_role("button", name="New environment").click()
    dialog = page.get_by_role("dialog")
    name = dialog.get_by_label("Name", exact=True)
    expect(name).to_be_focused()  # the dialog sets it once it is drawn
    name.fill("thesis")
    packages = dialog.get_by_role("combobox", name="Packages")
    packages.fill("gridk")
    dialog.get_by_role("option", name=re.compile("gridkit")).click()
    packages.fill("plotkit")
    packages.press("Enter")
    expect(dialog.locator(".jp-envs-Field-problem")).to_be_empty()
    expect(dialog.locator(".jp-envs-Chip")).to_have_text(["gridkit", "plotkit"])
    shot(page, "story-2-create")


def create_after_a_look_at_the_plan(page: Page, shot: Shot) -> None:
    """Look at the plan, press Create, and see the change run."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Preview").click()
    expect(dialog.get_by_role("button", name="Create")).to_be_enabled(timeout=LONG)
    expect(dialog.get_by_role("row").filter(has_text="gridkit").first).to_contain_text("2.1.0")
    expect(dialog).to_contain_text("to download")
    shot(page, "story-3-plan")
    note_when_seen(page, "[aria-label='Running changes'] [role='progressbar']")
    dialog.get_by_role("button", name="Create").click()
    wait_until_seen(page)
    shot(page, "story-4-running")


def run_in_the_new_kernel(page: Page, lab: LabServer, shot: Shot) -> None:
    """Open a notebook from the tile that has appeared, and see where its kernel runs."""
    tile = page.locator(".jp-LauncherCard[data-category='Notebook']").filter(has_text="thesis")
    expect(tile).to_be_visible(timeout=LONG)
    shot(page, "story-5-launcher")
    tile.click()
    wait_for_kernel(page)  # JupyterLab runs no cell before there is one
    page.locator(".jp-Notebook .jp-Cell .cm-content").first.click()
    page.keyboard.type("import gridkit, sys; print(gridkit.__version__, sys.prefix)")
    page.keyboard.press("Shift+Enter")
    output = page.locator(".jp-OutputArea-output").first
    expect(output).to_contain_text(f"2.1.0 {lab.root}/envs/thesis", timeout=60_000)


def install_into_the_active_notebook(page: Page, shot: Shot) -> None:
    """Install what forces another package down, after a look at the plan."""
    panel = show_environments(page)
    install = panel.get_by_role("combobox", name="Install into thesis")
    install.fill("oldlib")
    install.press("Enter")
    panel.get_by_role("button", name="Install", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Apply")).to_be_enabled(timeout=LONG)
    expect(dialog.get_by_role("row").filter(has_text="gridkit").first).to_contain_text("downgraded")
    shot(page, "story-6-install-plan")
    dialog.get_by_role("button", name="Apply").click()


def undo_by_the_notification(page: Page, shot: Shot) -> None:
    """Press Undo where the end of the change is told; nothing is asked, since it comes back exactly."""
    undo = page.get_by_role("button", name="Undo")
    undo.hover(timeout=LONG)  # a notification stays as long as the mouse is over it
    shot(page, "story-7-installed")
    undo.click()
    expect(page.get_by_text("Undid the last change of thesis").first).to_be_visible(timeout=LONG)
    shot(page, "story-8-undone")


def test_from_nothing_to_a_kernel_in_every_tab_and_back(
    open_lab: OpenLab, empty_lab: LabServer, shot: Shot, index_answers: None
) -> None:
    lab = empty_lab
    page, other = open_lab(), open_lab()
    ask_for_thesis(page, shot)
    create_after_a_look_at_the_plan(page, shot)
    page.close()  # in the middle: the job does not care

    again = open_lab()
    expect(row_of(show_environments(again), "thesis")).to_be_visible(timeout=LONG)
    run_in_the_new_kernel(other, lab, shot)  # this tab was open all the time and never reloaded

    before = installed(lab, "thesis")
    install_into_the_active_notebook(other, shot)
    undo_by_the_notification(other, shot)
    expect(row_of(show_environments(again), "thesis")).not_to_contain_text("busy", timeout=LONG)
    assert "oldlib" not in before
    assert installed(lab, "thesis") == before
    lab.envs("verify", "thesis")
