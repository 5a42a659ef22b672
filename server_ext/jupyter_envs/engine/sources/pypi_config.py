"""pip's own configuration: which indexes, folders of wheels, certificates and proxies to use.

Reads pip's files and variables in pip's order (machine, user, site, ``PIP_CONFIG_FILE``, ``PIP_*``; a later one wins)
and the sections ``global`` and ``install``. Names no host: without an ``index-url`` the index client's default holds.
Credentials in an address are kept apart from it, so that they never reach a record, a cache file or a message.
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from jupyter_envs.errors import SourceError

DEFAULT_TIMEOUT_SECONDS = 15.0
_SECTIONS = ("global", "install")
_TRUE = ("y", "yes", "t", "true", "on", "1")
_FALSE = ("n", "no", "f", "false", "off", "0", "")


class IndexAddress(msgspec.Struct, frozen=True):
    """One index or page of links. ``url`` carries no credentials; ``None`` is the index client's default."""

    url: str | None
    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"IndexAddress({self.url!r})"


class PipConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What pip would use. Paths are absolute; ``timeout`` counts seconds without a byte."""

    indexes: tuple[IndexAddress, ...] = (IndexAddress(None),)
    find_links: tuple[IndexAddress, ...] = ()
    cert: str | None = None
    client_cert: str | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    timeout: float = DEFAULT_TIMEOUT_SECONDS
    prereleases: bool = False

    def credentials_for(self, url: str) -> tuple[str, str] | None:
        """Return user name and password configured for the host of a URL, or ``None``."""
        host = urlsplit(url).netloc
        for address in (*self.indexes, *self.find_links):
            if address.username and address.url and urlsplit(address.url).netloc == host:
                return address.username, address.password
        return None

    def trusts(self, url: str) -> bool:
        """Whether pip was told to accept any certificate from the host of a URL."""
        parts = urlsplit(url)
        return parts.hostname in self.trusted_hosts or parts.netloc in self.trusted_hosts


def read_pip_config(
    environ: Mapping[str, str], *, platform: str = sys.platform, site_prefix: str = sys.prefix
) -> PipConfig:
    """Return pip's configuration.

    Parameters
    ----------
    environ : Mapping
        The environment: ``PIP_*``, ``PIP_CONFIG_FILE``, ``HOME``, ``XDG_CONFIG_*``, ``APPDATA``.
    platform : str
        ``sys.platform`` of the machine whose files are read.
    site_prefix : str
        Where the ``site`` file is: the prefix of the Python that runs.

    Raises
    ------
    SourceError
        When a file or a value cannot be read.
    """
    values: dict[str, str] = {}
    for path in pip_config_files(environ, platform=platform, site_prefix=site_prefix):
        values.update(_read_file(path))
    values.update(_read_environ(environ))
    return _interpret(values)


def pip_config_files(environ: Mapping[str, str], *, platform: str, site_prefix: str) -> list[Path]:
    """Return the files pip reads, least important first; they need not exist."""
    chosen = environ.get("PIP_CONFIG_FILE", "")
    if chosen == os.devnull:
        return []
    name = "pip.ini" if platform == "win32" else "pip.conf"
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or Path.home())
    files = _machine_files(environ, platform, name)
    if not (chosen and Path(chosen).exists()):
        files += _user_files(environ, platform, name, home)
    files.append(Path(site_prefix) / name)
    if chosen:
        files.append(Path(chosen))
    return files


def _machine_files(environ: Mapping[str, str], platform: str, name: str) -> list[Path]:
    if platform == "win32":
        return [Path(environ.get("PROGRAMDATA") or "C:\\ProgramData") / "pip" / name]
    if platform == "darwin":
        return [Path("/Library/Application Support/pip") / name]
    folders = [folder for folder in (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep) if folder]
    return [*(Path(folder) / "pip" / name for folder in folders), Path("/etc") / name]


def _user_files(environ: Mapping[str, str], platform: str, name: str, home: Path) -> list[Path]:
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    if platform == "win32":
        return [home / "pip" / name, Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "pip" / name]
    if platform == "darwin":
        support = home / "Library" / "Application Support" / "pip"
        return [home / ".pip" / name, (support if support.is_dir() else home / ".config" / "pip") / name]
    return [home / ".pip" / name, config / "pip" / name]


def _read_file(path: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        text = path.read_text(encoding="utf-8")
        parser.read_string(text)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise SourceError(
            f"pip's configuration file cannot be read: {path}",
            hint="correct it (`pip config debug` shows what pip reads), or set PIP_CONFIG_FILE to another file",
            code="source.pip_config",
            detail={"path": str(path), "error": str(error)},
        ) from error
    values: dict[str, str] = {}
    for section in _SECTIONS:
        if parser.has_section(section):
            values.update({key.lower().replace("_", "-"): value for key, value in parser.items(section)})
    return values


def _read_environ(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name[4:].lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("PIP_") and value and name not in ("PIP_CONFIG_FILE", "PIP_VERSION")
    }


def _interpret(values: Mapping[str, str]) -> PipConfig:
    """Return the settings that pip's option names and texts stand for."""
    index = values.get("index-url") or values.get("pypi-url")
    main = parse_address(index) if index else IndexAddress(None)
    more = [parse_address(url) for url in values.get("extra-index-url", "").split()]
    without = _flag(values, "no-index")
    return PipConfig(
        indexes=() if without else (main, *more),
        find_links=tuple(parse_address(link) for link in values.get("find-links", "").split()),
        cert=_path(values.get("cert")),
        client_cert=_path(values.get("client-cert")),
        proxy=values.get("proxy") or None,
        trusted_hosts=tuple(values.get("trusted-host", "").split()),
        timeout=_seconds(values.get("timeout") or values.get("default-timeout")),
        prereleases=_flag(values, "pre"),
    )


def parse_address(text: str) -> IndexAddress:
    """Return an index URL, or a folder given as a path or ``file:`` URL, with its credentials set apart."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https", "file"):
        return IndexAddress(Path(text).expanduser().absolute().as_uri())
    if parts.scheme == "file" or "@" not in parts.netloc:
        return IndexAddress(text.rstrip("/"))
    userinfo, _, host = parts.netloc.rpartition("@")
    username, _, password = userinfo.partition(":")
    url = urlunsplit((parts.scheme, host, parts.path, parts.query, "")).rstrip("/")
    return IndexAddress(url, unquote(username), unquote(password))


def _path(text: str | None) -> str | None:
    return str(Path(text).expanduser().absolute()) if text else None


def _flag(values: Mapping[str, str], name: str) -> bool:
    text = values.get(name, "").strip().lower()
    if text not in (*_TRUE, *_FALSE):
        raise SourceError(
            f"pip's option {name} is neither yes nor no: {text!r}",
            hint=f"set it to true or false (`pip config debug` shows where; PIP_{name.upper().replace('-', '_')})",
            code="source.pip_config",
        )
    return text in _TRUE


def _seconds(text: str | None) -> float:
    if not text:
        return DEFAULT_TIMEOUT_SECONDS
    try:
        return max(float(text), 0.1)
    except ValueError as error:
        raise SourceError(
            f"pip's option timeout is not a number of seconds: {text!r}",
            hint="set it to a number (`pip config debug` shows where it is set)",
            code="source.pip_config",
        ) from error
