"""A machine that was away for so long that another has got its lock finds its change taken back, and says so."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.errors import StorageError
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.faults import Entry, snapshot_tree, tree_difference

RECOVER = """
import os, pathlib
from jupyter_envs.engine.transaction.journal import recover
assert recover(pathlib.Path(os.environ["PREFIX"])) == ["undone"]
"""


def state(prefix: Path) -> dict[str, Entry]:
    return snapshot_tree(prefix, ignore=lambda path: path.endswith("jupyter-envs/lock"))


def test_a_change_that_was_taken_back_meanwhile_fails_and_touches_nothing(
    channel: Channel, settings: Settings, tmp_path: Path
) -> None:
    other = tmp_path / "recover.py"  # run in the middle of the change, as another machine does when it gets the lock
    other.write_text(RECOVER)
    channel.add("a", "1.0", files={"share/a": "old"})
    channel.add("a", "2.0", files={"share/a": "new"}, link_scripts={"post-link": f"{sys.executable} {other}\n"})
    channel.index()
    prefix = Path(settings.envs_directories[0]) / "analysis"
    engine = Engine(settings)
    old, new = (channel.record("a", version) for version in ("1.0", "2.0"))
    engine.execute(engine.plan(ChangeRequest(action="create", prefix=str(prefix), records=(old,))))
    before = state(prefix)
    plan = engine.plan(ChangeRequest(action="update", prefix=str(prefix), specs=("a",), records=(new,)))
    with pytest.raises(StorageError) as caught:
        engine.execute(plan)
    assert "another machine has taken this change back" in caught.value.hint
    assert tree_difference(before, state(prefix)) == []
