"""A policy's file: what is none stops every change, what is one narrows the settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.errors import PolicyError, SpecError
from jupyter_envs.policy_load import disk_quota, earlier, narrowed, parse_policy
from jupyter_envs.settings import Settings


def test_settings_are_narrowed(settings: Settings) -> None:
    policy = parse_policy(
        {
            "channels": ["conda-forge"],
            "sources": ["conda"],
            "mirrors": {"conda-forge": "https://mirror.example/c/conda-forge/"},
            "ssl_verify": "/ca.pem",
            "link_modes": ["copy"],
            "link_scripts": False,
        }
    )
    wide = msgspec.structs.replace(settings, channels=("mine",), allow_softlinks=True)
    found = narrowed(wide, policy)
    assert found == narrowed(found, policy)
    assert (found.channels, found.sources, found.ssl_verify) == (("conda-forge",), ("conda",), "/ca.pem")
    assert found.custom_channels == {"conda-forge": "https://mirror.example/c"}
    assert (found.always_copy, found.allow_softlinks, found.run_link_scripts) == (True, False, False)


def test_the_earlier_time_counts() -> None:
    limit = datetime(2026, 1, 10, tzinfo=UTC)
    assert earlier(None, None) is None
    assert earlier("2026-01-05", limit) == "2026-01-05T00:00:00+00:00"
    assert earlier("2026-02-01T00:00:00Z", limit) == limit.isoformat()
    assert earlier(None, limit) == limit.isoformat()


@pytest.mark.parametrize(
    "text",
    ["blockd: [a]", "sources: [cran]", "link_modes: [hardlink]", "quota: {disk: lots}", "policy_version: 2", "[", "- a",
     "mirrors: {a: 'https://b/c'}", "", "[]", "quarantine_days: -1", "quarantine_days: 999999999",
     "blocked: [a]\nblocked: [b]", "quota: {disk: 1 GB, disk: 9 GB}", "blocked: ['numpy <']",
     "pinned: ['pypi::torch 2.*']"],
)  # fmt: skip
def test_a_file_that_is_no_policy_stops_every_change_and_no_reading(
    text: str, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(text, encoding="utf-8")
    refused_everything(Engine(msgspec.structs.replace(settings, policy_file=str(file))), str(file))


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"blockd": ["a"]}, "no key blockd; did you mean blocked?"),
        ({"quota": {"disc": "1 GB"}}, r"no key quota.disc; did you mean quota.disk?"),
        ({"licences": {"zzz": []}}, "no key licences.zzz; there are allowed, blocked, unknown"),
    ],
)
def test_a_key_that_is_not_known_is_answered_with_the_nearest(rules: object, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        parse_policy(rules)


def test_a_policy_that_is_named_and_missing_stops_every_change(settings: Settings, tmp_path: Path) -> None:
    file = str(tmp_path / "none.yaml")
    refused_everything(Engine(msgspec.structs.replace(settings, policy_file=file)), file)


def refused_everything(engine: Engine, file: str) -> None:
    """Assert that the engine lists environments, and refuses to plan, to execute and to delete."""
    prefix = Path(engine.settings.envs_directories[0]) / "free"
    unruled = Engine(msgspec.structs.replace(engine.settings, policy_file=None))
    plan = unruled.plan(ChangeRequest(action="create", prefix=str(prefix)))
    changes: list[Callable[[], object]] = [
        lambda: engine.plan(ChangeRequest(action="create", prefix=str(prefix))),
        lambda: engine.execute(plan),
    ]
    for change in changes:
        with pytest.raises(PolicyError, match="cannot be used") as caught:
            change()
        assert caught.value.code == "policy.file"
        assert file in caught.value.message
    assert not prefix.exists()
    unruled.execute(plan)
    with pytest.raises(PolicyError, match="cannot be used"):
        engine.delete(prefix)
    assert "free" in [info.name for info in engine.environments()]


def test_a_time_that_is_none_is_refused_in_words_under_a_quarantine() -> None:
    with pytest.raises(SpecError, match="not a date or time") as caught:
        earlier("yesterday", datetime(2026, 1, 1, tzinfo=UTC))
    assert caught.value.code == "spec.time"


def test_disk_amounts() -> None:
    amounts = {"20 GB": 20 * 10**9, "1.5GiB": 3 * 2**29, "1000": 1000}
    assert {text: disk_quota(parse_policy({"quota": {"disk": text}})) for text in amounts} == amounts
