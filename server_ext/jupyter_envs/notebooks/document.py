"""A notebook's file: read as JSON, written back with nothing changed but what was meant to.

Owns the file: whole or not at all, with its own indentation. Refuses to upgrade or validate: that is for the tools
that edit notebooks.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_envs.engine.durable import replace_file
from jupyter_envs.engine.exchange.notebook import parse_notebook_json
from jupyter_envs.errors import NotFoundError, SpecError, StorageError

_INDENT = re.compile(r"\A\{\n( +)")


@dataclass(frozen=True)
class Notebook:
    """A notebook as it was read; ``text`` is the file's content, ``data`` what it says."""

    path: Path
    text: str
    data: dict[str, Any]

    @property
    def metadata(self) -> dict[str, Any]:
        """Its metadata."""
        found = self.data.get("metadata")
        return found if isinstance(found, dict) else {}

    @property
    def language(self) -> str:
        """The language of its cells, ``python`` when it does not say."""
        for key, name in (("kernelspec", "language"), ("language_info", "name")):
            said = self.metadata.get(key)
            if isinstance(said, dict) and said.get(name):
                return str(said[name]).lower()
        return "python"


def read_notebook(path: Path) -> Notebook:
    """Return the notebook in a file.

    Raises
    ------
    NotFoundError
        There is none.
    SpecError
        It is no notebook, or of an older format than 4.
    """
    full = path.expanduser().absolute()
    try:
        text = full.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no notebook {path}", hint="give the path of an .ipynb file") from error
    except UnicodeDecodeError as error:
        raise SpecError(f"not a notebook: {path}", hint="give an .ipynb file", code="exchange.notebook") from error
    except OSError as error:
        raise StorageError.from_os_error(error, "reading the notebook") from error
    return Notebook(full, text, parse_notebook_json(text, str(path)))


def with_metadata(notebook: Notebook, **changes: Any) -> Notebook:
    """Return the notebook with members of its metadata replaced; one whose value is the same is untouched."""
    before = notebook.metadata
    if all(key in before and before[key] == value for key, value in changes.items()):
        return notebook
    after = {**before, **changes}
    if list(before) == sorted(before):  # as nbformat writes it
        after = dict(sorted(after.items()))
    data = {**notebook.data, "metadata": after}
    indent = _INDENT.match(notebook.text)
    text = json.dumps(data, indent=len(indent[1]) if indent else 1, ensure_ascii=False)
    return Notebook(notebook.path, text + ("\n" if notebook.text.endswith("\n") else ""), data)


def write_notebook(notebook: Notebook) -> None:
    """Write the file whole or not at all; where its name is a link, the file that is linked to.

    Raises
    ------
    StorageError
        The disk refuses.
    """
    try:
        path = notebook.path.resolve()
        mode = path.stat().st_mode & 0o7777 if path.exists() else 0o644
        replace_file(path, notebook.text.encode(), mode)
    except OSError as error:
        raise StorageError.from_os_error(error, f"writing {notebook.path}") from error
