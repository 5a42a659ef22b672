"""``~/.conda/environments.txt``: the list of environments that conda-compatible tools share (CEP 32).

Owns reading, adding (one appended line, so that two processes never lose one another's) and removing (a new file
renamed into place). A list that cannot be written is not an error: the environment works, others just do not list it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from jupyter_envs.engine.durable import replace_file


def registry_path(environ: Mapping[str, str]) -> Path:
    """Return where the list is for the user whose variables these are."""
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return (Path(home) if home else Path.home()) / ".conda" / "environments.txt"


def read_registered(environ: Mapping[str, str]) -> list[str]:
    """Return the listed absolute paths, in order and once each; none when the list cannot be read."""
    try:
        text = registry_path(environ).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return []
    lines = (line.strip() for line in text.splitlines())
    return list(dict.fromkeys(line for line in lines if os.path.isabs(line) and "\0" not in line))


def register_environment(prefix: str | os.PathLike[str], environ: Mapping[str, str]) -> bool:
    """Add a prefix to the list, if it is not there; tell whether it is listed now."""
    wanted = os.path.abspath(prefix)
    if wanted in read_registered(environ):
        return True
    path = registry_path(environ)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            file.seek(0, os.SEEK_END)
            separator = b"" if file.tell() == 0 or _ends_with_newline(path) else b"\n"
            file.write(separator + os.fsencode(wanted) + b"\n")
    except OSError:
        return False
    return True


def unregister_environment(prefix: str | os.PathLike[str], environ: Mapping[str, str]) -> bool:
    """Take a prefix off the list; tell whether it is off it now. Other lines stay as they are, comments too."""
    unwanted = os.fsencode(os.path.abspath(prefix))
    path = registry_path(environ)
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    kept = [line for line in lines if line.strip() != unwanted]
    if len(kept) == len(lines):
        return True
    try:
        replace_file(path, b"".join(line + b"\n" for line in kept))
    except OSError:
        return False
    return True


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
