"""How channels are reached: the connection that is tried first, proxies, certificates, rattler's HTTP client.

Refuses nothing: what cannot be reached is a reason, in words.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from jupyter_envs.settings import Settings

if TYPE_CHECKING:
    from rattler.networking import Client

CONNECT_SECONDS = 4.0
RETRIES = 2

_REACHABLE: dict[tuple[str, int], str] = {}


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


def make_client(settings: Settings) -> Client:
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
