"""Modules before and after a change: what was imported from files that are others now, and what can be imported now.

Owns the one question that decides about a restart: is the file of a loaded module still the one it was loaded from?
A package is linked anew as a whole, so each of its files has another inode, size or time afterwards; one that an undo
brings back is the same file again.
"""

from __future__ import annotations

import importlib
import os
import site
import sys
from pathlib import Path
from typing import Optional, Tuple

Identity = Optional[Tuple[int, int, int]]  # inode, size, time; None when there is no file

_first: dict[str, Identity] = {}
"""What each file was when its module was first met here: what is loaded, for all that is known."""


def loaded_files(prefix: str) -> dict[str, Identity]:
    """Return the files below a prefix from which modules were imported, and which files they are."""
    own = os.path.join(prefix, "")
    found = {}
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and path.startswith(own):
            found[path] = _identity(path)
            _first.setdefault(path, found[path])
    return found


def _identity(path: str) -> Identity:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_ino, status.st_size, status.st_mtime_ns)


def changed_modules(before: dict[str, Identity]) -> list[str]:
    """Return the top-level modules whose files are others than they were, ``python`` for those of Python itself."""
    now = {path: _identity(path) for path in before}
    changed = (path for path in before if now[path] not in (before[path], _first.get(path)))
    return sorted({_top_level(path) for path in changed})


def _top_level(path: str) -> str:
    """Return the name under which a file is imported: the first part below ``site-packages``."""
    parts = path.replace(os.sep, "/").split("/site-packages/")
    return parts[-1].split("/")[0].split(".")[0] if len(parts) > 1 else "python"


def path_files(prefix: str) -> set[str]:
    """Return the ``.pth`` files of an environment."""
    own = os.path.join(prefix, "")
    folders = [folder for folder in site.getsitepackages() if folder.startswith(own) and os.path.isdir(folder)]
    return {os.path.join(folder, name) for folder in folders for name in os.listdir(folder) if name.endswith(".pth")}


def make_importable(prefix: str, known: set[str]) -> None:
    """Let the next cell import what has come.

    Parameters
    ----------
    prefix : str
        The environment.
    known : set of str
        The ``.pth`` files of before; the folders that new ones name are added to ``sys.path``. Code in them is left
        for the next start.
    """
    for folder in site.getsitepackages():
        if os.path.isdir(folder) and folder not in sys.path:
            sys.path.append(folder)
    for file in sorted(path_files(prefix) - known):
        for folder in _folders_in(file):
            if folder not in sys.path:
                sys.path.append(folder)
    importlib.invalidate_caches()


def _folders_in(file: str) -> list[str]:
    lines = map(str.strip, Path(file).read_text(encoding="utf-8", errors="replace").splitlines())
    named = [line for line in lines if line and not line.startswith(("#", "import ", "import\t"))]
    folders = [os.path.normpath(os.path.join(os.path.dirname(file), line)) for line in named]
    return [folder for folder in folders if os.path.isdir(folder)]
