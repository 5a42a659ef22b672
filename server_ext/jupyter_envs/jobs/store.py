"""The jobs table: SQLite in WAL mode, written by many processes at once.

Owns the schema, its version (``user_version``) and the transitions between states; each transition is one conditional
``UPDATE``, so that of two processes that end a job only the first counts. Where WAL cannot work it has a rollback
journal: without shared memory, and on network mounts, since the memory that processes of one machine share there is not
shared with another's. Refuses a database of a newer schema, and knows no process.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from jupyter_envs.engine.file_systems import is_network
from jupyter_envs.errors import NotFoundError, SpecError, StorageError
from jupyter_envs.jobs.models import FINAL_STATES, LIVE_STATES, Job, JobRequest, JobState

SCHEMA_VERSION = 1
DATABASE = "jobs.sqlite"
BUSY_TIMEOUT_SECONDS = 30.0
KEEP_FINISHED = 200
_ATTEMPTS = 20

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    request TEXT NOT NULL,
    prefix TEXT NOT NULL,
    command TEXT NOT NULL,
    hidden INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL,
    started_at REAL,
    ended_at REAL,
    pid INTEGER,
    process_started REAL,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    exit_code INTEGER,
    result TEXT,
    error TEXT
);
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state);
CREATE INDEX IF NOT EXISTS jobs_by_time ON jobs (created_at);
"""

