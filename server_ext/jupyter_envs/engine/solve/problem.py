"""One solve over all sources at once: the groups in order of priority, what is installed, and rattler's ``solve``.

Owns how our requests are spelled for rattler. Each channel is a group (``channel-0``, ``channel-1``, ...), the Python
index is the group ``pypi``, interpreters are ``interpreter``; what is installed joins the group it came from, so that
it stays solvable when its source forgets it. Refuses nothing: an unsolvable request is an ``Unsolvable``, for others
to explain.
"""

from __future__ import annotations

import datetime
import time
import warnings
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from jupyter_envs.engine.models.events import CancelToken
from jupyter_envs.engine.models.origins import is_interpreter, is_wheel
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.solve.lazy_index import LazyIndex
from jupyter_envs.engine.solve.pythons import PYTHON
from jupyter_envs.engine.solve.specs import INTERPRETER, PYPI, RequestedSpec
from jupyter_envs.engine.sources.base import MemorySource, from_rattler, is_synthetic, to_rattler
from jupyter_envs.engine.sources.conda_channel import CondaChannels, missing_records, uncached_names
from jupyter_envs.errors import OfflineError, SourceError, SpecError

OTHER = "installed"
WIDEN_FACTOR = 4
WIDEST = 64
WIDEN_SECONDS = 15.0

Limits = tuple[tuple[str, tuple[str, ...]], ...]


