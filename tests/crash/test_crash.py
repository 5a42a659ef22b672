"""Killed, or refused by the disk, at every file-system call of a change: exactly the old or exactly the new state."""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangePlan, ChangeRequest
from jupyter_envs.engine.transaction.create import sweep
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.faults import Entry, Fault, SavedTree, crash_points, run_forked, snapshot_tree, tree_difference
from support.packages import PLACEHOLDER, File, Symlink

CHANGES = ["install", "update", "remove", "undo"]


def state_of(prefix: Path) -> dict[str, Entry]:
    """What is in a prefix, times of day and the lock file left out."""
    found = snapshot_tree(prefix, ignore=lambda path: path == "conda-meta/jupyter-envs/lock")
    for path, entry in found.items():
        if path == "conda-meta/history" or path.startswith("conda-meta/jupyter-envs/generations/"):
            found[path] = Entry(entry.kind, entry.mode)
        elif path.startswith("conda-meta/") and path.endswith(".json") and path.count("/") == 1:
            # A refused hard link becomes a copy, and the record says so: the files are the same.
            record = json.loads((prefix / path).read_bytes())
            record.pop("link")
            found[path] = Entry(entry.kind, entry.mode, json.dumps(record))
    return found


@pytest.fixture
def packages(channel: Channel) -> Channel:
    text = File(f"#!{PLACEHOLDER}/bin/python\nprint(1)\n", 0o755)
    channel.python()
    channel.add("lib", "1.0", files={"lib/liba.so.1": b"one", "lib/liba.so": Symlink("liba.so.1"), "share/d/x": "x"})
    channel.add("lib", "2.0", files={"lib/liba.so.2": b"two", "lib/liba.so": Symlink("liba.so.2"), "share/x": "y"})
    channel.add("tool", "1.0", files={"bin/tool": text, "share/d/tool.txt": "t"})
    channel.noarch("pure", "1.0", files={"site-packages/pure/__init__.py": "x = 1\n"}, entry_points=["pure = pure:x"])
    channel.add("rival", "1.0", depends=["lib"], files={"share/d/x": "rival's"})
    return channel


@pytest.fixture
def engine(settings: Settings) -> Engine:
    return Engine(settings)


@pytest.fixture
def prefix(engine: Engine) -> Path:
    return engine.new_prefix("analysis")


def create(engine: Engine, prefix: Path, channel: Channel) -> None:
    names = ["python", "tool", "pure"]
    records = (*(channel.record(name) for name in names), channel.record("lib", "1.0"))
    request = ChangeRequest(action="create", prefix=str(prefix), records=records, specs=("lib", "tool", "pure"))
    engine.execute(engine.plan(request))


def plan_change(action: str, engine: Engine, prefix: Path, channel: Channel) -> ChangePlan:
    """A plan for each kind of change; nothing is solved, so that the process may fork."""
    requests = {
        "install": ChangeRequest(
            action="install", prefix=str(prefix), specs=("rival",), records=(channel.record("rival"),)
        ),
        "update": ChangeRequest(
            action="update", prefix=str(prefix), specs=("lib",), records=(channel.record("lib", "2.0"),)
        ),
        "remove": ChangeRequest(action="remove", prefix=str(prefix), specs=("tool",)),
        "undo": ChangeRequest(action="undo", prefix=str(prefix)),
    }
    return engine.plan(requests[action])


def strike(
    engine: Engine, prefix: Path, plan: ChangePlan, check: Callable[[int, bool], None], kind: str, error: int
) -> int:
    """Run the plan once per call it makes, struck at each; return how many."""
    root = Path(engine.settings.root)
    count = 0
    for k, outcome in crash_points(lambda: engine.execute(plan), tree=root, kind=kind, error=error):  # type: ignore[arg-type]
        if k:
            assert outcome.killed or outcome.error or outcome.succeeded, (k, outcome)
            count += 1
        check(k, outcome.succeeded)
    return count


@pytest.fixture
def before_and_after(engine: Engine, prefix: Path, packages: Channel):
    """Create the environment, plan a change, and know the states before and after it."""

    def prepare(action: str) -> tuple[ChangePlan, dict[str, Entry], dict[str, Entry]]:
        create(engine, prefix, packages)
        if action == "undo":
            engine.execute(plan_change("install", engine, prefix, packages))
        plan = plan_change(action, engine, prefix, packages)
        old = state_of(prefix)
        with SavedTree(engine.settings.root) as saved:
            outcome = run_forked(lambda: engine.execute(plan), below=engine.settings.root)
            assert outcome.succeeded, outcome
            new = state_of(prefix)
            saved.restore()
        assert new != old
        assert state_of(prefix) == old
        return plan, old, new

    return prepare


@pytest.mark.parametrize("action", CHANGES)
def test_killed_at_every_call_a_change_is_whole_or_was_not(
    action: str, engine: Engine, prefix: Path, before_and_after
) -> None:
    plan, old, new = before_and_after(action)
    seen = set()

    def check(k: int, done: bool) -> None:
        engine.recover(prefix)
        now = state_of(prefix)
        assert now in (old, new), (k, tree_difference(new if done else old, now))
        seen.add(now == new)
        assert not (prefix / "conda-meta/jupyter-envs/transaction").exists()

    assert strike(engine, prefix, plan, check, "kill", 0) > 15
    assert seen == {True, False}


