"""A shared root that is not as it should be, and two who change one environment of it at once."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.errors import NotFoundError, SpecError
from jupyter_envs.hub.publisher import Publisher, service_settings
from jupyter_envs.hub.shared_root import Publication, SharedRoot
from jupyter_envs.settings import Settings
from support.channel import Channel


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