class Unsolvable(Exception):  # noqa: N818 - a result, not a fault
    """The requests cannot go together; holds rattler's text, which is for people only."""


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What a problem is set in.

    ``pypi`` makes the index for a window (how many versions of a name it offers) and the version limits on names;
    ``interpreter`` offers borrowed Pythons; ``None`` leaves either out. ``installed`` records stay available; those
    with ``kept`` names are preferred. ``any_python`` makes the same problem for all Pythons that there are.
    """

    channels: CondaChannels
    pypi: Callable[[int, Mapping[str, Sequence[str]]], LazyIndex] | None = None
    window: int = 16
    interpreter: Any | None = None
    installed: tuple[RepodataRecord, ...] = ()
    kept: frozenset[str] = frozenset()
    virtual_packages: tuple[Any, ...] = ()
    exclude_newer: datetime.datetime | None = None
    priority: str = "strict"
    any_python: Callable[[], Awaitable[Problem]] | None = None
    cancel: CancelToken


class Problem:
    """Everything of a solve but the requests, so that several sets of requests can be tried against it."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.channels = setup.channels
        self.solves = 0
        self.may_widen = True
        self._started = time.monotonic()
        self._window = setup.window
        self._indexes: dict[tuple[int, Limits], LazyIndex] = {}
        self._locked = [to_rattler(r, with_timestamp=False) for r in setup.installed if r.name in setup.kept]
        self.notes: list[str] = []
        self._glance: LazyIndex | None = None
        self._groups: dict[tuple[int, Limits], list[Any]] = {}

    async def solve(
        self, specs: Iterable[RequestedSpec], pins: Iterable[RequestedSpec] = ()
    ) -> tuple[RepodataRecord, ...]:
        """Return the records that fulfil the requests, in no order; ``Unsolvable`` when there are none."""
        specs, pins = tuple(specs), tuple(pins)
        limits = version_limits((*specs, *pins))
        while True:
            try:
                return self._ours(await self._by_priority(specs, pins, limits))
            except Unsolvable:
                if not await self._can_widen(specs, limits):
                    raise
                self._window *= WIDEN_FACTOR

    async def _by_priority(
        self, specs: Sequence[RequestedSpec], pins: Sequence[RequestedSpec], limits: Limits
    ) -> list[Any]:
        """Solve with the channels' priority; ``flexible`` is strict first, then whatever channel helps."""
        if self.setup.priority == "flexible":
            try:
                return await self._once(specs, pins, limits, strict=True)
            except Unsolvable:
                return await self._once(specs, pins, limits, strict=False)
        return await self._once(specs, pins, limits, strict=self.setup.priority == "strict")

    async def _once(
        self, specs: Sequence[RequestedSpec], pins: Sequence[RequestedSpec], limits: Limits, *, strict: bool
    ) -> list[Any]:
        from rattler import ChannelPriority, solve
        from rattler.exceptions import GatewayError, SolverError

        self.setup.cancel.check()
        self.solves += 1
        try:
            with self._listening():
                return await solve(
                    self._sources(limits),
                    self._texts(specs, strict=strict),
                    gateway=self.channels.gateway,
                    platforms=self.channels.platforms,  # type: ignore[arg-type]  # any text is a platform
                    locked_packages=self._locked,
                    virtual_packages=self.setup.virtual_packages,
                    channel_priority=ChannelPriority.Strict if strict else ChannelPriority.Disabled,
                    exclude_newer=self.setup.exclude_newer,
                    timestamp_policy="allow-missing",
                    constraints=[self.spell(pin) for pin in pins],
                )
        except SolverError as error:
            raise Unsolvable(str(error)) from None
        except GatewayError as error:
            raise await self._not_read(error, specs) from None

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Keep what rattler has to say of channels (CEP 42) as notes instead of printing it."""
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            yield
        self.notes += [text for text in dict.fromkeys(str(one.message) for one in said) if text not in self.notes]

    async def _not_read(self, error: Exception, specs: Iterable[RequestedSpec]) -> SourceError:
        """Return the error for sources that failed, naming all requested names that are not at hand."""
        failure = self.channels.read_error(error)
        if not isinstance(failure, OfflineError):
            return failure
        names = [spec.name for spec in specs]
        return missing_records([*await self.channels.not_cached(names), *uncached_names(error)])

    def settle(self) -> None:
        """Offer no more versions than by now: many sets of requests are about to be tried, and all alike."""
        self.may_widen = False

    def close(self) -> None:
        """Let the index's threads go."""
        for index in (*self._indexes.values(), self._glance):
            if index is not None:
                index.close()

    def index(self, limits: Limits = ()) -> LazyIndex | None:
        """Return the PyPI source for some version limits, or ``None`` when the index is not asked.

        Each set of limits has a source of its own: one that only knows of versions below 2 would make a request for
        something else fail.
        """
        if self.setup.pypi is None:
            return None
        key = (self._window, limits)
        if key not in self._indexes:
            self._indexes[key] = self.setup.pypi(self._window, dict(limits))
        return self._indexes[key]

    async def has(self, name: str) -> bool:
        """Whether any source has a name; the index is asked for its newest version only."""
        known = self.channels.claims(name) or any(record.name == name for record in self.setup.installed)
        if known or (name == PYTHON and self.setup.interpreter is not None):
            return True
        if self._glance is None and self.setup.pypi is not None:
            self._glance = self.setup.pypi(1, {})
        return self._glance is not None and bool(await self._glance.records(name))

    async def candidates(self, name: str) -> list[Any]:
        """Return rattler's records of a name from every source, first source first, solvable or not."""
        from rattler import PackageName, Subdir

        found = await self.channels.query(name)
        sources = [self.index(), self.setup.interpreter, MemorySource(self.setup.installed)]
        for source in sources:
            for platform in self.channels.platforms:
                if source is not None:
                    found += await source.fetch_package_records(Subdir(platform), PackageName(name))
        return found

    def spell(self, spec: RequestedSpec) -> str:
        """Return the MatchSpec text that rattler is given for a request, its source as the name of a group."""
        group = self._group_of(spec)
        return f"{group}::{spec.match}" if group else spec.match

    def _texts(self, specs: Sequence[RequestedSpec], *, strict: bool) -> list[str]:
        """Return what rattler is asked for, sorted: who is asked first may win a tie, which must not depend on order.

        rattler decides priority among the records that match a request's version; asking for the bare name as well
        makes the first channel that has the *name* win, as conda does.
        """
        specs = sorted(specs, key=lambda spec: (spec.name, spec.match, spec.source))
        texts = [self.spell(spec) for spec in specs]
        if strict and len(self.channels.usable) > 1:
            texts += [spec.name for spec in specs if not spec.source and spec.match != spec.name]
        return list(dict.fromkeys(texts + [extra for spec in specs for extra in self._extras(spec)]))

    def _extras(self, spec: RequestedSpec) -> list[str]:
        from jupyter_envs.engine.sources.names import extra_record_name

        return [f"{PYPI}::{extra_record_name(spec.name, extra)}" for extra in spec.extras]

    def _group_of(self, spec: RequestedSpec) -> str:
        if not spec.source or spec.source in (PYPI, INTERPRETER):
            return spec.source
        for index, state in enumerate(self.channels.states):
            if state.ref.is_called(spec.source):
                return f"channel-{index}"
        raise SpecError(
            f"{spec.text!r} asks for channel {spec.source}, which is not one of the request's",
            hint=f"add `-c {spec.source}`",
            code="spec.channel",
        )

    def _sources(self, limits: Limits) -> list[Any]:
        from rattler.repo_data.multi_source import MultiSource

        key = (self._window, limits)
        if key not in self._groups:
            members = self._members(limits)
            self._groups[key] = [MultiSource(name, sources) for name, sources in members.items() if sources]
        return self._groups[key]

    def _members(self, limits: Limits) -> dict[str, list[Any]]:
        """Return the sources of each group, in order of priority."""
        members: dict[str, list[Any]] = {}
        had: dict[str, list[RepodataRecord]] = {}
        for record in self.setup.installed:
            had.setdefault(self._home(record), []).append(record)
        for index, state in enumerate(self.channels.states):
            name = f"channel-{index}"
            members[name] = [self.channels.channel(state.ref)] if state.usable else []
        wheels = self.index(limits)
        members[PYPI] = [wheels] if wheels is not None else []
        members[INTERPRETER] = [self.setup.interpreter] if self.setup.interpreter is not None else []
        members[OTHER] = []
        for name, records in had.items():
            members[name].append(MemorySource(records, with_timestamp=False))
        return members

    def _home(self, record: RepodataRecord) -> str:
        """Return the group that an installed record belongs to."""
        if is_interpreter(record):
            return INTERPRETER
        if is_wheel(record):
            return PYPI
        for index, state in enumerate(self.channels.states):
            if state.ref.holds(record.url):
                return f"channel-{index}"
        return OTHER

    async def _can_widen(self, specs: Sequence[RequestedSpec], limits: Limits) -> bool:
        """Whether the index could offer more versions, in reasonable time, and more versions could help."""
        index = self.index(limits)
        spent = time.monotonic() - self._started > WIDEN_SECONDS or self._window >= WIDEST
        if not self.may_widen or index is None or not index.truncated or spent:
            return False
        return all([await self.has(spec.name) and await self.has_wheel(spec) for spec in specs])

    async def has_wheel(self, spec: RequestedSpec) -> bool:
        """Whether a request that only the index can fulfil has a wheel within its limits: others never find one."""
        elsewhere = spec.name == PYTHON or self.channels.claims(spec.name) or spec.source not in ("", PYPI)
        installed = any(record.name == spec.name for record in self.setup.installed)
        index = self.index(version_limits([spec]))
        return elsewhere or installed or index is None or bool(await index.records(spec.name))

    def _ours(self, solved: Iterable[Any]) -> tuple[RepodataRecord, ...]:
        """Return our records, without those that only stand for extras; what is installed as it is installed."""
        installed = {(r.name, r.version, r.build, r.subdir): r for r in self.setup.installed}
        records = []
        for record in map(from_rattler, solved):
            if is_synthetic(record.name):
                continue
            old = installed.get((record.name, record.version, record.build, record.subdir))
            records.append(old if old is not None and _same(old, record) else record)
        return tuple(records)


def version_limits(specs: Iterable[RequestedSpec]) -> Limits:
    """Return ``((name, (version limit, ...)), ...)`` of some requests, sorted."""
    limits: dict[str, set[str]] = {}
    for spec in specs:
        if spec.version:
            limits.setdefault(spec.name, set()).add(spec.version)
    return tuple((name, tuple(sorted(texts))) for name, texts in sorted(limits.items()))


def _same(old: RepodataRecord, new: RepodataRecord) -> bool:
    """Whether a solved record is the installed one: its digests agree where both have them."""
    if old.sha256 and new.sha256:
        return old.sha256 == new.sha256
    if old.md5 and new.md5:
        return old.md5 == new.md5
    return old.fn == new.fn
