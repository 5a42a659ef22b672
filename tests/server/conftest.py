"""A Jupyter server with the extension in it, over a channel of the test's own, and a client that speaks JSON."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp
from tornado.httpclient import HTTPClientError, HTTPResponse
from traitlets.config import Config

from jupyter_envs.server.identifiers import environment_id
from jupyter_envs.settings import Settings
from support.api import API, FINAL, Api, Finish, Made, Make, Reply
from support.channel import Channel
from support.openapi import Description
from support.waiting import PATIENCE


@pytest.fixture(autouse=True)
def jp_server_cleanup(jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """End the server that a test has used."""
    yield
    if ServerApp.initialized():
        app = ServerApp.instance()
        jp_asyncio_loop.run_until_complete(app._cleanup())
        app.kernel_manager.context.destroy()
        ServerApp.clear_instance()


@pytest.fixture
def stocked(channel: Channel) -> Channel:
    """Return a channel with a Python, a library in two versions that a tool needs, and a package whose script waits.

    ``held`` waits until there is a file ``go`` beside the channel's packages.
    """
    channel.python()
    channel.noarch("six", "1.0")
    channel.noarch("six", "2.0")
    channel.noarch("tool", "1.0", depends=["python", "six"])
    channel.noarch("needy", "1.0", depends=["python", "six >=2"])
    channel.noarch("ipykernel", "7.4.0")
    script = f"while [ ! -e '{channel.folder}/go' ]; do sleep 0.05; done\n"
    channel.add("held", files={"share/held.txt": "held"}, link_scripts={"post-link": script})
    return channel.index()


@pytest.fixture
def extension_config(settings: Settings, stocked: Channel) -> dict[str, Any]:
    """Return the extension's configuration; a test may change it before it asks for the server."""
    return {
        "root": settings.root,
        "channels": [str(stocked.folder)],
        "sources": ["conda"],
        "compile_in_background": False,
        "watch_seconds": 0.05,
    }


@pytest.fixture
def jp_server_config(extension_config: dict[str, Any]) -> Config:
    """Enable the extension, and nothing else that is slow to load."""
    return Config(
        {"ServerApp": {"jpserver_extensions": {"jupyter_envs": True}}, "EnvsExtension": extension_config},
    )


@pytest.fixture
def api(jp_fetch: Callable[..., Awaitable[HTTPResponse]]) -> Api:
    """Return a client of the extension's routes, logged in by token; it holds every answer against ``openapi.yaml``."""
    description = Description()

    async def ask(verb: str, path: str, body: object = None, **query: object) -> Reply:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body)
        options = {"method": verb, "body": data, "allow_nonstandard_methods": True, "params": query}
        try:
            response = await jp_fetch(API, path, **options, request_timeout=PATIENCE)
        except HTTPClientError as error:
            assert error.response is not None, f"{verb} {path}: {error}"
            response = error.response
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        content = json.loads(response.body) if is_json and response.body else response.body
        if is_json:
            description.check(verb, path, response.code, content)
        return Reply(response.code, content, response.headers)

    return ask


@pytest.fixture
def finish(api: Api) -> Finish:
    """Return what waits for jobs over the routes."""

    async def wait(reply: Reply, seconds: float = PATIENCE) -> dict[str, Any]:
        assert reply.status == 202, reply.body
        job_id = reply.body["job"]["id"]
        deadline = time.monotonic() + seconds
        while True:
            job: dict[str, Any] = (await api("GET", f"jobs/{job_id}")).body["job"]
            if job["state"] in FINAL:
                return job
            assert time.monotonic() < deadline, f"job {job_id} does not end: {job}"
            await asyncio.sleep(0.02)

    return wait


@pytest.fixture
def make(api: Api, finish: Finish, settings: Settings) -> Make:
    """Return what makes environments over the routes."""

    async def create(name: str, *specs: str) -> Made:
        job = await finish(await api("POST", "changes", {"action": "create", "name": name, "specs": specs}))
        assert job["state"] == "done", job
        prefix = Path(settings.envs_directories[0]) / name
        return Made(prefix, environment_id(str(prefix)))

    return create
