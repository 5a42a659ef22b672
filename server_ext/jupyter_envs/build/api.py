"""``Builder``: recipes in, packages in a channel out. The public face of the builder; runs in a job's process."""

from __future__ import annotations

import concurrent.futures
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from jupyter_envs.build.channel.folder import FolderChannel
from jupyter_envs.build.channel.remote import RemoteChannel
from jupyter_envs.build.load import render_request
from jupyter_envs.build.many import ManyBuilds, in_children, in_process
from jupyter_envs.build.models import BuildReport, BuildRequest, BuiltPackage, RenderedRecipe
from jupyter_envs.build.order import key_of, needs_graph
from jupyter_envs.build.scripts import can_isolate
from jupyter_envs.build.source import check_sources
from jupyter_envs.build.task import Task, TaskResult, build_task, present_packages
from jupyter_envs.engine.models.events import CancelToken, Event, NullReporter, Reporter
from jupyter_envs.errors import BuildError, CancelledError, EnvsError
from jupyter_envs.settings import Settings

CANCELLED = "cancelled; what was built before is in the channel, and nothing half"


class Builder:
    """Builds what a request asks for.

    Parameters
    ----------
    settings : Settings
        Where things are and where packages come from.
    reporter, cancel
        Watch and stop the work.
    """

    def __init__(
        self, settings: Settings, *, reporter: Reporter | None = None, cancel: CancelToken | None = None
    ) -> None:
        self._settings = settings
        self._reporter = reporter or NullReporter()
        self._cancel = cancel or CancelToken()

    def render(self, request: BuildRequest) -> list[RenderedRecipe]:
        """Return every variant of every recipe of a request."""
        return render_request(request, self._settings.subdir)

    def build(self, request: BuildRequest) -> BuildReport:
        """Build all recipes of a request, in the order that they need each other.

        What the channel has already is not built again, unless ``force``.

        Raises
        ------
        EnvsError
            Of the first recipe that failed; ``detail["report"]`` has the report. What does not need it is built and
            published all the same.
        """
        recipes = self.render(request)
        for recipe in recipes:
            check_sources(recipe.sources)
        needs_graph(recipes)  # a cycle is said before anything is built
        remote = self._remote(request)
        if remote is not None:
            remote.pull()
        channel = remote.copy if remote is not None else FolderChannel(Path(request.output))
        given, request = request, msgspec.structs.replace(request, output=str(channel.folder))
        there = {} if request.force else {key_of(recipe): present_packages(recipe, channel) for recipe in recipes}
        present = [recipe for recipe in recipes if there.get(key_of(recipe))]
        warnings = [text for recipe in present if (text := _changed_since(recipe, there[key_of(recipe)]))]
        for text in warnings:
            self._warn(text)
        network = request.network or self._without_isolation(warnings)
        tasks = [
            Task(
                recipe=recipe,
                request=request,
                settings=self._settings,
                epoch=request.epoch if request.epoch is not None else source_date_epoch(recipe, os.environ),
                network=network,
            )
            for recipe in recipes
            if recipe not in present
        ]
        results = self._run(tasks, request, remote)
        packages = [package for recipe in present for package in there[key_of(recipe)]]
        packages += [package for result in results for package in result.packages]
        warnings += [warning for result in results for warning in result.warnings]
        report = BuildReport(channel=given.output, packages=tuple(packages), warnings=tuple(warnings))
        if self._cancel.cancelled:
            raise CancelledError(CANCELLED)
        failures = [result for result in results if result.error is not None]
        if failures:
            raise _error_of(failures, report, len(recipes))
        return report

    def _remote(self, request: BuildRequest) -> RemoteChannel | None:
        """Return the channel elsewhere that the output names; ``None`` for a folder of this machine."""
        if "://" in request.output or request.dask:
            url = request.output if "://" in request.output else Path(request.output).absolute().as_uri()
            return RemoteChannel(url, self._settings.root)
        return None

    def _run(self, tasks: Sequence[Task], request: BuildRequest, remote: RemoteChannel | None) -> list[TaskResult]:
        if request.dask and remote is not None:
            from jupyter_envs.build.cluster import cluster

            count = max(len(tasks), 1)
            with cluster(request.dask, remote, count, self._cancel) as submit:
                return ManyBuilds(submit, count, self._reporter, self._cancel).run(tasks)

        def sent(result: TaskResult) -> TaskResult:
            if remote is not None and result.error is None:
                remote.push()
            return result

        if request.parallel == 1 or len(tasks) <= 1:
            submit = in_process(lambda task: sent(build_task(task, self._reporter, self._cancel)))
            return ManyBuilds(submit, 1, self._reporter, self._cancel).run(tasks)
        with concurrent.futures.ThreadPoolExecutor(request.parallel) as pool:
            submit = in_children(pool, os.environ, sent)
            return ManyBuilds(submit, request.parallel, self._reporter, self._cancel).run(tasks)

    def _without_isolation(self, warnings: list[str]) -> bool:
        why = can_isolate()
        if why:
            text = f"scripts keep the network, since it cannot be switched off here ({why})"
            warnings.append(text)
            self._warn(text)
        return bool(why)

    def _warn(self, text: str) -> None:
        self._reporter.report(Event(kind="warning", phase="build", text=text))
        print(f"warning: {text}", flush=True)  # noqa: T201  # the job's log


def _changed_since(recipe: RenderedRecipe, packages: Sequence[BuiltPackage]) -> str:
    """Return that a recipe has changed since its packages were built, empty when it has not."""
    built = min(os.stat(package.path).st_mtime for package in packages)
    if _last_change(recipe) <= built:
        return ""
    return f"{packages[0].dist} is not built again, but its recipe has changed: raise its build number, or use --force"


def _error_of(failures: Sequence[TaskResult], report: BuildReport, count: int) -> EnvsError:
    """Return the first failure as an error of its own class, saying how many there are."""
    first: dict[str, Any] = failures[0].error or {}
    code, exit_code = str(first["code"]), failures[0].exit_code
    found = next(
        (cls for cls in all_errors(EnvsError) if cls.exit_code == exit_code and code.startswith(cls.default_code)),
        BuildError,
    )
    more = f" ({len(failures)} of {count} recipes failed)" if count > 1 else ""
    detail = {**first.get("detail", {}), "report": msgspec.to_builtins(report)}
    return found(f"{first['message']}{more}", hint=str(first.get("hint", "")), code=code, detail=detail)


def all_errors(cls: type[EnvsError]) -> list[type[EnvsError]]:
    """Return a class of errors and all below it, the narrowest first."""
    return [each for child in cls.__subclasses__() for each in all_errors(child)] + [cls]


def source_date_epoch(recipe: RenderedRecipe, environ: Mapping[str, str]) -> int:
    """Return the time that a package is from, in seconds: ``SOURCE_DATE_EPOCH``, else its recipe's last change."""
    given = environ.get("SOURCE_DATE_EPOCH", "")
    if given.isdigit():
        return int(given)
    return int(_last_change(recipe))


def _last_change(recipe: RenderedRecipe) -> float:
    names = [os.path.join(recipe.folder, name) for name in os.listdir(recipe.folder)]
    return max((os.stat(name).st_mtime for name in names if os.path.isfile(name)), default=time.time())
