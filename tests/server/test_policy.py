"""A policy holds whichever way a change is asked for: REST, the command line, the magic."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.settings import Settings
from support.api import Api, Finish
from support.channel import Channel


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the audit file of a policy that blocks a package and that variables name, before the server starts."""
    log = tmp_path / "audit.jsonl"
    policy = tmp_path / "policy.yaml"
    policy.write_text(f"blocked: [needy]\ncontact: ops@example.org\naudit: {log}\n", encoding="utf-8")
    monkeypatch.setenv("JUPYTER_ENVS_POLICY", str(policy))
    monkeypatch.setenv("JUPYTER_ENVS_COMPILE_IN_BACKGROUND", "0")
    monkeypatch.setenv("JUPYTER_ENVS_SOURCES", "conda")
    return log


def program(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    ran = [sys.executable, "-m", *arguments]
    return subprocess.run(ran, input=text, capture_output=True, text=True, check=False, timeout=120)


async def test_all_ways_are_refused_by_the_rules_name(
    audit: Path, api: Api, finish: Finish, settings: Settings, stocked: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_ENVS_CHANNELS", stocked.url)
    body = {"action": "create", "name": "rest", "specs": ["needy"], "add_ipykernel": False}
    job = await finish(await api("POST", "plans", body))
    assert (job["state"], job["error"]["code"]) == ("failed", "policy.blocked")
    assert "ops@example.org" in job["error"]["hint"]

    shell = program("jupyter_envs.cli.main", "create", "shell", "needy", "--yes")
    assert shell.returncode == 15, shell.stderr
    assert "'blocked'" in shell.stderr

    request = json.dumps({"argv": ["create", "magic", "needy"], "command": "%envcreate", "spelling": {}})
    lines = [json.loads(line) for line in program("jupyter_envs.cli.stream", text=request + "\n").stdout.splitlines()]
    errors: list[dict[str, Any]] = [line for line in lines if line["type"] == "error"]
    assert [error["code"] for error in errors] == ["policy.blocked"]
    assert lines[-1] == {"type": "end", "exit_code": 15}

    events = [json.loads(line) for line in audit.read_text(encoding="utf-8").splitlines()]
    assert [(Path(event["prefix"]).name, event["outcome"]) for event in events] == [
        ("rest", "refused"),
        ("shell", "refused"),
        ("magic", "refused"),
    ]
    assert not any((Path(settings.root) / "envs" / name).exists() for name in ("rest", "shell", "magic"))


async def test_what_is_allowed_and_taken_is_told_before_anybody_is_refused(
    audit: Path, api: Api, finish: Finish, stocked: Channel
) -> None:
    policy = audit.with_name("policy.yaml")
    asked = {"action": "create", "name": "one", "specs": ["six"], "add_ipykernel": False}
    assert (await finish(await api("POST", "changes", asked)))["state"] == "done"
    rules = (
        f"channels: [{json.dumps(str(stocked.folder))}]\nquarantine_days: 7\nquota: {{environments: 3, disk: 1 GB}}\n"
    )
    policy.write_text(f"{rules}contact: ops@example.org\n", encoding="utf-8")
    told = (await api("GET", "policy")).body["policy"]
    assert 0 < told.pop("used") < 10**9
    assert told == {
        "channels": [str(stocked.folder)],
        "sources": None,
        "quarantine_days": 7,
        "environments": 1,
        "most_environments": 3,
        "disk": 10**9,
        "contact": "ops@example.org",
    }
    policy.write_text("nothing: of the kind\n", encoding="utf-8")
    refused = await api("GET", "policy")
    assert (refused.status, refused.body["error"]["code"]) == (403, "policy.file")


async def test_without_a_policy_nothing_is_limited(api: Api) -> None:
    assert (await api("GET", "policy")).body == {"policy": None}
