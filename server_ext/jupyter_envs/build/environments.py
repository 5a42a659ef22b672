"""Build, host and test environments, made by the engine from the same sources as everybody's.

Files of the host environment are copied, not linked: scripts write into it, and a hard link would carry that into the
package cache. These environments are not listed among the user's.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec

from jupyter_envs.build.models import RunExports
from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.events import CancelToken, Event, Reporter
from jupyter_envs.engine.models.plan import ChangePlan, ChangeRequest
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.prefix.registry import unregister_environment
from jupyter_envs.errors import BuildError, EnvsError, SolveError, SourceError
from jupyter_envs.settings import Settings


class Environments:
    """Makes environments for one build.

    Parameters
    ----------
    settings : Settings
        The user's.
    own : sequence of str
        Channel folders of the build, most important first; one that is not there yet is passed over.
    channels : sequence of str
        Where other packages come from.
    sources : sequence of str, optional
        As in a change; the settings' own when ``None``.
    reporter, cancel
        Watch and stop the work.
    """

    def __init__(
        self,
        settings: Settings,
        own: Sequence[str],
        channels: Sequence[str],
        sources: tuple[str, ...] | None,
        reporter: Reporter,
        cancel: CancelToken,
    ) -> None:
        self._settings = settings
        self._own = tuple(own)
        self._channels = tuple(channels)
        self._sources = sources
        self._reporter = reporter
        self._cancel = cancel

    def make(self, prefix: str, specs: Sequence[str], what: str, *, copied: bool = False) -> tuple[RepodataRecord, ...]:
        """Make an environment and return its records; an empty one is a folder with records of nothing.

        Parameters
        ----------
        prefix : str
            Where; nothing is there yet.
        specs : sequence of str
            What shall be in it.
        what : str
            For messages: ``"the host environment of hello"``.
        copied : bool
            Whether its files are its own.

        Raises
        ------
        EnvsError
            What the engine refuses; the message says for which environment.
        """
        self._reporter.report(Event(kind="phase", phase="solve", text=what))
        engine = self._engine(copied=copied)
        try:
            plan = engine.plan(self._request(prefix, specs, self._sources))
            engine.execute(plan)
        except EnvsError as error:
            raise _about(error, what) from error
        finally:
            unregister_environment(prefix, os.environ)
        return plan.records

    def _engine(self, *, copied: bool) -> Engine:
        settings = msgspec.structs.replace(
            self._settings, always_copy=copied or self._settings.always_copy, compile_in_background=False
        )
        return Engine(settings, reporter=self._reporter, cancel=self._cancel)

    def _request(self, prefix: str, specs: Sequence[str], sources: tuple[str, ...] | None) -> ChangeRequest:
        return ChangeRequest(
            action="create",
            prefix=prefix,
            specs=tuple(dict.fromkeys(specs)),
            channels=(*(each for each in self._own if is_channel(each)), *self._channels),
            sources=sources,
            offline=self._settings.offline,
            command="build",
        )

    def missing_tools(self, specs: Sequence[str], scratch: str) -> list[str]:
        """Return those of the specs (compilers, C libraries) that no conda channel can give.

        The Python index is not asked: a project there that happens to be called like a compiler is not one.
        """
        return [spec for spec in specs if self._find_plan(spec, scratch) is None]

    def _find_plan(self, spec: str, scratch: str) -> ChangePlan | None:
        sources = self._sources if self._sources is not None else self._settings.sources
        if "conda" not in sources:
            return None
        try:
            return self._engine(copied=False).plan(self._request(os.path.join(scratch, "none"), [spec], ("conda",)))
        except (SolveError, SourceError):
            return None

    def run_exports(self, records: Sequence[RepodataRecord]) -> dict[str, RunExports]:
        """Return the run exports of installed packages, by name, as their archives have them."""
        cache = self._engine(copied=False).cache
        found: dict[str, RunExports] = {}
        for record in records:
            folder = cache.find(record)
            path = folder / "info/run_exports.json" if folder else None
            if path is None or not path.is_file():
                continue
            try:
                found[record.name] = msgspec.json.decode(path.read_bytes(), type=RunExports)
            except msgspec.DecodeError as error:
                raise BuildError(
                    f"{record.dist} has run exports that cannot be read: {error}",
                    hint="use another build of the package",
                    code="build.run_exports",
                ) from None
        return found


def _about(error: EnvsError, what: str) -> EnvsError:
    """Return the same error, saying for which environment."""
    return type(error)(f"{what}: {error.message}", hint=error.hint, code=error.code, detail=error.detail)


def is_channel(folder: str) -> bool:
    """Tell whether a folder has the index of a channel."""
    return os.path.isfile(os.path.join(folder, "noarch", "repodata.json"))
