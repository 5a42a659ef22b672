"""Text for people: columns, sizes, times. Pure; fast enough for `list`, which must not wait for a library."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Sequence

GAP = "  "
ELLIPSIS = "…"
_LEAST = 4  # cells that a shortened column keeps


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes (wide characters take two, combining ones none)."""
    if text.isascii():
        return len(text)
    return sum(_cell(character) for character in text)


def _cell(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shorten(text: str, width: int) -> str:
    """Return the text cut to ``width`` cells, with an ellipsis when something was cut."""
    if cells(text) <= width:
        return text
    kept, used = [], 0
    for character in text:
        used += _cell(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept) + ELLIPSIS


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> list[str]:
    """Return the lines of a table: a heading (left out when all are empty) and the rows, columns aligned.

    Parameters
    ----------
    headers, rows
        As many texts in each row as there are headers.
    width
        Cells of the terminal; the widest columns are shortened to fit. ``None`` (not a terminal) shortens nothing.
    """
    content = [list(headers), *map(list, rows)] if any(headers) else [list(row) for row in rows]
    if not content:
        return []
    widths = [max(cells(row[index]) for row in content) for index in range(len(headers))]
    if width is not None:
        widths = fit(widths, width - len(GAP) * (len(widths) - 1))
    return [_line(row, widths) for row in content]


def fit(widths: Sequence[int], available: int) -> list[int]:
    """Return the widths of columns made to fit, taking from the widest first; none gets narrower than four cells."""
    fitted = list(widths)
    while sum(fitted) > available and max(fitted) > _LEAST:
        widest = max(range(len(fitted)), key=lambda index: fitted[index])
        others = max((width for index, width in enumerate(fitted) if index != widest), default=0)
        excess = sum(fitted) - available
        fitted[widest] = max(fitted[widest] - excess, min(others, fitted[widest] - 1), _LEAST)
    return fitted


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = []
    for text, width in zip(row, widths, strict=True):
        shown = shorten(text, width)
        padded.append(shown + " " * (width - cells(shown)))
    return GAP.join(padded).rstrip()


def tree(chains: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a tree in which chains with the same beginning share it."""
    root: dict[str, dict[str, object]] = {}
    for chain in chains:
        branch = root
        for item in chain:
            branch = branch.setdefault(item, {})  # type: ignore[assignment]  # dicts all the way down
    return _branches(root, "", top=True)


def _branches(branch: dict[str, dict[str, object]], indent: str, *, top: bool = False) -> list[str]:
    lines = []
    for index, (item, below) in enumerate(branch.items()):
        last = index == len(branch) - 1
        lines.append(item if top else f"{indent}{'└── ' if last else '├── '}{item}")
        deeper = "" if top else indent + ("    " if last else "│   ")
        lines += _branches(below, deeper)  # type: ignore[arg-type]  # dicts all the way down
    return lines


def human_duration(seconds: float) -> str:
    """Return ``0.4 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def human_time(seconds: float | None) -> str:
    """Return seconds since 1970 as ``2026-01-31 14:05`` in local time, ``-`` for none."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds)) if seconds else "-"


def counted(count: int, one: str, many: str = "") -> str:
    """Return ``1 package`` or ``3 packages``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
