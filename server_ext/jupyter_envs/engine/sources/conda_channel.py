"""Conda channels through rattler's Gateway: reachability, cached repodata, the names they claim.

Owns what a channel's answer means. Sharded repodata (CEP 16), ``base_url`` (CEP 15) and channel relations (CEP 42) are
the Gateway's. Refuses channels that do not exist, that ask for credentials, or whose repodata cannot be read; an
*unreachable* one is reported, not refused: that is the solve's decision.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from jupyter_envs.engine.fetch.urls import local_path, without_credentials
from jupyter_envs.engine.sources.base import from_rattler
from jupyter_envs.engine.sources.conda_http import make_client, probe
from jupyter_envs.engine.sources.conda_urls import ChannelRef, is_local
from jupyter_envs.errors import OfflineError, SourceError

if TYPE_CHECKING:
    from rattler import Channel, Gateway, RepoDataRecord

    from jupyter_envs.engine.models.records import RepodataRecord
    from jupyter_envs.settings import Settings

NAMES_SECONDS = 300.0

_DENIED = re.compile(r"\((?:401|407)\b")  # a 403 is as often a wall as a login: it counts as not reachable
_UNREADABLE = re.compile(r"at line \d+ column|deserializ|invalid type|expected value")
_NOT_CACHED = re.compile(r"the shard for package '([^']+)' is not in the cache")


class ChannelState(msgspec.Struct, frozen=True, kw_only=True):
    """What came of opening one channel.

    ``problem`` says why its host did not answer; ``cached`` that its repodata come from an earlier time all the same.
    """

    ref: ChannelRef
    names: frozenset[str] = frozenset()
    problem: str = ""
    cached: bool = False

    @property
    def usable(self) -> bool:
        """Whether the channel takes part in the solve."""
        return not self.problem or self.cached


class CondaChannels:
    """The channels of one request, opened once.

    Parameters
    ----------
    refs : sequence of ChannelRef
        In order of priority.
    settings : Settings
        ``repodata_directory`` holds the cache; proxies, certificates and ``subdir`` are used.
    offline : bool
        Ask nothing but local folders and the cache.
    """

    def __init__(self, refs: Sequence[ChannelRef], settings: Settings, *, offline: bool) -> None:
        self.refs = tuple(refs)
        self.states: tuple[ChannelState, ...] = ()
        self._settings = settings
        self._offline = offline
        self._from_cache: set[str] = set()
        self._gateway: Gateway | None = None

    @property
    def platforms(self) -> list[str]:
        """The platforms of the solve, as rattler wants them."""
        return list(dict.fromkeys((self._settings.subdir, "noarch")))

    @property
    def usable(self) -> tuple[ChannelState, ...]:
        """The channels that take part, in order."""
        return tuple(state for state in self.states if state.usable)

    @property
    def gateway(self) -> Gateway:
        """The Gateway over all channels; those that could not be reached answer from the cache."""
        if self._gateway is None:
            self._gateway = self._make_gateway()
        return self._gateway

    async def open(self) -> tuple[ChannelState, ...]:
        """Ask each channel for its names and say what came of it; ``SourceError`` when one must not be used."""
        self.states = tuple(await asyncio.gather(*(self._open(ref) for ref in self.refs)))
        return self.states

    def without_cached(self) -> None:
        """Leave out the channels that only have cached repodata: their archives could not be downloaded."""
        self.states = tuple(msgspec.structs.replace(state, cached=False) for state in self.states)

    def claims(self, name: str) -> bool:
        """Whether a usable channel has the name (strict priority: then no other source is asked)."""
        return any(name in state.names for state in self.usable)

    async def records(self, spec: str) -> list[RepodataRecord]:
        """Return the records that match a spec, from all usable channels, first channel first."""
        found = await self.query(spec)
        return [from_rattler(record) for record in found]

    async def versions(self, name: str) -> list[str]:
        """Return the versions of one name, in no order, each once."""
        return list(dict.fromkeys(str(record.version) for record in await self.query(name)))

    async def query(self, *specs: str) -> list[RepoDataRecord]:
        """Return rattler's records that match a spec or several, from all usable channels, first channel first."""
        from rattler.exceptions import GatewayError

        channels = [self.channel(state.ref) for state in self.usable]
        if not channels:
            return []
        try:
            result = await self.gateway.query(channels, self.platforms, list(specs), recursive=False)  # type: ignore[arg-type]  # plain strings are platforms too
        except GatewayError as error:
            raise self.read_error(error) from None
        return [record for group in result for record in group]

    async def not_cached(self, names: Iterable[str]) -> list[str]:
        """Return those names that a usable channel has and whose records are not at hand, without asking anyone."""
        missing = []
        for name in sorted({name for name in names if self.claims(name)}):
            try:
                await self.query(name)
            except OfflineError:
                missing.append(name)
        return missing

    @staticmethod
    def read_error(error: Exception) -> SourceError:
        """Return the error for a channel that failed after its names were read.

        With sharded repodata (CEP 16) each name has a file of its own, which may be missing from the cache.
        """
        missing = uncached_names(error)
        if missing:
            return missing_records(missing)
        return SourceError(
            f"a channel failed while it was read: {without_credentials(_cause(str(error)))}",
            hint="try again, or leave the channel out",
            code="source.failed",
        )

    def channel(self, ref: ChannelRef) -> Channel:
        """Return rattler's channel."""
        from rattler import Channel

        return Channel(ref.url)

    async def _open(self, ref: ChannelRef) -> ChannelState:
        from rattler.exceptions import GatewayError

        problem = "" if self._offline or is_local(ref.url) else await asyncio.to_thread(probe, ref.url, self._settings)
        if not problem:
            try:
                return ChannelState(ref=ref, names=await self._names(ref))
            except GatewayError as error:
                refused = refusal(ref, str(error), offline=self._offline)
                if refused is not None:
                    raise refused from None
                problem = without_credentials(_cause(str(error)))
        return await self._open_cached(ref, problem)

    async def _open_cached(self, ref: ChannelRef, problem: str) -> ChannelState:
        """Return the state of a channel that does not answer: its cached repodata, or none."""
        from rattler.exceptions import GatewayError

        if not self._offline:
            self._from_cache.add(ref.url)
            self._gateway = None
            try:
                return ChannelState(ref=ref, names=await self._names(ref), problem=problem, cached=True)
            except GatewayError:
                self._from_cache.discard(ref.url)
                self._gateway = None
        return ChannelState(ref=ref, problem=problem)

    async def _names(self, ref: ChannelRef) -> frozenset[str]:
        asking = self.gateway.names([self.channel(ref)], self.platforms)  # type: ignore[arg-type]  # see query
        try:
            names = await asyncio.wait_for(asking, NAMES_SECONDS)
        except TimeoutError:
            raise SourceError(
                f"channel {ref.shown} does not finish answering", hint="try again later, or `--offline`"
            ) from None
        return frozenset(name.normalized for name in names)

    def _make_gateway(self) -> Gateway:
        from rattler import Gateway, SourceConfig

        cache_only = SourceConfig(cache_action="force-cache-only")
        os.makedirs(self._settings.repodata_directory, exist_ok=True)
        return Gateway(
            cache_dir=self._settings.repodata_directory,  # type: ignore[arg-type]  # text is a path too
            default_config=cache_only if self._offline else SourceConfig(),
            per_channel_config=dict.fromkeys(self._from_cache, cache_only),
            client=make_client(self._settings),
        )


