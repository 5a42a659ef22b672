"""Shared environments: which prefixes lie in a directory that somebody else publishes into, and that they stay so.

Reads links, nothing else. Who may write there is decided by the file system; what is here gives the reason in words,
and holds for an administrator's own session, too.
"""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_envs.errors import FrozenError
from jupyter_envs.settings import Settings

GENERATIONS = "generations"
"""Where a Hub's service keeps what it builds, in a shared root; it is never changed there, only switched to."""


def is_shared(prefix: str | os.PathLike[str], settings: Settings) -> bool:
    """Tell whether a prefix, or what it is a link to, lies in one of ``Settings.shared_directories``.

    Whoever has their own root in such a directory publishes there: it is not shared for them, but for what a Hub's
    service published into their root.
    """
    if _is_below(os.path.realpath(prefix), os.path.join(os.path.realpath(settings.root), GENERATIONS)):
        return True
    if not settings.shared_directories:
        return False
    places = {os.path.abspath(prefix), os.path.realpath(prefix)}
    return any(
        _is_below(place, directory)
        for shared in settings.shared_directories
        if not _is_below(settings.root, shared)
        for directory in (shared, os.path.realpath(shared))
        for place in places
    )


def shown_name(prefix: str | os.PathLike[str]) -> str:
    """Return the name that people know an environment by, also by the path of a published generation. Pure.

    >>> shown_name("/srv/envs/generations/course/3"), shown_name("/srv/envs/envs/course")
    ('course', 'course')
    """
    path = Path(prefix)
    is_generation = path.name.isdigit() and path.parent.parent.name == GENERATIONS
    return path.parent.name if is_generation else path.name


def check_not_shared(prefix: str | os.PathLike[str], settings: Settings) -> None:
    """Raise ``FrozenError`` (``env.shared``) when a prefix is somebody else's to publish."""
    if not is_shared(prefix, settings):
        return
    name = shown_name(prefix)
    raise FrozenError(
        f"the shared environment {name} can be changed only by whoever publishes it",
        hint=f"clone it and change the clone: Clone… in JupyterLab, or `jupyter envs clone {name} my-{name}`",
        code="env.shared",
        detail={"prefix": os.fspath(prefix)},
    )


def _is_below(path: str, directory: str) -> bool:
    base = os.path.abspath(directory)
    return os.path.abspath(path) == base or os.path.abspath(path).startswith(base + os.sep)
