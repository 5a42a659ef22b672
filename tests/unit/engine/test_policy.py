"""Each rule of a policy, by an engine over real packages; what is written down; files that are no policy."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from jupyter_envs import policy_load
from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.audit import audited
from jupyter_envs.engine.models.plan import ChangePlan, ChangeRequest, ChangeResult
from jupyter_envs.engine.models.policy import Licences
from jupyter_envs.engine.policy import is_licence_allowed
from jupyter_envs.engine.sources.names import conda_name
from jupyter_envs.errors import PolicyError, SolveError
from jupyter_envs.policy_load import find_policy_file, parse_policy
from jupyter_envs.settings import Settings
from jupyter_envs.settings_load import load_settings
from support.channel import Channel

YESTERDAY = int((datetime.now(UTC) - timedelta(days=1)).timestamp() * 1000)


@pytest.fixture
def stocked(channel: Channel) -> Channel:
    channel.add("tool", files={"share/tool": "1"})
    channel.add("tool", "2.0", files={"share/tool": "2"})
    channel.add("needy", depends=["tool >=2"])
    channel.add("copyleft", index={"license": "AGPL-3.0-only"})
    channel.add("unsaid", index={"license": None})
    channel.add("young", "1.0")
    channel.add("young", "2.0", index={"timestamp": YESTERDAY})
    channel.add("talks", link_scripts={"post-link": "touch $PREFIX/ran\n"})
    return channel.index()


class Ruled:
    """Engines of one root under a policy that a test writes."""

    def __init__(self, settings: Settings, channel: Channel, file: Path) -> None:
        self.channel = channel
        self.file = file
        self.settings = msgspec.structs.replace(settings, channels=(channel.url,), sources=("conda",))

    def engine(self, **rules: Any) -> Engine:
        self.file.write_text(yaml.safe_dump(rules), encoding="utf-8")
        return Engine(msgspec.structs.replace(self.settings, policy_file=str(self.file)))

    def plan(self, engine: Engine, name: str, *specs: str, action: Any = "create", **more: Any) -> ChangePlan:
        prefix = Path(self.settings.envs_directories[0]) / name
        return engine.plan(ChangeRequest(action=action, prefix=str(prefix), specs=specs, command=action, **more))

    def change(self, engine: Engine, name: str, *specs: str, **more: Any) -> ChangeResult:
        return engine.execute(self.plan(engine, name, *specs, **more))

    def refusal(self, engine: Engine, name: str, *specs: str, **more: Any) -> str:
        with pytest.raises(PolicyError) as caught:
            self.change(engine, name, *specs, **more)
        assert caught.value.hint
        assert caught.value.code == f"policy.{caught.value.detail['rule']}"
        assert not (Path(self.settings.envs_directories[0]) / name).exists() or more.get("action") == "install"
        return str(caught.value.detail["rule"])


@pytest.fixture
def ruled(settings: Settings, stocked: Channel, tmp_path: Path) -> Ruled:
    return Ruled(settings, stocked, tmp_path / "policy.yaml")


def test_channels(ruled: Ruled, tmp_path: Path) -> None:
    other = Channel(tmp_path / "other")
    other.add("elsewhere")
    other.index()
    engine = ruled.engine(channels=[ruled.channel.url])
    assert ruled.change(engine, "a", "tool").generation == 1
    assert ruled.refusal(engine, "b", "elsewhere", channels=(other.url,)) == "channels"
    assert ruled.refusal(engine, "b", f"{other.url}::elsewhere") == "channels"
    assert ruled.refusal(engine, "b", "nowhere/linux-64::elsewhere") == "channels"  # and nobody was asked
    assert ruled.change(engine, "c", f"{ruled.channel.url}::tool").generation == 1
    # a lock names packages, not channels; what it says its channel is does not count
    record = msgspec.structs.replace(other.record("elsewhere"), channel=ruled.channel.url)
    assert ruled.refusal(engine, "b", "elsewhere", records=(record,)) == "channels"
    assert ruled.change(ruled.engine(channels=[f"{tmp_path.as_uri()}/*"]), "b", records=(record,)).generation == 1


def test_sources(ruled: Ruled) -> None:
    engine = ruled.engine(sources=["conda"])
    assert ruled.refusal(engine, "a", "six", sources=("pypi",)) == "sources"
    for spec in ("pypi::six", "interpreter::python"):
        assert ruled.refusal(engine, "a", spec) == "sources", "whoever names it in a spec is told the same"
    assert ruled.change(engine, "b", "tool").generation == 1
    assert ruled.refusal(engine, "a", "tool", "pypi::six") == "sources"
    wheel = msgspec.structs.replace(ruled.channel.record("tool"), fn="tool-1.0-py3-none-any.whl")
    assert ruled.refusal(engine, "a", records=(wheel,)) == "sources"


def test_blocked_packages_also_as_dependencies_and_by_version(ruled: Ruled) -> None:
    engine = ruled.engine(blocked=["tool >=2"])
    assert ruled.refusal(engine, "a", "needy") == "blocked"
    assert ruled.change(engine, "a", "tool=1").generation == 1
    assert ruled.refusal(ruled.engine(blocked=["young"]), "a", "young", action="install") == "blocked"


@pytest.mark.parametrize(
    ("spec", "wheel", "refused"),
    [
        ("torch", "torch-2.1", True),  # known as pytorch here
        ("pytorch", "torch-2.1", True),
        ("Some_Miner", "some_miner-1.0", True),
        ("torch <2", "torch-2.1", False),
        ("torch >=2", "torch-2.1", True),
        ("pypi::torch", "torch-2.1", True),
        ("tool", "torch-2.1", False),
    ],
)
def test_a_wheel_is_blocked_by_its_own_name_too(ruled: Ruled, spec: str, wheel: str, refused: bool) -> None:
    name, version = wheel.split("-")
    record = msgspec.structs.replace(
        ruled.channel.record("tool"), name=conda_name(name), version=version, fn=f"{wheel}-py3-none-any.whl"
    )
    engine = ruled.engine(blocked=[spec])
    if refused:
        assert ruled.refusal(engine, "a", records=(record,)) == "blocked"
    else:
        assert ruled.plan(engine, "a", records=(record,)).records


def test_a_rule_for_wheels_leaves_conda_packages(ruled: Ruled) -> None:
    assert ruled.change(ruled.engine(blocked=["pypi::tool"]), "a", "tool").generation == 1


def test_what_was_there_before_may_stay_and_go(ruled: Ruled) -> None:
    ruled.change(ruled.engine(), "a", "tool", "talks")
    engine = ruled.engine(blocked=["tool"])
    assert ruled.change(engine, "a", "young", action="install").generation == 2
    assert ruled.change(engine, "a", "tool", action="remove").generation == 3
    with pytest.raises(PolicyError, match="blocked"):
        ruled.change(engine, "a", action="undo")


def test_pinned_packages_limit_the_solve_and_lists(ruled: Ruled) -> None:
    engine = ruled.engine(pinned=["tool <2"])
    assert [record.dist for record in ruled.plan(engine, "a", "tool").records] == ["tool-1.0-h0_0"]
    with pytest.raises(SolveError, match="tool"):
        ruled.plan(engine, "a", "needy")
    assert ruled.refusal(engine, "a", records=(ruled.channel.record("tool", "2.0"),)) == "pinned"


def test_licences_also_of_packages_that_tell_theirs_only_when_extracted(ruled: Ruled) -> None:
    engine = ruled.engine(licences={"blocked": ["AGPL-*"]})
    assert ruled.refusal(engine, "a", "copyleft") == "licences"
    for licence in (None, "MIT"):
        forged = msgspec.structs.replace(ruled.channel.record("copyleft"), license=licence)
        assert ruled.refusal(engine, "a", records=(forged,)) == "licences"
    assert ruled.change(engine, "a", "unsaid").generation == 1
    assert ruled.refusal(ruled.engine(licences={"unknown": "refuse"}), "b", "unsaid") == "licences"


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("gpl-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR GPL-3.0-only) AND MIT", False),
        ("GPL-3.0-only WITH Classpath-exception-2.0", False),
        ("Proprietary", False),
    ],
)
def test_licence_expressions(expression: str, *, allowed: bool) -> None:
    assert is_licence_allowed(expression, Licences(allowed=("MIT", "GPL-*"), blocked=("GPL-3*",))) is allowed


def test_link_scripts_are_not_run(ruled: Ruled) -> None:
    ruled.change(ruled.engine(), "a", "talks")
    ruled.change(ruled.engine(link_scripts=False), "b", "talks")
    envs = Path(ruled.settings.envs_directories[0])
    assert (envs / "a/ran").exists()
    assert not (envs / "b/ran").exists()


def test_young_packages_are_in_quarantine_whatever_is_asked(ruled: Ruled) -> None:
    engine = ruled.engine(quarantine_days=7)
    plan = ruled.plan(engine, "a", "young", exclude_newer=datetime.now(UTC).isoformat())
    assert [record.version for record in plan.records] == ["1.0"]
    assert ruled.refusal(engine, "a", records=(ruled.channel.record("young", "2.0"),)) == "quarantine"
    for time in (None, 1_500_000_000_000):
        forged = msgspec.structs.replace(ruled.channel.record("young", "2.0"), timestamp=time)
        assert ruled.refusal(engine, "a", records=(forged,)) == "quarantine"


def test_quotas_count_environments_and_bytes(ruled: Ruled) -> None:
    engine = ruled.engine(quota={"environments": 1})
    ruled.change(engine, "a", "tool")
    assert ruled.refusal(engine, "b", "tool") == "environments"
    assert engine.rename(ruled_prefix(ruled, "a"), "renamed").name == "renamed"
    engine.delete(ruled_prefix(ruled, "renamed"))
    ruled.change(engine, "b", "tool")
    engine = ruled.engine(quota={"disk": "1 kB"})
    assert ruled.refusal(engine, "b", "young", action="install") == "disk"
    assert ruled.change(engine, "b", "tool", action="remove").generation == 2


def test_what_an_environment_takes_counts_when_it_is_changed(ruled: Ruled) -> None:
    ruled.change(ruled.engine(), "a", "tool")
    (ruled_prefix(ruled, "a") / "data").write_bytes(bytes(2_000_000))
    assert ruled.refusal(ruled.engine(quota={"disk": "2 MB"}), "a", "young", action="install") == "disk"


def test_what_is_published_is_in_no_users_quota(ruled: Ruled) -> None:
    engine = ruled.engine(quota={"environments": 0, "disk": "0 B"})
    assert ruled.refusal(engine, "a", "tool") == "environments"
    publishing = Engine(msgspec.structs.replace(engine.settings, publishing=True))
    assert ruled.change(publishing, "a", "tool").generation == 1


def ruled_prefix(ruled: Ruled, name: str) -> Path:
    return Path(ruled.settings.envs_directories[0]) / name


def test_a_plan_from_before_the_rule_is_refused_when_it_is_executed(ruled: Ruled) -> None:
    plan = ruled.plan(ruled.engine(), "a", "tool")
    with pytest.raises(PolicyError, match="blocked"):
        ruled.engine(blocked=["tool"]).execute(plan)
    hidden = msgspec.structs.replace(plan, changes=())
    with pytest.raises(PolicyError, match="blocked"):
        ruled.engine(blocked=["tool"]).execute(hidden)


def test_every_change_is_written_down_and_one_that_cannot_be_is_refused(
    ruled: Ruled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "audit.jsonl"
    engine = ruled.engine(audit=str(log), blocked=["young"])
    ruled.change(engine, "a", "tool")
    assert ruled.refusal(engine, "b", "young") == "blocked"
    engine.rename(ruled_prefix(ruled, "a"), "c")
    engine.delete(ruled_prefix(ruled, "c"))
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [(line["action"], line["outcome"]) for line in lines] == [
        ("create", "done"),
        ("create", "refused"),
        ("rename", "done"),
        ("delete", "done"),
    ]
    assert lines[0]["changes"] == ["+tool-2.0-h0_0"]
    assert lines[1]["code"] == "policy.blocked"
    assert all(line["user"] and line["prefix"] and line["time"] for line in lines)
    monkeypatch.setenv("JUPYTERHUB_USER", "anna")
    assert ruled.refusal(engine, "b", "young") == "blocked"
    assert json.loads(log.read_text(encoding="utf-8").splitlines()[-1])["user"] == "anna"
    engine = ruled.engine(audit=str(tmp_path / "missing/audit.jsonl"))
    assert ruled.refusal(engine, "d", "tool") == "audit"


def test_nobody_says_what_a_channels_name_in_the_policy_stands_for(ruled: Ruled, tmp_path: Path) -> None:
    other = Channel(tmp_path / "mine/allowed")
    other.add("elsewhere")
    other.index()
    mine = (tmp_path / "mine").as_uri()
    plain = ruled.settings
    for theirs in ({"channel_alias": mine}, {"custom_channels": {"allowed": mine}}):
        ruled.settings = msgspec.structs.replace(plain, **theirs)  # type: ignore[arg-type]
        engine = ruled.engine(channels=["allowed"])
        assert ruled.refusal(engine, "a", records=tuple(other.records())) == "channels"
    engine = ruled.engine(channels=["allowed"], mirrors={"allowed": f"{mine}/allowed"})
    assert ruled.change(engine, "a", "elsewhere").generation == 1


@pytest.mark.parametrize("out", ["..", "%2e%2e", "x/../.."])
def test_a_url_that_leads_out_of_an_allowed_channel_is_not_in_it(ruled: Ruled, tmp_path: Path, out: str) -> None:
    allowed = (tmp_path / "allowed").as_uri()
    record = msgspec.structs.replace(ruled.channel.record("tool"), url=f"{allowed}/{out}/channel/noarch/tool-1-0.conda")
    for rule in (allowed, f"{allowed}/*"):
        assert ruled.refusal(ruled.engine(channels=[rule]), "a", records=(record,)) == "channels"


def test_a_star_in_a_host_stays_in_it(ruled: Ruled) -> None:
    places = {
        "https://a.example.org/c": True,
        "https://me:secret@a.example.org/c": True,
        "https://evil.test/a.example.org/c": False,
        "https://a.example.org:x@evil.test/c": False,
        "http://a.example.org/c": False,
    }
    engine = ruled.engine(channels=["https://*.example.org/*"])
    for place, allowed in places.items():
        record = msgspec.structs.replace(ruled.channel.record("tool"), url=f"{place}/noarch/tool-1.0-h0_0.conda")
        refused = ruled.refusal(engine, "a", records=(record,), channels=(place,)) if not allowed else ""
        assert refused == ("" if allowed else "channels"), place
        if allowed:
            assert ruled.plan(engine, "a", records=(record,), channels=(place,)).records


def test_a_refusal_tells_nobodys_password(ruled: Ruled, tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    engine = ruled.engine(channels=["conda-forge"], audit=str(log))
    with pytest.raises(PolicyError) as caught:
        ruled.plan(engine, "a", "tool", channels=("https://me:secret@host.test/t/tk-1/channel",))
    assert "https://host.test/channel" in caught.value.message
    assert "secret" not in f"{caught.value.to_dict()} {log.read_text()}"
    assert "tk-1" not in f"{caught.value.to_dict()} {log.read_text()}"


def test_a_change_that_ends_by_a_fault_is_written_down(ruled: Ruled, tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    policy = parse_policy({"audit": str(log)})
    with pytest.raises(KeyboardInterrupt), audited(policy, "install", tmp_path, "install a"):
        raise KeyboardInterrupt
    line = json.loads(log.read_text())
    assert (line["outcome"], line["message"]) == ("failed", "it ended by KeyboardInterrupt")


def test_the_machines_own_file_wins(ruled: Ruled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = tmp_path / "machine.yaml"
    monkeypatch.setattr(policy_load, "MACHINE_POLICY", machine)
    assert find_policy_file({"JUPYTER_ENVS_POLICY": "/a"}) == "/a"
    assert load_settings({"JUPYTER_ENVS_POLICY": "/a", "JUPYTER_ENVS_ROOT": str(tmp_path)}).policy_file == "/a"
    assert find_policy_file({}) is None
    machine.write_text("blocked: [tool]\n", encoding="utf-8")
    assert find_policy_file({"JUPYTER_ENVS_POLICY": "/a"}) == str(machine)
    # settings that somebody hands to a job may leave it out or name another
    assert ruled.refusal(ruled.engine(blocked=[]), "a", "tool") == "blocked"
