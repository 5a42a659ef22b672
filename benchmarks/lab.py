"""What a person waits for in JupyterLab: the launcher's tile after a change, and a kernel after pressing Create.

``python benchmarks/lab.py [--rounds N] [--json FILE]``. A real JupyterLab with token authentication in a temporary
folder, real jobs, wheels from the index that pip is configured for, a browser with two tabs.

- **commit to tile**: a shell makes an environment from the cache; from the rename that makes it appear, and from the
  rename that makes its ``kernel.json`` appear, to the tile in the launcher of each tab.
- **Create to pandas**: from pressing Create, below the finished plan, to the job's end, the tile, and the answer of
  ``import pandas`` in a new notebook. *Cold*: nothing was ever downloaded; *warm*: the packages are in the cache, and
  their compiled files, too.
- **sidebar**: of 200 environments of 300 packages, in a tab that has heard of none yet: from showing the sidebar and
  asking for the list, to the frame after the one with the last row in it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, expect, sync_playwright

from jupyter_envs.jobs.store import JobStore

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from ui.conftest import CHROMIUM_FLAGS
from ui.find_chromium import find_chromium
from ui.flows import add_packages, start_creating
from ui.lab_server import TOKEN, LabServer
from ui.many import make_many

Times = dict[str, list[float]]
LONG_MS = 240_000
COMPILE_SECONDS = 300
MANY, EACH = 200, 300

# When the launcher first shows a tile for a kernel of an environment, in milliseconds since 1970.
WATCH_TILES = """name => {
  const seen = () => [...document.querySelectorAll('.jp-LauncherCard')].some(card => card.title.includes(`(${name})`));
  window.tile = new Promise(resolve => {
    const look = () => seen() && (observer.disconnect(), resolve(Date.now()));
    const observer = new MutationObserver(look);
    observer.observe(document.body, {childList: true, subtree: true, attributes: true});
    look();
  });
}"""
START_NOTEBOOK = """async kernelName => {
  const panel = await window.jupyterapp.commands.execute('notebook:create-new', {kernelName});
  await Promise.all([panel.context.ready, panel.sessionContext.ready]);
  const cell = panel.content.widgets[0];
  cell.model.sharedModel.setSource('import pandas; print(pandas.__version__)');
  await window.jupyterapp.commands.execute('notebook:run-cell');
  return Date.now();
}"""
READ_AND_DRAW = """async count => {
  const { commands } = window.jupyterapp;
  const rows = () => document.querySelectorAll('.jp-envs-Tree .jp-envs-Row').length;
  const frame = () => new Promise(resolve => requestAnimationFrame(resolve));
  if (rows() > 0) {
    throw new Error('the list is there already');
  }
  const start = performance.now();
  void commands.execute('jupyter-envs:refresh');
  void commands.execute('jupyter-envs:show-sidebar');
  do {
    await frame();
  } while (rows() < count);
  await frame();  // the rows have been laid out and painted before it
  return performance.now() - start;
}"""
LIST = "**/envs/api/v1/environments?*"
ANSWER = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stdout']"


def serve(folder: Path) -> LabServer:
    """Start a JupyterLab that knows no channel: the index and this machine's Pythons only."""
    server = LabServer(folder, channel="")
    server.environ["JUPYTER_ENVS_SOURCES"] = "pypi,interpreter"
    server.start()
    return server


