"""A bundle that is killed or runs out of room at any moment: what it was before, and the next one finishes it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

import pytest

from jupyter_envs.bundles.folder import read_bundle
from jupyter_envs.bundles.make import Bundler
from jupyter_envs.bundles.models import BundleReport, BundleRequest
from jupyter_envs.bundles.unpack import request_from
from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.errors import NotFoundError
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.faults import crash_points, run_apart


class Work(NamedTuple):
    """Two environments and the folder that is bundled into."""

    settings: Settings
    prefixes: tuple[Path, Path]
    output: Path

    def bundle(self, *numbers: int) -> Callable[[], BundleReport]:
        """Return what bundles some of the environments."""
        prefixes = tuple(str(self.prefixes[number]) for number in numbers)
        return partial(Bundler(self.settings).make, BundleRequest(output=str(self.output), prefixes=prefixes))

    def usable(self) -> list[str]:
        """Return the environments that the bundle names; each must have all its archives."""
        try:
            names = list(read_bundle(self.output).environments)
        except NotFoundError:
            return []
        for name in names:
            request_from(self.output, name, self.output / "x", self.settings.subdir)
        return names


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[Path]:
    """Return a folder, in memory if there is some: each run syncs its whole file system."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tmp_path
    with tempfile.TemporaryDirectory(prefix="envs-bundle-", dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def work(settings: Settings, channel: Channel, stick: Path) -> Work:
    channel.add("first", files={"share/first": "1"})
    channel.add("second", files={"share/second": "2"})
    engine, prefixes = Engine(settings), []
    for number, name in enumerate(("one", "two")):
        prefix = engine.new_prefix(name)
        records = tuple(channel.records()[: number + 1])
        engine.execute(engine.plan(ChangeRequest(action="create", prefix=str(prefix), records=records)))
        prefixes.append(prefix)
    (stick / "root").mkdir()
    return Work(settings, (prefixes[0], prefixes[1]), stick / "root/bundle")


@pytest.mark.parametrize(("kind", "step"), [("kill", 1), ("raise-on", 2)])
def test_a_first_bundle_that_was_stopped_is_none_until_the_next_one_finishes_it(
    work: Work, kind: Literal["kill", "raise-on"], step: int
) -> None:
    for k, outcome in crash_points(work.bundle(0), tree=work.output.parent, kind=kind, step=step, run=run_apart):
        assert work.usable() in ([], ["one"]), (k, outcome)
        assert outcome.succeeded or outcome.killed or outcome.code == "storage.full", (k, outcome)
        again = run_apart(work.bundle(0), below=work.output)
        assert again.succeeded, (k, outcome, again)
        assert work.usable() == ["one"], k
        assert not leftovers(work.output), k


@pytest.mark.parametrize(("kind", "step"), [("kill", 2), ("raise-on", 3)])
def test_what_was_in_a_bundle_stays_usable_while_more_is_added(
    work: Work, kind: Literal["kill", "raise-on"], step: int
) -> None:
    assert run_apart(work.bundle(0), below=work.output).succeeded
    for k, outcome in crash_points(work.bundle(1), tree=work.output.parent, kind=kind, step=step, run=run_apart):
        assert work.usable() in (["one"], ["one", "two"]), (k, outcome)
        again = run_apart(work.bundle(1), below=work.output)
        assert again.succeeded, (k, outcome, again)
        assert work.usable() == ["one", "two"], k
        assert not leftovers(work.output), k


def leftovers(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.suffix == ".part" or path.name == ".downloads"]
