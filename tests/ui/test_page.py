"""The page of an environment: packages, changes by cart and plan, history, health, export; alone and in two tabs."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from support.waiting import wait_until
from ui.flows import note_when_seen, serious_problems, toast, wait_until_seen
from ui.lab_server import LabServer

OPEN = "([id, tab]) => window.jupyterapp.commands.execute('jupyter-envs:open', { id, tab })"
# JupyterLab saves its layout, and what its widgets show, some time after a change.
LAYOUT_IS_SAVED = """async id => {
  const { data } = await window.jupyterapp.serviceManager.workspaces.fetch('default');
  const places = JSON.stringify(data['layout-restorer:data'] ?? '');
  return places.includes(id) && JSON.stringify(data).includes('"tab":"history"');
}"""
PACKAGES_URL = re.compile(r"/envs/api/v1/environments/[^/]+/packages(\?|$)")
MANY = 5000
TABS = ("Packages", "Add", "Plan", "History", "Health", "Kernel and variables", "Export")
JOB_MS = 90_000

Shot = Callable[[Page, str], Path]


@pytest.fixture
def place(lab: LabServer, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the name of an environment for one test: ``plotkit`` was asked for, ``gridkit`` came with it."""
    name = request.node.name.split("[")[0].removeprefix("test_").replace("_", "-")[:48].strip("-")
    lab.envs("create", name, "python", "plotkit=1.9.0", "--no-kernel", "--yes")
    lab.envs("install", name, "gridkit=1.4.2", "--yes")
    yield name
    lab.envs("delete", name, "--yes", check=False)


def identifier(lab: LabServer, name: str) -> str:
    """Return the id of an environment."""
    return base64.urlsafe_b64encode(str(lab.root / "envs" / name).encode()).decode().rstrip("=")


def open_page(page: Page, lab: LabServer, name: str, tab: str = "packages") -> Locator:
    """Open the page of an environment as the sidebar does, and return it."""
    page.evaluate(OPEN, [identifier(lab, name), tab])
    found = page.locator(".jp-envs-Page").filter(visible=True)
    expect(found.get_by_role("heading", name=name, exact=True)).to_be_visible()
    return found


def go(view: Locator, tab: str) -> Locator:
    """Turn to a tab and return its panel."""
    view.get_by_role("tab", name=re.compile(f"^{tab}")).click()
    return view.get_by_role("tabpanel")


def names(view: Locator) -> Locator:
    """Return the names in the table."""
    return view.locator(".jp-envs-Grid-body .jp-envs-Grid-name > .jp-envs-Grid-text")


def choose(view: Locator, text: str, version: str | None = None) -> None:
    """Search for a package and put it into the cart."""
    panel = go(view, "Add")
    panel.get_by_label("Search for packages").fill(text)
    if version is None:
        panel.get_by_role("button", name=f"Add {text} to the changes").click()
        return
    panel.locator(".jp-envs-Found-main").filter(has_text=text).click()
    panel.get_by_role("radio", name=re.compile(f"^{re.escape(version)}")).check()
    panel.get_by_role("button", name=re.compile(f"(Add|Change to) {re.escape(version)}")).click()


def apply(view: Locator) -> None:
    """Apply the plan that is shown."""
    view.get_by_role("button", name="Apply").click(timeout=JOB_MS)


def test_packages_are_grouped_sorted_filtered_and_explained(page: Page, lab: LabServer, place: str, shot: Shot) -> None:
    view = open_page(page, lab, place)
    grid = view.get_by_role("grid", name="Installed packages")
    expect(grid.get_by_role("row", name="plotkit requested")).to_be_visible()
    view.get_by_role("button", name="Requested").click()
    expect(names(view).filter(has_text="plotkit")).to_have_count(1)
    view.get_by_role("button", name="Updates").click()
    expect(grid.get_by_role("row", name="plotkit")).to_contain_text("2.3.1", timeout=JOB_MS)
    view.get_by_role("button", name="All").click()
    view.get_by_label("Filter packages").fill("kit")
    expect(names(view)).to_have_text(["gridkit", "plotkit"])
    grid.get_by_role("button", name="Name").click()
    expect(names(view)).to_have_text(["plotkit", "gridkit"])
    grid.get_by_role("row", name="gridkit").click()
    details = view.get_by_role("complementary", name="Details of gridkit")
    details.get_by_role("button", name="Show who needs it").click()
    expect(details.get_by_text("plotkit needs it")).to_be_visible()
    shot(page, "page-why")
    details.get_by_role("button", name="plotkit", exact=True).click()
    expect(view.get_by_role("complementary", name="Details of plotkit")).to_be_visible()