def refusal(ref: ChannelRef, text: str, *, offline: bool) -> SourceError | None:
    """Return the error for a channel that answered with a refusal, or ``None`` when it did not answer.

    Parameters
    ----------
    ref : ChannelRef
        The channel.
    text : str
        What the Gateway said: sentences of its own, one cause per line.
    offline : bool
        Nothing was asked: what is missing is only not cached.
    """
    shown = ref.shown
    if "could not find subdir" in text:
        if offline and not is_local(ref.url):
            return None
        return SourceError(
            f"there is no channel at {local_path(ref.url) or without_credentials(ref.url)}",
            hint="check the channel's name; each channel has a noarch/repodata.json (index a local one first)",
            code="source.no_channel",
            detail={"channel": shown},
        )
    if _DENIED.search(text):
        return SourceError(
            f"channel {shown} asks for credentials",
            hint="put them into ~/.netrc or into the channel's URL",
            code="source.credentials",
            detail={"channel": shown},
        )
    if _UNREADABLE.search(text) or is_local(ref.url):
        return SourceError(
            f"the repodata of channel {shown} cannot be read: {_cause(text)}",
            hint="index the channel again, or leave it out",
            code="source.repodata",
            detail={"channel": shown},
        )
    return None


def _cause(text: str) -> str:
    return text.strip().splitlines()[-1].strip().removeprefix("Caused by: ")


def missing_offline(state: ChannelState) -> OfflineError:
    """Return the error for a channel that was never asked while the network was there."""
    return OfflineError(
        f"nothing of channel {state.ref.shown} is cached",
        hint="run once without --offline, give a local channel with -c, or use `--source pypi`",
        detail={"channel": state.ref.shown},
    )


def uncached_names(error: Exception) -> list[str]:
    """Return the names that the Gateway says it has no cached records of."""
    return _NOT_CACHED.findall(str(error))


def missing_records(names: Iterable[str]) -> OfflineError:
    """Return the error for names whose records are in no cache while their channel cannot be asked."""
    missing = sorted(set(names))
    return OfflineError(
        f"nothing is cached of {', '.join(missing)}, and the channel is not asked",
        hint="run once when the channel can be reached, without --offline",
        detail={"missing": missing},
    )
