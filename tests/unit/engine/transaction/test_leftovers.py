"""What killed creations and deletions leave is shown, and removed when a person cleans."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.transaction.leftovers import ABANDONED
from jupyter_envs.engine.transaction.lock import PREFIX_LOCK, locked
from jupyter_envs.errors import NotFoundError
from jupyter_envs.settings import Settings
from support.channel import Channel


@pytest.fixture
def envs(settings: Settings) -> Path:
    directory = Path(settings.envs_directories[0])
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def leave(envs: Path, name: str) -> Path:
    left = envs / name
    (left / PREFIX_LOCK).parent.mkdir(parents=True)
    (left / PREFIX_LOCK).touch()
    return left


def test_what_was_killed_is_shown_and_cleaned(settings: Settings, envs: Path) -> None:
    left = [leave(envs, ".a.0123abcd.creating"), leave(envs, ".b.c.0123abcd.removing")]
    engine = Engine(settings)
    found = engine.doctor(None)
    assert [(finding.code, finding.path) for finding in found] == [(ABANDONED, str(path)) for path in left]
    assert "the creation of a was killed" in found[0].message
    assert "the deletion of b.c was killed" in found[1].message
    assert all("`jupyter envs clean` removes it" in finding.hint for finding in found)
    assert engine.clean(dry_run=True).swept == tuple(map(str, left))
    assert all(path.is_dir() for path in left)
    assert engine.clean(dry_run=False).swept == tuple(map(str, left))
    assert list(envs.iterdir()) == []
    assert engine.doctor(None) == []


def test_what_is_being_made_is_no_leftover(settings: Settings, envs: Path) -> None:
    making = leave(envs, ".a.0123abcd.creating")
    (envs / ".b.0123abcd.creating").mkdir()  # a moment ago: its maker is about to lock it
    with locked(making / PREFIX_LOCK, prefix=making, command="create a"):
        assert Engine(settings).doctor(None) == []
        assert Engine(settings).clean(dry_run=False).swept == ()
    assert making.is_dir()


def test_an_environment_that_was_removed_by_hand_is_called_removed(
    channel: Channel, settings: Settings, envs: Path
) -> None:
    channel.add("a", files={"share/a": "a"})
    engine = Engine(settings)
    prefix = envs / "gone"
    records = tuple(channel.index().records())
    engine.execute(engine.plan(ChangeRequest(action="create", prefix=str(prefix), records=records)))
    plan = engine.plan(ChangeRequest(action="remove", prefix=str(prefix), specs=("a",)))
    shutil.rmtree(prefix)
    for ask in (
        lambda: engine.resolve("gone"),
        lambda: engine.resolve(str(prefix)),
        lambda: engine.execute(plan),
        lambda: engine.delete(prefix),
    ):
        with pytest.raises(NotFoundError, match="has been removed") as caught:
            ask()
        assert "`jupyter envs clean`" in caught.value.hint
    assert engine.clean(dry_run=False).unlisted == (str(prefix),)
    with pytest.raises(NotFoundError, match=r"there is no environment gone$"):
        engine.resolve("gone")
    assert not os.path.lexists(prefix)
