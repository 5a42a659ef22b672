"""One request from a cell: started, followed, stopped when the person says so, and what the kernel needs afterwards."""

from __future__ import annotations

import sys
from typing import Any

from .child import Child
from .modules import changed_modules, loaded_files, make_importable, path_files
from .problems import RequestError
from .report import Report
from .views import CellView, LineView, view_for
from .words import request_for, split

INTERVAL = 0.1  # seconds between two looks of a person
LOCK_WRITTEN = "written to the file: reload the notebook from disk before you save it again"
LOCK_SHOWN = "a kernel does not know its notebook: save it, then %envlock NAME.ipynb writes this into the file"


def run_line(shell: Any, link: dict[str, Any], magic: str, line: str) -> None:
    """Do what the line of a magic says.

    Raises
    ------
    RequestError
        It could not be done; the environment is as it was.
    """
    perform(shell, link, magic, split(line, magic))


def perform(shell: Any, link: dict[str, Any], magic: str, words: list[str]) -> Any:
    """Do what a magic with these words does, show it, and return its result as data (that of ``--json``).

    Raises
    ------
    RequestError
        It could not be done; the environment is as it was.
    """
    files, paths = loaded_files(sys.prefix), path_files(sys.prefix)
    request = request_for(magic, words, sys.prefix)
    report = Report(str(request["command"]))
    view = view_for(shell)
    child = Child(link, request, report.take)
    try:
        interrupted = _follow(child, report, view)
    finally:
        child.close()
    if not report.ended:
        _give_up(report, child.last_words())
    elif report.error is None and report.changes:
        make_importable(sys.prefix, paths)
        _note_restart(report, changed_modules(files))
    if magic == "envlock" and report.error is None:
        report.notes.append(LOCK_WRITTEN if report.value and "notebook" in report.value else LOCK_SHOWN)
    view.finish(report)
    _raise(report, magic, interrupted=interrupted)
    return report.value


def _follow(child: Child, report: Report, view: CellView | LineView) -> bool:
    """Show the report until the command has ended; tell whether a person wanted it to stop."""
    interrupted = False
    while not _watch(child, report, view):
        interrupted = report.stopping = True
        child.cancel()
    return interrupted


def _watch(child: Child, report: Report, view: CellView | LineView) -> bool:
    """Show the report until the command has ended; false when the kernel was interrupted before."""
    try:
        while child.running(INTERVAL):
            view.show(report)
    except KeyboardInterrupt:
        return False
    return True


def _give_up(report: Report, reason: str) -> None:
    report.take(
        {
            "type": "error",
            "code": "kernel.tool",
            "message": f"jupyter-envs ended without a word{f': {reason}' if reason else ''}",
            "hint": "`!jupyter envs jobs` shows whether the change itself goes on",
            "lines": [],
        }
    )
    report.take({"type": "end", "exit_code": 1})


def _note_restart(report: Report, modules: list[str]) -> None:
    """Say that a restart is needed, and why; nothing when it is not."""
    if modules:
        were = "was imported before it" if len(modules) == 1 else "were imported before they"
        report.notes.append(f"restart the kernel: {', '.join(modules)} {were} changed")
    if isinstance(report.value, dict):
        report.value["restart"] = modules


def _raise(report: Report, magic: str, *, interrupted: bool) -> None:
    error = report.error
    if error is not None:
        raise RequestError(error["message"], error["code"], error["hint"], error["lines"])
    if interrupted:
        hint = "%envundo takes it back" if magic != "envundo" and report.changes else ""
        raise RequestError("it was done before it could be stopped", "cancelled.late", hint)
