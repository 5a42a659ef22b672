"""What a user of the Hub may not do, as JupyterLab says it: where it was asked for, with a way on."""

from __future__ import annotations

import re
from collections.abc import Iterator

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from hub.lab import READY_MS, open_lab
from hub.running import RunningHub, Visitor
from ui.notebooks import cell

pytestmark = pytest.mark.flaky(reruns=1)  # as the tests in tests/ui
NAME = "course"
CONTACT = "help@example.org"


@pytest.fixture
def page(hub: RunningHub, cleo: Visitor) -> Iterator[Page]:
    """Return JupyterLab of cleo, who has one environment, ``mine`` with a kernel, and may have one more."""
    cleo.start_server()
    cleo.delete(*(name for name, one in cleo.environments().items() if one["kind"] == "own" and name != "mine"))
    if "mine" not in cleo.environments():
        made = cleo.change(action="create", name="mine", specs=["interpreter::python"], add_ipykernel=True)
        assert made["state"] == "done", made
    with open_lab(hub, cleo) as page:
        yield page
    cleo.delete("second", "third")


@pytest.fixture
def course(admin: Visitor) -> str:
    """Return the name of an environment that is published."""
    if not admin.generations(NAME):
        admin.publish(NAME, {"name": "environment.yml", "text": "dependencies: [interpreter::python, tool=1.0]\n"})
    assert admin.published(NAME, 1)["published"]
    return NAME


def test_the_dialog_says_what_is_not_allowed_and_leads_back_to_the_request(page: Page, cleo: Visitor) -> None:
    expect(page.locator(".jp-envs-Quota")).to_contain_text("1 of 2 environments")
    dialog = start_creating(page, "third")
    for spec, rule in (("forbidden", "blocked"), ("nowhere::plain", "channels"), ("big", "disk")):
        ask_for(dialog, spec)
        expect_refusal(dialog, rule)
        dialog.get_by_role("button", name="Back").click()
        dialog.get_by_role("button", name=f"Leave out {spec.rpartition(':')[2]}").click()
    assert cleo.change(action="create", name="second", specs=["plain"], add_ipykernel=False)["state"] == "done"
    ask_for(dialog, "plain")
    expect_refusal(dialog, "environments")
    expect(page.locator(".jp-envs-Quota")).to_contain_text("2 of 2 environments")
    cleo.delete("second")
    dialog.get_by_role("button", name="Try again").click()
    dialog.get_by_role("button", name="Create", exact=True).click()
    expect(row(page, "third")).to_be_visible()


def test_the_dialog_that_installs_leads_back_to_what_was_asked_for(page: Page) -> None:
    row(page, "mine").click(button="right")
    page.get_by_role("menuitem", name="Install Packages…").click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog.get_by_role("combobox", name="Packages")).to_be_focused()
    ask_for(dialog, "forbidden")
    expect_refusal(dialog, "blocked")
    expect(dialog.get_by_role("button", name="Back")).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Leave out forbidden").click()
    ask_for(dialog, "other-half")
    expect(dialog.get_by_role("button", name="Apply")).to_be_enabled()
    dialog.get_by_role("button", name="Back").click()
    expect(dialog.get_by_role("button", name="Change other-half")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_the_page_says_what_is_not_allowed_and_keeps_what_was_put_together(page: Page) -> None:
    row(page, "mine").click()
    view = page.locator(".jp-envs-Page")
    view.get_by_role("button", name="Add…").click()
    view.get_by_role("searchbox", name="Search for packages").fill("forbidden")
    view.get_by_role("button", name="Add forbidden to the changes").click()
    view.get_by_role("button", name="Preview 1 change").click()
    expect_refusal(view, "blocked")
    view.get_by_role("button", name="Back").click()
    view.get_by_role("button", name="Leave out forbidden").first.click()
    view.get_by_role("searchbox", name="Search for packages").fill("plain")
    view.get_by_role("button", name="Add plain to the changes").click()
    view.get_by_role("button", name="Preview 1 change").click()
    expect(view.get_by_role("button", name="Apply")).to_be_enabled()
    view.get_by_role("button", name="Discard").click()


def test_a_notebook_says_what_is_not_allowed(page: Page, cleo: Visitor) -> None:
    open_notebook(page, cleo, "envs-mine", "%envinstall forbidden", "import forbidden")
    said = run(page, 0)
    expect(said).to_contain_text("(rule 'blocked' of the policy)")
    expect(said).to_contain_text(CONTACT)
    run(page, 1).get_by_role("button", name="Install forbidden into mine").click()
    dialog = page.locator(".jp-Dialog")
    expect_refusal(dialog, "blocked")
    expect(dialog.locator(".jp-Dialog-button", has_text="Close")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)


def test_a_shared_environment_offers_a_clone_and_nothing_else_to_change_it(page: Page, course: str) -> None:
    row(page, course).click()
    view = page.locator(".jp-envs-Page")
    expect(view).to_contain_text("It is published for everybody, and cannot be changed here.")
    expect(view.get_by_role("row").filter(has_text="tool")).to_be_visible()
    expect(view.get_by_role("checkbox")).to_have_count(0)
    expect(view.get_by_role("button", name=re.compile("^(Add…|Remove|Rename…|Delete…)$"))).to_have_count(0)
    expect(view.get_by_role("tab", name=re.compile("Add|Plan"))).to_have_count(0)
    view.get_by_role("tab", name="History").click()
    expect(view.get_by_role("list", name="States, the newest first")).to_be_visible()
    expect(view.get_by_role("button", name="Restore")).to_have_count(0)
    view.get_by_role("tab", name="Kernel and variables").click()
    expect(view.get_by_role("cell", name=f"shared-{course}")).to_be_visible()
    expect(view.get_by_role("button", name=re.compile("Register|launcher"))).to_have_count(0)
    row(page, course).click(button="right")
    for item in ("Install Packages…", "Undo Last Change…", "Rename…", "Delete…"):
        expect(page.get_by_role("menuitem", name=item)).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Escape")
    view.get_by_role("button", name="Clone…").click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog.get_by_label("Name")).to_have_value(f"{course}-copy")
    dialog.get_by_role("button", name="Preview").click()
    expect(dialog).to_contain_text("more on the disk")
    expect(dialog.get_by_role("button", name="Create", exact=True)).to_be_enabled()


