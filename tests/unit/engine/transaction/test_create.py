"""A prefix that is being made is its maker's alone: before it appears, and until its scripts have run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.events import Event
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.transaction.create import sweep
from jupyter_envs.errors import LockedError
from jupyter_envs.settings import Settings
from support.channel import Channel

LATER = 3600.0  # seconds: long after any grace


class Meddler:
    """A reporter that does what another process might do at the moment when an event is told."""

    def __init__(self, phase: str, prefix: Path, settings: Settings) -> None:
        self.phase, self.prefix, self.settings = phase, prefix, settings
        self.swept: list[str] = []
        self.refusals: list[str] = []

    def report(self, event: Event) -> None:
        if event.phase != self.phase:
            return
        self.swept += sweep(self.prefix.parent, now=time.time() + LATER)
        if self.prefix.exists():
            with pytest.raises(LockedError) as refused:
                Engine(self.settings).recover(self.prefix)
            self.refusals.append(refused.value.code)


def make(channel: Channel, settings: Settings, phase: str) -> Meddler:
    prefix = Path(settings.envs_directories[0]) / "slow"
    meddler = Meddler(phase, prefix, settings)
    engine = Engine(settings, reporter=meddler)
    request = ChangeRequest(action="create", prefix=str(prefix), records=tuple(channel.records()))
    engine.execute(engine.plan(request))
    return meddler


@pytest.mark.parametrize("phase", ["link", "commit"])
def test_a_directory_that_is_being_filled_is_not_swept_however_long_it_takes(
    channel: Channel, settings: Settings, phase: str
) -> None:
    channel.add("a", files={"share/a": "a"})
    meddler = make(channel.index(), settings, phase)
    assert meddler.swept == []
    assert (meddler.prefix / "share/a").is_file()
    assert list(meddler.prefix.parent.glob(".*")) == []


def test_a_new_prefix_is_locked_while_its_scripts_run(channel: Channel, settings: Settings) -> None:
    channel.add("a", files={"share/a": "a"}, link_scripts={"post-link": "touch $PREFIX/done\n"})
    meddler = make(channel.index(), settings, "scripts")
    assert meddler.refusals == ["locked"]
    assert (meddler.prefix / "done").is_file()
    assert Engine(settings).recover(meddler.prefix) is False
