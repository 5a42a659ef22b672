"""What a cell shows of a request: from the messages so far to a few lines of text, and the same as HTML. Pure.

The text is what a terminal, ``nbconvert`` and a diff of the notebook get; the HTML has no script, no class and no
identifier, so that it looks the same in JupyterLab, in VS Code, on a page and in a notebook that is not trusted.
"""

from __future__ import annotations

from html import escape
from typing import Any

MOST_ROWS = 12
_CELL = "text-align:left;padding:0 1em 0 0"
_COLORS = {"+": "#2e7d32", "-": "#c62828", "↑": "#00695c", "↓": "#ef6c00"}


class Report:
    """Takes messages of ``jupyter_envs.cli.stream``; says at any time what is to be shown.

    Parameters
    ----------
    command : str
        What was typed; stands there until the first message comes.
    """

    def __init__(self, command: str) -> None:
        self.command = command
        self.value: Any = None
        self.error: dict[str, Any] | None = None
        self.exit_code: int | None = None
        self.stopping = False
        self.notes: list[str] = []
        self._event: dict[str, Any] = {}
        self._plan: dict[str, Any] = {}
        self._lines: list[str] = []
        self._tables: list[tuple[list[str], list[list[str]]]] = []

    def take(self, message: dict[str, Any]) -> None:
        """Take one message; kinds that are not known are for a newer kernel than this."""
        kind = message.get("type")
        if kind == "event":
            self._event = message
        elif kind == "plan":
            self._plan = message
        elif kind == "line":
            self._lines.append(message["text"])
        elif kind == "table":
            self._tables.append((message["headers"], message["rows"]))
        elif kind == "warning":
            hint = f" ({message['hint']})" if message["hint"] else ""
            self.notes.append(f"warning: {message['message']}{hint}")
        elif kind == "result":
            self.value = message["value"]
        elif kind == "error":
            self.error = message
        elif kind == "end":
            self.exit_code = message["exit_code"]

    @property
    def ended(self) -> bool:
        """Whether the command has said its last word."""
        return self.exit_code is not None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show but the error, which is shown elsewhere."""
        return self.ended and not (self._plan or self._lines or self._tables or self.notes)

    @property
    def changes(self) -> list[tuple[str, ...]]:
        """The rows of the plan: mark, name, versions, source."""
        return [tuple(row) for row in self._plan.get("rows", ())]

    # -- one line -------------------------------------------------------------------------------------------------

    def headline(self) -> str:
        """Return the line that says where things are, or what they came to."""
        if not self.ended:
            return "stopping…" if self.stopping else self._doing()
        if self.error is not None:
            return "cancelled" if self.error["code"] == "cancelled" else "not done"
        said = self._sentences()
        return said[-1] if said and not self._tables and (self._plan or len(said) == 1) else ""

    def _doing(self) -> str:
        if not self._event:
            return f"{self.command} …"
        amount = self._event.get("amount", "")
        return f"{self._event['title']}{': ' if amount else '…'}{amount}"

    def _sentences(self) -> list[str]:
        return [line for line in self._lines if line.strip()]

    def _body(self) -> list[str]:
        """Return the lines that are shown below the headline."""
        if self.error is None and self.headline():
            return self._sentences()[:-1]
        return self._lines

    # -- text -----------------------------------------------------------------------------------------------------

    def text(self) -> str:
        """Return everything as lines of plain text."""
        parts = [self.headline(), *_aligned(_shortened(self.changes))]
        parts += [*self._plan.get("notes", ())] if self._shows_cost() else []
        if self.ended:
            parts += self._body()
            for headers, rows in self._tables:
                parts += _aligned([headers, *rows] if any(headers) else rows)
        return "\n".join([*parts, *self.notes]).strip("\n")

    def _shows_cost(self) -> bool:
        """Whether the plan's cost is of interest: before it is carried out, and when it is not."""
        return not self.ended or self.error is not None or not (self.value or {}).get("executed", True)

    # -- HTML -----------------------------------------------------------------------------------------------------

    def html(self) -> str:
        """Return the same as HTML."""
        parts = [self._html_head(), _html_changes(self.changes)]
        if self._shows_cost():
            parts += [f"<div>{escape(note)}</div>" for note in self._plan.get("notes", ())]
        if self.ended:
            body = "\n".join(self._body()).strip("\n")
            parts.append(f"<pre>{escape(body)}</pre>" if body else "")
            parts += [_html_table(headers, rows) for headers, rows in self._tables]
        parts += [f"<div>{escape(note)}</div>" for note in self.notes]
        return "".join(part for part in parts if part)

    def _html_head(self) -> str:
        headline = self.headline()
        if not headline:
            return ""
        done, total = self._event.get("part", 0), self._event.get("whole", 0)
        bar = f'<progress max="{total}" value="{done}"></progress> ' if total and not self.ended else ""
        return f"<div>{bar}{escape(headline)}</div>"


def _shortened(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    if len(rows) <= MOST_ROWS:
        return rows
    return [*rows[: MOST_ROWS - 1], ("", f"… and {len(rows) - MOST_ROWS + 1} more", "", "")]


def _aligned(rows: list[Any]) -> list[str]:
    """Return rows as lines with their columns below each other."""
    if not rows:
        return []
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def _html_changes(rows: list[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    table = _html_table([], [list(row) for row in rows])
    if len(rows) <= MOST_ROWS:
        return table
    return f"<details><summary>{len(rows)} packages</summary>{table}</details>"


def _html_table(headers: list[str], rows: list[list[str]]) -> str:
    head = "".join(f'<th style="{_CELL}">{escape(header)}</th>' for header in headers) if any(headers) else ""
    body = "".join(f"<tr>{''.join(map(_html_cell, row))}</tr>" for row in rows)
    return f"<table>{f'<thead><tr>{head}</tr></thead>' if head else ''}<tbody>{body}</tbody></table>"


def _html_cell(text: str) -> str:
    color = f";color:{_COLORS[text]}" if text in _COLORS else ""
    return f'<td style="{_CELL}{color}">{escape(str(text))}</td>'
