"""Jobs in the browser: progress, log, cancel, and that they outlive reloads, tabs and the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Page, expect

from support.http_server import Server, serve
from support.waiting import wait_until
from ui.flows import JOB_MS, expect_told, open_sidebar, row, serious_problems, times_told, toast
from ui.lab_server import LabServer
from ui.material import build_channel

HIDDEN = "() => Object.defineProperty(document, 'hidden', { value: true })"
Shot = Callable[[Page, str], Path]
PARTS = {"light": range(6), "dark": range(50, 56)}  # what was downloaded once is not downloaded again


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a channel whose packages can be held up."""
    folder = build_channel(tmp_path_factory.mktemp("slow")).folder
    with serve(folder) as server:
        yield server


@pytest.fixture
def held(slow: Server) -> Iterator[Event]:
    """Hold up the downloads of ``part-…`` until the event is set: a job runs as long as a test wants to look at it."""
    gate = slow.hold("*/part-*")
    yield gate
    gate.set()
    slow.clear()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, slow: Server) -> Iterator[LabServer]:
    """Return a JupyterLab of this module's own: one test ends its server and starts it again."""
    server = LabServer(tmp_path_factory.mktemp("jobs"), slow.url)
    server.start()
    yield server
    server.stop()


def begin(page: Page, name: str, *specs: str) -> None:
    """Start a change without looking at its plan first."""
    request = {"action": "create", "name": name, "specs": list(specs), "add_ipykernel": False}
    page.evaluate(
        """async request => {
          const xsrf = document.cookie.match(/_xsrf=([^;]+)/)[1];
          const answer = await fetch(`/envs/api/v1/changes`, {
            method: 'POST', body: JSON.stringify(request), headers: {'X-XSRFToken': xsrf},
          });
          if (answer.status !== 202) throw new Error(await answer.text());
        }""",
        request,
    )


def wait_for_live(page: Page, name: str) -> None:
    expect(page.locator(".jp-envs-Job", has_text=f"Creating {name}")).to_be_visible(timeout=JOB_MS)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_running_job_shows_its_progress_and_its_log(
    open_lab: Callable[..., Page], held: Event, shot: Shot, theme: str
) -> None:
    page = open_lab(theme=theme)
    open_sidebar(page)
    name = f"watched-{theme}"
    begin(page, name, *(f"part-{number:03}" for number in PARTS[theme]))
    job = page.locator(".jp-envs-Job", has_text=f"Creating {name}")
    expect(job.get_by_text("Downloading")).to_be_visible(timeout=JOB_MS)
    expect(job.locator(".jp-envs-Job-numbers")).to_contain_text("kB")
    expect(page.locator(".jp-envs-Status")).to_contain_text(f"Creating {name}")
    job.get_by_role("button", name="Log").click()
    expect(page.locator(".jp-envs-Log-text")).not_to_be_empty()
    expect(page.locator(".jp-envs-Log-head")).to_contain_text("Downloading")
    shot(page, f"job-{theme}")
    assert serious_problems(page, "#jp-envs-sidebar") == []
    assert serious_problems(page, ".jp-envs-Log") == []
    held.set()
    expect_told(page, f"Created {name}")
    expect(page.locator(".jp-envs-Log-head")).to_contain_text(f"Created {name}")
    expect(page.locator(".jp-envs-Status")).not_to_be_visible()
    page.get_by_role("button", name="Past changes").click()
    expect(page.locator(".jp-envs-PastJob", has_text=f"Created {name}")).to_be_visible()
    shot(page, f"job-past-{theme}")
    assert serious_problems(page, "#jp-envs-sidebar") == []


def test_a_job_is_cancelled_and_can_be_tried_again(page: Page, lab: LabServer, held: Event) -> None:
    open_sidebar(page)
    page.evaluate(
        """request => void window.jupyterapp.commands.execute('jupyter-envs:change', {request})""",
        {"action": "create", "name": "stopped", "specs": ["part-010", "part-011"], "add_ipykernel": False},
    )
    page.locator(".jp-Dialog").get_by_role("button", name="Apply").click(timeout=JOB_MS)
    wait_for_live(page, "stopped")
    page.get_by_role("button", name="Cancel: Creating stopped").click()
    told = toast(page, "Creating stopped: cancelled")
    expect(told).to_be_visible(timeout=JOB_MS)
    assert not (lab.root / "envs/stopped").exists()
    held.set()
    told.get_by_role("button", name="Retry").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Apply").click(timeout=JOB_MS)
    expect(toast(page, "Created stopped")).to_be_visible(timeout=JOB_MS)


