"""From a request to the records of the new state: opens the sources, solves, orders, and explains when it cannot be.

Owns which sources take part (a name that a conda channel has is the channel's; Python comes from an interpreter when no
channel has one) and what an unreachable channel means for a new and for an existing environment.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from jupyter_envs.engine.models.events import CancelToken, Event, Reporter
from jupyter_envs.engine.models.origins import is_interpreter, is_wheel
from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.models.times import parse_time
from jupyter_envs.engine.solve.lazy_index import LazyIndex
from jupyter_envs.engine.solve.memory import MemoryGuard
from jupyter_envs.engine.solve.order import topological_order
from jupyter_envs.engine.solve.problem import Problem, Setup, Unsolvable, version_limits
from jupyter_envs.engine.solve.pythons import PYTHON, candidate_pythons
from jupyter_envs.engine.solve.request import Solution, SolveRequest
from jupyter_envs.engine.solve.specs import INTERPRETER, PYPI, RequestedSpec, parse_specs
from jupyter_envs.engine.sources.conda_channel import ChannelState, CondaChannels, missing_offline
from jupyter_envs.engine.sources.conda_urls import ChannelRef, channel_refs
from jupyter_envs.errors import EnvsError, SourceError, SpecError
from jupyter_envs.settings import SOURCES, Settings

if TYPE_CHECKING:
    from jupyter_envs.engine.sources.pypi import PypiSource

T = TypeVar("T")
IndexMaker = Callable[[int, Mapping[str, Sequence[str]]], LazyIndex]
CANCEL_SECONDS = 0.1
WINDOW = 16
MOVED_SHOWN = 5


def solve(request: SolveRequest, settings: Settings, reporter: Reporter, cancel: CancelToken) -> Solution:
    """Return the records that fulfil a request.

    Parameters
    ----------
    request : SolveRequest
        What is asked.
    settings : Settings
        Channels, sources and caches, where the request does not say otherwise.
    reporter : Reporter
        Gets one ``solve`` phase and the warnings.
    cancel : CancelToken
        Asked ten times a second.

    Raises
    ------
    SpecError
        A text of the request cannot be read.
    SolveError
        The requests cannot go together, or a name is unknown; ``detail["conflict"]`` explains.
    SourceError, OfflineError
        A channel does not exist, refuses, or is needed and not reachable.
    CancelledError
        Stopping was asked for.
    """
    cancel.check()
    reporter.report(Event(kind="phase", phase="solve", total=1, text="solving"))
    solution = asyncio.run(_cancellable(_Solver(request, settings, cancel).run(), cancel))
    for warning in solution.warnings:
        code: dict[str, object] = {"code": warning.code}
        reporter.report(Event(kind="warning", phase="solve", text=warning.message, hint=warning.hint, data=code))
    return solution


async def _cancellable(work: Awaitable[T], cancel: CancelToken) -> T:
    """Await the work, looking at the token and at the memory now and then."""
    task, memory = asyncio.ensure_future(work), MemoryGuard()
    while not task.done():
        await asyncio.wait({task}, timeout=CANCEL_SECONDS)
        if task.done():
            break
        try:
            memory.check()
            cancel.check()
        except EnvsError:
            task.cancel()
            await asyncio.wait({task})
            raise
    return task.result()


class _Solver:
    """One solve: the request, and what is found out on the way."""

    def __init__(self, request: SolveRequest, settings: Settings, cancel: CancelToken) -> None:
        self.request = request
        self.settings = settings
        self.cancel = cancel
        self.specs = parse_specs(request.specs)
        self.pins = parse_specs(request.pinned)
        self.sources = _sources_in_use(request, settings)
        self.exclude_newer = parse_time(request.exclude_newer or settings.exclude_newer)
        self.offline = request.offline or settings.offline
        texts = request.channels if request.channels is not None else settings.channels
        refs = _channels_of(texts, self.specs, settings) if "conda" in self.sources else ()
        self.channels = CondaChannels(refs, settings, offline=self.offline)
        self.forced = frozenset(spec.name for spec in self.specs if spec.source == PYPI)
        self.warnings: list[PlanWarning] = []

    async def run(self) -> Solution:
        await self.channels.open()
        if self.request.new_environment and not self.offline and set(self.sources) != {"conda"}:
            self.channels.without_cached()
        self.warnings += judge_channels(
            self.channels.states, self.request, self.specs, self.sources, offline=self.offline
        )
        self.specs = tuple(self._canonical(spec) for spec in self.specs)
        problem = await self._problem()
        try:
            records = await problem.solve(self.specs, self.pins)
        except Unsolvable as error:
            from jupyter_envs.engine.solve.explain import explain

            raise with_silent_channels(
                await explain(problem, self.specs, self.pins, str(error)), self.channels.states
            ) from None
        finally:
            problem.close()
        index = problem.index(version_limits((*self.specs, *self.pins)))
        self.warnings += index.warnings if index is not None else []
        self.warnings += [PlanWarning(code="channel.note", message=note) for note in problem.notes]
        self.warnings += moved_sources(self.request.installed, records)
        return Solution(
            records=topological_order(records),
            warnings=_unique(self.warnings),
            channels=tuple(state.ref.shown for state in self.channels.states),
            sources=self.sources,
        )

    def _canonical(self, spec: RequestedSpec) -> RequestedSpec:
        """Return the request under its records' name: ``torch`` is ``pytorch`` unless a channel has a ``torch``."""
        from jupyter_envs.engine.sources.names import canonical_name

        name = canonical_name(spec.name)
        installed = {record.name for record in self.request.installed}
        if spec.source or name == spec.name or spec.name in installed or self.channels.claims(spec.name):
            return spec
        return msgspec.structs.replace(spec, name=name, match=name + spec.match[len(spec.name) :])

    async def _problem(self, *, any_python: bool = False) -> Problem:
        """Return the problem to solve; with ``any_python`` the installed Python and the limits on it do not count."""
        from jupyter_envs.engine.sources.virtual_packages import detect_virtual_packages, to_generic

        virtual = detect_virtual_packages(self.settings.subdir, os.environ)
        interpreters = self._interpreters()
        kept = {record.name for record in self.request.installed if not self.request.is_unlocked(record.name)}
        setup = Setup(
            channels=self.channels,
            pypi=self._index(interpreters, virtual, any_python=any_python),
            window=WINDOW,
            interpreter=self._interpreter_source(interpreters),
            installed=self.request.installed,
            kept=frozenset(kept - {PYTHON} if any_python else kept),
            virtual_packages=tuple(to_generic(virtual)),
            exclude_newer=self.exclude_newer,
            priority=self.settings.channel_priority,
            any_python=None if any_python else lambda: self._problem(any_python=True),
            cancel=self.cancel,
        )
        return Problem(setup)

    async def _pythons(self, interpreters: Sequence[Any], *, any_python: bool) -> tuple[str, ...]:
        specs, pins = ((), ()) if any_python else (self.specs, self.pins)
        installed = [record.version for record in self.request.installed if record.name == PYTHON]
        keep = not any_python and not self.request.is_unlocked(PYTHON)
        return await candidate_pythons(installed, specs, pins, self.channels, interpreters, keep=keep, every=any_python)

    def _interpreters(self) -> list[Any]:
        """Return the interpreters that may be borrowed: none when a channel has Python and nobody asked for one."""
        asked = any(spec.source == INTERPRETER for spec in self.specs)
        if INTERPRETER not in self.sources or (self.channels.claims(PYTHON) and not asked):
            return []
        from jupyter_envs.engine.sources.interpreter import find_interpreters

        return list(find_interpreters(os.environ))

    def _interpreter_source(self, interpreters: Sequence[Any]) -> Any | None:
        if not interpreters:
            return None
        from jupyter_envs.engine.sources.interpreter import InterpreterSource

        return InterpreterSource(interpreters, self.settings.subdir)

    def _index(
        self, interpreters: Sequence[Any], virtual: Mapping[str, tuple[str, str]], *, any_python: bool
    ) -> IndexMaker | None:
        """Return what makes the index for a window and version limits, or ``None`` when it is not asked."""
        if PYPI not in self.sources:
            return None
        pythons: list[tuple[str, ...]] = []

        async def make(window: int, wanted: Mapping[str, Sequence[str]]) -> PypiSource:
            from jupyter_envs.engine.sources.pypi import PypiSource

            if not pythons:
                pythons.append(await self._pythons(interpreters, any_python=any_python))
            return PypiSource(
                self.settings,
                subdir=self.settings.subdir,
                python_versions=pythons[0],
                virtual_packages={name: version for name, (version, _) in virtual.items()},
                offline=self.offline,
                exclude_newer=self.exclude_newer,
                forced=self.forced,
                claimed=self._claimed,
                window=window,
                wanted=wanted,
            )

        return lambda window, wanted: LazyIndex(lambda: make(window, wanted), self._concerns_index)

    def _concerns_index(self, name: str) -> bool:
        """Whether a name may come from the index: no channel has it, or it was asked for from there."""
        return not name.startswith("__") and (name in self.forced or not self.channels.claims(name))

    async def _claimed(self, name: str) -> bool:
        return self.channels.claims(name)


