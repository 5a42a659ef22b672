"""``Bundler``: environments, installed or only described, into a folder that has all they need.

Owns the order: what goes in, then the archives, then the indexes, and ``bundle.json`` last. What is in the folder
already is kept; an environment of a name that is there is replaced for its platform. Changes no environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from jupyter_envs.build.channel.folder import FolderChannel
from jupyter_envs.bundles.archives import Archives
from jupyter_envs.bundles.folder import changing, write_bundle
from jupyter_envs.bundles.models import Bundle, Bundled, BundledEnvironment, BundleReport, BundleRequest
from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.exchange.additions import add_file
from jupyter_envs.engine.exchange.read import read_environment_file
from jupyter_envs.engine.fetch.urls import without_login
from jupyter_envs.engine.models.events import CancelToken, Event, NullReporter, Reporter
from jupyter_envs.engine.models.origins import is_interpreter, is_wheel
from jupyter_envs.engine.models.plan import ChangePlan, ChangeRequest
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.package_cache.layout import bundled_path
from jupyter_envs.engine.planning import ordered
from jupyter_envs.engine.prefix.inventory import read_inventory
from jupyter_envs.engine.prefix.names import suggest_name
from jupyter_envs.engine.prefix.state import read_state
from jupyter_envs.errors import NotFoundError, SpecError
from jupyter_envs.settings import Settings


class Bundler:
    """Makes bundles.

    Parameters
    ----------
    settings : Settings
        Where environments are, and what may be asked.
    reporter, cancel
        Watch and stop the work.
    """

    def __init__(
        self, settings: Settings, *, reporter: Reporter | None = None, cancel: CancelToken | None = None
    ) -> None:
        self._settings = settings
        self._reporter = reporter or NullReporter()
        self._cancel = cancel or CancelToken()

    def make(self, request: BundleRequest) -> BundleReport:
        """Put environments into a bundle.

        Raises
        ------
        EnvsError
            What cannot be found, solved, fetched or written; the bundle is then as it was, but for archives that no
            environment names yet.
        """
        subdir = request.subdir or self._settings.subdir
        with changing(Path(request.output)) as bundle:
            found = self._found(request, subdir)
            records = [record for one in found.values() for record in one.platforms[subdir].records]
            channels = request.channels or ()
            archives = Archives(
                Path(request.output), self._settings, _named(bundle), channels, self._reporter, self._cancel
            )
            gathered = iter(archives.gather(records))
            for name, environment in found.items():
                own = tuple(next(gathered) for _ in environment.platforms[subdir].records)
                found[name] = msgspec.structs.replace(environment, platforms={subdir: Bundled(records=own)})
            self._index(Path(request.output), archives, records)
            write_bundle(Path(request.output), with_environments(bundle, found))
            archives.sync()  # who is told that it is done may pull the stick out
        return _report(request, subdir, found, archives.new_bytes)

    def _found(self, request: BundleRequest, subdir: str) -> dict[str, BundledEnvironment]:
        found: dict[str, BundledEnvironment] = {}
        for prefix in request.prefixes:
            found[Path(prefix).name] = self._of_prefix(Path(prefix), request, subdir)
        for file in request.files:
            name, environment = self._of_file(Path(file), request, subdir)
            if name in found:
                raise SpecError(
                    f"two of these are called {name}",
                    hint="give the file another name (`name:` in an environment.yml), or bundle them apart",
                    code="bundle.names",
                )
            found[name] = environment
        return found

    def _index(self, folder: Path, archives: Archives, records: Sequence[RepodataRecord]) -> None:
        self._reporter.report(Event(kind="phase", phase="index", text="indexing"))
        conda = [record for record in records if not is_interpreter(record) and not is_wheel(record)]
        if conda:
            channel = FolderChannel(folder / "channel")
            with channel.changing():
                channel.index(sorted({record.subdir for record in conda}))
        archives.write_wheel_page()
        archives.sync()

    def _of_prefix(self, prefix: Path, request: BundleRequest, subdir: str) -> BundledEnvironment:
        engine = Engine(self._settings, reporter=self._reporter, cancel=self._cancel)
        engine.recover(prefix)
        records = ordered(record.repodata() for record in engine.packages(prefix))
        if not records:
            raise NotFoundError(
                f"no package of {prefix.name} is recorded, so there is nothing to bundle",
                hint="bundle an environment that `jupyter envs create` made, or the file that describes it",
                code="not_found.packages",
            )
        self._mention_others(prefix)
        generations = engine.generations(prefix)
        channels = generations[-1].channels if generations else ()
        requested, variables = engine.requested(prefix), read_state(prefix)
        if subdir != self._settings.subdir:
            sources = tuple(one for one in (generations[-1].sources if generations else ()) if one in ("conda", "pypi"))
            change = ChangeRequest(
                action="create",
                prefix="",
                specs=requested,
                channels=request.channels or channels or None,
                sources=request.sources or sources or None,
            )
            records = self._planned(change, request, subdir, prefix.name).records
        return _environment(requested, channels, variables, subdir, records)

    def _of_file(self, file: Path, request: BundleRequest, subdir: str) -> tuple[str, BundledEnvironment]:
        parsed = read_environment_file(file, subdir=subdir)
        for warning in parsed.warnings:
            self._reporter.report(Event(kind="warning", phase="solve", text=warning.message, hint=warning.hint))
        name = parsed.name or suggest_name(file.stem)
        change = ChangeRequest(action="create", prefix="", channels=request.channels, sources=request.sources)
        change = add_file(change, parsed, self._settings)
        change = msgspec.structs.replace(change, add_ipykernel=not change.records)
        plan = self._planned(change, request, subdir, name)
        channels = plan.channels or change.channels or ()
        return name, _environment(plan.requested, channels, plan.variables, subdir, plan.records)

    def _planned(self, change: ChangeRequest, request: BundleRequest, subdir: str, name: str) -> ChangePlan:
        """Return the plan of an environment that is not to be made: its records are what it would have."""
        settings = msgspec.structs.replace(self._settings, subdir=subdir)
        engine = Engine(settings, reporter=self._reporter, cancel=self._cancel)
        place = os.path.join(self._settings.envs_directories[0], f".{name}.bundling-{os.getpid()}")
        plan = engine.plan(
            msgspec.structs.replace(change, prefix=place, exclude_newer=request.exclude_newer, command=f"bundle {name}")
        )
        for warning in plan.warnings:
            self._reporter.report(Event(kind="warning", phase="solve", text=warning.message, hint=warning.hint))
        borrowed = next(filter(is_interpreter, plan.records), None)
        if borrowed is not None and subdir != self._settings.subdir:
            raise SpecError(
                f"{name} borrows the Python of this machine, and for {subdir} there is none to borrow",
                hint="bundle it on a machine of that platform, or take python from a channel",
                code="bundle.platform",
            )
        return plan

    def _mention_others(self, prefix: Path) -> None:
        """Warn of what pip put there: it is no package of the environment, and its archive is not known."""
        others = [one.name for one in read_inventory(prefix).distributions]
        if others:
            names = ", ".join(others[:5]) + (", …" if len(others) > 5 else "")
            text = f"{prefix.name} holds what other tools installed, which is not bundled: {names}"
            hint = f"`jupyter envs install {prefix.name} {others[0]}` makes it a package of the environment"
            self._reporter.report(Event(kind="warning", phase="solve", text=text, hint=hint))


def with_environments(bundle: Bundle, found: Mapping[str, BundledEnvironment]) -> Bundle:
    """Return a bundle with environments added; other platforms stay as long as the same is asked for. Pure."""
    merged = dict(bundle.environments)
    for name, new in found.items():
        old = merged.get(name)
        kept = old.platforms if old is not None and set(old.requested) == set(new.requested) else {}
        merged[name] = msgspec.structs.replace(new, platforms={**kept, **new.platforms})
    return msgspec.structs.replace(bundle, environments=dict(sorted(merged.items())))


def _environment(
    requested: Sequence[str],
    channels: Sequence[str],
    variables: Mapping[str, str],
    subdir: str,
    records: Sequence[RepodataRecord],
) -> BundledEnvironment:
    return BundledEnvironment(
        requested=tuple(without_login(spec) if "://" in spec else spec for spec in requested),
        channels=tuple(without_login(channel) for channel in channels),
        variables=dict(variables),
        platforms={subdir: Bundled(records=tuple(records))},
    )


def _named(bundle: Bundle) -> dict[str, str]:
    """Return the digest of each archive that a bundle names."""
    every = (one for environment in bundle.environments.values() for one in environment.platforms.values())
    return {
        bundled_path(record): record.sha256 or ""
        for bundled in every
        for record in bundled.records
        if not is_interpreter(record)
    }


def _report(
    request: BundleRequest, subdir: str, found: Mapping[str, BundledEnvironment], new_bytes: int
) -> BundleReport:
    archives = {
        bundled_path(record): record.size or 0
        for environment in found.values()
        for record in environment.platforms[subdir].records
        if not is_interpreter(record)
    }
    return BundleReport(
        output=request.output,
        names=tuple(found),
        subdir=subdir,
        archives=len(archives),
        bytes=sum(archives.values()),
        new_bytes=new_bytes,
    )