def test_a_notebook_in_a_shared_environment_leads_to_a_clone(page: Page, cleo: Visitor, course: str) -> None:
    open_notebook(page, cleo, f"shared-{course}", "%envinstall more", "import more")
    said = run(page, 0)
    expect(said).to_contain_text(f"the shared environment {course} can be changed only by whoever publishes it")
    expect(said).to_contain_text(f"jupyter envs clone {course} my-{course}")
    missing = run(page, 1)
    expect(missing).to_contain_text("clone it, and install into the clone")
    missing.get_by_role("button", name=f"Clone {course}…").click()
    dialog = page.locator(".jp-Dialog")
    dialog.get_by_label("Name").fill("third")
    dialog.get_by_role("button", name="Preview").click()
    dialog.get_by_role("button", name="Create", exact=True).click()
    missing.get_by_role("button", name="Use the kernel of third").click()
    expect(missing.get_by_role("button", name="Install more into third")).to_be_visible(timeout=READY_MS)
    expect(page.locator(".jp-NotebookPanel-toolbar")).to_contain_text("third · Python")


def row(page: Page, name: str) -> Locator:
    """Return an environment's row in the sidebar."""
    return page.locator(".jp-envs-Row").filter(has=page.locator(f".jp-envs-Row-name[title='{name}']"))


def start_creating(page: Page, name: str) -> Locator:
    """Open the dialog of a new environment without Python, name it and return the dialog."""
    page.get_by_role("button", name="New environment").click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    dialog.get_by_label("Name").fill(name)
    dialog.locator("#jp-envs-python").select_option("none")
    return dialog


def ask_for(dialog: Locator, spec: str) -> None:
    """Type a request and ask for its plan."""
    dialog.get_by_role("combobox", name="Packages").press_sequentially(f"{spec},")
    dialog.get_by_role("button", name="Preview").click()


def expect_refusal(where: Locator, rule: str) -> None:
    """Expect a sentence with the rule's name, and a hint that says whom to ask."""
    said = where.get_by_role("alert")
    expect(said).to_contain_text(f"(rule '{rule}' of the policy).")
    expect(said.locator(".jp-envs-Problem-hint")).to_contain_text(f"; ask {CONTACT}")


def open_notebook(page: Page, user: Visitor, kernel: str, *sources: str) -> None:
    """Write a notebook for a kernel, open it and wait for the kernel."""
    name = f"{kernel}.ipynb"
    spec = {"name": kernel, "display_name": kernel, "language": "python"}
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    user.write(name, nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}))
    page.goto(f"{user.hub.url}user/{user.user}/lab/tree/{name}?reset")
    # the notebook's own toolbar says "idle" before there is a kernel, and JupyterLab runs no cell then
    expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=READY_MS)


def run(page: Page, index: int) -> Locator:
    """Run a cell of the open notebook and return it."""
    found = cell(page, index)
    found.locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
    expect(found.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=READY_MS)
    return found
