"""Creating environments in the dialog: from packages, from files, with names, versions, conflicts and unknown names."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from ui.flows import (
    JOB_MS,
    add_packages,
    expect_told,
    open_menu,
    open_sidebar,
    row,
    serious_problems,
    start_creating,
    toast,
)
from ui.lab_server import LabServer

Shot = Callable[[Page, str], Path]

FILE = """\
name: from-a-file
dependencies:
  - gridkit=2.0.0
variables:
  KEPT: "yes"
"""
CLASH = FILE.replace("gridkit=2.0.0", "plotkit>=2\n  - oldlib").replace("from-a-file", "clash")


def preview(dialog: Locator) -> None:
    dialog.get_by_role("button", name="Preview").click()


def finish(page: Page, dialog: Locator, name: str) -> None:
    dialog.get_by_role("button", name="Create", exact=True).click(timeout=JOB_MS)
    expect_told(page, f"Created {name}")
    expect(row(page, name)).to_be_visible()


def without_python(dialog: Locator) -> None:
    dialog.locator("#jp-envs-python").select_option("none")


def test_names_are_judged_while_one_types(page: Page, lab: LabServer) -> None:
    lab.envs("create", "taken", "gridkit", "--yes")
    dialog = start_creating(page, "taken")
    expect(dialog.get_by_text("There is already an environment taken.")).to_be_visible()
    preview_button = dialog.get_by_role("button", name="Preview")
    expect(preview_button).to_be_disabled()
    expect(preview_button).to_have_attribute("title", re.compile("already an environment"))
    for name, sentence in [
        ("", "An environment needs a name."),
        ("two words", "Only letters, digits"),
        ("base", "conda reserves the name base."),
        ("-x", "A name cannot begin with “-”."),
    ]:
        dialog.get_by_label("Name").fill(name)
        expect(dialog.get_by_text(sentence)).to_be_visible()
    dialog.get_by_label("Name").fill("free")
    expect(preview_button).to_be_enabled()


def test_what_is_typed_stays_in_its_field_when_jupyterlab_wants_the_focus(page: Page) -> None:
    dialog = start_creating(page, "typing")
    add_packages(dialog, "gridkit")
    page.evaluate("() => document.querySelector('.jp-Launcher').focus()")  # as the launcher does when JupyterLab is up
    page.keyboard.type("plotkit,")
    expect(dialog.locator(".jp-envs-Chip")).to_have_text(["gridkit", "plotkit"])
    expect(dialog.get_by_label("Name")).to_have_value("typing")
    preview(dialog)
    expect(dialog.get_by_role("row", name="plotkit")).to_be_visible(timeout=JOB_MS)
    page.evaluate("() => document.querySelector('.jp-Launcher').focus()")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_packages_and_versions_are_completed(open_lab: Callable[..., Page], shot: Shot, theme: str) -> None:
    page = open_lab(theme=theme)
    dialog = start_creating(page, f"chosen-{theme}")
    field = dialog.get_by_role("combobox", name="Packages")
    field.fill("gridk")
    expect(page.get_by_role("option", name="gridkit")).to_be_visible(timeout=JOB_MS)  # the first search reads an index
    field.press("Escape")
    expect(page.get_by_role("listbox")).to_have_count(0)
    expect(dialog).to_be_visible()
    field.fill("gridkit=")
    page.get_by_role("option", name="gridkit = 1.4.2").click(timeout=JOB_MS)
    expect(dialog.locator(".jp-envs-Chip")).to_have_text("gridkit=1.4.2")
    without_python(dialog)
    shot(page, f"create-{theme}")
    assert serious_problems(page, ".jp-Dialog") == []
    preview(dialog)
    expect(dialog.get_by_role("row", name="gridkit")).to_contain_text("1.4.2")
    shot(page, f"create-plan-{theme}")
    assert serious_problems(page, ".jp-Dialog") == []
    finish(page, dialog, f"chosen-{theme}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_conflict_is_explained_and_a_click_solves_it(open_lab: Callable[..., Page], shot: Shot, theme: str) -> None:
    page = open_lab(theme=theme)
    dialog = start_creating(page, f"solved-{theme}")
    add_packages(dialog, "plotkit>=2", "oldlib")
    without_python(dialog)
    preview(dialog)
    expect(dialog.get_by_text("These two cannot go together, because")).to_be_visible(timeout=JOB_MS)
    cards = dialog.locator(".jp-envs-Card")
    expect(cards).to_contain_text(["needs gridkit >=2", "needs gridkit <2"])
    shot(page, f"conflict-{theme}")
    expect(page.get_by_role("dialog", name=f"Create solved-{theme}")).to_be_visible()
    assert serious_problems(page, ".jp-Dialog") == []
    dialog.get_by_role("button", name="Use plotkit instead of plotkit>=2").click()
    expect(dialog.get_by_role("row", name="plotkit")).to_contain_text("1.9.0", timeout=JOB_MS)
    finish(page, dialog, f"solved-{theme}")


def test_a_name_that_nobody_knows_gets_suggestions(page: Page) -> None:
    dialog = start_creating(page, "misspelt")
    add_packages(dialog, "gridkti>=2")
    without_python(dialog)
    preview(dialog)
    expect(dialog.get_by_text("No source has gridkti")).to_be_visible(timeout=JOB_MS)
    dialog.get_by_role("button", name="gridkit", exact=True).click()
    expect(dialog.get_by_role("row", name="gridkit")).to_contain_text("2.1.0", timeout=JOB_MS)
    expect(dialog.get_by_role("button", name="Create", exact=True)).to_be_focused()  # what was clicked is gone
    dialog.get_by_role("button", name="Back").click()
    expect(dialog.locator(".jp-envs-Chip")).to_have_text("gridkit>=2")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_a_file_in_the_file_browser_becomes_an_environment(page: Page, lab: LabServer, shot: Shot) -> None:
    (lab.notebooks / "environment.yml").write_text(FILE)
    page.evaluate("() => window.jupyterapp.commands.execute('filebrowser:refresh')")
    item = page.locator(".jp-DirListing-item", has_text="environment.yml")
    open_menu(page, item, "Create Environment from This File…").click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog.get_by_label("Name")).to_have_value("from-a-file")
    expect(dialog.locator(".jp-envs-File-parsed")).to_contain_text("gridkit=2.0.0")
    dialog.get_by_label("With a kernel").uncheck()
    shot(page, "create-file")
    assert serious_problems(page, ".jp-Dialog") == []
    preview(dialog)
    open_sidebar(page)
    finish(page, dialog, "from-a-file")
    assert "KEPT" in (lab.root / "envs/from-a-file/conda-meta/state").read_text()


def test_a_pasted_file_that_clashes_is_changed_by_a_click(page: Page) -> None:
    dialog = start_creating(page, "pasted")
    dialog.get_by_label("A file").check(force=True)
    dialog.get_by_label("Or paste the text of a file").fill(CLASH)
    dialog.get_by_label("Name").click()
    expect(dialog.locator(".jp-envs-File-chosen")).to_contain_text("environment.yml")
    dialog.get_by_label("With a kernel").uncheck()
    preview(dialog)
    dialog.get_by_role("button", name="Leave out oldlib").click(timeout=JOB_MS)
    expect(dialog.get_by_role("row", name="plotkit")).to_contain_text("2.3.1", timeout=JOB_MS)
    finish(page, dialog, "pasted")


def test_a_file_that_cannot_be_read_says_why(page: Page) -> None:
    dialog = start_creating(page, "unreadable")
    dialog.get_by_label("A file").check(force=True)
    dialog.get_by_label("Or paste the text of a file").fill("dependencies: {\n")
    dialog.get_by_label("Name").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(dialog.get_by_role("button", name="Preview")).to_be_disabled()


def test_an_empty_environment_is_possible(page: Page) -> None:
    dialog = start_creating(page, "bare")
    without_python(dialog)
    preview(dialog)
    finish(page, dialog, "bare")


def test_a_name_that_is_taken_meanwhile_is_refused_in_the_dialog(page: Page, lab: LabServer) -> None:
    dialog = start_creating(page, "raced")
    add_packages(dialog, "gridkit")
    without_python(dialog)
    preview(dialog)
    expect(dialog.get_by_role("row", name="gridkit")).to_be_visible(timeout=JOB_MS)
    lab.envs("create", "raced", "oldlib", "--yes")
    dialog.get_by_role("button", name="Create", exact=True).click()
    refused = dialog.get_by_role("alert").or_(toast(page, "Creating raced: failed"))
    expect(refused.first).to_be_visible(timeout=JOB_MS)
    lab.envs("list")


@pytest.mark.network
def test_a_new_kernel_stands_in_the_launcher_of_every_tab(
    open_lab: Callable[..., Page], index_answers: None, shot: Shot
) -> None:
    page, other = open_lab(), open_lab()
    dialog = start_creating(page, "trial")
    borrowed = dialog.locator("#jp-envs-python option", has_text="of this machine").first
    dialog.locator("#jp-envs-python").select_option(borrowed.get_attribute("value", timeout=JOB_MS))
    preview(dialog)
    dialog.get_by_role("button", name="Create", exact=True).click(timeout=JOB_MS)
    toast(page, "Created trial").hover(timeout=JOB_MS)  # it stays as long as the mouse is over it
    for tab in (page, other):  # JupyterLab by itself looks after 61 s
        expect(tab.locator(".jp-LauncherCard", has_text="(trial)").first).to_be_visible(timeout=45_000)
    shot(other, "launcher-second-tab")
    toast(page, "Created trial").get_by_role("button", name="Open notebook").click()
    expect(page.get_by_role("region", name="The active notebook runs in")).to_contain_text("trial")
