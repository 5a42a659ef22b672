"""Where a report is shown: one output of a cell that is rewritten in place, one line of a terminal, or only its end."""

from __future__ import annotations

import sys
from typing import Any

from .report import Report


class CellView:
    """One display of a notebook's cell; what was shown last is what the notebook keeps."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._shown: dict[str, str] = {}

    def show(self, report: Report) -> None:
        """Show how far things are."""
        bundle = {"text/plain": report.text(), "text/html": report.html()}
        if bundle == self._shown:
            return
        self._shown = bundle
        if self._handle is None:
            from IPython.display import display

            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]  # IPython's
        else:
            self._handle.update(bundle, raw=True)

    def finish(self, report: Report) -> None:
        """Show what it came to."""
        if self._handle is not None or not report.is_empty:
            self.show(report)


class LineView:
    """A terminal: its last line is rewritten while things run, then everything is printed once."""

    def show(self, report: Report) -> None:
        """Rewrite the line."""
        if sys.stdout.isatty():
            sys.stdout.write(f"\r\x1b[2K{report.headline()}")
            sys.stdout.flush()

    def finish(self, report: Report) -> None:
        """Take the line away and print what it came to."""
        if sys.stdout.isatty():
            sys.stdout.write("\r\x1b[2K")
        if not report.is_empty:
            print(report.text())


def view_for(shell: Any) -> CellView | LineView:
    """Return the view that fits a shell: a kernel's, a terminal's, or none."""
    return CellView() if getattr(shell, "kernel", None) is not None else LineView()
