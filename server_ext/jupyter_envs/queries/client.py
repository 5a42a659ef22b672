"""The asking side: starts the child when there is a question, restarts it after a crash, lets it go when it is idle.

Owns the child of this process. Runs on one asyncio loop, never blocks it, and gives every question an answer or an
``EnvsError``: also when the child dies under it, or does not answer in time.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from typing import Any

import msgspec

from jupyter_envs.errors import EnvsError, SourceError
from jupyter_envs.queries.protocol import Answer, Question, error_of
from jupyter_envs.settings import Settings

SERVE_MODULE = "jupyter_envs.queries.serve"
LINE_LIMIT = 64 << 20  # bytes; the findings of a large, broken environment are one line
IDLE_SECONDS = 300.0
TIMEOUT_SECONDS = 60.0
LEAVING_SECONDS = 2.0

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Answer)


class _Child:
    """One child process and the questions that it has not answered yet."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.stdin = process.stdin
        self.stdout = process.stdout
        self.waiting: dict[int, asyncio.Future[Answer]] = {}
        self.reading = asyncio.get_running_loop().create_task(self._read())

    @property
    def alive(self) -> bool:
        return not self.reading.done()

    def send(self, question: Question) -> None:
        self.stdin.write(_ENCODER.encode(question) + b"\n")

    async def _read(self) -> None:
        """Hand answers to whoever waits; when the child has gone, an error to all who still do."""
        try:
            while line := await self.stdout.readline():
                answer = _DECODER.decode(line)
                future = self.waiting.pop(answer.id, None)
                if future is not None and not future.done():
                    future.set_result(answer)
        finally:
            for future in self.waiting.values():
                if not future.done():
                    future.set_exception(_crashed())
            self.waiting.clear()
            with contextlib.suppress(ProcessLookupError):  # it has mostly gone by itself
                self.process.kill()

    async def leave(self) -> None:
        """Close its input, which ends it; kill it when it does not go."""
        self.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), LEAVING_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
        with contextlib.suppress(asyncio.CancelledError):
            await self.reading


class QueryClient:
    """Asks questions of the child process.

    Parameters
    ----------
    settings : Settings
        What the child works with.
    idle_seconds : float
        The child is let go when nothing was asked for so long.
    """

    def __init__(self, settings: Settings, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._settings = settings
        self._idle_seconds = idle_seconds
        self._ids = itertools.count(1)
        self._child: _Child | None = None
        self._starting = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int | None:
        """The child's process id, ``None`` when there is no child."""
        return self._child.process.pid if self._child is not None and self._child.alive else None

    async def ask(self, verb: str, *, timeout: float = TIMEOUT_SECONDS, **arguments: Any) -> Any:
        """Return the answer to a question.

        Parameters
        ----------
        verb : str
            A name in ``serve.VERBS``.
        timeout : float
            Seconds after which the question is given up.
        **arguments
            JSON-able.

        Raises
        ------
        EnvsError
            What the child refused with; ``query.crashed`` when it died; ``query.timeout`` (a ``SourceError``) when it
            did not answer in time.
        """
        child = await self._running()
        question = Question(id=next(self._ids), verb=verb, arguments=arguments)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        child.waiting[question.id] = future
        try:
            child.send(question)
            answer = await asyncio.wait_for(future, timeout)
        except TimeoutError:
            raise _too_slow(timeout) from None
        finally:
            if child.waiting.pop(question.id, None) is not None and child.alive:
                child.send(Question(id=question.id))
            self._rest()
        if answer.error is not None:
            raise error_of(answer)
        return answer.result

    async def close(self) -> None:
        """End the child."""
        if self._idle is not None:
            self._idle.cancel()
        self._let_go()
        await asyncio.gather(*self._leaving)

    async def _running(self) -> _Child:
        async with self._starting:
            if self._idle is not None:
                self._idle.cancel()
            if self._child is None or not self._child.alive:
                self._child = await self._start()
            return self._child

    async def _start(self) -> _Child:
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", SERVE_MODULE),  # -P: nothing is imported from the working directory
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LINE_LIMIT,
            )
        except OSError as error:
            raise EnvsError(
                f"the process that looks things up cannot be started: {error.strerror or error}",
                hint="the machine may be out of memory or of processes; try again",
                code="query.start",
            ) from error
        child = _Child(process)
        child.stdin.write(_ENCODER.encode(self._settings) + b"\n")
        return child

    def _rest(self) -> None:
        """Let the child go after a while, unless something is asked before."""
        if self._idle is not None:
            self._idle.cancel()
        if self._child is not None and not self._child.waiting:
            self._idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._let_go)

    def _let_go(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            task = asyncio.get_running_loop().create_task(child.leave())
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)


def _crashed() -> EnvsError:
    return EnvsError(
        "the process that looks things up ended before it answered",
        hint="try again: another one is started; if it happens again, the server's log may say why",
        code="query.crashed",
    )


def _too_slow(seconds: float) -> SourceError:
    return SourceError(
        f"no answer came within {seconds:g} seconds",
        hint="a source may be slow or out of reach; try again later, or work offline",
        code="query.timeout",
    )
