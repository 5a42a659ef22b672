"""A notebook as a description of an environment: its lock, else the script block of its first cell. Pure.

Owns what of a notebook's JSON is about its environment. Refuses notebooks older than format 4, and those that say
nothing of an environment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jupyter_envs.engine.exchange.notebook_lock import find_lock, locked_records
from jupyter_envs.engine.exchange.parsed import ParsedEnvironment
from jupyter_envs.engine.exchange.script_metadata import parse_script_metadata
from jupyter_envs.errors import SpecError

OLDEST_FORMAT = 4


def parse_notebook_json(text: str, path: str = "") -> dict[str, Any]:
    """Return a notebook as JSON.

    Raises
    ------
    SpecError
        ``exchange.notebook``: it is none, or of an older format.
    """
    try:
        value: object = json.loads(text)
    except ValueError as error:
        raise SpecError(
            f"not a notebook: {path}: {error}",
            hint="give an .ipynb file; of a damaged one there may be a copy in .ipynb_checkpoints",
            code="exchange.notebook",
        ) from error
    return checked_notebook(value, path)


def checked_notebook(value: object, path: str = "") -> dict[str, Any]:
    """Return JSON that is a notebook of format 4; raises ``SpecError`` (``exchange.notebook``) for any other."""
    version = value.get("nbformat") if isinstance(value, dict) else None
    if (
        not isinstance(value, dict)
        or not isinstance(version, int)
        or (version >= OLDEST_FORMAT and not isinstance(value.get("cells"), list))
    ):
        raise SpecError(f"not a notebook: {path}", hint="give an .ipynb file", code="exchange.notebook")
    if version < OLDEST_FORMAT:
        raise SpecError(
            f"{path} is of notebook format {version}",
            hint="open and save it in JupyterLab, which turns it into format 4",
            code="exchange.notebook",
        )
    return value


def code_cells(notebook: Mapping[str, Any]) -> list[str]:
    """Return the source of each cell of code."""
    cells = [cell for cell in notebook["cells"] if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    return ["".join(cell.get("source", "")) for cell in cells]


def parse_notebook(text: str, *, subdir: str, path: str = "") -> ParsedEnvironment:
    """Return the environment that a notebook describes for a platform.

    With a lock for the platform these are its packages; with one for others only, what was asked for, to be solved.

    Raises
    ------
    SpecError
        ``exchange.notebook``: it cannot be read; ``exchange.no_lock``: it carries no environment.
    """
    notebook = parse_notebook_json(text, path)
    described = find_described(notebook, subdir=subdir, path=path)
    if described is None:
        raise SpecError(
            f"{path or 'the notebook'} carries no environment",
            hint="`jupyter envs lock NOTEBOOK` writes the one of its kernel into it",
            code="exchange.no_lock",
        )
    return described


def find_described(notebook: Mapping[str, Any], *, subdir: str, path: str = "") -> ParsedEnvironment | None:
    """Return the environment that a notebook describes, ``None`` when it says nothing of one."""
    metadata = notebook.get("metadata")
    lock = find_lock(metadata if isinstance(metadata, dict) else {}, path)
    if lock is None:
        first = next(iter(code_cells(notebook)), "")
        return parse_script_metadata(first, subdir=subdir, path=path)
    records = locked_records(lock, subdir)
    return ParsedEnvironment(
        format="notebook",
        path=path,
        channels=lock.channels,
        default_channels=False,
        specs=() if records else lock.requested,
        records=records,
        requested=lock.requested if records else (),
        platforms=tuple(lock.platforms),
    )
