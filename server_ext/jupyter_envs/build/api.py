"""``Builder``: recipes in, packages in a channel out. The public face of the builder; runs in a job's process."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from jupyter_envs.build.channel.folder import FolderChannel
from jupyter_envs.build.context import BuildContext
from jupyter_envs.build.load import render_request
from jupyter_envs.build.models import BuildReport, BuildRequest, BuiltPackage, RenderedRecipe
from jupyter_envs.build.one import RecipeBuild
from jupyter_envs.build.places import occupied
from jupyter_envs.build.scripts import can_isolate
from jupyter_envs.build.source import check_sources
from jupyter_envs.engine.models.events import CancelToken, Event, NullReporter, Reporter
from jupyter_envs.settings import Settings


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

        Raises
        ------
        EnvsError
            Of the first recipe that failed; what does not need it is built and published all the same.
        """
        recipes = self.render(request)
        for recipe in recipes:
            check_sources(recipe.sources)
        channel = FolderChannel(Path(request.output))
        packages: list[BuiltPackage] = []
        warnings: list[str] = []
        network = request.network or self._without_isolation(warnings)
        for recipe in recipes:
            packages += self._build_one(recipe, request, channel, network, warnings)
        return BuildReport(channel=str(channel.folder), packages=tuple(packages), warnings=tuple(warnings))

    def _without_isolation(self, warnings: list[str]) -> bool:
        why = can_isolate()
        if why:
            text = f"scripts keep the network, since it cannot be switched off here ({why})"
            warnings.append(text)
            self._reporter.report(Event(kind="warning", phase="build", text=text))
        return bool(why)

    def _build_one(
        self, recipe: RenderedRecipe, request: BuildRequest, channel: FolderChannel, network: bool, warnings: list[str]
    ) -> list[BuiltPackage]:
        present = [channel.find(output.subdir, output.dist) for output in recipe.outputs]
        if all(present) and not request.force:
            return [
                BuiltPackage(dist=output.dist, subdir=output.subdir, state="present", path=str(path))
                for output, path in zip(recipe.outputs, present, strict=True)
            ]
        name = recipe.outputs[0].dist if len(recipe.outputs) == 1 else f"{recipe.name}-{recipe.outputs[0].dist}"
        with occupied(Path(self._settings.root) / "builds", name[:80], keep=request.keep) as places:
            context = BuildContext(
                recipe=recipe,
                request=request,
                settings=self._settings,
                places=places,
                channel=channel,
                epoch=request.epoch if request.epoch is not None else source_date_epoch(recipe, os.environ),
                network=network,
                reporter=self._reporter,
                cancel=self._cancel,
            )
            try:
                return RecipeBuild(context).run()
            finally:
                warnings += context.warnings


def source_date_epoch(recipe: RenderedRecipe, environ: Mapping[str, str]) -> int:
    """Return the time that a package is from, in seconds: ``SOURCE_DATE_EPOCH``, else its recipe's last change."""
    given = environ.get("SOURCE_DATE_EPOCH", "")
    if given.isdigit():
        return int(given)
    names = [os.path.join(recipe.folder, name) for name in os.listdir(recipe.folder)]
    newest = max((os.stat(name).st_mtime for name in names if os.path.isfile(name)), default=time.time())
    return int(newest)
