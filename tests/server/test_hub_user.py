"""Behind JupyterHub: a base URL of the user's, a browser that has cookies and no token."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from typing import Any

import pytest
from jupyter_server.auth import IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.serverapp import ServerApp
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.web import RequestHandler
from traitlets.config import Config

from jupyter_envs.server.handlers.base import ROOT
from support.api import FINAL, Make

BASE = "/user/x/"


class CarefulProvider(IdentityProvider):
    """As JupyterHub's: what a page fetches with cookies needs the XSRF header whatever the verb."""

    def get_user(self, handler: JupyterHandler) -> User | Awaitable[User | None] | None:
        """Refuse cookies alone, but for pages that are opened."""
        headers = handler.request.headers
        if headers.get("Sec-Fetch-Mode") == "cors" and "Authorization" not in headers:
            RequestHandler.check_xsrf_cookie(handler)  # Jupyter's own lets what only reads pass
        return super().get_user(handler)


@pytest.fixture
def jp_server_config(jp_server_config: Config) -> Config:
    """Let the careful provider say who asks."""
    jp_server_config.ServerApp.identity_provider_class = CarefulProvider
    return jp_server_config


@pytest.fixture
def jp_base_url() -> str:
    """Return what JupyterHub gives to the server of a user called x."""
    return BASE


class Browser:
    """Logged in once with the token; from then on it sends its cookies, and the header that JupyterLab adds."""

    def __init__(self, app: ServerApp) -> None:
        self._origin = f"http://localhost:{app.port}"
        self._token = app.identity_provider.token
        self.cookies: dict[str, str] = {}

    async def log_in(self) -> None:
        """Get the cookies: the XSRF one with the first page, the user's with the token."""
        for page in ("login", f"tree?token={self._token}"):
            reply = await self._fetch("GET", BASE + page, {})
            for line in reply.headers.get_list("Set-Cookie"):
                name, value = line.split(";")[0].split("=", 1)
                self.cookies[name] = value
        assert any(name.startswith("username") for name in self.cookies)

    async def send(self, verb: str, path: str, body: object = None, *, xsrf: bool = True) -> HTTPResponse:
        """Send a request as JupyterLab's page does."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers |= {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
        if xsrf:
            headers["X-XSRFToken"] = self.cookies["_xsrf"]
        return await self._fetch(verb, path, headers, body)

    async def _fetch(self, verb: str, path: str, headers: dict[str, str], body: object = None) -> HTTPResponse:
        return await AsyncHTTPClient().fetch(
            self._origin + path,
            method=verb,
            headers=headers,
            body=None if body is None else json.dumps(body),
            follow_redirects=False,
            raise_error=False,
            allow_nonstandard_methods=True,
        )


@pytest.fixture
def browser(jp_serverapp: ServerApp, jp_fetch: object) -> Browser:
    """Return a browser that is not logged in yet; with ``jp_fetch`` the server listens."""
    return Browser(jp_serverapp)


async def test_a_change_is_made_and_followed_by_the_address_that_the_answer_names(browser: Browser) -> None:
    await browser.log_in()
    change = {"action": "create", "name": "a", "specs": ["six"], "add_ipykernel": False}
    refused = await browser.send("POST", f"{BASE}envs/api/v1/changes", change, xsrf=False)
    assert refused.code == 403
    reply = await browser.send("POST", f"{BASE}envs/api/v1/changes", change)
    assert reply.code == 202
    address = reply.headers["Location"]
    assert address == f"/user/x{ROOT}/jobs/{json.loads(reply.body)['job']['id']}"
    job: dict[str, Any] = {"state": "queued"}
    async with asyncio.timeout(60):
        while job["state"] not in FINAL:
            job = json.loads((await browser.send("GET", address)).body)["job"]
    assert job["state"] == "done"
    listed = json.loads((await browser.send("GET", f"{BASE}envs/api/v1/environments")).body)["environments"]
    assert [environment["name"] for environment in listed] == ["a"]


async def test_what_is_read_needs_no_more_than_the_page_sends(browser: Browser, make: Make) -> None:
    made = await make("a", "six")
    await browser.log_in()
    for path in ("environments", made.route, f"{made.route}/packages", "jobs", "search?q=si", "about"):
        assert (await browser.send("GET", f"{BASE}envs/api/v1/{path}")).code == 200, path
        refused = await browser.send("GET", f"{BASE}envs/api/v1/{path}", xsrf=False)
        error = json.loads(refused.body)["error"]
        assert (refused.code, error["code"], error["hint"] != "") == (403, "http.403", True), path
