"""Channel texts become URLs, as conda reads them (CEP 26; ``channel_alias`` and ``custom_channels``). Pure.

Refuses texts that are neither a name, a URL nor a folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from jupyter_envs.engine.fetch.urls import without_credentials
from jupyter_envs.engine.models.origins import last_part
from jupyter_envs.errors import SpecError
from jupyter_envs.settings import Settings


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
        return last_part(self.url)

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
        The text is empty, or is no folder and has blanks in it.
    """
    text = text.strip()
    if not text or (any(c.isspace() for c in text) and not _is_path(text)):
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


def is_local(url: str) -> bool:
    """Whether a channel is a folder of this machine."""
    return url.startswith("file://")


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