_INSERT = (
    "INSERT INTO jobs (id, kind, state, request, prefix, command, hidden, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


def new_job_id(now: float) -> str:
    """Return an id that sorts by time and can be typed: ``20261123-090512-3fa8``."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(now)) + f"-{os.urandom(2).hex()}"


class JobStore:
    """The jobs below one directory.

    Parameters
    ----------
    directory : Path
        ``Settings.jobs_directory``; made (mode 0700, since requests may name private channels) when it is not there.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / DATABASE
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._prepare()
        except OSError as error:
            raise StorageError.from_os_error(error, "opening the jobs store") from error
        except sqlite3.Error as error:
            raise StorageError(
                f"the jobs store cannot be opened: {self.path}: {error}",
                hint=f"check who owns {directory}, or move {self.path.name} away; only the list of past jobs is in it",
            ) from error

    # -- opening ------------------------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        return connection

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = self._open()
        try:
            yield connection
        finally:
            connection.close()

    def _prepare(self) -> None:
        if not self.path.exists():
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        wal = not is_network(self.directory)
        for attempt in range(_ATTEMPTS):
            try:
                return self._initialise(wal=wal)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    if not wal:
                        raise
                    return self._initialise(wal=False)  # no shared memory here
                time.sleep(0.05 * (attempt + 1))  # changing the journal mode does not wait for other writers
        return self._initialise(wal=wal)

    def _initialise(self, *, wal: bool) -> None:
        with self._connection() as connection:
            if not wal and self._is_wal():
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # how SQLite opens WAL without shared memory
                connection.execute("PRAGMA journal_mode = DELETE")
                connection.execute("PRAGMA locking_mode = NORMAL")
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if version > SCHEMA_VERSION:
                raise SpecError(
                    f"the jobs store was written by a newer jupyter-envs: {self.path}",
                    hint="upgrade jupyter-envs, or set JUPYTER_ENVS_ROOT to another folder",
                )
            if version < SCHEMA_VERSION:
                if wal:
                    connection.execute("PRAGMA journal_mode = WAL")
                self._write_schema(connection)

    def _is_wal(self) -> bool:
        """Tell whether the database says that it has a WAL (its format's byte 18), without opening that."""
        with self.path.open("rb") as stream:
            return stream.read(19)[18:] == b"\x02"

    @staticmethod
    def _write_schema(connection: sqlite3.Connection) -> None:
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")

    # -- adding and ending --------------------------------------------------------------------------------------

    def add(self, request: JobRequest) -> Job:
        """Store a new job in state ``queued`` and return it."""
        now = time.time()
        text = msgspec.json.encode(request).decode()
        hidden = int(request.hidden)
        with self._connection() as connection:
            while True:
                job_id = new_job_id(now)
                values = (job_id, request.kind, "queued", text, request.subject, request.command, hidden, now)
                with contextlib.suppress(sqlite3.IntegrityError):  # the same id in the same second: take another
                    connection.execute(_INSERT, values)
                    break
        return self.get(job_id)

    def _transition(self, sql: str, values: tuple[object, ...]) -> bool:
        with self._connection() as connection:
            return connection.execute(sql, values).rowcount > 0

    def attach(self, job_id: str, pid: int, process_started: float) -> bool:
        """Note which process was started for a job, unless another has taken it."""
        return self._transition(
            "UPDATE jobs SET pid = ?, process_started = ? WHERE id = ? AND (pid IS NULL OR pid = ?)",
            (pid, process_started, job_id, pid),
        )

    def start(self, job_id: str, pid: int) -> bool:
        """``queued`` -> ``running``; false when it was cancelled, or taken, before."""
        return self._transition(
            "UPDATE jobs SET state = 'running', started_at = ?, pid = ? WHERE id = ? AND state = 'queued'",
            (time.time(), pid, job_id),
        )

    def finish(
        self,
        job_id: str,
        state: JobState,
        *,
        exit_code: int | None = None,
        result: dict[str, object] | None = None,
        error: dict[str, object] | None = None,
    ) -> bool:
        """End a live job; false when it had ended already (then nothing changes)."""
        if state not in FINAL_STATES:
            raise ValueError(f"{state} is not a final state")
        encoded = [None if value is None else msgspec.json.encode(value).decode() for value in (result, error)]
        return self._transition(
            "UPDATE jobs SET state = ?, ended_at = ?, exit_code = ?, result = ?, error = ? "
            "WHERE id = ? AND state IN ('queued', 'running')",
            (state, time.time(), exit_code, *encoded, job_id),
        )

    def request_cancel(self, job_id: str) -> bool:
        """Note that somebody wants the job to stop; false when it has ended."""
        return self._transition(
            "UPDATE jobs SET cancel_requested = 1 WHERE id = ? AND state IN ('queued', 'running')", (job_id,)
        )

    # -- reading ------------------------------------------------------------------------------------------------

    def get(self, job_id: str) -> Job:
        """Return one job; an unambiguous beginning or end of its id is enough, ``last`` is the newest one.

        Raises
        ------
        NotFoundError
            When no job, or more than one, is meant.
        """
        with self._connection() as connection:
            row = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
            if row is None and job_id == "last":
                query = "SELECT * FROM jobs WHERE hidden = 0 ORDER BY created_at DESC, rowid DESC LIMIT 1"
                row = connection.execute(query).fetchone()
            if row is None and len(job_id) >= 4 and job_id != "last":
                row = self._one_like(connection, job_id)
        if row is None:
            raise NotFoundError(f"no job {job_id}", hint="`jupyter envs jobs` lists them", code="not_found.job")
        return _job(row)

    @staticmethod
    def _one_like(connection: sqlite3.Connection, part: str) -> sqlite3.Row | None:
        query = "SELECT * FROM jobs WHERE substr(id, 1, ?) = ? OR substr(id, -?) = ? LIMIT 2"
        rows: list[sqlite3.Row] = connection.execute(query, (len(part), part, len(part), part)).fetchall()
        return rows[0] if len(rows) == 1 else None

    def jobs(
        self, *, states: Collection[JobState] = (), limit: int | None = None, hidden: bool = False, prefix: str = ""
    ) -> list[Job]:
        """Return jobs, the newest first.

        Parameters
        ----------
        states
            Only jobs in one of these; empty for all.
        limit
            At most so many.
        hidden
            Include background jobs.
        prefix
            Only jobs about this prefix (absolute path).
        """
        where, values = [], list[object]()
        if states:
            where.append(f"state IN ({', '.join('?' * len(states))})")
            values += states
        if not hidden:
            where.append("hidden = 0")
        if prefix:
            where.append("prefix = ?")
            values.append(prefix)
        condition = f"WHERE {' AND '.join(where)}" if where else ""
        query = f"SELECT * FROM jobs {condition} ORDER BY created_at DESC, rowid DESC LIMIT ?"  # noqa: S608 only placeholders
        with self._connection() as connection:
            rows = connection.execute(query, (*values, -1 if limit is None else limit)).fetchall()
        return [_job(row) for row in rows]

    def live(self) -> list[Job]:
        """Return the jobs that have not ended, background ones too."""
        return self.jobs(states=LIVE_STATES, hidden=True)

    # -- pruning ------------------------------------------------------------------------------------------------

    def prune(self, keep: int = KEEP_FINISHED) -> list[str]:
        """Forget all but the last ``keep`` finished jobs, with their logs and events; return the forgotten ids."""
        with self._connection() as connection:
            query = (
                "DELETE FROM jobs WHERE state NOT IN ('queued', 'running') AND rowid NOT IN (SELECT rowid FROM jobs "
                "WHERE state NOT IN ('queued', 'running') ORDER BY created_at DESC, rowid DESC LIMIT ?) RETURNING id"
            )
            forgotten = [str(row["id"]) for row in connection.execute(query, (keep,)).fetchall()]
        for job_id in forgotten:
            self.log_path(job_id).unlink(missing_ok=True)
            self.events_path(job_id).unlink(missing_ok=True)
        return forgotten

    def log_path(self, job_id: str) -> Path:
        """Where a job's output goes."""
        return self.directory / f"{job_id}.log"

    def events_path(self, job_id: str) -> Path:
        """Where a job's events go."""
        return self.directory / f"{job_id}.events.jsonl"


def _job(row: sqlite3.Row) -> Job:
    values = dict(row)
    for name in ("result", "error"):
        values[name] = None if values[name] is None else msgspec.json.decode(values[name])
    values["request"] = msgspec.json.decode(values["request"], type=JobRequest)
    values["hidden"] = bool(values["hidden"])
    values["cancel_requested"] = bool(values["cancel_requested"])
    return Job(**values)
