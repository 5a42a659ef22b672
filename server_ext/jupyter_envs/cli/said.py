"""What this shell or this kernel was told today, so that it is not told with every command: ``<root>/said.json``.

Owns the memory and the few warnings that it is for: those of a channel that stays out of reach. They are in the plan,
in its JSON and in the job's events each time. A memory that cannot be read or written is none: the warning is repeated.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from datetime import date
from pathlib import Path

from jupyter_envs.jobs.process import process_started

ONCE_A_DAY = frozenset({"channel.unreachable", "channel.cached"})
"""Codes of warnings that are news once."""


def is_first(root: str, text: str, *, listener: int, today: date) -> bool:
    """Tell whether a warning is said for the first time, and remember it.

    Parameters
    ----------
    root : str
        Where jupyter-envs keeps its files.
    text : str
        The warning.
    listener : int
        The process that started this one: a shell, a script, a kernel.
    today : date
        After it all is forgotten.
    """
    path = Path(root) / "said.json"
    who = f"{listener} {process_started(listener):.2f}"
    said = _read(path, str(today))
    if text in said.get(who, ()):
        return False
    said.setdefault(who, []).append(text)
    _write(path, {"day": str(today), "said": said})
    return True


def _read(path: Path, day: str) -> dict[str, list[str]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(who): list(map(str, texts)) for who, texts in found["said"].items()} if found["day"] == day else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write(path: Path, content: object) -> None:
    with contextlib.suppress(OSError):
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".said-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
        Path(temporary).replace(path)
