"""JupyterLab of a user of the Hub in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect, sync_playwright

from hub.running import PASSWORD, RunningHub, Visitor
from ui.conftest import CHROMIUM_FLAGS
from ui.find_chromium import find_chromium
from ui.flows import note_toasts, wait_for_app

READY_MS = 90_000


@contextmanager
def open_lab(hub: RunningHub, user: Visitor) -> Iterator[Page]:
    """Log in as a person does, and give JupyterLab with the environments in its sidebar."""
    base = user.start_server()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        try:
            context = chromium.new_context()
            context.set_default_timeout(READY_MS)
            note_toasts(context)
            page = context.new_page()
            page.goto(f"{hub.url}hub/login?next=/{base}lab?reset")
            page.locator("#username_input").fill(user.user)
            page.locator("#password_input").fill(PASSWORD)
            page.locator("#login_submit").click()
            wait_for_app(page)
            page.get_by_role("tab", name="Environments").click()
            nothing = page.get_by_text("There are no environments yet.")  # as who is first on a Hub sees
            expect(page.get_by_role("tree").or_(nothing)).to_be_visible(timeout=READY_MS)
            yield page
        finally:
            chromium.close()
