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
                expect(said).to_have_text(f"Generation {number} of paged is published.", timeout=BUILT_MS)
                expect(paged).to_contain_text(f"Generation {number} is published")
            page.get_by_role("button", name="Publish generation 1 of paged").click()
            expect(paged).to_contain_text("Generation 1 is published")
            expect(said).to_have_text("Generation 1 of paged is published.")
            publish(page, "not/a name", tmp_path / "environment.yml", "dependencies: [tool]\n")
            expect(said).to_contain_text("is not a name for an environment")
        finally:
            chromium.close()
    assert faults == []


def test_the_page_says_why_a_build_failed_and_what_it_is_doing(hub: RunningHub, tmp_path: Path, gate: Path) -> None:
    file = tmp_path / "environment.yml"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        try:
            page = chromium.new_page(viewport={"width": 420, "height": 800})
            open_page(page, hub)
            said = page.get_by_role("status")
            publish(page, "tried", file, "dependencies: [a\n  b: c\n")
            expect(said).to_contain_text("environment.yml:2: not YAML")
            expect(said).not_to_contain_text(".service")
            publish(page, "tried", file, "dependencies: [forbidden]\n")
            expect(said).to_contain_text("Generation 1 of tried was not published: forbidden-1.0", timeout=BUILT_MS)

            publish(page, "tried", file, "dependencies: [waits]\n")
            hub.until(gate.with_name(f"{gate.name}.tried").exists, "the build waits")
            log = page.get_by_label("Log of generation 2 of tried")
            log.focus()
            page.keyboard.press("Enter")
            tried = page.get_by_role("article").filter(has=page.get_by_role("heading", name="tried", exact=True))
            expect(tried.locator("pre").first).to_contain_text("post-link script of waits")
            publish(page, "tried", file, "dependencies: [plain]\n")
            expect(said).to_contain_text("tried is being built already")
            page.get_by_role("button", name="Cancel building tried").click()
            cancelled = "Generation 2 of tried was not published: the build was cancelled"
            expect(said).to_contain_text(cancelled, timeout=BUILT_MS)
            expect(tried.locator("pre").first).to_be_visible()  # who reads a log goes on reading it
            assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
            page.on("dialog", lambda dialog: dialog.accept())
            page.get_by_role("button", name="Remove generation 2 of tried").click()
            expect(said).to_have_text("Generation 2 of tried was removed.")
        finally:
            chromium.close()
