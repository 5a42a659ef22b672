"""The child that answers questions: asked in parallel, in vain, killed, idle, and gone with who asks."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator

import psutil
import pytest

from jupyter_envs.errors import EnvsError, NotFoundError, SourceError, SpecError, StorageError
from jupyter_envs.queries.client import QueryClient
from jupyter_envs.queries.protocol import Answer, error_of, failure
from jupyter_envs.settings import Settings
from support.waiting import PATIENCE, lives, wait_until


@contextlib.asynccontextmanager
async def client_of(settings: Settings, **options: float) -> AsyncIterator[QueryClient]:
    """Return a client that is closed at the end."""
    client = QueryClient(settings, **options)
    try:
        yield client
    finally:
        await client.close()


async def test_the_child_is_started_by_the_first_question_and_kept(settings: Settings) -> None:
    async with client_of(settings) as client:
        assert client.pid is None
        assert (await client.ask("sources"))["problems"] == []
        pid = client.pid
        answers = await asyncio.gather(*(client.ask("module", name=name) for name in ("cv2", "yaml", "polars")))
        assert [answer["package"] for answer in answers] == ["opencv-python", "pyyaml", "polars"]
        assert client.pid == pid
    assert client.pid is None


async def test_what_the_child_refuses_is_raised_as_what_it_was(settings: Settings) -> None:
    async with client_of(settings) as client:
        with pytest.raises(NotFoundError) as caught:
            await client.ask("doctor", environment="/nowhere")
        assert (caught.value.code, caught.value.hint != "") == ("not_found.environment", True)
        with pytest.raises(SpecError):
            await client.ask("sing")
        with pytest.raises(EnvsError) as caught:
            await client.ask("why")  # without its arguments
        assert caught.value.code == "internal"
        assert (await client.ask("sources"))["problems"] == []


async def test_who_waited_for_a_child_that_was_killed_is_told_and_the_next_question_has_another(
    settings: Settings,
) -> None:
    async with client_of(settings) as client:
        await client.ask("sources")
        first = client.pid
        assert first is not None
        psutil.Process(first).suspend()
        asking = asyncio.ensure_future(client.ask("sources"))
        await asyncio.sleep(0.05)
        os.kill(first, signal.SIGKILL)
        with pytest.raises(EnvsError) as caught:
            await asking
        assert caught.value.code == "query.crashed"
        assert (await client.ask("sources"))["problems"] == []
        assert client.pid != first


async def test_a_question_that_is_not_answered_in_time_is_given_up(settings: Settings) -> None:
    async with client_of(settings) as client:
        await client.ask("sources")
        assert client.pid is not None
        psutil.Process(client.pid).suspend()
        with pytest.raises(SourceError) as caught:
            await client.ask("sources", timeout=0.2)
        assert (caught.value.code, caught.value.message) == ("query.timeout", "no answer came within 0.2 seconds")
        psutil.Process(client.pid).resume()
        assert (await client.ask("sources"))["problems"] == []


async def test_an_idle_child_is_let_go(settings: Settings) -> None:
    async with client_of(settings, idle_seconds=0.1) as client:
        await client.ask("sources")
        child = psutil.Process(client.pid)
        async with asyncio.timeout(PATIENCE):
            while client.pid is not None or child.is_running():
                await asyncio.sleep(0.02)
        assert (await client.ask("sources"))["problems"] == []


ASK = """
import asyncio, os, sys
import msgspec
from jupyter_envs.queries.client import QueryClient
from jupyter_envs.settings import Settings

async def main():
    client = QueryClient(msgspec.json.decode(sys.argv[1], type=Settings))
    await client.ask("sources")
    print(client.pid, flush=True)
    os._exit(0)  # as a server that is killed: nothing is closed in order

asyncio.run(main())
"""


def test_the_child_ends_with_who_asks(settings: Settings) -> None:
    import msgspec

    command = [sys.executable, "-c", ASK, msgspec.json.encode(settings).decode()]
    pid = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    wait_until(lambda: not lives(pid), "the child has ended")


def test_errors_keep_their_class_over_the_wire() -> None:
    told = error_of(
        failure(1, NotFoundError("no such thing", hint="look again", code="not_found.thing", detail={"a": 1}))
    )
    assert isinstance(told, NotFoundError)
    assert told.to_dict() == {
        "code": "not_found.thing",
        "message": "no such thing",
        "hint": "look again",
        "detail": {"a": 1},
    }
    assert error_of(failure(1, ValueError("odd"))).code == "internal"
    refused = error_of(failure(1, OSError(errno.EIO, os.strerror(errno.EIO), "/envs/a")))
    assert isinstance(refused, StorageError)
    assert refused.message == "Input/output error while looking at the environments: /envs/a"
    assert "network mount" in refused.hint
    assert error_of(failure(1, TimeoutError())).code == "internal"
    assert type(error_of(Answer(id=1, error={"message": "x"}, kind="os"))) is EnvsError
