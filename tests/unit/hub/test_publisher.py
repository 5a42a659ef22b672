"""A shared root that is not as it should be, two who change one environment of it at once, two services of one root."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.errors import EnvsError, LockedError, NotFoundError, SpecError, StorageError
from jupyter_envs.hub import pages
from jupyter_envs.hub.publisher import Publisher, service_settings
from jupyter_envs.hub.shared_root import Publication, SharedRoot
from jupyter_envs.kernels.spec import MARK
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.pythons import fake_python
from support.waiting import PATIENCE


def ready(name: str, number: int) -> Publication:
    return Publication(name=name, number=number, state="ready", by="admin", created_at=1.0, file="a.yml", text="")


def test_what_others_put_beside_the_environments_is_passed_over(tmp_path: Path) -> None:
    shared = SharedRoot(tmp_path)
    shared.save(ready("course", 1))
    for stray in ("lost+found", ".snapshot", "-x"):
        (tmp_path / "generations" / stray).mkdir()
        (tmp_path / "generations" / stray / "1.json").write_text("{}")
    assert shared.names() == ["course"]


def test_a_damaged_file_of_one_generation_leaves_the_others(tmp_path: Path) -> None:
    shared = SharedRoot(tmp_path)
    for number in (1, 2):
        shared.save(ready("course", number))
    (tmp_path / "generations/course/2.json").write_text('{"name": "cou')
    damaged, whole = shared.publications("course")
    assert (damaged.number, damaged.state, whole.state) == (2, "failed", "ready")
    assert "2.json cannot be read" in damaged.message
    shared.forget(damaged)
    assert [one.number for one in shared.publications("course")] == [1]


@pytest.mark.parametrize("name", ["..", "../../etc", "a/b", "", ".hidden"])
def test_a_name_that_is_a_path_leads_nowhere(tmp_path: Path, name: str) -> None:
    shared = SharedRoot(tmp_path)
    for ask in (lambda: shared.get(name, 1), lambda: shared.publish(name, 1), lambda: shared.find_published(name)):
        with pytest.raises(SpecError):
            ask()
    assert list(tmp_path.iterdir()) == []


def test_a_generation_that_is_being_removed_is_not_switched_to(
    settings: Settings, channel: Channel, tmp_path: Path
) -> None:
    channel.add("tool")
    shared = SharedRoot(tmp_path / "shared")
    own = service_settings(settings, shared.path)
    engine = Engine(own)
    for number in (1, 2):
        prefix = str(shared.prefix("course", number))
        engine.execute(engine.plan(ChangeRequest(action="create", prefix=prefix, records=tuple(channel.records()))))
        shared.save(ready("course", number))
    shared.publish("course", 1)

    async def both() -> list[object]:
        publisher = Publisher(shared, own, logging.getLogger("test"))
        assert publisher.take_turn()
        done = await asyncio.gather(
            publisher.remove("course", 2, "admin"), publisher.switch("course", 2, "admin"), return_exceptions=True
        )
        await publisher.close()
        return list(done)

    removed, switched = asyncio.run(both())
    assert removed is None
    assert isinstance(switched, NotFoundError)
    assert shared.find_published("course") == 1
    assert (shared.link("course") / "conda-meta").is_dir()


def test_a_generation_whose_borrowed_python_has_gone_is_told_of_and_not_switched_to(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    python = fake_python(tmp_path / "image/python3.72", "3.72.1")
    monkeypatch.setenv("PATH", os.pathsep.join([str(python.parent), os.environ["PATH"]]))
    shared = SharedRoot(tmp_path / "shared")
    own = msgspec.structs.replace(service_settings(settings, shared.path), sources=("interpreter",))
    engine = Engine(own)
    for number in (1, 2):
        prefix = str(shared.prefix("course", number))
        engine.execute(engine.plan(ChangeRequest(action="create", prefix=prefix, specs=("interpreter::python=3.72",))))
        shared.save(ready("course", number))
    shared.publish("course", 2)
    python.unlink()

    async def begun() -> dict[str, Any]:
        publisher = Publisher(shared, own, logging.getLogger("test"))
        await publisher.begin()
        with pytest.raises(NotFoundError) as caught:
            await publisher.switch("course", 1, "admin")
        assert caught.value.hint == "publish it again, from the same file"
        await publisher.close()
        return pages.environments_json(publisher, may_publish=True)

    shown = asyncio.run(begun())
    (course,) = shown["environments"]
    assert [(one["state"], one["published"]) for one in course["generations"]] == [("ready", True), ("ready", False)]
    said = f"the Python 3.72.1 that it borrows has gone: {python}"
    assert {one["message"] for one in course["generations"]} == {said}
    assert f"course has to be published again: {said}" in caplog.text
    page = pages.render(pages.LIST, shown=shown, prefix="/", user="admin", xsrf="")
    assert page.count(f'<span class="told">{said}</span>') == 2
    assert shared.find_published("course") == 2


def a_list(channel: Channel, name: str) -> str:
    return f"@EXPLICIT\n{channel.record(name).url}\n"


async def until_published(publisher: Publisher, number: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while publisher.shared.find_published("course") != number:
            await asyncio.sleep(0.05)


def test_one_of_two_services_publishes_and_the_other_takes_over_with_the_build(
    settings: Settings, channel: Channel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    channel.add("tool")
    channel.add("slow", link_scripts={"post-link": f"while [ ! -e '{tmp_path}/go' ]; do sleep 0.05; done\n"})
    shared = SharedRoot(tmp_path / "shared")
    own = service_settings(settings, shared.path)

    async def both() -> None:
        first, second = (Publisher(shared, own, logging.getLogger(name)) for name in ("first", "second"))
        await first.begin()
        assert not second.take_turn()
        waiting = asyncio.create_task(second.begin())
        refused: list[EnvsError] = []
        for attempt in (
            second.publish("course", "exact.txt", a_list(channel, "tool"), "admin"),
            second.switch("course", 1, "admin"),
            second.remove("course", 1, "admin"),
        ):
            with pytest.raises(LockedError) as caught:
                await attempt
            refused.append(caught.value)
        assert {error.code for error in refused} == {"locked.publishing"}
        assert second.waiting_for == refused[0].message
        assert f"process {os.getpid()} on" in second.waiting_for
        assert pages.environments_json(second, may_publish=True)["waiting_for"] == second.waiting_for
        assert pages.environments_json(second, may_publish=False)["waiting_for"] == ""

        await first.publish("course", "exact.txt", a_list(channel, "tool"), "admin")
        await until_published(first, 1)
        await first.publish("course", "exact.txt", a_list(channel, "slow"), "admin")
        await first.close()
        async with asyncio.timeout(PATIENCE):
            await waiting
        assert second.waiting_for == ""
        assert shared.get("course", 2).state == "building"
        (tmp_path / "go").touch()
        await until_published(second, 2)
        with pytest.raises(LockedError):
            await first.switch("course", 1, "admin")
        await second.close()

    asyncio.run(both())
    said = [record.message for record in caplog.records if record.name == "second"]
    assert len([line for line in said if "nothing can be published" in line]) == 1


def test_a_build_that_cannot_be_switched_to_leaves_what_the_next_one_begins(
    settings: Settings, channel: Channel, tmp_path: Path
) -> None:
    channel.add("slow", link_scripts={"post-link": f"while [ ! -e '{tmp_path}/go' ]; do sleep 0.05; done\n"})
    shared = SharedRoot(tmp_path / "shared")
    own = service_settings(settings, shared.path)
    beginning = shared.prefix("course", 1).with_name(".2.00000000.creating")

    async def failed() -> Publication:
        publisher = Publisher(shared, own, logging.getLogger("test"))
        await publisher.begin()
        await publisher.publish("course", "exact.txt", a_list(channel, "slow"), "admin")
        shared.link("course").mkdir(parents=True)  # somebody makes one by hand meanwhile
        beginning.mkdir(parents=True)  # not locked yet, as in the first moment of a creation
        (tmp_path / "go").touch()
        async with asyncio.timeout(PATIENCE):
            while shared.get("course", 1).state == "building":
                await asyncio.sleep(0.05)
        with pytest.raises(SpecError, match="was not published"):
            await publisher.publish("course", "exact.txt", a_list(channel, "slow"), "admin")
        await publisher.close()
        return shared.get("course", 1)

    publication = asyncio.run(failed())
    assert publication.state == "failed"
    assert "is an environment that was not published" in publication.message
    assert beginning.is_dir()
    assert len(shared.publications("course")) == 1


def test_what_became_of_a_build_is_noted_when_it_can_be_written(
    settings: Settings, channel: Channel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    channel.add("slow", link_scripts={"post-link": f"while [ ! -e '{tmp_path}/go' ]; do sleep 0.05; done\n"})
    shared = SharedRoot(tmp_path / "shared")
    own = service_settings(settings, shared.path)
    noted = shared.prefix("course", 1).with_name("1.json")

    async def published() -> Publication:
        publisher = Publisher(shared, own, logging.getLogger("test"))
        await publisher.begin()
        await publisher.publish("course", "exact.txt", a_list(channel, "slow"), "admin")
        noted.unlink()
        noted.mkdir()  # nothing can be written there, as on a disk that is full
        (tmp_path / "go").touch()
        async with asyncio.timeout(PATIENCE):
            while "will be noted later" not in caplog.text:
                await asyncio.sleep(0.05)
        assert shared.find_published("course") == 1
        noted.rmdir()
        async with asyncio.timeout(PATIENCE):
            while not noted.is_file():
                await asyncio.sleep(0.05)
        await publisher.close()
        return shared.get("course", 1)

    assert asyncio.run(published()).state == "ready"


def test_a_shared_root_that_cannot_be_written_refuses_with_a_sentence(
    settings: Settings, channel: Channel, tmp_path: Path
) -> None:
    channel.add("tool")
    shared = SharedRoot(tmp_path / "shared")

    async def refused() -> StorageError:
        publisher = Publisher(shared, service_settings(settings, shared.path), logging.getLogger("test"))
        await publisher.begin()
        (shared.path / "generations").write_text("")
        with pytest.raises(StorageError) as caught:
            await publisher.publish("course", "exact.txt", a_list(channel, "tool"), "admin")
        (shared.path / "generations").unlink()
        await publisher.publish("course", "exact.txt", a_list(channel, "tool"), "admin")
        await until_published(publisher, 1)
        await publisher.close()
        return caught.value

    error = asyncio.run(refused())
    assert "while noting generation 1 of course" in error.message
    assert error.hint


def test_a_build_that_was_started_and_not_noted_is_found_again(
    settings: Settings, channel: Channel, tmp_path: Path
) -> None:
    channel.add("tool")
    shared = SharedRoot(tmp_path / "shared")
    own = service_settings(settings, shared.path)

    async def restarted() -> None:
        first = Publisher(shared, own, logging.getLogger("test"))
        await first.begin()
        noted = await first.publish("course", "exact.txt", a_list(channel, "tool"), "admin")
        await first.close()
        shared.save(msgspec.structs.replace(noted, job=""))
        second = Publisher(shared, own, logging.getLogger("test"))
        await second.begin()
        await until_published(second, 1)
        assert shared.get("course", 1).job == noted.job
        await second.close()

    asyncio.run(restarted())


def test_what_a_service_published_is_not_changed_by_a_command_line(
    settings: Settings, channel: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.add("tool")
    root = tmp_path / "shared"
    shared = SharedRoot(root)
    monkeypatch.setenv("JUPYTER_ENVS_ROOT", str(root))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(root / "share/jupyter"))

    async def published() -> Publisher:
        publisher = Publisher(shared, service_settings(settings, root), logging.getLogger("test"))
        await publisher.begin()
        await publisher.publish("course", "exact.txt", a_list(channel, "tool"), "admin")
        await until_published(publisher, 1)
        refused = envs("create", "other", channel.record("tool").url, "--no-kernel", "--yes", "--json")
        assert refused["error"]["code"] == "locked.publishing"
        assert f"process {os.getpid()} on" in refused["error"]["message"]
        await publisher.close()
        return publisher

    asyncio.run(published())
    spec = shared.kernels / "shared-course" / "kernel.json"
    metadata = {MARK: {"prefix": str(shared.prefix("course", 1)), "name": "course", "kernel": "python3", "tool": "0"}}
    metadata["conda_env_path"] = str(shared.link("course"))
    spec.parent.mkdir(parents=True)
    spec.write_text(
        json.dumps({"argv": ["true"], "display_name": "course", "language": "python", "metadata": metadata})
    )
    before = spec.read_bytes()

    assert envs("create", "other", channel.record("tool").url, "--no-kernel", "--yes", "--json")["executed"]
    for change in (("install", "course", "tool"), ("delete", "course"), ("rename", "course", "mine")):
        options = ("--yes",) if change[0] != "rename" else ()
        assert envs(*change, *options, "--json")["error"]["code"] == "env.shared", change
    envs("kernels", "sync", "--json")
    envs("kernels", "--json")
    assert spec.read_bytes() == before
    cleaned = envs("clean", "--yes", "--json")
    assert cleaned["removed"] == [], "its packages are needed"
    assert shared.find_published("course") == 1


def envs(*arguments: str) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-m", "jupyter_envs.cli.main", *arguments], capture_output=True, text=True, check=False
    )
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


def test_what_a_killed_build_had_just_begun_is_swept_away_at_once(settings: Settings, tmp_path: Path) -> None:
    shared = SharedRoot(tmp_path / "shared")
    shared.save(msgspec.structs.replace(ready("course", 1), state="building"))
    begun = shared.prefix("course", 1).with_name(".1.0123abcd.creating")
    begun.mkdir()

    async def resumed() -> None:
        publisher = Publisher(shared, service_settings(settings, shared.path), logging.getLogger("test"))
        await publisher.begin()
        while shared.get("course", 1).state == "building":
            await asyncio.sleep(0.01)
        await publisher.close()

    asyncio.run(resumed())
    assert shared.get("course", 1).state == "failed"
    assert not begun.exists()


def test_what_is_asked_for_while_the_service_stops_is_refused_in_a_sentence(settings: Settings, tmp_path: Path) -> None:
    shared = SharedRoot(tmp_path / "shared")
    shared.save(ready("course", 1))

    async def stopped() -> None:
        publisher = Publisher(shared, service_settings(settings, shared.path), logging.getLogger("test"))
        assert publisher.take_turn()
        closing = asyncio.create_task(publisher.close())
        await asyncio.sleep(0)
        with pytest.raises(LockedError, match="the service is being stopped"):
            await publisher.switch("course", 1, "admin")
        await closing

    asyncio.run(stopped())
