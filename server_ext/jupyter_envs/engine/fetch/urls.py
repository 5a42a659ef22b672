"""What a URL may show, where a local one leads, and where credentials are kept apart from it. Pure.

Records, plans and histories hold URLs without user, password and token; a fetch puts those of the channel back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote, urlsplit, urlunsplit

TOKEN = re.compile(r"/t/[^/]+/")


def without_credentials(url: str) -> str:
    """Return the URL without user, password, conda token and query; this form may be shown and stored.

    >>> without_credentials("https://me:secret@host.example/t/ab-12/channel/a.conda?sig=1")
    'https://host.example/channel/a.conda'
    """
    parts = urlsplit(url)
    if not parts.netloc:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, TOKEN.sub("/", parts.path), "", ""))


def without_login(url: str) -> str:
    """Return the URL without user, password and conda token, but with its query: this form may be stored and fetched.

    >>> without_login("https://me:secret@host.example/t/ab-12/channel/a.conda?sig=1")
    'https://host.example/channel/a.conda?sig=1'
    """
    if "@" not in url and "/t/" not in url:
        return url
    parts = urlsplit(url)
    if not parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], path=TOKEN.sub("/", parts.path)))


def with_login(url: str, channels: Iterable[str]) -> str:
    """Return the URL with the credentials of the first channel that has some and that the URL lies in.

    >>> with_login("https://host.example/channel/a.conda", ["https://me:secret@host.example/channel"])
    'https://me:secret@host.example/channel/a.conda'
    """
    for channel in channels:
        base = channel.rstrip("/")
        bare = without_login(base)
        if bare != base and url.startswith(f"{bare}/"):
            return base + url[len(bare) :]
    return url


def with_user(url: str, user: str, password: str) -> str:
    """Return the URL with a user name and a password.

    >>> with_user("https://host.example/a.whl", "me", "p@ss")
    'https://me:p%40ss@host.example/a.whl'
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}"))


def local_path(url: str) -> str | None:
    """Return the path that a ``file://`` URL or a plain path names, ``None`` for anything else.

    >>> local_path("file:///srv/a%20b.conda"), local_path("/srv/a.whl"), local_path("https://host.example/a.whl")
    ('/srv/a b.conda', '/srv/a.whl', None)
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return unquote(parts.path)
    return url if url.startswith(("/", "./", "../")) else None
