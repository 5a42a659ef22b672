"""The service's page in a real browser, which the Hub asks more of than a program with cookies."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import requests
from playwright.sync_api import Page, Route, expect, sync_playwright

from hub.lab import READY_MS
from hub.running import ADMIN, PASSWORD, SERVICE, RunningHub, Visitor
from support.waiting import lives, wait_until
from ui.conftest import CHROMIUM_FLAGS
from ui.find_chromium import find_chromium

BUILT_MS = 180_000
ON_TOP = """node => {
  const { x, y, height } = node.getBoundingClientRect();
  return document.elementFromPoint(x + 20, y + height / 2).id;
}"""


def open_page(page: Page, hub: RunningHub) -> None:
    """Log in to the Hub, as a person does, and open the page."""
    page.set_default_timeout(READY_MS)
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


def press(page: Page, *keys: str) -> None:
    """Press keys, one after the other."""
    for key in keys:
        page.keyboard.press(key)


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
            expect(said).to_contain_text("'not-a-name' would do.")  # and no option of a command line
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
            expect(said).to_contain_text("; ask help@example.org.")
            expect(page.get_by_label("Name")).to_have_value("tried")  # a better file is all that has to be chosen
            expect(page.get_by_label("Name")).to_have_accessible_description(
                "tried is there already: this will be its generation 2."
            )

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


def test_keys_alone_publish_read_the_log_cancel_and_roll_back(
    hub: RunningHub, admin: Visitor, tmp_path: Path, gate: Path
) -> None:
    file = tmp_path / "environment.yml"
    text = {"name": file.name, "text": "dependencies: [plain]\n"}
    for number in (1, 2):
        admin.publish("keyed", text)
        admin.published("keyed", number)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        try:
            page = chromium.new_page()
            open_page(page, hub)
            said = page.get_by_role("status")
            page.get_by_label("Name").focus()
            page.keyboard.type("keyed")
            page.keyboard.press("Tab")
            file.write_text("dependencies: [waits]\n")
            with page.expect_file_chooser() as chooser:
                page.keyboard.press("Space")
            chooser.value.set_files(file)
            press(page, "Tab", "Enter")
            expect(said).to_have_text("The build of keyed has begun.")
            hub.until(gate.with_name(f"{gate.name}.keyed").exists, "the build waits")

            page.reload()  # whoever loads the page again is told of the end all the same
            page.get_by_label("Log of generation 3 of keyed").focus()
            press(page, "Enter", "Tab")
            log = page.get_by_label("What the build of generation 3 of keyed did")
            expect(log).to_be_focused()
            admin.publish("beside", text)
            admin.published("beside", 1)
            expect(page.get_by_role("heading", name="beside")).to_be_visible()
            expect(log).to_be_focused()  # the list was drawn anew

            page.get_by_label("Cancel building keyed").focus()
            page.keyboard.press("Enter")
            expect(said).to_contain_text("Generation 3 of keyed was not published", timeout=BUILT_MS)
            expect(page.get_by_label("Log of generation 3 of keyed")).to_be_focused()
            page.get_by_label("Publish generation 1 of keyed").focus()
            page.keyboard.press("Enter")
            expect(said).to_have_text("Generation 1 of keyed is published.")
            expect(page.get_by_label("Log of generation 1 of keyed")).to_be_focused()
            page.on("dialog", lambda dialog: dialog.accept())
            page.get_by_label("Remove generation 3 of keyed").focus()
            page.keyboard.press("Enter")
            expect(said).to_have_text("Generation 3 of keyed was removed.")
            expect(page.get_by_role("heading", name="keyed")).to_be_focused()

            page.mouse.wheel(0, 5000)
            page.wait_for_function("() => scrollY >= document.documentElement.scrollHeight - innerHeight - 1")
            assert said.evaluate(ON_TOP) == "said"
        finally:
            chromium.close()


def test_the_page_says_that_nobody_answers_and_that_the_person_is_signed_out(hub: RunningHub, admin: Visitor) -> None:
    admin.publish("away", {"name": "environment.yml", "text": "dependencies: [plain]\n"})
    admin.published("away", 1)
    admin.publish("away", {"name": "environment.yml", "text": "dependencies: [plain]\n"})
    admin.published("away", 2)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        try:
            page = chromium.new_context().new_page()
            open_page(page, hub)
            said = page.get_by_role("status")
            (service,) = hub.service_pids()

            def kill_first(route: Route) -> None:  # the Hub starts another one, and may do so at once
                os.kill(service, signal.SIGKILL)
                wait_until(lambda: not lives(service))
                route.continue_()

            page.route("**/switch", kill_first, times=1)
            page.get_by_role("button", name="Publish generation 1 of away").click()
            expect(said).to_contain_text("The service does not answer; it may be restarting.")
            expect(said).to_contain_text("The service answers again.", timeout=BUILT_MS)  # the Hub has started another
            page.get_by_role("button", name="Publish generation 1 of away").click()
            expect(said).to_have_text("Generation 1 of away is published.", timeout=BUILT_MS)

            other = page.context.new_page()
            other.goto(page.get_by_role("link", name="Sign out").evaluate("link => link.href"))
            expect(said).to_have_text("You are not signed in any more. Load this page again to sign in.")
            page.reload()
            expect(page.locator("#username_input")).to_be_visible()
        finally:
            chromium.close()


def test_whoever_may_not_see_the_page_is_told_so_in_a_sentence(hub: RunningHub, anna: Visitor) -> None:
    headers = {"X-XSRFToken": anna.session.cookies.get("_xsrf", path="/hub/") or ""}
    url = f"{hub.url}hub/api/users/{anna.user}/tokens"
    asked = {"scopes": ["access:services!service=envs"]}
    token = anna.session.post(url, json=asked, headers=headers, timeout=60).json()["token"]
    refused = requests.get(hub.url + SERVICE, headers={"Authorization": f"token {token}"}, timeout=30)
    assert refused.status_code == 403
    assert "This needs the scope custom:jupyter-envs:read, which your account has not." in refused.text
    assert f"Signed in as {anna.user}." in refused.text
    nowhere = anna.get(f"{SERVICE}nowhere")
    assert (nowhere.status_code, "There is nothing at this address." in nowhere.text) == (404, True)