@pytest.mark.parametrize("action", CHANGES)
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EPERM], ids=["ENOSPC", "EIO", "EPERM"])
def test_refused_once_at_every_call_a_change_is_whole_or_was_not(
    action: str, error: int, engine: Engine, prefix: Path, before_and_after
) -> None:
    plan, old, new = before_and_after(action)

    def check(k: int, done: bool) -> None:
        at_once = state_of(prefix)
        engine.recover(prefix)
        now = state_of(prefix)
        assert now == (new if done else old), (k, done, tree_difference(new if done else old, now))
        if not done:
            assert tree_difference(old, at_once) == [], k

    strike(engine, prefix, plan, check, "raise", error)


@pytest.mark.parametrize("action", CHANGES)
def test_a_disk_that_stays_full_leaves_the_old_state(
    action: str, engine: Engine, prefix: Path, before_and_after
) -> None:
    plan, old, new = before_and_after(action)

    def check(k: int, done: bool) -> None:
        engine.recover(prefix)
        now = state_of(prefix)
        assert now == (new if done else old), (k, done, tree_difference(new if done else old, now))

    strike(engine, prefix, plan, check, "raise-on", errno.ENOSPC)


@pytest.mark.parametrize("kind", ["kill", "raise"])
def test_creating_leaves_all_or_nothing(kind: str, engine: Engine, prefix: Path, packages: Channel) -> None:
    create(engine, prefix, packages)
    whole = state_of(prefix)
    engine.delete(prefix)
    records = (*(packages.record(name) for name in ("python", "tool", "pure")), packages.record("lib", "1.0"))
    plan = engine.plan(
        ChangeRequest(action="create", prefix=str(prefix), records=records, specs=("lib", "tool", "pure"))
    )

    def check(k: int, done: bool) -> None:
        now = state_of(prefix)
        assert now in ({}, whole), (k, tree_difference(whole, now))
        if done:
            assert now == whole
        sweep(prefix.parent, now=time.time() + 3600)
        assert sorted(path.name for path in prefix.parent.iterdir()) == (["analysis"] if now else [])

    assert strike(engine, prefix, plan, check, kind, errno.ENOSPC) > 30


def test_killed_at_every_call_while_recovering_it_recovers_the_next_time(
    engine: Engine, prefix: Path, before_and_after
) -> None:
    plan, _, _ = before_and_after("update")
    root = Path(engine.settings.root)
    calls = len(run_forked(lambda: engine.execute(plan), below=root).calls)
    engine.execute(engine.plan(ChangeRequest(action="undo", prefix=str(prefix))))
    plan = engine.plan(ChangeRequest(action="restore", prefix=str(prefix), generation=2))
    old, new = state_of(prefix), None
    struck = 0
    outer = SavedTree(root)
    outer.copy = root.with_name(".outer.saved")
    with outer:
        for k in range(5, calls, 6):
            outer.restore()
            run_forked(lambda: engine.execute(plan), below=root, fault=Fault(k))
            if not (prefix / "conda-meta/jupyter-envs/transaction").exists():
                continue
            for _ in crash_points(lambda: engine.recover(prefix), tree=root, step=2):
                engine.recover(prefix)
                state = state_of(prefix)
                if state != old:
                    new = new or state
                assert state in (old, new), (k, tree_difference(old, state))
                struck += 1
    assert struck > 10


def test_deleting_leaves_all_or_nothing(engine: Engine, prefix: Path, packages: Channel) -> None:
    create(engine, prefix, packages)
    whole = state_of(prefix)
    for k, _ in crash_points(lambda: engine.delete(prefix), tree=Path(engine.settings.root)):
        assert state_of(prefix) in ({}, whole), k
        sweep(prefix.parent, now=time.time() + 3600)
        assert [path.name for path in prefix.parent.iterdir()] == (["analysis"] if prefix.exists() else [])


@pytest.mark.parametrize("kind", ["kill", "raise"])
def test_a_rename_leaves_the_environment_in_one_of_the_two_places(
    kind: str, engine: Engine, prefix: Path, packages: Channel
) -> None:
    create(engine, prefix, packages)
    target = prefix.with_name("other")
    old = state_of(prefix)
    root = Path(engine.settings.root)
    with SavedTree(root) as saved:
        engine.rename(prefix, "other")
        new = state_of(target)
        saved.restore()
    assert new != old
    seen = set()
    for k, outcome in crash_points(lambda: engine.rename(prefix, "other"), tree=root, kind=kind, error=errno.ENOSPC):
        moved = target.exists()
        assert prefix.exists() != moved, k
        engine.recover(target if moved else prefix)
        now = state_of(target if moved else prefix)
        assert now == (new if moved else old), (k, tree_difference(new if moved else old, now))
        assert moved or not outcome.succeeded, k
        assert not engine.verify(target if moved else prefix), k
        seen.add(moved)
    assert seen == {True, False}
