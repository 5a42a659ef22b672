"""What ``jupyterhub_config.py`` needs: the service, its scopes and roles, and the variables of users' servers.

Owns the names of scopes and roles. Pure but for the configuration that it is given; JupyterHub is not imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SERVICE = "envs"
PUBLISH = "custom:jupyter-envs:publish"
READ = "custom:jupyter-envs:read"
PUBLISHERS = "jupyter-envs-publishers"
URL_VARIABLE = "JUPYTER_ENVS_HUB_SERVICE"
SHARED_VARIABLE = "JUPYTER_ENVS_SHARED"
POLICY_VARIABLE = "JUPYTER_ENVS_POLICY"
DEFAULT_URL = "http://127.0.0.1:10112"
_ACCESS = f"access:services!service={SERVICE}"


def configure(
    c: Any,
    *,
    shared: str | os.PathLike[str],
    policy: str | os.PathLike[str] | None = None,
    admins: Collection[str] = (),
    url: str = DEFAULT_URL,
    listen: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Have a Hub run the publishing service and give users what is published. Call it last in the file.

    Parameters
    ----------
    c : Config
        What ``get_config()`` returned. Services, roles and variables that stand in it already are kept.
    shared : path
        The shared root: the Hub's account writes it, all users read it.
    policy : path, optional
        The policy file (docs/hub.md), for the service and for every user's server.
    admins : collection of str
        Users who may publish. Being an admin of the Hub does not suffice.
    url : str
        Where the proxy and users' servers reach the service.
    listen : str, optional
        The address to listen on, where it is another than that in ``url``: ``0.0.0.0`` in a container, or ``""``, which
        is all addresses, of IPv4 and IPv6.
    environment : mapping, optional
        Variables for the service alone, such as those of a proxy.

    Raises
    ------
    ValueError
        ``url`` has no host or no port, or a path is relative.
    """
    place = urlsplit(url)
    if place.scheme != "http" or not place.hostname or not place.port:
        raise ValueError(f"url must be http://<host>:<port>, not {url!r}")
    given = {SHARED_VARIABLE: _absolute("shared", shared)}
    if policy is not None:
        given[POLICY_VARIABLE] = _absolute("policy", policy)
    listening = {"JUPYTER_ENVS_LISTEN": place.hostname if listen is None else listen}
    service = {
        "name": SERVICE,
        "url": url,
        "command": [sys.executable, "-P", "-m", "jupyter_envs.hub.service"],
        "environment": {**_passed_on(), **(environment or {}), **given, **listening},
        "oauth_client_allowed_scopes": [PUBLISH, READ],
        "oauth_no_confirm": True,
        "display": True,
    }
    _put(c.JupyterHub, "services", [*_list(c.JupyterHub, "services"), service])
    _put(c.JupyterHub, "custom_scopes", {**_dict(c.JupyterHub, "custom_scopes"), **scopes()})
    _put(c.JupyterHub, "load_roles", with_roles(_list(c.JupyterHub, "load_roles"), admins))
    data = os.path.join(given[SHARED_VARIABLE], "share", "jupyter")
    for section in _spawners(c):
        before = _dict(section, "environment")
        paths = [data, *filter(None, [before.get("JUPYTER_PATH") or os.environ.get("JUPYTER_PATH")])]
        user = {**given, URL_VARIABLE: url, "JUPYTER_PATH": os.pathsep.join(paths)}
        _put(section, "environment", {**before, **user})


def scopes() -> dict[str, dict[str, Any]]:
    """Return the scopes that the service looks for, as ``JupyterHub.custom_scopes`` spells them."""
    return {
        READ: {"description": "See the environments that are published for everybody"},
        PUBLISH: {"description": "Publish, switch and remove environments for everybody", "subscopes": [READ]},
    }


def with_roles(roles: Collection[Mapping[str, Any]], admins: Collection[str]) -> list[dict[str, Any]]:
    """Return roles with ours: readers are all users and their servers, publishers the admins only.

    A server's token must not publish, not even an admin's: whatever runs in a notebook has it.
    """
    server = ["access:servers!server", "users:activity!user", _ACCESS, READ]
    ours = [
        {"name": "user", "scopes": ["self", _ACCESS, READ]},
        {"name": "server", "scopes": server},
        {"name": PUBLISHERS, "scopes": [_ACCESS, PUBLISH], "users": sorted(admins)},
    ]
    merged = {str(role["name"]): dict(role) for role in roles}
    for role in ours:
        known = merged.setdefault(str(role["name"]), {"name": role["name"]})
        for key in ("scopes", "users"):
            if key in role:
                known[key] = list(dict.fromkeys([*known.get(key, []), *role[key]]))
    return list(merged.values())


def _spawners(c: Any) -> list[Any]:
    """Return the sections whose ``environment`` reaches users' servers.

    A dictionary in the section of a class hides the one of ``Spawner`` as a whole: zero-to-jupyterhub sets that of
    ``KubeSpawner``, be it to nothing.
    """
    named = [name for name in list(c) if name.endswith("Spawner") and name != "Spawner"]
    return [c.Spawner, *(c[name] for name in named if "environment" in c[name])]


def _absolute(name: str, path: str | os.PathLike[str]) -> str:
    if not Path(path).is_absolute():
        raise ValueError(f"{name} must be an absolute path, not {os.fspath(path)!r}: the Hub may start anywhere")
    return os.fspath(path)


def _passed_on() -> dict[str, str]:
    """Return the variables of ours, conda's, pip's and of proxies; a Hub starts services with hardly any."""
    names = ("JUPYTER_ENVS_", "CONDA_", "PIP_")
    proxies = {"http_proxy", "https_proxy", "no_proxy", "all_proxy", "ssl_cert_file", "home"}
    return {name: value for name, value in os.environ.items() if name.startswith(names) or name.lower() in proxies}


def _list(section: Any, name: str) -> list[Any]:
    """Return a list of the configuration, also one that was only appended to (traitlets keeps that lazily)."""
    value = section.get(name)
    return list(value.get_value([]) if hasattr(value, "get_value") else value or [])


def _dict(section: Any, name: str) -> dict[str, Any]:
    value = section.get(name)
    return dict(value.get_value({}) if hasattr(value, "get_value") else value or {})


def _put(section: Any, name: str, value: Any) -> None:
    section[name] = value
