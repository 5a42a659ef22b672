"""What a JupyterHub's service publishes for everybody, asked with this server's own token.

A page of JupyterLab cannot ask the service itself: that would lead it to a login. The variables are the Hub's
(``JUPYTERHUB_API_TOKEN``) and those of ``jupyter_envs.hub.configure``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import msgspec
from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from jupyter_envs.errors import SourceError
from jupyter_envs.server.handlers.base import EnvsHandler

URL_VARIABLE = "JUPYTER_ENVS_HUB_SERVICE"
TOKEN_VARIABLE = "JUPYTERHUB_API_TOKEN"  # noqa: S105  # the name of a variable
SECONDS = 15


class _Environment(msgspec.Struct, frozen=True):
    name: str
    published: int | None


class _Listed(msgspec.Struct, frozen=True):
    environments: list[_Environment]


class SharedHandler(EnvsHandler):
    """``shared``."""

    auth_resource = "jupyter_envs.shared"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List what is published, and in which generation."""
        request = service_request(os.environ)
        found = [] if request is None else await ask(request)
        self.answer({"hub": request is not None, "environments": found})


def service_request(environ: Mapping[str, str]) -> HTTPRequest | None:
    """Return what to ask the Hub's service, ``None`` where there is none. Pure."""
    url, token = environ.get(URL_VARIABLE), environ.get(TOKEN_VARIABLE)
    if not url or not token:
        return None
    base = environ.get("JUPYTERHUB_BASE_URL", "/")
    path = f"{url.rstrip('/')}{base}services/envs/api/v1/environments"
    return HTTPRequest(
        path, headers={"Authorization": f"token {token}"}, request_timeout=SECONDS, follow_redirects=False
    )


async def ask(request: HTTPRequest) -> list[dict[str, Any]]:
    """Return what is published; ``SourceError`` when the service does not say."""
    try:
        response = await AsyncHTTPClient().fetch(request)
        listed = msgspec.json.decode(response.body, type=_Listed)
    except Exception as error:  # tornado's, the socket's, the resolver's, or no JSON: all mean the same here
        raise SourceError(
            f"the Hub's service of shared environments does not answer: {error}",
            hint="what was published before can be used; whoever runs the Hub can see in its log what happened",
            code="shared.service",
        ) from error
    return [{"name": one.name, "generation": one.published} for one in listed.environments if one.published]
