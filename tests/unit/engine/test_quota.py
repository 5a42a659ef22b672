"""What a refusal says to somebody whose quota is used: by what, and what would make room, in numbers that come true."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangePlan, ChangeRequest
from jupyter_envs.engine.models.policy import Policy
from jupyter_envs.engine.quota import Held, QuotaState, disk_refusal
from jupyter_envs.errors import PolicyError
from jupyter_envs.settings import Settings
from support.channel import Channel

KB = 1000
BLOCKS = 200 * KB
"""What directories, records and whole blocks may add to the bytes of files."""


class Limited:
    """Engines of one root and channel, under quotas."""

    def __init__(self, settings: Settings, channel: Channel, file: Path) -> None:
        self.settings = msgspec.structs.replace(
            settings, channels=(channel.url,), sources=("conda",), policy_file=str(file)
        )
        self.file = file

    def engine(self, quota: str) -> Engine:
        self.file.write_text(f"quota: {quota}\ncontact: help@example.org\n", encoding="utf-8")
        return Engine(self.settings)

    def prefix(self, name: str) -> str:
        return os.path.join(self.settings.envs_directories[0], name)

    def plan(self, engine: Engine, name: str, *specs: str, action: str = "create") -> ChangePlan:
        return engine.plan(ChangeRequest(action=action, prefix=self.prefix(name), specs=specs))  # type: ignore[arg-type]

    def refusal(self, engine: Engine, name: str, *specs: str, action: str = "create") -> PolicyError:
        with pytest.raises(PolicyError) as caught:
            self.plan(engine, name, *specs, action=action)
        return caught.value


@pytest.fixture
def limited(settings: Settings, channel: Channel, tmp_path: Path) -> Limited:
    for name, size in (("small", 200 * KB), ("large", 600 * KB), ("spare", 300 * KB), ("wanted", 100 * KB)):
        channel.add(name, files={f"share/{name}": os.urandom(size)})
    return Limited(settings, channel.index(), tmp_path / "policy.yaml")


def test_a_refusal_says_what_is_used_and_what_would_free_how_much(limited: Limited) -> None:
    engine = limited.engine("{disk: 10 MB}")
    for name, *specs in (("little", "small"), ("big", "large"), ("gone", "spare")):
        engine.execute(limited.plan(engine, name, *specs))
    engine.delete(Path(limited.prefix("gone")))

    engine = limited.engine("{disk: 1.3 MB}")
    refused = limited.refusal(engine, "little", "wanted", action="install")
    said = refused.detail
    assert refused.code == "policy.disk"
    assert said["used"] == said["environments_bytes"] + said["cache_bytes"]
    for key, least in (("needed", 374), ("environments_bytes", 800), ("cache_bytes", 300), ("unused_bytes", 300)):
        assert least * KB <= said[key] <= least * KB + BLOCKS, (key, said[key])
    assert [held["name"] for held in said["environments"]] == ["big", "little"]
    assert 600 * KB <= said["environments"][0]["bytes"] <= 600 * KB + BLOCKS
    assert refused.message.startswith(f"this takes about {said['needed'] / KB:.0f} kB, and ")
    assert "of your quota of 1.3 MB are left (environments take " in refused.message
    assert "`jupyter envs clean` frees 3" in refused.hint
    assert "`jupyter envs delete NAME` and then `clean` free: big 6" in refused.hint
    assert "little" not in refused.hint, "it is what shall grow"
    assert "ask help@example.org" in refused.hint

    before = engine.quota()
    freed = engine.clean(dry_run=False).freed_bytes
    after = engine.quota()
    assert before is not None and after is not None
    assert freed == said["unused_bytes"]
    assert 0 <= (before.used - after.used) - freed < BLOCKS, "directories of packages are counted as used only"
    engine.delete(Path(limited.prefix("big")))
    engine.clean(dry_run=False)
    last = engine.quota()
    assert last is not None
    assert last.used <= after.used - said["environments"][0]["bytes"]


def test_too_many_environments_are_named(limited: Limited) -> None:
    engine = limited.engine("{environments: 2}")
    for name in ("one", "two"):
        engine.execute(limited.plan(engine, name, "small"))
    refused = limited.refusal(engine, "three", "small")
    assert (refused.code, refused.detail["environments"]) == ("policy.environments", ["one", "two"])
    assert "you have 2 environments (one, two), and 2 are allowed" in refused.message
    none = limited.refusal(limited.engine("{environments: 1}"), "three", "small")
    assert none.detail["quota"] == 1


def test_what_is_larger_than_the_quota_is_not_helped_by_cleaning(limited: Limited) -> None:
    refused = limited.refusal(limited.engine("{disk: 300 kB}"), "one", "wanted")
    assert "300 kB of your quota of 300 kB are left" in refused.message
    assert "more than the whole quota" in refused.hint


def test_without_a_disk_quota_nothing_is_measured(limited: Limited) -> None:
    assert limited.engine("{environments: 2}").quota() is None
    publishing = msgspec.structs.replace(limited.settings, publishing=True)
    limited.engine("{disk: 1 kB}")
    assert Engine(publishing).quota() is None


def test_a_quota_that_is_used_up_is_called_that(limited: Limited) -> None:
    plan = limited.plan(limited.engine("{disk: 10 MB}"), "one", "small")
    state = QuotaState(
        limit=10**7, used=2 * 10**7, environments=15 * 10**6, cache=5 * 10**6, held=(Held(name="one", bytes=9),)
    )
    refused = disk_refusal(Policy(), plan, state)
    assert (
        "your quota of 10 MB is used up (environments take 15 MB, the package cache 5.0 MB beside them)"
        in refused.message
    )
    assert refused.hint.startswith("nothing that could be cleaned is left; ask whoever")
