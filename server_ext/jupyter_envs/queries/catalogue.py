"""The channels' names, held in memory, and records of single names; each channel is opened once and refreshed when old.

Owns what "has not answered yet" means: a question waits for a channel only so long, the opening goes on, and the next
question finds it done. Refuses to fail for one channel: its fault is a ``SourceProblem``, the others answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from jupyter_envs.engine.sources.conda_channel import CondaChannels, missing_offline
from jupyter_envs.engine.sources.conda_urls import ChannelRef, channel_refs
from jupyter_envs.errors import EnvsError, SourceError
from jupyter_envs.queries.ranking import Names
from jupyter_envs.settings import Settings

if TYPE_CHECKING:
    from rattler import RepoDataRecord, VersionWithSource

FRESH_SECONDS = 900.0
RETRY_SECONDS = 30.0
QUERIES_AT_ONCE = 16


class SourceProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a source's part is missing from an answer. ``channel`` is a channel, or ``pypi``."""

    channel: str
    message: str
    hint: str = ""


class OpenChannel:
    """One channel that answered: its names, and a way to its records."""

    def __init__(self, ref: ChannelRef, channels: CondaChannels) -> None:
        self.ref = ref
        self.names = Names(channels.states[0].names)
        self.problem = channels.states[0].problem
        self._channels = channels
        self._newest: dict[str, str] = {}
        self._asking: dict[str, asyncio.Task[str]] = {}

    async def records(self, name: str) -> list[RepoDataRecord]:
        """Return the records of one name."""
        return await self._channels.query(name)

    async def newest(self, names: Sequence[str], wait: float) -> dict[str, str]:
        """Return the newest versions that are known within ``wait`` seconds; asking for the others goes on."""
        for name in names:
            if name not in self._newest and name not in self._asking and len(self._asking) < QUERIES_AT_ONCE:
                task = asyncio.get_running_loop().create_task(self._ask_newest(name))
                self._asking[name] = task
                task.add_done_callback(lambda done, name=name: self._keep(name, done))  # type: ignore[misc]  # default
        asked = [self._asking[name] for name in names if name in self._asking]
        if asked:
            await asyncio.wait(asked, timeout=wait)
        return {name: self._newest[name] for name in names if self._newest.get(name)}

    async def newest_of(self, names: Sequence[str], wait: float) -> dict[str, str]:
        """Return the newest version of each name; ``TimeoutError`` after ``wait`` seconds."""
        records = await asyncio.wait_for(self._channels.query(*names), wait) if names else []
        newest: dict[str, VersionWithSource] = {}
        for record in records:
            name = record.name.normalized
            if name not in newest or record.version > newest[name]:
                newest[name] = record.version
        return {name: str(version) for name, version in newest.items()}

    async def _ask_newest(self, name: str) -> str:
        records = await self._channels.query(name)
        return str(max(record.version for record in records)) if records else ""

    def _keep(self, name: str, task: asyncio.Task[str]) -> None:
        self._asking.pop(name, None)
        failed = task.cancelled() or task.exception() is not None
        self._newest[name] = "" if failed else task.result()


class _Entry:
    """A channel that is being opened or was, and when."""

    def __init__(self, task: asyncio.Task[OpenChannel]) -> None:
        self.task = task
        self.since = time.monotonic()
        self.good: OpenChannel | None = None

    @property
    def outdated(self) -> bool:
        if not self.task.done():
            return False
        limit = RETRY_SECONDS if _failure(self.task) else FRESH_SECONDS
        return time.monotonic() - self.since > limit


class Catalogue:
    """All channels that were asked for.

    Parameters
    ----------
    settings : Settings
        How channels are reached, and where their repodata are kept.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._entries: dict[str, _Entry] = {}

    async def open(self, texts: Iterable[str], wait: float) -> tuple[list[OpenChannel], list[SourceProblem]]:
        """Return the channels that are open within ``wait`` seconds, in order, and why others are not.

        Parameters
        ----------
        texts : iterable of str
            Channels as ``Settings.channels`` has them.
        wait : float
            Seconds; opening goes on after it.

        Raises
        ------
        SpecError
            A text is no channel.
        """
        refs = channel_refs(texts, self._settings)
        entries = [self._entry(ref) for ref in refs]
        pending = [entry.task for entry in entries if entry.good is None and not entry.task.done()]
        if pending:
            await asyncio.wait(pending, timeout=wait)
        opened, problems = [], []
        for ref, entry in zip(refs, entries, strict=True):
            problem = _problem(ref, entry)
            if problem is not None:
                problems.append(problem)
            if entry.good is not None:
                opened.append(entry.good)
        return opened, problems

    def _entry(self, ref: ChannelRef) -> _Entry:
        entry = self._entries.get(ref.url)
        if entry is None or entry.outdated:
            old = entry.good if entry is not None else None
            entry = _Entry(asyncio.get_running_loop().create_task(self._open(ref)))
            entry.good = old
            entry.task.add_done_callback(lambda task, entry=entry: _keep(entry, task))  # type: ignore[misc]  # default
            self._entries[ref.url] = entry
        return entry

    async def _open(self, ref: ChannelRef) -> OpenChannel:
        channels = CondaChannels([ref], self._settings, offline=self._settings.offline)
        (state,) = await channels.open()
        if state.usable and (state.names or not self._settings.offline):
            return OpenChannel(ref, channels)
        if self._settings.offline:
            raise missing_offline(state)
        raise SourceError(f"channel {ref.shown} cannot be reached: {state.problem}", hint="try again when it can")


def _keep(entry: _Entry, task: asyncio.Task[OpenChannel]) -> None:
    entry.since = time.monotonic()
    if _failure(task) is None:
        entry.good = task.result()


def _failure(task: asyncio.Task[OpenChannel]) -> BaseException | None:
    return asyncio.CancelledError() if task.cancelled() else task.exception()


def _problem(ref: ChannelRef, entry: _Entry) -> SourceProblem | None:
    """Return why a channel's answer is missing or may be old."""
    if not entry.task.done():
        return None if entry.good else SourceProblem(channel=ref.shown, message=f"{ref.shown} has not answered yet")
    error = _failure(entry.task)
    if isinstance(error, EnvsError):
        return SourceProblem(channel=ref.shown, message=error.message, hint=error.hint)
    if error is not None:
        return SourceProblem(channel=ref.shown, message=f"{ref.shown} cannot be read: {error}")
    said = entry.good.problem if entry.good else ""
    return (
        SourceProblem(channel=ref.shown, message=f"{ref.shown} answers from an earlier time: {said}") if said else None
    )
