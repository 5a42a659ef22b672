"""The sidebar: a list that the keyboard walks through, states, a long list, errors, and the active notebook on top."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from ui.flows import JOB_MS, create, menu_item, open_sidebar, row, serious_problems, toast
from ui.lab_server import LabServer
from ui.many import make_many, make_one
from ui.material import build_channel
from ui.notebooks import wait_for_kernel

LIST_URL = re.compile(r"/envs/api/v1/environments(\?|$)")
MANY, EACH = 200, 300
LONG_NAME = "a-very-long-name-that-somebody-chose-for-the-third-quarter-2026"

Shot = Callable[[Page, str], Path]


@pytest.fixture(scope="module")
def many_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """Return a JupyterLab with 200 environments of 300 packages, one of another tool and one that is frozen."""
    folder = tmp_path_factory.mktemp("many")
    server = LabServer(folder, build_channel(folder / "channel").url)
    make_many(server.root / "envs", LONG_NAME, MANY, EACH)
    (server.root / "envs/project-7/conda-meta/frozen").write_text("{}")
    make_one(folder / "home/conda/envs/theirs", EACH)
    (folder / "home/.conda").mkdir(parents=True)
    (folder / "home/.conda/environments.txt").write_text(f"{folder / 'home/conda/envs/theirs'}\n")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def many(open_lab: Callable[..., Page], many_lab: LabServer) -> Callable[..., Page]:
    """Return a function that opens the JupyterLab with many environments, its sidebar shown."""

    def open_many(**options: object) -> Page:
        page = open_lab(server=many_lab, **options)
        open_sidebar(page)
        expect(page.locator(".jp-envs-Tree .jp-envs-Row")).to_have_count(MANY + 1)
        return page

    return open_many


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 2000), ("dark", 2000)])
def test_a_long_list_looks_right_in_both_themes(many: Callable[..., Page], shot: Shot, theme: str, width: int) -> None:
    page = many(theme=theme, width=width)
    name = row(page, LONG_NAME).locator(".jp-envs-Row-name")
    assert (
        name.evaluate("node => node.scrollWidth > node.clientWidth && getComputedStyle(node).textOverflow")
        == "ellipsis"
    )
    row(page, "project-7").hover()
    shot(page, f"sidebar-many-{theme}-{width}")
    assert serious_problems(page, "#jp-envs-sidebar") == []


def test_states_and_groups_are_told_in_words(many: Callable[..., Page]) -> None:
    page = many()
    expect(row(page, "project-7").locator(".jp-envs-Badge")).to_have_text(["frozen"])
    expect(row(page, "theirs").locator(".jp-envs-Badge")).to_have_text(["external"])
    theirs = page.get_by_role("treeitem", name="From other tools")
    theirs.locator(".jp-envs-Group-title").click()
    expect(row(page, "theirs")).to_have_count(0)
    row(page, "project-7").click(button="right")
    for action in ("Install Packages…", "Rename…"):
        expect(page.get_by_role("menuitem", name=action)).to_have_attribute("aria-disabled", "true")


def leave_dialog(page: Page) -> None:
    """Press Escape in a dialog that has the focus."""
    expect(page.locator(".jp-Dialog :focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".jp-Dialog")).to_have_count(0)


def test_the_keyboard_reaches_everything(many: Callable[..., Page]) -> None:
    page = many()
    page.get_by_label("Filter environments").fill("project-1")
    expect(page.locator(".jp-envs-Tree .jp-envs-Row")).to_have_count(111)
    page.get_by_label("Filter environments").fill("project-11")
    expect(page.locator(".jp-envs-Tree .jp-envs-Row")).to_have_count(11)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(row(page, "project-11")).to_be_focused()
    page.keyboard.press("End")
    expect(row(page, "project-119")).to_be_focused()
    assert page.locator("[role=tree] [tabindex='0']").count() == 1
    page.keyboard.press("Shift+F10")
    expect(page.get_by_role("menuitem", name="Rename…")).to_be_visible()
    page.keyboard.press("Escape")
    expect(row(page, "project-119")).to_be_focused()
    page.keyboard.press("F2")
    expect(
        page.get_by_role("heading", name="Rename project-119").or_(page.get_by_text("Rename project-119"))
    ).to_be_visible()
    leave_dialog(page)
    expect(row(page, "project-119")).to_be_focused()
    page.keyboard.press("Delete")
    expect(page.get_by_text("Delete project-119?")).to_be_visible()
    leave_dialog(page)
    page.keyboard.press("ContextMenu")
    expect(page.get_by_role("menuitem", name="Copy Path")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".jp-envs-Tree .jp-envs-Row")).not_to_have_count(0)  # a filter shows what it finds


def test_the_first_environment_is_asked_for(page: Page, shot: Shot) -> None:
    page.route(LIST_URL, lambda route: route.fulfill(json={"environments": []}))
    panel = open_sidebar(page)
    panel.get_by_role("button", name="Refresh").click()
    expect(panel.get_by_text("There are no environments yet.")).to_be_visible()
    shot(page, "sidebar-nothing")


def test_a_list_that_cannot_be_read_says_why(page: Page, shot: Shot) -> None:
    refusal = {
        "error": {
            "code": "storage",
            "message": "no space is left on the disk",
            "hint": "delete something",
            "detail": {},
        }
    }
    page.route(LIST_URL, lambda route: route.fulfill(status=507, json=refusal))
    panel = open_sidebar(page)
    panel.get_by_role("button", name="Refresh").click()
    expect(panel.get_by_role("alert")).to_contain_text("No space is left on the disk.")
    shot(page, "sidebar-error")
    page.unroute(LIST_URL)
    panel.get_by_role("button", name="Try again").click()
    expect(panel.get_by_role("alert")).to_have_count(0)


def test_a_list_on_its_way_shows_that_it_comes(page: Page, shot: Shot) -> None:
    waiting: list[Route] = []
    page.route(LIST_URL, lambda route: waiting.append(route))  # noqa: PLW0108  # Playwright marks what it is given
    page.reload()
    panel = open_sidebar(page)
    expect(panel.get_by_role("status", name="Looking for environments…")).to_be_visible()
    shot(page, "sidebar-loading")
    for route in waiting:
        route.continue_()


def test_an_environment_is_renamed_copied_and_deleted(page: Page, lab: LabServer, shot: Shot) -> None:
    create(page, "first", "gridkit=1.4.2")
    menu_item(page, "first", "Rename…")
    dialog = page.locator(".jp-Dialog")
    dialog.get_by_label("Name").fill("no good")
    expect(dialog.get_by_text("Only letters, digits")).to_be_visible()
    expect(dialog.get_by_role("button", name="Rename")).to_be_disabled()
    dialog.get_by_label("Name").fill("second")
    page.keyboard.press("Enter")
    expect(row(page, "second")).to_be_visible(timeout=JOB_MS)
    expect(row(page, "first")).to_have_count(0)
    menu_item(page, "second", "Clone…")
    expect(dialog.get_by_label("Name")).to_have_value("second-copy")
    dialog.get_by_role("button", name="Preview").click()
    dialog.get_by_role("button", name="Create", exact=True).click()
    expect(row(page, "second-copy")).to_be_visible(timeout=JOB_MS)
    for name in ("second", "second-copy"):
        menu_item(page, name, "Delete…")
        expect(dialog.get_by_text("It frees")).to_be_visible()
        shot(page, "delete")
        dialog.get_by_role("button", name="Delete").click()
        expect(row(page, name)).to_have_count(0, timeout=JOB_MS)
    assert not (lab.root / "envs/second").exists()


@pytest.mark.network
def test_the_active_notebooks_environment_stands_on_top(page: Page, analysis: str, shot: Shot) -> None:
    panel = open_sidebar(page)
    menu_item(page, analysis, "New Notebook")
    wait_for_kernel(page)  # a notebook takes the focus once more when it is ready
    active = panel.get_by_role("region", name="The active notebook runs in")
    expect(active.locator(".jp-envs-Row-name")).to_have_text(analysis)
    field = active.get_by_role("combobox")
    field.fill("plotk")
    expect(page.get_by_role("option", name="plotkit")).to_be_visible()
    field.press("ArrowDown")
    field.press("Enter")
    field.press("=")
    expect(page.get_by_role("option", name="plotkit = 1.9.0")).to_be_visible()
    shot(page, "sidebar-active")
    assert serious_problems(page, "#jp-envs-sidebar") == []
    page.get_by_role("option", name="plotkit = 1.9.0").click()
    field.press("Enter")
    page.locator(".jp-Dialog").get_by_role("button", name="Apply").click(timeout=JOB_MS)
    told = toast(page, f"Installed into {analysis}")
    expect(told).to_be_visible(timeout=JOB_MS)
    told.get_by_role("button", name="Undo").click()
    expect(toast(page, f"Undid the last change of {analysis}")).to_be_visible(timeout=JOB_MS)