def _channels_of(texts: Sequence[str], specs: Sequence[RequestedSpec], settings: Settings) -> tuple[ChannelRef, ...]:
    """Return the channels of a request, and after them those that only a spec's prefix names."""
    refs = channel_refs(texts, settings)
    prefixes = [spec.source for spec in specs if spec.source not in ("", PYPI, INTERPRETER)]
    others = [prefix for prefix in prefixes if not any(ref.is_called(prefix) for ref in refs)]
    return channel_refs((*texts, *others), settings)


def _sources_in_use(request: SolveRequest, settings: Settings) -> tuple[str, ...]:
    """Return the kinds of sources that take part; ``SpecError`` for an unknown word.

    The index alone has no Python: interpreters come with it where channels do not.
    """
    given = request.sources if request.sources is not None else settings.sources
    for source in given:
        if source not in SOURCES:
            raise SpecError(f"there is no source {source!r}", hint=f"sources are {', '.join(SOURCES)}")
    wheels_alone = PYPI in given and "conda" not in given
    return tuple(source for source in SOURCES if source in given or (wheels_alone and source == INTERPRETER))


def judge_channels(
    states: Sequence[ChannelState],
    request: SolveRequest,
    specs: Sequence[RequestedSpec],
    sources: Sequence[str],
    *,
    offline: bool,
) -> list[PlanWarning]:
    """Decide what channels that did not answer mean; return the warnings.

    A new environment falls back to the other sources. So does an existing one without packages from the channel. One
    that has some is solved from cached repodata, else refused.

    Raises
    ------
    SourceError
        The channel is needed and neither it nor its cached repodata are there.
    OfflineError
        The same, while offline.
    """
    warnings = []
    fallback = [source for source in sources if source != "conda"]
    others = any(state.usable for state in states)
    for state in states:
        if not state.problem:
            continue
        if state.cached:
            warnings.append(_cached_warning(state))
            continue
        named = any(spec.source and state.ref.is_called(spec.source) for spec in specs)
        needed = named or any(_came_from(record, state) for record in request.installed)
        if needed or not (fallback or others):
            raise missing_offline(state) if offline else _unreachable_error(state)
        warnings.append(_fallback_warning(state, fallback, offline=offline))
    return warnings


