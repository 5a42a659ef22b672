"""A service that is killed, or refused by the disk, while it publishes: users have one generation or the other."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from jupyter_envs.hub.shared_root import Publication, SharedRoot
from support.faults import crash_points


def publication(number: int, text: str = "") -> Publication:
    return Publication(name="course", number=number, state="ready", by="admin", created_at=1.0, file="a.yml", text=text)


@pytest.fixture
def shared(tmp_path: Path) -> SharedRoot:
    shared = SharedRoot(tmp_path / "shared")
    for number in (1, 2):
        shared.prefix("course", number).mkdir(parents=True)
        shared.save(publication(number))
    shared.publish("course", 1)
    return shared


@pytest.mark.parametrize("kind", ["kill", "raise", "raise-on"])
def test_a_switch_is_done_or_not(shared: SharedRoot, kind: str) -> None:
    seen = set()
    for k, outcome in crash_points(
        lambda: shared.publish("course", 2),
        tree=shared.path,
        kind=kind,  # type: ignore[arg-type]  # one of three
        error=errno.EIO,
    ):
        number = shared.find_published("course")
        seen.add(number)
        assert number in (1, 2), k
        assert (shared.link("course")).is_dir(), k
        assert k or (outcome.succeeded and number == 2)
        shared.publish("course", 2)
        assert shared.find_published("course") == 2
        assert [path.name for path in shared.link("course").parent.iterdir()] == ["course"], k
    assert 1 in seen, "it was struck before the rename, too"


def test_a_generations_file_is_the_old_or_the_new_one(shared: SharedRoot) -> None:
    old, new = publication(2), publication(2, "changed")
    for k, _ in crash_points(lambda: shared.save(new) and None, tree=shared.path):
        assert shared.get("course", 2) in (old, new), k
        assert [one.number for one in shared.publications("course")] == [2, 1], k
        shared.save(new)
        assert shared.get("course", 2) == new


def test_a_generation_that_is_forgotten_is_there_or_gone(shared: SharedRoot) -> None:
    shared.prefix("course", 2).rmdir()
    for k, _ in crash_points(lambda: shared.forget(publication(2)), tree=shared.path):
        assert [one.number for one in shared.publications("course")] in ([2, 1], [1]), k
        shared.forget(publication(2))
        assert [one.number for one in shared.publications("course")] == [1], k
