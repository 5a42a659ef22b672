"""The HTTP session that every download and index request goes through.

Owns retries, proxies, certificates and the user agent. What the settings say wins over the environment, which wins over
pip's configuration. Refuses nothing: policy on hosts belongs to the sources.
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from jupyter_envs.settings import Settings

RETRIES = 5
BACKOFF_SECONDS = 0.3
RETRY_AFTER_LIMIT_SECONDS = 120
RETRY_STATUSES = (408, 429, 500, 502, 503, 504)
CONNECTIONS = 16
CONNECT_TIMEOUT_SECONDS = 10.0
READ_TIMEOUT_SECONDS = 60.0


class EngineSession(requests.Session):
    """A session with default timeouts whose explicit settings are not overridden by the environment.

    requests lets ``REQUESTS_CA_BUNDLE`` and proxy variables win over the session's own values; here a value that the
    person wrote into the settings wins.
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        super().__init__()
        self._settings = settings
        self._pip_certificate = None if settings.ssl_verify is not True else pip_certificate(environ)

    def merge_environment_settings(
        self,
        url: str | bytes | None,
        proxies: MutableMapping[str, str] | None,
        stream: bool | None,
        verify: bool | str | None,
        cert: str | tuple[str, str] | None,
    ) -> Any:  # requests' own result type is private to its stubs
        """Merge request, settings and environment, in this order of precedence."""
        asked = dict(proxies or {})
        if verify in (None, True) and self._settings.ssl_verify is not True:
            verify = self._settings.ssl_verify
        merged = super().merge_environment_settings(url, dict(asked), stream, verify, cert)
        merged["proxies"] = {**merged["proxies"], **self._settings.proxies, **asked}
        if merged["verify"] in (None, True) and self._pip_certificate is not None:
            merged["verify"] = self._pip_certificate
        return merged

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request; ``timeout`` defaults to the engine's own, so that no request waits for ever."""
        if kwargs.get("timeout") is None and len(args) < 7:
            kwargs["timeout"] = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
        return super().request(method, url, *args, **kwargs)


def make_session(settings: Settings, environ: Mapping[str, str] | None = None) -> requests.Session:
    """Return a session that retries and that honours proxies, certificates and netrc.

    Parameters
    ----------
    settings : Settings
        ``proxies``, ``ssl_verify`` (``True``, ``False`` or a path of certificates) and ``client_cert`` are used.
    environ : mapping, optional
        Where pip's configuration is looked for; the process's environment by default.

    Notes
    -----
    Retried are connection errors and the statuses 408, 429 and 5xx, five times, with growing pauses;
    ``Retry-After`` is honoured up to two minutes. The last response is returned, not raised, so that the caller can
    say what the server answered. ``netrc`` and ``NO_PROXY`` work as everywhere in requests.
    """
    session = EngineSession(settings, os.environ if environ is None else environ)
    session.headers["User-Agent"] = user_agent()
    if settings.client_cert is not None:
        session.cert = settings.client_cert
    adapter = HTTPAdapter(pool_connections=CONNECTIONS, pool_maxsize=CONNECTIONS, max_retries=_retry())
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def user_agent() -> str:
    """Return the ``User-Agent`` header: this project and its Python."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        own = version("jupyter-envs")
    except PackageNotFoundError:
        own = "0"
    return f"jupyter-envs/{own} python/{sys.version_info.major}.{sys.version_info.minor} {sys.platform}"


def pip_certificate(environ: Mapping[str, str]) -> str | None:
    """Return the certificate file that pip is configured with, or ``None``.

    ``PIP_CERT`` comes first, then ``cert`` of the ``[global]`` section in ``PIP_CONFIG_FILE``, the user's and the
    machine's configuration file, as pip reads them.
    """
    given = environ.get("PIP_CERT")
    if given:
        return str(Path(given).expanduser())
    for path in pip_configuration_files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue  # pip itself reports a broken file; here it only means "no certificate from it"
        found = parser.get("global", "cert", fallback="").strip()
        if found:
            return str(Path(found).expanduser())
    return None


def pip_configuration_files(environ: Mapping[str, str]) -> list[Path]:
    """Return the files that pip would read, most important first; they need not exist."""
    home = Path(environ.get("HOME") or Path.home())
    own = environ.get("PIP_CONFIG_FILE")
    if own == os.devnull:
        return []
    config_home = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    machine = [Path(folder) for folder in (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep) if folder]
    name = "pip.ini" if sys.platform == "win32" else "pip.conf"
    files = [Path(own)] if own else []
    files += [Path(sys.prefix) / name, config_home / "pip" / name, home / ".pip" / name]
    if sys.platform == "win32" and environ.get("APPDATA"):
        files.append(Path(environ["APPDATA"]) / "pip" / name)
    files += [Path("/etc") / name, *(folder / "pip" / name for folder in machine)]
    return files


def _retry() -> Retry:
    return Retry(
        total=RETRIES,
        connect=3,
        read=3,
        backoff_factor=BACKOFF_SECONDS,
        status_forcelist=RETRY_STATUSES,
        allowed_methods=frozenset({"GET", "HEAD"}),
        raise_on_status=False,
        respect_retry_after_header=True,
        retry_after_max=RETRY_AFTER_LIMIT_SECONDS,
    )
