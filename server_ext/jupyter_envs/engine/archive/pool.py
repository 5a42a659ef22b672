"""Extracts many archives: here when there is little to do, in child processes when there is much.

Owns the children. They are started afresh instead of forked: the solver's native threads may hold locks that a fork
would copy. Refuses nothing itself; a child that dies is an error of the archive it was working on.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from collections.abc import Callable, Sequence

import msgspec

from jupyter_envs import errors
from jupyter_envs.engine.archive.worker import Answer, Job, run
from jupyter_envs.engine.models.events import CancelToken
from jupyter_envs.errors import ArchiveError, EnvsError

MAX_CHILDREN = 8
WORTH_A_CHILD_BYTES = 4 << 20
WAIT_SECONDS = 0.2


def extract_all(jobs: Sequence[Job], cancel: CancelToken, done: Callable[[Job], None]) -> None:
    """Do all jobs; stop at the first that fails.

    Parameters
    ----------
    jobs : sequence of Job
        Their ``number`` is their place in the sequence.
    cancel : CancelToken
        Asked between archives; children are killed then.
    done : callable
        Told each finished job.

    Raises
    ------
    EnvsError
        Of the first job that failed, as ``extract`` raises it.
    """
    ordered = sorted(jobs, key=_weight, reverse=True)
    children = min(_processors(), MAX_CHILDREN, len(ordered))
    if children < 2 or sum(map(_weight, ordered)) < WORTH_A_CHILD_BYTES:
        for job in ordered:
            cancel.check()
            raise_failure(run(job), job)
            done(job)
        return
    with _Children(children) as pool:
        pool.run(ordered, cancel, done)


def raise_failure(answer: Answer, job: Job) -> None:
    """Raise what an answer reports, if it does."""
    if not answer.kind:
        return
    kind = getattr(errors, answer.kind, EnvsError)
    error: EnvsError = kind(answer.message, hint=answer.hint, code=answer.code, detail=answer.detail)
    error.detail.setdefault("dist", job.record.dist)
    raise error


class _Children:
    """A few worker processes, each busy with one job at a time."""

    def __init__(self, count: int) -> None:
        self._selector = selectors.DefaultSelector()
        # Not `-m`: what runs a module that way takes a tenth of the time a child needs to be ready.
        command = [sys.executable, "-P", "-c", "from jupyter_envs.engine.archive.worker import main; main()"]
        self._processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) for _ in range(count)
        ]
        self._decoder = msgspec.json.Decoder(Answer)

    def __enter__(self) -> _Children:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for process in self._processes:
            if kind is not None:
                process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
        for process in self._processes:
            process.wait()
        self._selector.close()

    def run(self, jobs: Sequence[Job], cancel: CancelToken, done: Callable[[Job], None]) -> None:
        """Hand out jobs, largest first, as children become free."""
        waiting = list(reversed(jobs))
        busy: dict[int, Job] = {}
        for process in self._processes:
            assert process.stdout is not None
            self._selector.register(process.stdout, selectors.EVENT_READ, process)
            self._hand_out(process, waiting, busy)
        while busy:
            cancel.check()
            for key, _ in self._selector.select(WAIT_SECONDS):
                process = key.data
                job = busy.pop(process.pid)
                raise_failure(self._answer(process, job), job)
                done(job)
                self._hand_out(process, waiting, busy)

    def _hand_out(self, process: subprocess.Popen[bytes], waiting: list[Job], busy: dict[int, Job]) -> None:
        if waiting:
            job = busy[process.pid] = waiting.pop()
            assert process.stdin is not None
            view = memoryview(msgspec.json.encode(job) + b"\n")
            try:
                while view:
                    view = view[process.stdin.write(view) :]
            except BrokenPipeError:
                raise _died(process, job) from None
        else:
            self._selector.unregister(process.stdout)  # type: ignore[arg-type]  # a pipe was asked for

    def _answer(self, process: subprocess.Popen[bytes], job: Job) -> Answer:
        assert process.stdout is not None
        line = b""
        while not line.endswith(b"\n"):
            part = os.read(process.stdout.fileno(), 1 << 16)
            if not part:
                raise _died(process, job)
            line += part
        return self._decoder.decode(line)


def _died(process: subprocess.Popen[bytes], job: Job) -> ArchiveError:
    return ArchiveError(
        f"{job.record.fn} could not be extracted: the process that did it ended with status {process.wait()}",
        hint="see whether the machine ran out of memory, then try again",
        code="archive.worker",
    )


def _weight(job: Job) -> int:
    return job.record.size or 0


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
