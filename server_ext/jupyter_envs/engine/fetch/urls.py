"""What a URL may show and where a local one leads. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit, urlunsplit

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


def local_path(url: str) -> str | None:
    """Return the path that a ``file://`` URL or a plain path names, ``None`` for anything else.

    >>> local_path("file:///srv/a%20b.conda"), local_path("/srv/a.whl"), local_path("https://host.example/a.whl")
    ('/srv/a b.conda', '/srv/a.whl', None)
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return unquote(parts.path)
    return url if url.startswith(("/", "./", "../")) else None
