"""Thirty users who start and create at once on one shared cache: each gets all of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.accounts import make_user, remove_user
from hub.conftest import add_ipykernel
from hub.crowd import CROWD, USERS, Member, together
from hub.running import RunningHub, Visitor
from jupyter_envs.engine.api import Engine
from jupyter_envs.settings import Settings
from support.channel import PLACEHOLDER, Channel
from support.http_server import Server, serve

DATA = [f"data-{number}" for number in range(8)]


@pytest.fixture(scope="module")
def asked(folder: Path) -> Iterator[Server]:
    """Return a channel over HTTP, which notes who fetches what."""
    channel = Channel(folder / "crowded")
    for name in DATA:
        files = {f"share/{name}/{index}": f"{name} {index}\n" * 50 for index in range(6)}
        channel.add(name, files=files, noarch="generic")
    channel.add("settings", files={"etc/home.conf": f"home = {PLACEHOLDER}\n"})
    channel.add("of-ones-own", files={"share/own": "not in the shared cache"})
    add_ipykernel(channel)
    channel.index()
    with serve(channel.folder) as server:
        yield server


@pytest.fixture
def crowd(hub: RunningHub) -> Iterator[list[Member]]:
    """Return thirty users who are logged in; their accounts go when the test ends."""
    try:
        for name in CROWD if hub.real_users else ():
            make_user(name)
        members = [Member(hub, name) for name in CROWD]
        yield members
        for member in members:
            member.ask("DELETE", f"hub/api/users/{member.name}/server")
        for member in members:
            member.until(
                lambda member=member: not member.ask("GET", f"hub/api/users/{member.name}").json()["servers"], "stopped"
            )
    finally:
        for name in CROWD if hub.real_users else ():
            remove_user(name)


def signs(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return what changes when a file is written, made or replaced. Links to files may come and go."""
    found = {}
    for directory, folders, files in os.walk(folder):
        if ".service" in folders:
            folders.remove(".service")
        for path in (directory, *(os.path.join(directory, name) for name in files)):
            info = os.lstat(path)
            found[path] = (info.st_ino, info.st_size, info.st_mtime_ns)
    return found


def archives(server: Server) -> list[str]:
    return sorted(Path(request.path).name for request in server.asked("*.conda") if request.method == "GET")


class Watching:
    """One user who looks at the list of environments all the time, while others work."""

    def __init__(self, member: Member) -> None:
        self.looks = 0
        self._member, self._end = member, threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watching:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(0.5):
            self._member.environments()
            self.looks += 1


@pytest.mark.timeout(1200)  # thirty servers, sixty jobs; two minutes on two cores that do nothing else
def test_thirty_users_start_and_create_at_once(
    hub: RunningHub, admin: Visitor, crowd: list[Member], asked: Server
) -> None:
    text = f"channels: [{asked.url}]\ndependencies: [interpreter::python, settings, {', '.join(DATA)}]\n"
    admin.publish("crowded", {"name": "environment.yml", "text": text})
    assert admin.published("crowded", 1)["published"]
    first = archives(asked)
    assert len(first) == len(set(first)), "the service fetches each once"
    before = signs(hub.shared)

    together(crowd, Member.start_server)

    def work(member: Member) -> list[dict[str, Any]]:
        shared = member.environments()["crowded"]
        names = ["interpreter::python", "settings", "of-ones-own", *DATA]
        return [
            member.change(action="create", name="mine", specs=names, channels=[asked.url]),
            member.change(action="clone", name="copy", clone_from=shared["id"]),
        ]

    watcher, workers = crowd[0], crowd[1:]
    with Watching(watcher) as watching:
        jobs = together(workers, work)
        assert watching.looks > 0
        seen_meanwhile = watching.looks
    jobs.append(work(watcher))
    assert [(job["action"], job["error"]) for each in jobs for job in each if job["state"] != "done"] == []
    assert [len(each) for each in jobs] == [2] * USERS
    assert seen_meanwhile > 0

    def seen(member: Member) -> tuple[set[str], set[str]]:
        return set(member.own("GET", "api/kernelspecs")["kernelspecs"]), set(member.environments())

    for kernels, environments in together(crowd, seen):
        assert {"envs-mine", "envs-copy", "shared-crowded"} <= kernels
        assert {"mine", "copy", "crowded"} <= environments
    assert crowd[-1].answer_of_kernel("envs-copy", "import sys; print(sys.prefix)").strip().endswith("/envs/copy")

    for member in crowd:
        mine = Path(member.environments()["mine"]["path"])
        assert not hub.real_users or mine.owner() == member.name
        check(mine.parents[1])
    brought = archives(asked)
    for name in first:
        assert brought.count(name) == 1, f"{name} was in the shared cache"
    assert len([name for name in brought if name.startswith("of-ones-own")]) == USERS
    assert len(brought) == len(first) + USERS
    assert signs(hub.shared) == before


def check(root: Path) -> None:
    """Both environments below a user's root are sound, and the user's cache has only what is not shared."""
    own = Settings(root=str(root), envs_directories=(str(root / "envs"),), package_directories=(str(root / "pkgs"),))
    engine = Engine(msgspec.structs.replace(own, channels=()))
    for name in ("mine", "copy"):
        assert [finding.message for finding in engine.verify(root / "envs" / name)] == []
        assert (root / "envs" / name / "etc/home.conf").read_text() == f"home = {root / 'envs' / name}\n"
    kept = [path.name for path in (root / "pkgs").iterdir() if not path.name.startswith(".")]
    assert [name.rpartition("-1.0")[0] for name in kept] == ["of-ones-own"]
