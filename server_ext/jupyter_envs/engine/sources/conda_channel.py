"""Conda channels through rattler's Gateway: names to URLs, reachability, cached repodata, the names they claim.

Owns how a channel text becomes a URL (CEP 26, conda's ``channel_alias`` and ``custom_channels``) and what an
unreachable channel means. Sharded repodata (CEP 16), ``base_url`` (CEP 15) and channel relations (CEP 42) are the
Gateway's. Refuses channels that do not exist, that ask for credentials, or whose repodata cannot be read; an
*unreachable* one is reported, not refused: that is the solve's decision.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from jupyter_envs.engine.fetch.urls import without_credentials
from jupyter_envs.engine.sources.base import from_rattler
from jupyter_envs.errors import OfflineError, SourceError, SpecError

if TYPE_CHECKING:
    from rattler import Channel, Gateway, RepoDataRecord
    from rattler.networking import Client

    from jupyter_envs.engine.models.records import RepodataRecord
    from jupyter_envs.settings import Settings

CONNECT_SECONDS = 4.0
NAMES_SECONDS = 300.0
RETRIES = 2

_DENIED = re.compile(r"\((?:401|407)\b")  # a 403 is as often a wall as a login: it counts as not reachable
_UNREADABLE = re.compile(r"at line \d+ column|deserializ|invalid type|expected value")
_REACHABLE: dict[tuple[str, int], str] = {}


class ChannelRef(msgspec.Struct, frozen=True):
    """A channel as asked for and where it is. ``url`` ends with a slash and may carry credentials."""

    text: str
    url: str

    @property
    def shown(self) -> str:
        """The text without credentials."""
        return without_credentials(self.text)

    @property
    def name(self) -> str:
        """The last part of the URL: what ``conda-forge::`` refers to."""
        return self.url.rstrip("/").rsplit("/", 1)[-1]

    def is_called(self, word: str) -> bool:
        """Whether ``word`` (a name, a URL or a path) means this channel."""
        word = Path(word).expanduser().absolute().as_uri() if _is_path(word) else word
        same_url = without_credentials(word).rstrip("/") == without_credentials(self.url).rstrip("/")
        return word in (self.text, self.name) or same_url

    def holds(self, url: str) -> bool:
        """Whether an archive's URL lies in this channel."""
        return without_credentials(url).startswith(without_credentials(self.url))


def channel_refs(texts: Iterable[str], settings: Settings) -> tuple[ChannelRef, ...]:
    """Return the channels of a request, in order, each once; ``defaults`` becomes what ``.condarc`` says it is."""
    refs: dict[str, ChannelRef] = {}
    for text in texts:
        several = settings.default_channels if text == "defaults" and settings.default_channels else (text,)
        for one in several:
            if one != "nodefaults":
                ref = ChannelRef(one, channel_url(one, settings))
                refs.setdefault(ref.url, ref)
    return tuple(refs.values())


def channel_url(text: str, settings: Settings) -> str:
    """Return the URL of a channel given as URL, path, custom channel or name.

    Raises
    ------
    SpecError
        The text is empty or has blanks in it, or names another platform's folder.
    """
    text = text.strip()
    if not text or any(c.isspace() for c in text):
        raise SpecError(f"not a channel: {text!r}", hint="give a name such as conda-forge, a URL or a folder")
    if "://" in text:
        return text.rstrip("/") + "/"
    if _is_path(text):
        return Path(text).expanduser().absolute().as_uri().rstrip("/") + "/"
    for custom, location in settings.custom_channels.items():
        if text == custom or text.startswith(custom + "/"):
            return _location(location) + "/" + text + "/"
    alias = settings.channel_alias or _default_alias()
    return _location(alias) + "/" + text.strip("/") + "/"


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

    async def query(self, spec: str) -> list[RepoDataRecord]:
        """Return rattler's records that match a spec, from all usable channels, first channel first."""
        channels = [self.channel(state.ref) for state in self.usable]
        if not channels:
            return []
        result = await self.gateway.query(channels, self.platforms, [spec], recursive=False)  # type: ignore[arg-type]  # plain strings are platforms too
        return [record for group in result for record in group]

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
            client=_client(self._settings),
        )


def is_local(url: str) -> bool:
    """Whether a channel is a folder of this machine."""
    return url.startswith("file://")


def probe(url: str, settings: Settings) -> str:
    """Return why a channel's host cannot be reached, or nothing when it can.

    Only a connection is made (to the proxy, where there is one): a host that does not answer costs four seconds instead
    of the minutes that retries on a silent one take. The answer is remembered for the life of the process.
    """
    parts = urlsplit(proxy_for(url, settings) or url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    if (host, port) not in _REACHABLE:
        try:
            socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
            _REACHABLE[host, port] = ""
        except OSError as error:
            _REACHABLE[host, port] = f"{host} cannot be reached ({error.strerror or error})"
    return _REACHABLE[host, port]


def proxy_for(url: str, settings: Settings) -> str:
    """Return the proxy that a URL goes through: from the settings, else the environment; empty when direct."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if parts.hostname and proxy_bypass(parts.hostname):
        return ""
    proxies = {**getproxies(), **settings.proxies}
    return proxies.get(f"{parts.scheme}://{parts.hostname}") or proxies.get(parts.scheme) or proxies.get("all") or ""


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
            f"there is no channel at {without_credentials(ref.url)}",
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


def _client(settings: Settings) -> Client:
    """Return the HTTP client: rattler's own credentials (netrc, keyring), the settings' proxies and certificates.

    rattler knows no client certificates; channels that want one are read through a proxy that has it.
    """
    from rattler import Config
    from rattler.networking import Client

    lines = []
    if settings.ssl_verify is False:
        lines.append("tls-no-verify = true")
    proxies = {key: settings.proxies[key] for key in ("http", "https") if settings.proxies.get(key)}
    if proxies:
        lines.append("[proxy-config]")
        lines += [f"{key} = {msgspec.json.encode(value).decode()}" for key, value in proxies.items()]
    with _trusting(settings.ssl_verify):
        return Client.from_config(Config.from_toml("\n".join(lines)), max_retries=RETRIES)


@contextmanager
def _trusting(ssl_verify: bool | str) -> Iterator[None]:
    """Have the certificates of a file or folder trusted by the client that is made meanwhile.

    rattler reads them from ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` when a client is made, and from nowhere else.
    """
    given = ssl_verify if isinstance(ssl_verify, str) else os.environ.get("REQUESTS_CA_BUNDLE", "")
    name = "SSL_CERT_DIR" if os.path.isdir(given) else "SSL_CERT_FILE"
    before = os.environ.get(name)
    if given:
        os.environ[name] = given
    try:
        yield
    finally:
        if given and before is None:
            del os.environ[name]
        elif before is not None:
            os.environ[name] = before


def _default_alias() -> str:
    from rattler import ChannelConfig

    return str(ChannelConfig()._channel_configuration.channel_alias)


def _location(text: str) -> str:
    if "://" in text:
        return text.rstrip("/")
    return Path(text).expanduser().absolute().as_uri() if _is_path(text) else "https://" + text.rstrip("/")


def _is_path(text: str) -> bool:
    """Whether a channel text is a folder: absolute, or it begins with ``.`` or ``~`` (conda's rule)."""
    return text.startswith(("/", "./", "../", "~", ".\\", "..\\")) or text in (".", "..") or Path(text).is_absolute()
