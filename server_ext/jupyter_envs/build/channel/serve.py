"""Serve a channel's folder by HTTP: reading only, with ranges left to object stores and real servers.

Hidden files and ``broken/`` are not shown. Compressed repodata, shards and conditional requests (``If-Modified-Since``)
work, so that clients read a channel that did not change for almost nothing.
"""

from __future__ import annotations

import functools
import http.server
import sys
from pathlib import Path

from jupyter_envs.build.channel.folder import BROKEN


class ChannelHandler(http.server.SimpleHTTPRequestHandler):
    """GET and HEAD of what belongs to the channel."""

    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012  # the library's own attribute
        "": "application/octet-stream",
        ".json": "application/json",
        ".zst": "application/zstd",
        ".html": "text/html",
    }

    def send_head(self) -> object:  # type: ignore[override]  # the library's type is private
        """Answer 404 for what is no part of the channel."""
        parts = [part for part in self.path.split("?")[0].split("/") if part]
        if any(part.startswith((".", "%2e", "%2E")) for part in parts) or parts[:1] == [BROKEN]:
            self.send_error(404)
            return None
        return super().send_head()

    def log_message(self, format: str, *arguments: object) -> None:  # the library's name
        """Write one line for each request to standard error."""
        sys.stderr.write(f"{self.address_string()} {format % arguments}\n")


class Listener(http.server.ThreadingHTTPServer):
    """A thread for each connection. Where only five may wait, as in Python, clients that come together time out."""

    request_queue_size = 1024


def make_server(folder: Path, host: str, port: int) -> Listener:
    """Return a server over a folder that listens; ``port`` 0 takes a free one."""
    handler = functools.partial(ChannelHandler, directory=str(folder))
    return Listener((host, port), handler)
