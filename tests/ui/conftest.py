"""JupyterLab in a real browser: one server per session, one browser per module, one page per test.

The browser is not kept longer than its module: Playwright's event loop would be in the way of the server's tests.
Screenshots go to ``tests/ui/screenshots`` (not in git).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from ui.find_chromium import find_chromium
from ui.flows import note_toasts, wait_for_app
from ui.lab_server import TOKEN, LabServer
from ui.material import build_channel

SCREENSHOTS = Path(__file__).parent / "screenshots"
CHROMIUM_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]

KERNELS = "analysis"
FOUND = pytest.StashKey[set[str]]()

PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)  # milliseconds; two workers share what may be two cores
TEST_SECONDS = 900  # with the servers, the environments and the kernels that it is the first to need


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each browser test a second try in a new page: two of them, kernels and jobs share what may be two cores.

    The summary counts tests that needed it ("rerun"); one that fails twice fails.
    """
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.flaky(reruns=1))
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.fixture(autouse=True)
def jp_asyncio_loop() -> None:
    """Stand in for pytest-jupyter's fixture, which would close the event loop that Playwright runs."""


@pytest.fixture(autouse=True)
def first_or_again(request: pytest.FixtureRequest) -> None:
    """Let a second try find what the first one found: no environments and no downloads of that first try."""
    names = request.fixturenames
    if "lab" not in names and ("open_lab" not in names or "many" in names):
        return
    lab: LabServer = request.getfixturevalue("lab")
    if request.node.execution_count == 1:
        request.node.stash[FOUND] = lab.environments()
    else:
        lab.go_back(request.node.stash[FOUND] | {KERNELS})


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """Return a running JupyterLab whose packages come from the channel of ``material``."""
    folder = tmp_path_factory.mktemp("lab")
    server = LabServer(folder, build_channel(folder / "channel").url)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def analysis(lab: LabServer, index_answers: None) -> str:
    """Return the name of an environment with a kernel that runs: this machine's Python, ipykernel from the index."""
    lab.envs("create", KERNELS, "interpreter::python", "pypi::ipykernel<8", "gridkit=2.0.0", "--yes")
    return KERNELS


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return Chromium, without a window."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_lab(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Return a function that opens JupyterLab in a new browser context (a tab that shares nothing).

    ``theme`` is ``light`` or ``dark``, ``width`` in pixels, ``path`` what follows the server's URL; ``server`` another
    server than the one that most tests share.
    """
    contexts = []

    def open_page(
        *, width: int = 1280, theme: str = "light", path: str = "lab", server: LabServer | None = None
    ) -> Page:
        url = (server or request.getfixturevalue("lab")).url
        context = browser.new_context(viewport={"width": width, "height": 800})
        context.set_default_timeout(2 * PATIENCE_MS)
        note_toasts(context)
        contexts.append(context)
        page = context.new_page()
        page.on("console", _remember)
        page.goto(f"{url}{path}?token={TOKEN}&reset")
        wait_for_app(page)
        use_theme(page, theme)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_lab: Callable[..., Page]) -> Page:
    """Return JupyterLab in a new tab."""
    return open_lab()


@pytest.fixture
def shot() -> Callable[[Page, str], Path]:
    """Return a function that keeps a picture of a page for people to look at."""

    def take(page: Page, name: str) -> Path:
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        page.screenshot(path=str(path))
        return path

    return take


def use_theme(page: Page, theme: str) -> None:
    """Choose a theme as Settings > Theme does. The server keeps the choice: a test may find that of another one."""
    name, light = ("JupyterLab Dark", "false") if theme == "dark" else ("JupyterLab Light", "true")
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", name)
    page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")


def _remember(message: ConsoleMessage) -> None:
    if message.type == "error" and os.environ.get("SHOW_CONSOLE"):
        print(f"[browser] {message.text}")
