"""``python -m jupyter_envs.queries.serve``: the child that answers questions, as JSON lines, until its input ends.

Owns the process: it reads its standard input in a thread, answers on what was its standard output (to which nothing
else may write: native code that prints is sent to standard error), and leaves by ``os._exit``, since native threads
can crash an interpreter that shuts down in the ordinary way.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from jupyter_envs.errors import EnvsError, SpecError
from jupyter_envs.queries import inspection, notebooks, packages, recipes, search, updates
from jupyter_envs.queries.desk import Desk
from jupyter_envs.queries.protocol import Answer, Question, failure
from jupyter_envs.settings import Settings

Verb = Callable[..., Awaitable[Any]]

VERBS: dict[str, Verb] = {
    "search": search.search,
    "sources": search.sources,
    "module": search.module,
    "package": packages.package,
    "updates": updates.updates,
    "why": inspection.why,
    "verify": inspection.verify,
    "doctor": inspection.doctor,
    "disk": inspection.disk,
    "disk_report": inspection.disk_report,
    "allowance": inspection.allowance,
    "export": inspection.export,
    "stale_modules": inspection.stale_modules,
    "notebook_answer": notebooks.answer,
    "notebook_request": notebooks.request,
    "notebook_difference": notebooks.difference,
    "notebook_lock": notebooks.lock,
    "recipe_render": recipes.render,
}


class Server:
    """Answers questions.

    Parameters
    ----------
    desk : Desk
        What the verbs work with.
    output : int
        The descriptor that answers are written to.
    """

    def __init__(self, desk: Desk, output: int) -> None:
        self._desk = desk
        self._output = output
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def take(self, question: Question) -> None:
        """Begin to answer a question, or stop answering one that nobody waits for."""
        if not question.verb:
            task = self._tasks.get(question.id)
            if task is not None:
                task.cancel()
            return
        task = asyncio.get_running_loop().create_task(self._answer(question))
        self._tasks[question.id] = task
        task.add_done_callback(lambda _task: self._tasks.pop(question.id, None))

    async def _answer(self, question: Question) -> None:
        try:
            verb = VERBS.get(question.verb)
            if verb is None:
                raise SpecError(f"no such question: {question.verb}")
            answer = Answer(id=question.id, result=await verb(self._desk, **question.arguments))
        except asyncio.CancelledError:
            return
        except BaseException as error:  # native code panics with a BaseException; whoever asked must hear of it
            if not isinstance(error, EnvsError):
                traceback.print_exc()
            answer = failure(question.id, error)
        self._write(msgspec.json.encode(answer) + b"\n")

    def _write(self, line: bytes) -> None:
        view = memoryview(line)
        while view:
            view = view[os.write(self._output, view) :]


async def serve(settings: Settings, output: int) -> None:
    """Answer questions until the input ends."""
    loop = asyncio.get_running_loop()
    server = Server(Desk(settings), output)
    ended = asyncio.Event()

    def read() -> None:
        for line in sys.stdin.buffer:
            loop.call_soon_threadsafe(server.take, msgspec.json.decode(line, type=Question))
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=read, name="questions", daemon=True).start()
    await ended.wait()


def main() -> None:
    """Read the settings, then serve."""
    settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=Settings)
    output = os.dup(1)
    os.dup2(2, 1)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(serve(settings, output))


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)
