"""What all parts of one build share: the recipe, where it happens, who watches; and how they say things."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_envs.build.channel.folder import FolderChannel
from jupyter_envs.build.environ import base_environ
from jupyter_envs.build.models import BuildRequest, RenderedRecipe
from jupyter_envs.build.places import Places, end_leftovers
from jupyter_envs.build.recipe.pins import Found
from jupyter_envs.build.recipe.siblings import found_siblings
from jupyter_envs.build.scripts import Run, run_script
from jupyter_envs.engine.models.events import CancelToken, Event, Reporter
from jupyter_envs.settings import Settings


@dataclasses.dataclass(kw_only=True)
class BuildContext:
    """One build of one rendered recipe.

    ``channel`` is where packages go, ``given`` where those of other recipes are, ``epoch`` the time (seconds) that
    nothing in a package is later than, ``network`` whether scripts have one. ``warnings`` grows.
    """

    recipe: RenderedRecipe
    request: BuildRequest
    settings: Settings
    places: Places
    channel: FolderChannel
    given: FolderChannel
    epoch: int
    network: bool
    reporter: Reporter
    cancel: CancelToken
    warnings: list[str] = dataclasses.field(default_factory=list)

    def base_environ(self) -> dict[str, str]:
        """Return the variables of any script, before activation."""
        cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return base_environ(self.places, self.epoch, os.environ, network=self.network, cpus=cpus)

    def siblings(self) -> dict[str, Found]:
        """Return version and build string of the recipe's outputs, for pins."""
        return found_siblings(self.recipe)

    def say(self, phase: str, text: str) -> None:
        """Tell that a phase begins, to who watches and in the job's log."""
        self.reporter.report(Event(kind="phase", phase=phase, text=text))
        print(f"-- {text}", flush=True)  # noqa: T201  # the job's log

    def warn(self, text: str) -> None:
        """Tell what is not as it should be."""
        self.warnings.append(text)
        self.reporter.report(Event(kind="warning", phase="package", text=text))
        print(f"warning: {text}", flush=True)  # noqa: T201  # the job's log

    def run(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        cwd: str,
        what: str,
        code: str,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        """Run a command of this build; its long paths are shown by their variables."""
        places = self.places
        shown = {places.host_prefix: "$PREFIX", places.build_prefix: "$BUILD_PREFIX", places.work: "$SRC_DIR"}
        run_script(
            Run(
                command=tuple(command),
                environ=dict(environ),
                cwd=cwd,
                network=self.network,
                shown=shown | dict(secrets or {}),
                what=what,
                code=code,
            ),
            self.cancel,
            lambda: self._end_rest(what),
        )

    def _end_rest(self, what: str) -> None:
        """End what a script left running: it would write into what is packaged, and outlive the build."""
        ended = end_leftovers(Path(self.places.root))
        if ended and not self.cancel.cancelled:
            self.warn(f"{what} left processes behind, which were ended: {', '.join(sorted(ended))}")
