"""One recipe as a task that any process can do: a value in, a value out; nothing is raised but by faults of our own.

``python -m jupyter_envs.build.task`` reads a task from standard input and writes its result to the file it names: how
several recipes are built beside each other. On a Dask cluster a worker calls ``build_task`` itself.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from pathlib import Path

import msgspec

from jupyter_envs.build.channel.folder import FolderChannel
from jupyter_envs.build.context import BuildContext
from jupyter_envs.build.models import BuildRequest, BuiltPackage, PackageState, RenderedRecipe
from jupyter_envs.build.one import RecipeBuild
from jupyter_envs.build.places import occupied
from jupyter_envs.engine.models.events import CancelToken, Event, NullReporter, Reporter
from jupyter_envs.errors import EnvsError, PackageTestError, StorageError
from jupyter_envs.settings import Settings


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What to build, how, and where things are.

    ``epoch`` is the time of the packages, seconds. ``given`` is a folder with what the channel has, where that is not
    the folder that the packages go to.
    """

    recipe: RenderedRecipe
    request: BuildRequest
    settings: Settings
    epoch: int
    network: bool
    result: str = ""
    given: str = ""


class TaskResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the packages of one recipe."""

    packages: tuple[BuiltPackage, ...]
    warnings: tuple[str, ...] = ()
    error: dict[str, object] | None = None
    exit_code: int = 0


def build_task(task: Task, reporter: Reporter | None = None, cancel: CancelToken | None = None) -> TaskResult:
    """Build one recipe and publish what comes out; an error is part of the result.

    When another build has just made the same, that is taken as it is.
    """
    recipe, request = task.recipe, task.request
    reporter, cancel = reporter or NullReporter(), cancel or CancelToken()
    channel = FolderChannel(Path(request.output))
    name = recipe.outputs[0].dist if len(recipe.outputs) == 1 else f"{recipe.name}-{recipe.outputs[0].dist}"
    warnings: list[str] = []
    try:
        others = Waiting(name, reporter, cancel)
        with occupied(Path(task.settings.root) / "builds", name[:80], keep=request.keep, wait=others) as places:
            there = present_packages(recipe, channel) if others.begun and not request.force else []
            if there:
                return TaskResult(packages=tuple(there))
            context = BuildContext(
                recipe=recipe,
                request=request,
                settings=task.settings,
                places=places,
                channel=channel,
                given=FolderChannel(Path(task.given)) if task.given else channel,
                epoch=task.epoch,
                network=task.network,
                reporter=reporter,
                cancel=cancel,
                warnings=warnings,
            )
            packages = RecipeBuild(context).run()
    except EnvsError as error:
        return failed(recipe, error, warnings)
    except OSError as error:
        return failed(recipe, StorageError.from_os_error(error, f"building {name}"), warnings)
    return TaskResult(packages=tuple(packages), warnings=tuple(warnings))


class Waiting:
    """Waits for another build of the same package: says so once, and stops when the job is cancelled."""

    def __init__(self, name: str, reporter: Reporter, cancel: CancelToken) -> None:
        self._name, self._reporter, self._cancel = name, reporter, cancel
        self.begun = False

    def __call__(self) -> None:
        """Say it, the first time; ``CancelledError`` when the job was cancelled."""
        self._cancel.check()
        if not self.begun:
            self.begun = True
            text = f"waiting for another build of {self._name}"
            self._reporter.report(Event(kind="phase", phase="build", text=text))
            print(f"-- {text}", flush=True)  # noqa: T201  # the job's log


def present_packages(recipe: RenderedRecipe, channel: FolderChannel) -> list[BuiltPackage]:
    """Return the packages of a recipe as the channel has them, empty unless it has them all."""
    paths = [channel.find(output.subdir, output.dist) for output in recipe.outputs]
    if None in paths:
        return []
    return [
        BuiltPackage(dist=output.dist, subdir=output.subdir, state="present", path=str(path))
        for output, path in zip(recipe.outputs, paths, strict=True)
    ]


def failed(recipe: RenderedRecipe, error: EnvsError, warnings: list[str]) -> TaskResult:
    """Return the result of a build that ended with an error."""
    state: PackageState = "broken" if isinstance(error, PackageTestError) else "failed"
    return TaskResult(
        packages=tuple(
            BuiltPackage(dist=output.dist, subdir=output.subdir, state=state, error=error.to_dict())
            for output in recipe.outputs
        ),
        warnings=tuple(warnings),
        error=error.to_dict(),
        exit_code=error.exit_code,
    )


def main() -> int:
    """Do the task on standard input; return 0 when its result is written, whatever it says."""
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    cancel = CancelToken()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: cancel.cancel())
    result = build_task(task, cancel=cancel)
    temporary = Path(f"{task.result}.part")
    temporary.write_bytes(msgspec.json.encode(result))
    temporary.replace(task.result)
    return 0


if __name__ == "__main__":
    try:
        code = main()
    except BaseException:  # a panic of native code, too, must end in the log
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # native threads of the solver may crash an interpreter that shuts down in the ordinary way
