"""Pieces of a growing log file, as text. Reads only."""

from __future__ import annotations

import os
from pathlib import Path

PIECE = 256 << 10  # bytes


def read_log(path: Path, since: int) -> tuple[str, int]:
    """Return the text from the byte ``since`` on, at most 256 KiB of it, and the byte where the next piece begins.

    A character that is not written whole yet is left for the next time; a log that is not there is empty.
    """
    try:
        with path.open("rb") as stream:
            if since > os.fstat(stream.fileno()).st_size:
                return "", since
            stream.seek(since)
            data = stream.read(PIECE)
    except FileNotFoundError:
        return "", since
    whole = len(data) - _unfinished(data)
    return data[:whole].decode("utf-8", "replace"), since + whole


def _unfinished(data: bytes) -> int:
    """Return how many bytes at the end begin a UTF-8 character without ending it."""
    for length in range(1, min(4, len(data) + 1)):
        byte = data[-length]
        if byte & 0xC0 == 0x80:
            continue
        needed = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
        return length if needed > length else 0
    return 0
