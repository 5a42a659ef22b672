"""JupyterLab of a user of the Hub in a real browser: what is published appears and is known, and its switch is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from hub.lab import READY_MS, open_lab
from hub.running import RunningHub, Visitor

NAME = "shown"
BUILT_MS = 180_000
LOOKED = "Object.keys(localStorage).some(key => key.startsWith('jupyter-envs:published:'))"


@pytest.fixture
def page(hub: RunningHub, anna: Visitor) -> Iterator[Page]:
    """Return JupyterLab of anna."""
    with open_lab(hub, anna) as page:
        yield page


def publish_next(admin: Visitor, version: str) -> int:
    """Ask for one more generation and return its number."""
    number = 1 + max(admin.generations(NAME), default=0)
    text = f"dependencies:\n- interpreter::python\n- tool={version}\n"
    admin.publish(NAME, {"name": "environment.yml", "text": text})
    return number


@pytest.mark.flaky(reruns=1)  # as the tests in tests/ui
def test_a_shared_environment_appears_and_its_next_generation_is_told(admin: Visitor, page: Page) -> None:
    number = publish_next(admin, "1.0")
    assert admin.published(NAME, number)["published"]
    tile = page.locator(".jp-LauncherCard[data-category='Notebook']").filter(has_text=f"({NAME}, shared)")
    tile.click(timeout=READY_MS)
    active = page.get_by_role("region", name="The active notebook runs in")
    expect(active).to_contain_text(NAME)
    expect(page.locator(".jp-NotebookPanel-toolbar")).to_contain_text(f"{NAME} · Python")

    page.wait_for_function(LOOKED)
    number = publish_next(admin, "2.0")  # and look for the notice from now on: it is shown for some seconds only
    notice = page.get_by_role("alert").filter(has_text=f"{NAME} is published in generation {number}.")
    notice.hover(timeout=BUILT_MS)  # it stays as long as the mouse is over it
    notice.get_by_role("button", name="Show it").click()
    expect(page.get_by_role("heading", name=NAME, exact=True)).to_be_visible()

    page.get_by_role("tab", name="Untitled.ipynb").click()
    line = page.locator(".jp-envs-OtherGeneration")
    expect(line).to_contain_text(f"Another generation of {NAME} is published. This kernel keeps its own")
    page.set_viewport_size({"width": 700, "height": 800})
    for part in (line.locator(".jp-envs-Banner-text"), line.get_by_role("button", name="Use the published one…")):
        expect(part).to_be_in_viewport(ratio=1)  # nothing is cut off
    line.get_by_role("button", name="Use the published one…").click()
    page.get_by_role("dialog").get_by_role("button", name="Start").click()
    expect(line).to_be_hidden(timeout=READY_MS)
    page.locator(".jp-NotebookPanel .jp-InputArea-editor").first.click()
    page.keyboard.type("import tool; print(tool.version)")
    expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=READY_MS)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".jp-NotebookPanel .jp-OutputArea-output")).to_have_text("2.0")