def open_tab(browser: Browser, server: LabServer) -> Page:
    """Open JupyterLab in a context of its own and wait for its launcher."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    show_lab(page, server)
    return page


def show_lab(page: Page, server: LabServer) -> None:
    """Open JupyterLab in a page and wait for its launcher."""
    page.goto(f"{server.url}lab?token={TOKEN}&reset")
    page.wait_for_selector(".jp-LauncherCard", timeout=60_000)


def kernel_file(server: LabServer, name: str) -> Path:
    """Return where the kernel of an environment is registered."""
    return server.folder / "jupyter/data/kernels" / f"envs-{name}" / "kernel.json"


def commit_to_tile(server: LabServer, tabs: list[Page], name: str) -> Iterator[tuple[str, float]]:
    """Make an environment in a shell and yield the waiting times in seconds; it is deleted again."""
    for tab in tabs:
        tab.evaluate(WATCH_TILES, name)
    server.envs("create", name, "python", "--yes")
    committed = (server.root / "envs" / name).stat().st_ctime
    registered = kernel_file(server, name).stat().st_ctime
    for number, tab in enumerate(tabs, 1):
        shown = tab.evaluate("() => window.tile") / 1000
        yield f"commit to tile, tab {number}", shown - committed
        yield f"kernel.json to tile, tab {number}", shown - registered
    server.envs("delete", name, "--yes")


def create_to_pandas(server: LabServer, page: Page, name: str, kind: str) -> Iterator[tuple[str, float]]:
    """Create an environment with pandas in the dialog, import it in a notebook, and yield the times in seconds."""
    dialog = start_creating(page, name)
    add_packages(dialog, "pandas")
    dialog.get_by_role("button", name="Preview").click()
    create = dialog.get_by_role("button", name="Create", exact=True)
    expect(create).to_be_enabled(timeout=LONG_MS)
    page.evaluate(WATCH_TILES, name)
    pressed = time.time()
    create.click()
    shown = page.evaluate("() => window.tile") / 1000
    yield f"{kind}: Create to kernel.json", kernel_file(server, name).stat().st_ctime - pressed
    yield f"{kind}: Create to tile", shown - pressed
    page.evaluate(START_NOTEBOOK, f"envs-{name}")
    page.wait_for_selector(ANSWER, timeout=LONG_MS)
    yield f"{kind}: Create to the answer of import pandas", time.time() - pressed
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown().then(() => null)")
    page.evaluate("() => window.jupyterapp.commands.execute('launcher:create').then(() => null)")


def wait_for_compiling(server: LabServer) -> None:
    """Wait until the job that compiles what a change brought, in the background, has ended."""
    deadline = time.monotonic() + COMPILE_SECONDS
    while JobStore(server.root / "jobs").live():
        if time.monotonic() > deadline:
            raise SystemExit("the background job did not end")
        time.sleep(0.5)


def sidebar(server: LabServer, browser: Browser, rounds: int) -> Iterator[tuple[str, float]]:
    """Show the sidebar of many environments in a new tab each time, and yield the times in seconds."""
    make_many(server.root / "envs", "many", MANY, EACH)
    for _ in range(rounds):
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.route(LIST, lambda route: route.fulfill(json={"environments": []}))
        show_lab(page, server)
        page.wait_for_timeout(3000)  # JupyterLab itself is busy before
        page.unroute(LIST)
        yield f"sidebar of {MANY} environments", page.evaluate(READ_AND_DRAW, MANY) / 1000
        page.close()


def measure(server: LabServer, browser: Browser, rounds: int) -> Times:
    """Return all times in seconds by what they are of."""
    times: Times = {}

    def keep(measured: Iterator[tuple[str, float]]) -> None:
        for what, seconds in measured:
            times.setdefault(what, []).append(seconds)
            print(f"{what:48} {seconds:7.2f} s", flush=True)

    tabs = [open_tab(browser, server), open_tab(browser, server)]
    keep(create_to_pandas(server, tabs[0], "cold", "cold"))
    wait_for_compiling(server)
    for number in range(rounds):
        keep(create_to_pandas(server, tabs[0], f"warm{number}", "warm"))
        wait_for_compiling(server)
    for tab in tabs:
        tab.evaluate("() => window.jupyterapp.commands.execute('launcher:create').then(() => null)")
    for number in range(rounds):
        keep(commit_to_tile(server, tabs, f"tile{number}"))
    keep(sidebar(server, browser, rounds))
    return times


def main() -> None:
    """Measure and print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="envs-lab-") as folder, sync_playwright() as playwright:
        server = serve(Path(folder))
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        try:
            times = measure(server, browser, options.rounds)
        finally:
            browser.close()
            server.stop()
    print("\n| | median s | min | max | n |\n|---|---|---|---|---|")
    for what, each in times.items():
        print(f"| {what} | {median(each):.2f} | {min(each):.2f} | {max(each):.2f} | {len(each)} |")
    if options.json:
        options.json.write_text(json.dumps(times, indent=1))


if __name__ == "__main__":
    main()
