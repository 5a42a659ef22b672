"""Which environments are shared, and that a refusal says what to do instead."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.prefix.discovery import find_environments
from jupyter_envs.engine.prefix.shared import check_not_shared, is_shared
from jupyter_envs.errors import FrozenError
from jupyter_envs.settings import Settings

from .conftest import MakePrefix


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    return tmp_path / "srv"


@pytest.fixture
def hub(settings: Settings, shared: Path) -> Settings:
    return msgspec.structs.replace(settings, shared_directories=(str(shared),))


def test_a_published_generation_is_listed_by_its_name(hub: Settings, shared: Path, make_prefix: MakePrefix) -> None:
    generation = make_prefix("3", {"python-3.11.7-h_0": {"bin/python": ""}}, root=shared / "generations/course")
    (shared / "envs").mkdir()
    (shared / "envs/course").symlink_to(generation)
    make_prefix("course", {}, root=Path(hub.envs_directories[0]))
    found = {info.name: info for info in find_environments(hub, os.environ)}
    link = str(shared / "envs/course")
    assert found["course"].kind == "own", "the user's own has the name"
    assert (found[link].path, found[link].kind, found[link].python) == (link, "shared", "3.11.7")
    assert not (found[link].writable or found[link].external or found[link].broken)
    assert all(is_shared(path, hub) for path in (link, generation, shared / "envs/new"))


def test_what_only_begins_alike_is_not_shared(hub: Settings, shared: Path) -> None:
    assert not is_shared(f"{shared}-of-mine/envs/a", hub)
    check_not_shared(f"{hub.root}/envs/a", hub)


def test_whoever_publishes_there_may_change_it(hub: Settings, shared: Path) -> None:
    assert not is_shared(shared / "envs/a", msgspec.structs.replace(hub, root=str(shared)))


def test_a_refusal_says_how_to_clone(hub: Settings, shared: Path) -> None:
    with pytest.raises(FrozenError, match="the shared environment course") as raised:
        check_not_shared(shared / "envs/course", hub)
    assert raised.value.code == "env.shared"
    assert "jupyter envs clone course my-course" in raised.value.hint
    with pytest.raises(FrozenError, match="the shared environment course"):
        check_not_shared(shared / "generations/course/3", hub)  # as a kernel of it names it
