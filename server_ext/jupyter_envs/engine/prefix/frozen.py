"""``conda-meta/frozen`` (CEP 22): whether an environment refuses changes, and what it says to who tries. Reads only."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from jupyter_envs.engine.prefix.records import META_DIRECTORY
from jupyter_envs.errors import FrozenError, StorageError


class Frozen(msgspec.Struct, frozen=True):
    """The marker of a protected environment. ``message`` is its owner's, or empty."""

    path: str
    message: str = ""


def read_frozen(prefix: str | os.PathLike[str]) -> Frozen | None:
    """Return the environment's marker, or ``None`` when it may be changed.

    An empty file and one that is not JSON protect too (CEP 22: the presence counts); a JSON object's ``message`` is
    kept. Raises ``StorageError`` when the file is there and cannot be read.
    """
    path = Path(prefix, META_DIRECTORY, "frozen")
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StorageError.from_os_error(error, "reading the frozen marker") from error
    try:
        raw = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raw = None
    message = raw.get("message") if isinstance(raw, dict) else None
    return Frozen(str(path), message.strip() if isinstance(message, str) else "")


def check_not_frozen(prefix: str | os.PathLike[str], *, override: bool = False) -> None:
    """Raise ``FrozenError`` with the owner's message when the environment is frozen and that is not overridden."""
    frozen = None if override else read_frozen(prefix)
    if frozen is None:
        return
    said = f": {frozen.message}" if frozen.message else ""
    raise FrozenError(
        f"environment is frozen: {os.fspath(prefix)}{said}",
        hint="clone it and change the clone, or give --override-frozen when it is yours to change",
        detail={"prefix": os.fspath(prefix), "message": frozen.message},
    )