def test_a_job_outlives_a_reload_and_is_told_once(open_lab: Callable[..., Page], held: Event) -> None:
    page, other = open_lab(), open_lab()
    open_sidebar(page)
    open_sidebar(other)
    begin(page, "reloaded", "part-020", "part-021", "part-022", "part-023")
    wait_for_live(page, "reloaded")
    wait_for_live(other, "reloaded")
    page.reload()
    open_sidebar(page)
    wait_for_live(page, "reloaded")
    held.set()
    for tab in (page, other):
        expect_told(tab, "Created reloaded")
        expect(row(tab, "reloaded")).to_be_visible()
        assert times_told(tab, "Created reloaded") == 1
    page.reload()
    open_sidebar(page)
    expect(row(page, "reloaded")).to_be_visible()
    page.wait_for_timeout(1500)
    assert times_told(page, "Created reloaded") == 0


def test_a_job_that_ends_while_the_tab_reloads_is_told_afterwards(page: Page, lab: LabServer, held: Event) -> None:
    open_sidebar(page)
    begin(page, "meanwhile", "part-030")
    wait_for_live(page, "meanwhile")
    page.goto("about:blank")
    held.set()
    wait_until((lab.root / "envs/meanwhile").exists)
    page.goto(f"{lab.url}lab")
    expect_told(page, "Created meanwhile")
    assert times_told(page, "Created meanwhile") == 1


def test_a_job_outlives_the_server(page: Page, lab: LabServer, held: Event, shot: Shot) -> None:
    open_sidebar(page)
    begin(page, "survivor", *(f"part-{number:03}" for number in range(40, 48)))
    wait_for_live(page, "survivor")
    lab.stop()
    expect(page.locator(".jp-envs-Jobs-problem")).to_be_visible(timeout=JOB_MS)
    shot(page, "job-server-away")
    held.set()
    wait_until((lab.root / "envs/survivor").exists)
    lab.start()
    expect_told(page, "Created survivor")
    expect(row(page, "survivor")).to_be_visible()


def test_what_a_shell_does_is_seen_at_once(page: Page, lab: LabServer) -> None:
    open_sidebar(page)
    page.evaluate(HIDDEN)  # a page in the background does not look again every 30 s: what it learns, an event told
    lab.envs("create", "from-a-shell", "gridkit=1.4.2", "--yes")
    expect(row(page, "from-a-shell")).to_be_visible(timeout=JOB_MS)
    lab.envs("delete", "from-a-shell", "--yes")
    expect(row(page, "from-a-shell")).to_have_count(0, timeout=JOB_MS)


def test_a_failed_job_offers_its_log_and_is_tried_again_in_any_tab(page: Page, slow: Server, shot: Shot) -> None:
    open_sidebar(page)
    gate = slow.hold("*/oldlib-*", corrupt=True)
    begin(page, "unlucky", "oldlib")
    wait_for_live(page, "unlucky")  # what a tab has not seen run, it does not tell
    gate.set()
    told = toast(page, "Creating unlucky: failed")
    expect(told).to_be_visible(timeout=JOB_MS)
    told.get_by_role("button", name="Show log").click()
    expect(page.locator(".jp-envs-Log-head")).to_contain_text("Creating unlucky: failed")
    expect(page.locator(".jp-envs-Log-head").get_by_role("button", name="Retry")).to_be_visible()
    slow.clear()
    page.reload()  # and whoever asked for it was no tab of JupyterLab
    open_sidebar(page).get_by_role("button", name="Past changes").click()
    shot(page, "job-retry")
    page.get_by_role("button", name="Retry Creating unlucky").first.click()
    page.get_by_role("dialog", name="Create unlucky").get_by_role("button", name="Apply").click(timeout=JOB_MS)
    expect(toast(page, "Created unlucky")).to_be_visible(timeout=JOB_MS)


@pytest.fixture
def quiet(page: Page) -> Iterator[None]:
    """Let only problems be told, in the settings that the server keeps for all pages."""
    choose(page, {"notify": "problems"})
    yield
    choose(page, {})


def choose(page: Page, settings: dict[str, str]) -> None:
    """Save the user's settings of the extension."""
    page.evaluate(
        """async settings => {
          const answer = await fetch(`/lab/api/settings/jupyter-envs:manager`, {
            method: 'PUT',
            headers: {'X-XSRFToken': document.cookie.match(/_xsrf=([^;]+)/)[1], 'Content-Type': 'application/json'},
            body: JSON.stringify({raw: JSON.stringify(settings)}),
          });
          if (!answer.ok) throw new Error(await answer.text());
        }""",
        settings,
    )


@pytest.mark.usefixtures("quiet")
def test_settings_decide_what_is_told(page: Page) -> None:
    page.reload()
    open_sidebar(page)
    begin(page, "silent", "gridkit")
    expect(row(page, "silent")).to_be_visible(timeout=JOB_MS)
    page.wait_for_timeout(1500)
    assert times_told(page, "Created silent") == 0
