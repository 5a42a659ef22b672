"""Extracts many archives: here when there is little to do, here and in child processes when there is much.

Owns the children, one less than there are processors: this process extracts, too, instead of waiting for them. They are
started afresh instead of forked: the solver's native threads may hold locks that a fork would copy. Refuses nothing
itself; a child that dies is an error of the archive it was working on.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from jupyter_envs import errors
from jupyter_envs.engine.archive.worker import Answer, Job, run
from jupyter_envs.engine.models.events import CancelToken
from jupyter_envs.errors import ArchiveError, EnvsError

MAX_CHILDREN = 7
JOBS_AHEAD = 2  # for each child, so that it need not wait until the archive that is extracted here is done
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
    children = min(_processors() - 1, MAX_CHILDREN, len(ordered) - 1)
    if sum(map(_weight, ordered)) < WORTH_A_CHILD_BYTES:
        children = 0
    with _Children(max(0, children)) as pool:
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
    """A few worker processes, each busy with one job at a time and given the next one before it asks."""

    def __init__(self, count: int) -> None:
        self._selector = selectors.DefaultSelector()
        # Not `-m`: what runs a module that way takes a tenth of the time a child needs to be ready.
        command = [sys.executable, "-P", "-c", "from jupyter_envs.engine.archive.worker import main; main()"]
        self._processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) for _ in range(count)
        ]
        self._given: dict[int, deque[Job]] = {process.pid: deque() for process in self._processes}
        self._unread = {process.pid: b"" for process in self._processes}
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
        """Hand the largest jobs to children as they become free; do the smallest here meanwhile."""
        waiting = deque(jobs)
        for process in self._processes:
            assert process.stdout is not None
            self._selector.register(process.stdout, selectors.EVENT_READ, process)
            for _ in range(JOBS_AHEAD):
                self._hand_out(process, waiting)
        while waiting or any(self._given.values()):
            cancel.check()
            if waiting:
                job = waiting.pop()
                raise_failure(run(job), job)
                done(job)
            for key, _ in self._selector.select(0 if waiting else WAIT_SECONDS) if self._processes else ():
                for job, answer in self._answers(key.data):
                    raise_failure(answer, job)
                    done(job)
                    self._hand_out(key.data, waiting)

    def _hand_out(self, process: subprocess.Popen[bytes], waiting: deque[Job]) -> None:
        if not waiting:
            return
        job = waiting.popleft()
        self._given[process.pid].append(job)
        assert process.stdin is not None
        view = memoryview(msgspec.json.encode(job) + b"\n")
        try:
            while view:
                view = view[process.stdin.write(view) :]
        except BrokenPipeError:
            raise _died(process, job) from None

    def _answers(self, process: subprocess.Popen[bytes]) -> list[tuple[Job, Answer]]:
        """Read what a child has said: one answer, two, or the beginning of one."""
        assert process.stdout is not None
        given = self._given[process.pid]
        part = os.read(process.stdout.fileno(), 1 << 16)
        if not part:
            if given:
                raise _died(process, given[0])
            self._selector.unregister(process.stdout)  # it had nothing left to do
            return []
        *lines, self._unread[process.pid] = (self._unread[process.pid] + part).split(b"\n")
        return [(given.popleft(), self._decoder.decode(line)) for line in lines]


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
