"""Notices that the jobs store has changed, whoever wrote it: one kept connection and SQLite's ``data_version``.

Asking costs some microseconds and reads no page of the database. For one thread only; refuses to write.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import msgspec

from jupyter_envs.jobs.models import JobKind, JobState

RECENT = 60


class JobSign(msgspec.Struct, frozen=True, kw_only=True):
    """What of a job can change while it is watched."""

    id: str
    kind: JobKind
    state: JobState
    prefix: str
    cancel_requested: bool


class StorePulse:
    """Watches one store.

    Parameters
    ----------
    path : Path
        The database; it need not be there yet, and may be replaced.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._version = -1

    def has_changed(self) -> bool:
        """Return whether anybody wrote since the last call; true for the first one that finds a store."""
        try:
            stat = os.stat(self._path)
        except FileNotFoundError:
            self.close()
            return False
        if self._identity != (stat.st_dev, stat.st_ino):
            self.close()
            self._identity = (stat.st_dev, stat.st_ino)
            self._connection = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=1.0)
        assert self._connection is not None
        version = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        changed, self._version = version != self._version, version
        return changed

    def recent(self) -> list[JobSign]:
        """Return the newest jobs that people are shown, and all live ones among them, oldest first."""
        if self._connection is None:
            return []
        rows = self._connection.execute(_RECENT, (RECENT,)).fetchall()
        return [
            JobSign(id=row[0], kind=row[1], state=row[2], prefix=row[3], cancel_requested=bool(row[4]))
            for row in reversed(rows)
        ]

    def close(self) -> None:
        """Let the database go."""
        connection, self._connection = self._connection, None
        self._identity, self._version = None, -1
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()


_RECENT = (
    "SELECT id, kind, state, prefix, cancel_requested FROM jobs WHERE hidden = 0 "
    "ORDER BY state IN ('queued', 'running') DESC, created_at DESC, rowid DESC LIMIT ?"
)
