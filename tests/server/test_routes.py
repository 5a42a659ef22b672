"""Who may ask: every route and verb, with no token or a wrong one, without XSRF, under an authorizer that denies."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import pytest
from jupyter_server.auth import Authorizer
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPResponse
from traitlets.config import Config

from jupyter_envs.server.handlers import ROUTES
from jupyter_envs.server.handlers.base import ROOT, EnvsHandler
from support.api import Api, Make

VERBS = ("GET", "POST", "PATCH", "DELETE", "PUT")


def verbs_of(handler: type[EnvsHandler]) -> list[str]:
    """Return the verbs that a handler defines itself."""
    return [verb for verb in VERBS if verb.lower() in vars(handler)]


def example_of(pattern: str) -> str:
    """Return a path that a route matches."""
    path = pattern.replace(r"\.", ".").replace(".*", "nothing")
    path = re.sub(r"\(\\d\+\)", "1", path)
    return re.sub(r"\([^)]*\)", "a", path)


WALK = [(verb, example_of(pattern), handler) for pattern, handler in ROUTES for verb in verbs_of(handler)]


class DenyAll(Authorizer):
    """Nobody may do anything; remembers what was asked."""

    asked: ClassVar[list[tuple[str, str]]] = []

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        """Deny."""
        self.asked.append((action, resource))
        return False


@pytest.fixture
def denied(jp_server_config: Config) -> list[tuple[str, str]]:
    """Make the server deny everything; return what it will be asked for."""
    DenyAll.asked = []
    jp_server_config.ServerApp.authorizer_class = DenyAll
    return DenyAll.asked


async def test_every_route_and_verb_asks_the_authorizer(denied: list[tuple[str, str]], api: Api) -> None:
    assert len(WALK) > 35
    for verb, path, handler in WALK:
        del denied[:]
        reply = await api(verb, path.removeprefix(ROOT), None if verb in ("GET", "DELETE") else {})
        assert (reply.status, reply.error["code"]) == (403, "http.403"), (verb, path)
        assert denied == [("read" if verb == "GET" else "write", handler.auth_resource)], (verb, path)
        assert handler.auth_resource.startswith("jupyter_envs.")


Fetch = Callable[..., Awaitable[HTTPResponse]]


@pytest.mark.parametrize("header", [{"Authorization": "token wrong"}, {"Authorization": ""}])
async def test_without_the_right_token_nothing_is_told(jp_fetch: Fetch, header: dict[str, str]) -> None:
    for verb, path, _ in WALK:
        with pytest.raises(HTTPClientError) as caught:
            await jp_fetch(path, method=verb, headers=dict(header), allow_nonstandard_methods=True)
        assert caught.value.code == 403, (verb, path)
        assert caught.value.response is not None
        error = json.loads(caught.value.response.body)["error"]
        assert (error["code"], error["hint"] != "") == ("http.403", True)


async def test_a_browsers_cookie_alone_changes_nothing(
    jp_serverapp: Any, jp_http_port: int, jp_base_url: str, make: Make, api: Api
) -> None:
    """Requests that a browser sends by itself carry its cookie; without the XSRF header they are refused."""
    made = await make("a", "six")
    cookie = await _log_in(jp_serverapp, jp_http_port, jp_base_url)
    url = f"http://localhost:{jp_http_port}{jp_base_url.rstrip('/')}{ROOT}/{made.route}"
    client = AsyncHTTPClient()
    shown = await client.fetch(url, headers={"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}, raise_error=False)
    assert shown.code == 200
    origin = f"http://localhost:{jp_http_port}{jp_base_url.rstrip('/')}"
    changing = [(verb, path) for verb, path, _ in WALK if verb != "GET"]
    assert len(changing) > 12
    for verb, path in [("DELETE", f"{ROOT}/{made.route}"), *changing]:
        reply = await client.fetch(
            origin + path,
            method=verb,
            body="{}",
            headers={"Cookie": cookie},
            raise_error=False,
            allow_nonstandard_methods=True,
        )
        assert reply.code == 403, (verb, path)
        assert "_xsrf" in json.loads(reply.body)["error"]["message"]
    assert (await api("GET", made.route)).status == 200


async def _log_in(app: Any, port: int, base_url: str) -> str:
    """Return the cookies of a browser that logged in with the token."""
    client = AsyncHTTPClient()
    token = app.identity_provider.token
    url = f"http://localhost:{port}{base_url}tree?token={token}"
    reply = await client.fetch(url, follow_redirects=False, raise_error=False)
    cookies = [cookie.split(";")[0] for cookie in reply.headers.get_list("Set-Cookie")]
    assert any("username" in cookie for cookie in cookies)
    return "; ".join(cookies)


async def test_what_is_not_there_is_told_as_json(api: Api) -> None:
    reply = await api("GET", "nothing/here")
    assert (reply.status, reply.error["code"]) == (404, "http.404")
    assert reply.error["message"].endswith("/envs/api/v1/nothing/here")


async def test_a_verb_that_a_route_does_not_have(api: Api) -> None:
    reply = await api("DELETE", "environments")
    assert (reply.status, reply.error["code"]) == (405, "http.405")