def test_the_keyboard_reaches_tabs_rows_and_their_actions(page: Page, lab: LabServer, place: str) -> None:
    view = open_page(page, lab, place)
    view.get_by_role("tab", name="Packages").focus()
    page.keyboard.press("End")
    expect(view.get_by_role("tab", name="Export")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(view.get_by_role("tab", name="Packages")).to_be_focused()
    grid = view.get_by_role("grid")
    expect(grid.get_by_role("row", name="plotkit")).to_be_visible()
    grid.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press(" ")
    expect(grid.get_by_role("row", selected=True)).to_have_count(1)
    page.keyboard.press("Enter")
    expect(view.get_by_role("complementary")).to_be_visible()
    page.keyboard.press("Escape")
    expect(view.get_by_role("complementary")).to_have_count(0)
    page.keyboard.press("Control+a")
    expect(grid.get_by_role("row", selected=True)).to_have_count(3)
    page.keyboard.press("Delete")
    expect(view.get_by_role("region", name="Changes not yet made")).to_contain_text("remove")


def test_a_cart_of_several_kinds_is_planned_step_by_step(page: Page, lab: LabServer, place: str, shot: Shot) -> None:
    view = open_page(page, lab, place)
    view.get_by_role("checkbox", name="Select plotkit").check()
    view.locator(".jp-envs-PageBar-actions").get_by_role("button", name="Remove").click()
    choose(view, "gridkit", "2.1.0")
    choose(view, "oldlib")
    view.get_by_role("button", name="Leave out oldlib").first.click()
    choose(view, "tidytable-with-a-rather-long-name-for-a-package")
    shot(page, "page-cart")
    view.get_by_role("button", name="Preview 3 changes").click()
    steps = view.locator(".jp-envs-Steps li")
    expect(steps).to_have_count(2)
    expect(steps.nth(0)).to_have_attribute("aria-current", "step")
    expect(view.get_by_role("row", name="plotkit removed")).to_be_visible(timeout=JOB_MS)
    shot(page, "page-steps")
    apply(view)
    expect(view.get_by_role("row", name="gridkit upgraded 1.4.2 → 2.1.0")).to_be_visible(timeout=JOB_MS)
    apply(view)
    expect(view.get_by_text("Done", exact=True)).to_be_visible(timeout=JOB_MS)
    expect(view.get_by_role("region", name="Changes not yet made")).to_have_count(0)
    view.get_by_role("button", name="Show packages").click()
    expect(view.get_by_role("row", name="tidytable")).to_be_visible()
    expect(names(view).filter(has_text="plotkit")).to_have_count(0)


def test_a_conflict_is_solved_by_a_click(page: Page, lab: LabServer, place: str, shot: Shot) -> None:
    view = open_page(page, lab, place)
    choose(view, "plotkit", "2.3.1")
    view.get_by_role("button", name="Preview 1 change").click()
    expect(view.get_by_text("cannot go together")).to_be_visible(timeout=JOB_MS)
    shot(page, "page-conflict")
    view.get_by_role("button", name=re.compile("instead of gridkit=1.4.2")).first.click()
    expect(view.get_by_role("row", name="plotkit upgraded")).to_be_visible(timeout=JOB_MS)
    view.get_by_role("button", name="Discard").click()
    expect(view.get_by_text("1 change is waiting")).to_be_visible()


def test_a_plan_that_no_longer_holds_says_so_and_is_made_again(
    page: Page, lab: LabServer, place: str, shot: Shot
) -> None:
    view = open_page(page, lab, place)
    choose(view, "bundle")
    view.get_by_role("button", name="Preview 1 change").click()
    expect(view.get_by_role("row", name="bundle added")).to_be_visible(timeout=JOB_MS)
    lab.envs("install", place, "tidytable-with-a-rather-long-name-for-a-package", "--yes")
    expect(view.get_by_role("alert")).to_contain_text("has changed since this plan was made", timeout=JOB_MS)
    shot(page, "page-stale")
    expect(view.get_by_role("button", name="Apply")).to_have_count(0)
    view.get_by_role("button", name="Plan again").click()
    note_when_seen(page, "[aria-label='Running change']")
    apply(view)
    wait_until_seen(page)
    shot(page, "page-running")
    expect(view.get_by_text("Done", exact=True)).to_be_visible(timeout=JOB_MS)
    expect(view.get_by_role("list", name="Running change")).to_have_count(0)


def test_two_tabs_press_apply_and_one_is_told_why_not(
    open_lab: Callable[..., Page], lab: LabServer, place: str
) -> None:
    views = [open_page(open_lab(), lab, place) for _ in range(2)]
    for view in views:
        choose(view, "tidytable-with-a-rather-long-name-for-a-package")
        view.get_by_role("button", name="Preview 1 change").click()
        expect(view.get_by_role("button", name="Apply")).to_be_enabled(timeout=JOB_MS)
    apply(views[0])
    expect(views[0].get_by_text("Done", exact=True)).to_be_visible(timeout=JOB_MS)
    expect(views[1].get_by_role("alert")).to_contain_text("has changed", timeout=JOB_MS)
    views[1].get_by_role("button", name="Plan again").click()
    expect(views[1].get_by_text("nothing has to change")).to_be_visible(timeout=JOB_MS)


def test_a_state_of_the_past_is_compared_and_comes_back(page: Page, lab: LabServer, place: str, shot: Shot) -> None:
    lab.envs("install", place, "gridkit=2.0.0", "--yes")
    view = open_page(page, lab, place, "history")
    expect(view.locator("li[data-current='true']")).to_contain_text("jupyter envs install")
    view.get_by_role("button", name="Compare state 2 with now").click()
    expect(view.get_by_role("region", name="What differs").get_by_role("row", name="gridkit")).to_contain_text("2.0.0")
    view.get_by_role("button", name="Changes of state 3").click()
    shot(page, "page-history")
    view.get_by_role("button", name="Restore state 2").click()
    expect(view.get_by_role("row", name="gridkit downgraded 2.0.0 → 1.4.2")).to_be_visible(timeout=JOB_MS)
    apply(view)
    expect(view.get_by_text("in state 4 of its history")).to_be_visible(timeout=JOB_MS)
    expect(go(view, "History").locator("li[data-current='true']")).to_contain_text("Went back to state 2")


def test_a_lost_file_is_found_and_put_back(page: Page, lab: LabServer, place: str, shot: Shot) -> None:
    prefix = lab.root / "envs" / place
    lost = next(path for path in prefix.rglob("*gridkit*/**/*.py") if path.is_file())
    lost.unlink()
    view = open_page(page, lab, place, "health")
    view.get_by_role("button", name="Verify all files").click()
    finding = view.get_by_role("listitem").filter(has_text=lost.name)
    expect(finding.first).to_be_visible(timeout=JOB_MS)
    expect(view.get_by_text("Deleting this environment would free")).to_be_visible()
    shot(page, "page-health")
    view.get_by_role("button", name=re.compile("^Repair [0-9]+ fault")).click()
    expect(view.get_by_text("Every file is as its package brought it.")).to_be_visible(timeout=JOB_MS)
    assert lost.is_file()


def test_the_text_of_a_file_is_shown_and_saved(page: Page, lab: LabServer, place: str, shot: Shot) -> None:
    (lab.notebooks / "environment.yml").unlink(
        missing_ok=True
    )  # another test may have saved one: it would be asked about
    view = open_page(page, lab, place, "export")
    text = view.get_by_label("Content of environment.yml")
    expect(text).to_contain_text("plotkit=1.9.0")
    view.get_by_role("checkbox", name=re.compile("exact build")).check()
    expect(text).to_contain_text("plotkit=1.9.0=")
    shot(page, "page-export")
    view.get_by_role("radio", name=re.compile("^@EXPLICIT")).check()
    expect(view.locator("pre")).to_contain_text("@EXPLICIT")
    view.get_by_role("radio", name=re.compile("^environment.yml")).check()
    view.get_by_role("button", name="Save here").click()
    expect(page.get_by_role("tab", name="environment.yml")).to_be_visible()
    assert f"name: {place}" in (lab.notebooks / "environment.yml").read_text()
    (lab.notebooks / "environment.yml").unlink()


def test_the_page_follows_renames_and_says_when_it_is_gone(page: Page, lab: LabServer, place: str, shot: Shot) -> None:
    view = open_page(page, lab, place)
    lab.envs("rename", place, "another-name")
    expect(view.get_by_role("heading", name="another-name")).to_be_visible(timeout=JOB_MS)
    expect(page.get_by_role("tab", name="another-name")).to_be_visible()
    lab.envs("delete", "another-name", "--yes")
    expect(view.get_by_text("another-name is no longer there")).to_be_visible(timeout=JOB_MS)
    shot(page, "page-gone")
    view.get_by_role("button", name="Close this page").click()
    expect(page.locator(".jp-envs-Page")).to_have_count(0)


def test_the_page_is_there_again_after_a_reload(page: Page, lab: LabServer, place: str) -> None:
    open_page(page, lab, place, "history")
    wait_until(lambda: page.evaluate(LAYOUT_IS_SAVED, identifier(lab, place)))
    page.goto(f"{lab.url}lab")
    view = page.locator(".jp-envs-Page")
    expect(view.get_by_role("heading", name=place)).to_be_visible(timeout=JOB_MS)
    expect(view.get_by_role("tab", name="History")).to_have_attribute("aria-selected", "true")


def test_packages_that_cannot_be_read_say_why(page: Page, lab: LabServer, place: str, shot: Shot) -> None:
    refusal = {
        "error": {"code": "storage", "message": "the records cannot be read", "hint": "look at it", "detail": {}}
    }
    page.route(PACKAGES_URL, lambda route: route.fulfill(status=507, json=refusal))
    view = open_page(page, lab, place)
    expect(view.get_by_role("alert")).to_contain_text("The records cannot be read.")
    shot(page, "page-error")
    page.unroute(PACKAGES_URL)
    view.get_by_role("button", name="Try again").click()
    expect(view.get_by_role("row", name="plotkit")).to_be_visible()


def test_of_thousands_of_packages_those_in_sight_are_drawn(page: Page, lab: LabServer, place: str) -> None:
    def answer(route: Route) -> None:
        packages = [{"name": f"package-{number:04}", "version": "1.0", "source": "conda"} for number in range(MANY)]
        route.fulfill(json={"packages": packages})

    page.route(PACKAGES_URL, answer)
    view = open_page(page, lab, place)
    expect(view.get_by_role("row", name="package-0000")).to_be_visible()
    grid = view.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", str(MANY + 1))
    grid.focus()
    page.keyboard.press("End")
    expect(view.get_by_role("row", name=f"package-{MANY - 1}")).to_be_visible()
    assert view.get_by_role("row").count() < 60


def test_without_a_main_area_the_page_covers_the_window(
    open_lab: Callable[..., Page], lab: LabServer, place: str, shot: Shot
) -> None:
    page = open_lab(path="tree")
    view = open_page(page, lab, place)
    shot(page, "page-notebook7")
    view.get_by_role("button", name="Rename…").click()
    expect(page.locator(".jp-Dialog").get_by_label("Name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    page.get_by_role("dialog", name=place).get_by_role("button", name="Close", exact=True).click()
    expect(page.locator(".jp-envs-Page")).to_have_count(0)


@pytest.mark.network
def test_the_kernel_leaves_the_launcher_and_comes_back(page: Page, lab: LabServer, analysis: str, shot: Shot) -> None:
    view = open_page(page, lab, analysis, "kernel")
    expect(
        view.get_by_role("cell", name="CONDA_PREFIX").or_(view.get_by_role("rowheader", name="CONDA_PREFIX"))
    ).to_be_visible()
    shot(page, "page-kernel")
    view.get_by_role("button", name="Remove from the launcher").click()
    expect(view.get_by_text("No kernel of this environment stands in the launcher")).to_be_visible()
    view.get_by_role("button", name="Register", exact=True).click()
    expect(view.get_by_role("rowheader", name=re.compile(analysis))).to_be_visible()


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 2000), ("dark", 2000)])
def test_every_tab_looks_right_and_reads_well(
    open_lab: Callable[..., Page], lab: LabServer, place: str, shot: Shot, theme: str, width: int
) -> None:
    page = open_lab(theme=theme, width=width)
    view = open_page(page, lab, place)
    view.get_by_role("row", name="gridkit").click()
    view.get_by_role("button", name="Show who needs it").click()
    choose(view, "tidytable-with-a-rather-long-name-for-a-package")
    found = []
    for tab in TABS:
        panel = go(view, tab)
        expect(panel.get_by_role("status").filter(has_text="…")).to_have_count(0, timeout=JOB_MS)
        shot(page, f"page-{tab.split()[0].lower()}-{theme}-{width}")
        found += serious_problems(page, ".jp-envs-Page")
    assert found == []
    assert toast(page, "").count() == 0
