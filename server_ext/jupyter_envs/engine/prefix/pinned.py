"""``conda-meta/pinned``: the specs that limit every solve of an environment, one per line. Reads only."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_envs.engine.prefix.records import META_DIRECTORY
from jupyter_envs.errors import SpecError, StorageError


def parse_pinned(text: str) -> tuple[str, ...]:
    """Return the specs of a ``pinned`` file's text: comments (``#``), blank lines and repeated spaces removed."""
    lines = (" ".join(line.partition("#")[0].split()) for line in text.splitlines())
    return tuple(dict.fromkeys(line for line in lines if line))


def read_pinned(prefix: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the pinned specs of a prefix in the file's order; none when there is no file.

    Raises ``SpecError`` for a file that is not text and ``StorageError`` for one that cannot be read.
    """
    path = Path(prefix, META_DIRECTORY, "pinned")
    try:
        return parse_pinned(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except UnicodeDecodeError as error:
        raise SpecError(f"not a text file: {path}", hint="write one spec per line, such as `numpy <2`") from error
    except OSError as error:
        raise StorageError.from_os_error(error, "reading the pinned specs") from error
