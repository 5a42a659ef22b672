"""The service's page in a real browser, which the Hub asks more of than a program with cookies."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from hub.running import ADMIN, PASSWORD, SERVICE, RunningHub
from ui.conftest import CHROMIUM_FLAGS
from ui.find_chromium import find_chromium

BUILT_MS = 180_000


def open_page(page: Page, hub: RunningHub) -> None:
    """Log in to the Hub, as a person does, and open the page."""
    page.goto(f"{hub.url}hub/login?next=/hub/home")
    page.locator("#username_input").fill(ADMIN)
    page.locator("#password_input").fill(PASSWORD)
    page.locator("#login_submit").click()
    page.wait_for_url("**/hub/home")
    page.goto(hub.url + SERVICE)


def publish(page: Page, name: str, file: Path, text: str) -> None:
    """Fill in the form and send it."""
    file.write_text(text)
    page.get_by_label("Name").fill(name)
    page.get_by_label("environment.yml or a lock file").set_input_files(file)
    page.get_by_role("button", name="Build and publish").click()


def test_the_page_publishes_follows_and_rolls_back_without_being_loaded_again(hub: RunningHub, tmp_path: Path) -> None:
    faults: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        try:
            page = chromium.new_page()
            page.on("pageerror", lambda error: faults.append(str(error)))
            open_page(page, hub)
            said = page.get_by_role("status")
            paged = page.get_by_role("article").filter(has=page.get_by_role("heading", name="paged", exact=True))
            for number, version in ((1, "1.0"), (2, "2.0")):
                publish(page, "paged", tmp_path / "environment.yml", f"dependencies: [tool={version}]\n")
                expect(said).to_have_text("The build of paged has begun.")
                expect(paged).to_contain_text(f"Generation {number} is published", timeout=BUILT_MS)
            page.get_by_role("button", name="Publish generation 1 of paged").click()
            expect(paged).to_contain_text("Generation 1 is published")
            expect(said).to_have_text("Generation 1 of paged is published.")
            publish(page, "not/a name", tmp_path / "environment.yml", "dependencies: [tool]\n")
            expect(said).to_contain_text("is not a name for an environment")
        finally:
            chromium.close()
    assert faults == []
