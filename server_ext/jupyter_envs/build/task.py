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
from jupyter_envs.engine.models.events import CancelToken, NullReporter, Reporter
from jupyter_envs.errors import EnvsError, PackageTestError, StorageError
from jupyter_envs.settings import Settings


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What to build, how, and where things are. ``epoch`` is the time of the packages, seconds."""

    recipe: RenderedRecipe
    request: BuildRequest
    settings: Settings
    epoch: int
    network: bool
    result: str = ""


class TaskResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the packages of one recipe."""

    packages: tuple[BuiltPackage, ...]
    warnings: tuple[str, ...] = ()
    error: dict[str, object] | None = None
    exit_code: int = 0


def build_task(task: Task, reporter: Reporter | None = None, cancel: CancelToken | None = None) -> TaskResult:
    """Build one recipe and publish what comes out; an error is part of the result."""
    recipe = task.recipe
    name = recipe.outputs[0].dist if len(recipe.outputs) == 1 else f"{recipe.name}-{recipe.outputs[0].dist}"
    warnings: list[str] = []
    try:
        with occupied(Path(task.settings.root) / "builds", name[:80], keep=task.request.keep) as places:
            context = BuildContext(
                recipe=recipe,
                request=task.request,
                settings=task.settings,
                places=places,
                channel=FolderChannel(Path(task.request.output)),
                epoch=task.epoch,
                network=task.network,
                reporter=reporter or NullReporter(),
                cancel=cancel or CancelToken(),
                warnings=warnings,
            )
            packages = RecipeBuild(context).run()
    except EnvsError as error:
        return failed(recipe, error, warnings)
    except OSError as error:
        return failed(recipe, StorageError.from_os_error(error, f"building {name}"), warnings)
    return TaskResult(packages=tuple(packages), warnings=tuple(warnings))


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
