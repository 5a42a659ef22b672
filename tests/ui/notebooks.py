"""Notebooks for the browser tests: written as files, opened, run cell by cell. Knows the words on the screen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Locator, Page, expect

from ui.lab_server import TOKEN, LabServer

KERNEL_MS = 90_000
IDLE = "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"


def missing(module: str) -> Any:
    """Return the output that an import of a missing module leaves."""
    evalue = f"No module named '{module}'"
    traceback = ["Traceback (most recent call last)", f"----> 1 import {module}", f"ModuleNotFoundError: {evalue}"]
    return nbformat.v4.new_output("error", ename="ModuleNotFoundError", evalue=evalue, traceback=traceback)


def code(source: str, *outputs: Any) -> Any:
    """Return a cell, as if it had been run."""
    return nbformat.v4.new_code_cell(source, outputs=list(outputs))


def write(lab: LabServer, name: str, kernel: str, cells: Sequence[Any]) -> Path:
    """Write a notebook for a kernel and return its path."""
    spec = {"name": kernel, "display_name": kernel, "language": "python"}
    path = lab.notebooks / name
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells), metadata={"kernelspec": spec}), path)
    return path


def show(page: Page, lab: LabServer, path: Path) -> Locator:
    """Open a notebook in JupyterLab, wait for its kernel and return its panel."""
    page.goto(f"{lab.url}lab/tree/{path.name}?token={TOKEN}&reset")
    panel = page.locator(".jp-NotebookPanel")
    expect(panel).to_be_visible(timeout=KERNEL_MS)
    wait_for_kernel(page)
    return panel


def wait_for_kernel(page: Page) -> None:
    """Wait until the kernel of the notebook has nothing to do."""
    page.wait_for_function(IDLE, timeout=KERNEL_MS)


def cell(page: Page, index: int) -> Locator:
    """Return a cell of the open notebook."""
    return page.locator(f".jp-NotebookPanel .jp-Cell[data-windowed-list-index='{index}']")


def run(page: Page, index: int) -> Locator:
    """Run a cell, wait for its end and return it."""
    start(page, index)
    found = cell(page, index)
    expect(found.locator(".jp-InputPrompt")).not_to_have_text("[*]:", timeout=KERNEL_MS)
    return found


def start(page: Page, index: int) -> None:
    """Run a cell without waiting for its end."""
    cell(page, index).locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
    expect(cell(page, index).locator(".jp-InputPrompt")).not_to_have_text("[ ]:")


def saved(page: Page, path: Path) -> dict[str, Any]:
    """Save the notebook as Ctrl+S does and return what the file holds."""
    before = path.stat().st_mtime_ns
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    assert path.stat().st_mtime_ns > before
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def toolbar_item(page: Page) -> Locator:
    """Return the toolbar item that names the environment."""
    return page.locator(".jp-NotebookPanel .jp-envs-NotebookItem jp-button")


def banner(page: Page) -> Locator:
    """Return the line that asks for a restart."""
    return page.locator(".jp-NotebookPanel .jp-envs-Stale")


def moved(page: Page) -> Locator:
    """Return the line that says what the environment is called now."""
    return page.locator(".jp-NotebookPanel .jp-envs-Moved")


def suggestion(found: Locator) -> Locator:
    """Return what stands below a cell."""
    return found.locator(".jp-envs-Suggestion")