def with_silent_channels(error: EnvsError, states: Sequence[ChannelState]) -> EnvsError:
    """Return the error of a solve that failed; channels that had no part in it since they did not answer are named."""
    silent = [state for state in states if not state.usable]
    if not silent:
        return error
    shown = " and ".join(state.ref.shown for state in silent)
    return type(error)(
        f"{error.message}; {shown} cannot be reached ({silent[0].problem})",
        hint=f"try again when {shown} can be reached; without it: {error.hint}" if error.hint else "",
        code=error.code,
        detail={**error.detail, "unreachable": [state.ref.shown for state in silent]},
    )


def moved_sources(before: Sequence[RepodataRecord], after: Sequence[RepodataRecord]) -> list[PlanWarning]:
    """Return a warning for packages that come from another kind of source than the installed ones.

    That happens when a channel could not be reached at first: its packages replace the wheels as these are updated.
    """
    kinds = {record.name: _kind(record) for record in before}
    moved = sorted(record.name for record in after if kinds.get(record.name, _kind(record)) != _kind(record))
    if not moved:
        return []
    shown = ", ".join(moved[:MOVED_SHOWN]) + (
        f" and {len(moved) - MOVED_SHOWN} more" if len(moved) > MOVED_SHOWN else ""
    )
    return [
        PlanWarning(
            code="source.moved",
            message=f"packages change their source: {shown}",
            hint="`--source pypi` keeps to the Python index, `--source conda` to channels",
        )
    ]


def _kind(record: RepodataRecord) -> str:
    return INTERPRETER if is_interpreter(record) else PYPI if is_wheel(record) else "conda"


def _unique(warnings: Sequence[PlanWarning]) -> tuple[PlanWarning, ...]:
    return tuple({(one.code, one.message): one for one in warnings}.values())


def _came_from(record: RepodataRecord, state: ChannelState) -> bool:
    return not is_wheel(record) and not is_interpreter(record) and state.ref.holds(record.url)


def _cached_warning(state: ChannelState) -> PlanWarning:
    return PlanWarning(
        code="channel.cached",
        message=f"channel {state.ref.shown} cannot be reached; its cached repodata is used",
        hint=state.problem,
    )


def _fallback_warning(state: ChannelState, fallback: Sequence[str], *, offline: bool) -> PlanWarning:
    reason = "is not cached" if offline else "cannot be reached"
    instead = " and ".join(fallback) if fallback else "the other channels"
    return PlanWarning(
        code="channel.unreachable",
        message=f"channel {state.ref.shown} {reason}; packages come from {instead} instead",
        hint=state.problem,
    )


def _unreachable_error(state: ChannelState) -> SourceError:
    return SourceError(
        f"channel {state.ref.shown} cannot be reached and nothing of it is cached: {state.problem}",
        hint="put credentials for it into ~/.netrc, give another channel with -c, or use `--source pypi`"
        if "403" in state.problem
        else "try again when it can, give another with -c, or take packages from the Python index with `--source pypi`",
        code="source.unreachable",
        detail={"channel": state.ref.shown, "reason": state.problem},
    )
