"""Several recipes: those that others need first, independent ones beside each other, each in a process of its own.

A failure stops only what needs it. Built packages are published one recipe after the other, so that what needs them
finds them in the channel.
"""

from __future__ import annotations

import concurrent.futures
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from jupyter_envs.build.models import BuiltPackage, RenderedRecipe
from jupyter_envs.build.order import Progress, key_of, needs_graph
from jupyter_envs.build.task import Task, TaskResult, failed
from jupyter_envs.engine.models.events import CancelToken, Event, Reporter
from jupyter_envs.errors import BuildError, CancelledError

Submit = Callable[[Task], "concurrent.futures.Future[TaskResult]"]


class ManyBuilds:
    """Builds recipes in the order that they need each other.

    Parameters
    ----------
    submit : callable
        Starts a task.
    parallel : int
        How many at a time.
    reporter, cancel
        Told what ends; asked before each start.
    """

    def __init__(self, submit: Submit, parallel: int, reporter: Reporter, cancel: CancelToken) -> None:
        self._submit, self._parallel = submit, parallel
        self._reporter, self._cancel = reporter, cancel

    def run(self, tasks: Sequence[Task]) -> list[TaskResult]:
        """Return one result for each task, in the order they ended; what could not be tried is ``skipped``."""
        by_key = {key_of(task.recipe): task for task in tasks}
        progress = Progress(needs_graph([task.recipe for task in tasks]))
        running: dict[concurrent.futures.Future[TaskResult], str] = {}
        results: list[TaskResult] = []
        while progress.unfinished and not (self._cancel.cancelled and not running):
            room = 0 if self._cancel.cancelled else self._parallel - len(running)
            for key in progress.ready()[:room]:
                progress.start(key)
                running[self._submit(by_key[key])] = key
            ended, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in ended:
                key = running.pop(future)
                result = future.result()
                results.append(result)
                self._tell(result, len(results), len(tasks))
                lost = progress.finish(key, good=result.error is None)
                results += [skipped(by_key[each].recipe, by_key[key].recipe) for each in lost]
        return results

    def _tell(self, result: TaskResult, done: int, total: int) -> None:
        for package in result.packages:
            cancelled = (result.error or {}).get("code") == CancelledError.default_code
            text = f"{package.dist}: {'cancelled' if cancelled else package.state}"
            self._reporter.report(Event(kind="progress", phase="build", text=text, done=done, total=total))
            print(f"-- {text} ({done} of {total} recipes)", flush=True)  # noqa: T201  # the job's log


def skipped(recipe: RenderedRecipe, because: RenderedRecipe) -> TaskResult:
    """Return the result of a recipe that needs one which failed."""
    return TaskResult(
        packages=tuple(
            BuiltPackage(
                dist=output.dist,
                subdir=output.subdir,
                state="skipped",
                error={"code": "build.skipped", "message": f"{because.name}, which it needs, was not built"},
            )
            for output in recipe.outputs
        )
    )


def in_process(tasks_in: Callable[[Task], TaskResult]) -> Submit:
    """Return what does each task at once, in this process: for one at a time."""

    def submit(task: Task) -> concurrent.futures.Future[TaskResult]:
        future: concurrent.futures.Future[TaskResult] = concurrent.futures.Future()
        try:
            future.set_result(tasks_in(task))
        except BaseException as error:
            future.set_exception(error)
        return future

    return submit


def in_children(
    pool: concurrent.futures.Executor, environ: Mapping[str, str], after: Callable[[TaskResult], TaskResult]
) -> Submit:
    """Return what does each task in a child process; each line of its output begins with the package's name."""

    def submit(task: Task) -> concurrent.futures.Future[TaskResult]:
        return pool.submit(lambda: after(run_child(task, environ)))

    return submit


def run_child(task: Task, environ: Mapping[str, str]) -> TaskResult:
    """Do a task in a child process and return its result; a child that died is a failed build."""
    label = task.recipe.name
    with tempfile.TemporaryDirectory(prefix="jupyter-envs-task-") as folder:
        result = Path(folder, "result.json")
        task = msgspec.structs.replace(task, result=str(result))
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "jupyter_envs.build.task"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environ),
        )
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdin as pipe:
            pipe.write(msgspec.json.encode(task))
        with process.stdout as output:
            for raw in output:
                print(f"[{label}] {raw.decode(errors='replace')}", end="", flush=True)  # noqa: T201  # the job's log
        process.wait()
        if result.is_file():
            return msgspec.json.decode(result.read_bytes(), type=TaskResult)
    error = BuildError(
        f"the process that built {label} ended without a word (code {process.returncode})",
        hint="the job's log has its last lines; build it again",
        code="build.process",
    )
    return failed(task.recipe, error, [])
