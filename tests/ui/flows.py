"""What people do again and again in the sidebar, for tests that need it on the way; what screen readers would meet.

Knows the words on the screen; asserts only that a step could be done.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

from support.waiting import wait_until

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
JOB_MS = 90_000
SHOW = "() => window.jupyterapp.restored.then(() => window.jupyterapp.commands.execute('jupyter-envs:show-sidebar'))"
SERIOUS = ("serious", "critical")
STARTED = "() => Promise.all([window.jupyterapp.started, window.jupyterapp.restored]).then(() => null)"
# The last thing that JupyterLab does when it starts: seconds after it has restored its layout, on a busy machine.
LAUNCHER_HAD_FOCUS = "() => window.launched"
NOTE_TOASTS = """
  window.told = [];
  new MutationObserver(() => document.querySelectorAll('.Toastify__toast').forEach(toast => {
    if (!window.told.includes(toast)) window.told.push(toast);
  })).observe(document, { childList: true, subtree: true });
  document.addEventListener('focusin', event => { window.launched ||= event.target.closest('.jp-Launcher') !== null; });
"""
TOLD = "text => window.told.filter(toast => toast.textContent.includes(text)).length"


def wait_for_app(page: Page) -> None:
    """Wait until JupyterLab, or Notebook 7, has started and wants the focus no more; no document is open."""
    page.wait_for_function("() => window.jupyterapp")
    page.evaluate(STARTED)
    if page.locator("#jp-main-dock-panel").count():
        page.wait_for_function(LAUNCHER_HAD_FOCUS)


def open_sidebar(page: Page) -> Locator:
    """Show the environments and return their panel."""
    panel = page.locator("#jp-envs-sidebar")
    page.wait_for_function("() => window.jupyterapp")
    page.evaluate(SHOW)
    expect(panel).to_be_visible()
    return panel


def row(page: Page, name: str) -> Locator:
    """Return an environment's row, in the list or above it."""
    return page.locator(".jp-envs-Row").filter(has=page.locator(f".jp-envs-Row-name[title='{name}']"))


def menu_item(page: Page, name: str, item: str) -> None:
    """Choose from the context menu of an environment."""
    open_menu(page, row(page, name), item).click()


def open_menu(page: Page, owner: Locator, item: str) -> Locator:
    """Open the context menu of something and return an item of it.

    An open menu stays as it is: until what it goes by has come from the server, open it again.
    """
    found = page.locator(".lm-Menu").get_by_role("menuitem", name=item)

    def offered() -> bool:
        owner.click(button="right")
        expect(page.locator(".lm-Menu")).to_be_visible()
        if found.count() == 1 and found.get_attribute("aria-disabled") != "true":
            return True
        page.keyboard.press("Escape")
        expect(page.locator(".lm-Menu")).to_have_count(0)
        return False

    wait_until(offered, f"{item} can be chosen")
    return found


def start_creating(page: Page, name: str) -> Locator:
    """Open the dialog of a new environment, name it and return the dialog."""
    open_sidebar(page).get_by_role("button", name="New environment").click()
    dialog = page.locator(".jp-Dialog")
    expect(
        dialog.get_by_label("Name")
    ).to_be_focused()  # the dialog sets it once it is drawn; typed before, it would move
    dialog.get_by_label("Name").fill(name)
    return dialog


def add_packages(dialog: Locator, *specs: str) -> None:
    """Type requests into the field for packages."""
    field = dialog.get_by_role("combobox", name="Packages")
    field.click()
    for spec in specs:
        field.type(f"{spec},")


def create(page: Page, name: str, *specs: str, python: str = "none") -> None:
    """Create an environment from packages, and wait until it is there."""
    dialog = start_creating(page, name)
    add_packages(dialog, *specs)
    dialog.locator("#jp-envs-python").select_option(python)
    dialog.get_by_role("button", name="Preview").click()
    dialog.get_by_role("button", name="Create", exact=True).click(timeout=JOB_MS)
    expect(toast(page, f"Created {name}")).to_be_visible(timeout=JOB_MS)


def toast(page: Page, text: str) -> Locator:
    """Return the notification that says a text."""
    return page.locator(".Toastify__toast").filter(has_text=text)


def note_toasts(context: BrowserContext) -> None:
    """Keep what a page shows for some seconds only: its notifications, and the focus of its launcher."""
    context.add_init_script(NOTE_TOASTS)


def expect_told(page: Page, text: str) -> None:
    """Wait until a notification that says a text is, or was, on the page."""
    page.wait_for_function(TOLD, arg=text, timeout=JOB_MS)


def times_told(page: Page, text: str) -> int:
    """Return how many notifications have said a text since the page was loaded."""
    return int(page.evaluate(TOLD, text))


def note_when_seen(page: Page, selector: str) -> None:
    """Note from now on whether something is ever on the page, be it for one frame; see ``wait_until_seen``."""
    page.evaluate(
        """selector => {
          const look = () => { window.seen ||= document.querySelector(selector) !== null; };
          window.seen = false;
          new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
          look();
        }""",
        selector,
    )


def wait_until_seen(page: Page) -> None:
    """Wait until what ``note_when_seen`` was told is, or was, on the page. A change may be over in a second."""
    page.wait_for_function("() => window.seen")


def serious_problems(page: Page, selector: str) -> list[str]:
    """Return what axe finds serious or worse below a selector, one line each."""
    if not page.evaluate("() => 'axe' in window"):
        page.add_script_tag(path=str(AXE))
    found: dict[str, Any] = page.evaluate("selector => axe.run(selector)", selector)
    return [
        f"{violation['id']}: {node['html'][:150]} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]
