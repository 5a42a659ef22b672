"""The engine as its callers use it: environments of real packages made, changed, undone, cloned, repaired."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path, PurePath

import msgspec
import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangePlan, ChangeRequest, ChangeResult
from jupyter_envs.engine.models.records import PrefixRecord, RepodataRecord
from jupyter_envs.errors import (
    AlreadyExistsError,
    FrozenError,
    IntegrityError,
    LinkScriptError,
    NotFoundError,
    OfflineError,
    ScriptConsentError,
    SpecError,
    StalePlanError,
)
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.faults import snapshot_tree, tree_difference
from support.http_server import serve
from support.packages import PLACEHOLDER, File


@pytest.fixture
def stocked(channel: Channel) -> Channel:
    channel.python()
    channel.noarch("pure", "1.0", entry_points=["pure = pure.cli:main"])
    channel.noarch("pure", "2.0", entry_points=["pure = pure.cli:main"])
    channel.add("tool", files={"bin/tool": File(f"#!{PLACEHOLDER}/bin/python\nprint('tool')\n", 0o755), "share/x": "t"})
    channel.add("rival", depends=["tool"], files={"share/x": "rival's"})
    return channel


@pytest.fixture
def engine(settings: Settings) -> Engine:
    return Engine(settings)


def make(engine: Engine, channel: Channel, *names: str, name: str = "a", **versions: str) -> Path:
    prefix = engine.new_prefix(name)
    change(engine, prefix, "create", *(channel.record(each, versions.get(each)) for each in names), specs=names)
    return prefix


def change(engine: Engine, prefix: Path, action: str, *records: object, specs: tuple[str, ...] = (), **more: object):
    request = ChangeRequest(action=action, prefix=str(prefix), records=records, specs=specs, command=action, **more)  # type: ignore[arg-type]
    return engine.execute(engine.plan(request))


def names(engine: Engine, prefix: Path) -> dict[str, str]:
    return {record.name: record.version for record in engine.packages(prefix)}


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def content(prefix: Path) -> dict[str, object]:
    return snapshot_tree(prefix, ignore=lambda path: path.startswith("conda-meta"))  # type: ignore[return-value]


def test_an_environment_runs_what_was_linked(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "python", "pure", "tool", pure="1.0")
    assert names(engine, prefix) == {"python": "3.11.7", "pure": "1.0", "tool": "1.0"}
    assert output(f"{prefix}/bin/pure") == "pure 1.0\n"
    assert output(f"{prefix}/bin/tool") == "tool\n"
    assert engine.verify(prefix) == []


def test_every_change_is_a_generation_and_undo_walks_back_through_them(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "python", "tool")
    first = content(prefix)
    change(engine, prefix, "install", stocked.record("pure", "1.0"), specs=("pure",))
    second = content(prefix)
    change(engine, prefix, "update", stocked.record("pure", "2.0"), specs=("pure",))
    assert content(prefix) != second
    change(engine, prefix, "undo")
    assert tree_difference(second, content(prefix)) == []
    change(engine, prefix, "undo")
    assert tree_difference(first, content(prefix)) == []
    with pytest.raises(NotFoundError) as caught:
        engine.plan(ChangeRequest(action="undo", prefix=str(prefix)))
    assert caught.value.code == "generation"
    change(engine, prefix, "restore", generation=3)
    assert names(engine, prefix)["pure"] == "2.0"
    assert [(each.number, each.action, each.restores) for each in engine.generations(prefix)] == [
        (1, "create", None),
        (2, "install", None),
        (3, "update", None),
        (4, "undo", 2),
        (5, "undo", 1),
        (6, "restore", 3),
    ]
    history = (prefix / "conda-meta/history").read_text()
    assert history.count("==> ") == 6


def test_a_change_after_an_undo_can_be_undone(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "python", "tool")
    change(engine, prefix, "install", stocked.record("pure"), specs=("pure",))
    change(engine, prefix, "undo")
    before = content(prefix)
    change(engine, prefix, "install", stocked.record("rival"), specs=("rival",))
    change(engine, prefix, "undo")
    assert tree_difference(before, content(prefix)) == []


def test_a_plan_that_changes_nothing_changes_no_file(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "python", "tool")
    before = content(prefix)
    plan = engine.plan(ChangeRequest(action="repair", prefix=str(prefix)))
    assert plan.changes == ()
    engine.execute(plan)
    assert content(prefix) == before


def test_a_plan_is_a_value_that_survives_json(engine: Engine, stocked: Channel) -> None:
    prefix = engine.new_prefix("a")
    request = ChangeRequest(action="create", prefix=str(prefix), records=(stocked.record("tool"),), specs=("tool",))
    plan = engine.plan(request)
    assert not prefix.exists()
    again = msgspec.json.decode(msgspec.json.encode(plan), type=ChangePlan)
    assert again == plan
    result = engine.execute(again)
    assert isinstance(result, ChangeResult)
    assert (result.generation, result.linked_files) == (1, 1)
    assert result.disk_bytes > 0


def test_a_plan_is_stale_once_the_environment_has_changed(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "python", "tool")
    plan = engine.plan(ChangeRequest(action="remove", prefix=str(prefix), specs=("tool",)))
    change(engine, prefix, "install", stocked.record("pure"), specs=("pure",))
    with pytest.raises(StalePlanError):
        engine.execute(plan)
    assert set(names(engine, prefix)) == {"python", "tool", "pure"}
    taken = engine.plan(ChangeRequest(action="create", prefix=str(engine.new_prefix("b"))))
    make(engine, stocked, "tool", name="b")
    with pytest.raises(AlreadyExistsError):
        engine.execute(taken)


def test_removing_the_winner_of_a_path_brings_the_loser_back(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "tool", "rival")
    assert (prefix / "share/x").read_text() == "rival's"
    change(engine, prefix, "remove", specs=("rival",))
    assert (prefix / "share/x").read_text() == "t"
    assert engine.verify(prefix) == []


def test_a_clobbered_path_is_a_warning(engine: Engine, stocked: Channel) -> None:
    prefix = engine.new_prefix("a")
    result = change(engine, prefix, "create", stocked.record("tool"), stocked.record("rival"), specs=("rival",))
    assert [warning.code for warning in result.warnings] == ["link.clobber"]
    assert "rival" in result.warnings[0].message


def test_noarch_packages_follow_python_to_another_minor_version(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "python", "pure")
    stocked.python("3.12.1")
    change(engine, prefix, "update", stocked.record("python", "3.12.1"), specs=("python",))
    assert (prefix / "lib/python3.12/site-packages/pure/__init__.py").exists()
    assert not (prefix / "lib/python3.11").exists()
    assert engine.verify(prefix) == []


def test_a_clone_is_the_same_and_independent_and_takes_along_what_pip_put_there(
    engine: Engine, stocked: Channel
) -> None:
    prefix = make(engine, stocked, "python", "tool")
    (prefix / "bin/mine").write_text(f"#!{prefix}/bin/python\nprint('mine')\n")
    (prefix / "bin/mine").chmod(0o755)
    target = engine.new_prefix("b")
    change(engine, target, "clone", clone_from=str(prefix))
    assert names(engine, target) == names(engine, prefix)
    assert output(f"{target}/bin/mine") == "mine\n"
    assert str(target) in (target / "bin/mine").read_text()
    engine.delete(prefix)
    assert output(f"{target}/bin/tool") == "tool\n"
    assert engine.verify(target) == []


def test_a_rename_keeps_the_history(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "python", "tool")
    change(engine, prefix, "install", stocked.record("pure"), specs=("pure",))
    target = engine.rename(prefix, "b")
    assert not prefix.exists()
    assert target.name == "b"
    assert [each.action for each in engine.generations(target)] == ["create", "install", "clone"]
    assert output(f"{target}/bin/tool") == "tool\n"


def test_a_rename_makes_only_those_files_anew_that_name_the_prefix(
    engine: Engine, stocked: Channel, home: Path
) -> None:
    prefix = make(engine, stocked, "python", "pure", "tool")
    (prefix / "bin/mine").write_text(f"#!{prefix}/bin/python\nprint('mine')\n")
    (prefix / "bin/mine").chmod(0o755)
    (prefix / "notes.txt").write_text(str(prefix))
    before = {path.relative_to(prefix): path.lstat().st_ino for path in prefix.rglob("*") if not path.is_dir()}
    target = engine.rename(prefix, "b")
    assert engine.verify(target) == []
    assert [output(f"{target}/bin/{name}") for name in ("pure", "tool", "mine")] == ["pure 2.0\n", "tool\n", "mine\n"]
    changed = {str(path) for path, inode in before.items() if (target / path).lstat().st_ino != inode}
    assert {"bin/pure", "bin/tool", "bin/mine"} <= changed
    assert all(path.startswith(("bin/", "conda-meta/")) for path in changed), changed
    assert (target / "notes.txt").read_text() == str(prefix)
    listed = (home / ".conda/environments.txt").read_text().splitlines()
    assert str(target) in listed
    assert str(prefix) not in listed
    assert engine.rename(target, "a") == prefix
    assert engine.verify(prefix) == []


def test_a_rename_backs_up_no_file_of_a_package(engine: Engine, stocked: Channel) -> None:
    # What might name the prefix and does not: no shebang of a Python, no placeholder where one is announced.
    stocked.noarch("shell", files={"python-scripts/hello": File("#!/bin/sh\necho hello\n", 0o755)})
    prefix = make(engine, stocked, "python", "shell")
    target = engine.rename(prefix, "b")
    assert sorted(path.name for path in (target / "bin").glob("hello*")) == ["hello"]
    assert output(f"{target}/bin/hello") == "hello\n"
    assert engine.verify(target) == []


def test_a_rename_leaves_scripts_alone_that_name_a_neighbour(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "python")
    neighbour = f"#!{prefix}-2/bin/python\n"
    (prefix / "bin/theirs").write_text(neighbour)
    assert (engine.rename(prefix, "b") / "bin/theirs").read_text() == neighbour


def test_an_environment_with_scripts_of_packages_is_renamed_by_a_copy(engine: Engine, stocked: Channel) -> None:
    stocked.add("scripted", link_scripts={"post-link": 'echo "$PREFIX" > "$PREFIX/where.txt"\n'})
    prefix = make(engine, stocked, "scripted")
    target = engine.rename(prefix, "b")
    assert not prefix.exists()
    assert (target / "where.txt").read_text() == f"{target}\n"


def test_a_rename_to_another_file_system_copies(engine: Engine, stocked: Channel) -> None:
    shared = Path("/dev/shm")
    if not os.access(shared, os.W_OK):
        pytest.skip("a second file system (/dev/shm) is missing")
    prefix = make(engine, stocked, "python", "tool")
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        target = engine.rename(prefix, f"{folder}/b")
        assert not prefix.exists()
        assert engine.verify(target) == []
        assert output(f"{target}/bin/tool") == "tool\n"


def test_deleting_leaves_nothing(engine: Engine, stocked: Channel, home: Path) -> None:
    prefix = make(engine, stocked, "tool")
    assert str(prefix) in (home / ".conda/environments.txt").read_text()
    engine.delete(prefix)
    assert list(prefix.parent.iterdir()) == []
    assert str(prefix) not in (home / ".conda/environments.txt").read_text()


def test_repair_puts_damaged_files_back_and_keeps_what_is_not_a_packages(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "python", "pure", "tool")
    whole = content(prefix)
    (prefix / "bin/tool").unlink()
    (prefix / "bin/tool").write_text("broken")
    shutil.rmtree(prefix / "lib/python3.11/site-packages/pure")
    (prefix / "mine.txt").write_text("mine")
    assert engine.verify(prefix)
    change(engine, prefix, "repair")
    assert engine.verify(prefix) == []
    assert (prefix / "mine.txt").read_text() == "mine"
    (prefix / "mine.txt").unlink()
    assert tree_difference(whole, content(prefix)) == []


@pytest.mark.parametrize("again", [False, True], ids=["new", "more"])
def test_a_plan_counts_the_directories_that_the_change_makes(
    engine: Engine, stocked: Channel, tmp_path: Path, again: bool
) -> None:
    block = tmp_path.stat().st_blocks * 512
    if not block:
        pytest.skip("a directory takes nothing on this file system (tmpfs)")
    make(engine, stocked, "python", "pure", "tool")  # so that the cache has it all
    prefix = engine.new_prefix("b")
    records = [stocked.record(each) for each in ("python", "pure", "tool")]
    if again:
        change(engine, prefix, "create", records.pop(0), specs=("python",))
    action = "install" if again else "create"
    request = ChangeRequest(action=action, prefix=str(prefix), records=tuple(records))
    plan = engine.plan(request)
    result = engine.execute(plan)
    assert abs(plan.disk_bytes - result.disk_bytes) <= 3 * block  # conda-meta, the prefix itself, generated scripts


def test_a_plan_counts_what_a_removal_gives_back(engine: Engine, stocked: Channel, tmp_path: Path) -> None:
    prefix = make(engine, stocked, "python", "tool")
    paths = [path for record in engine.packages(prefix) if record.name == "tool" for path in record.files]
    paths.append(str(next(prefix.glob("conda-meta/tool-*.json")).relative_to(prefix)))
    alone = sum((prefix / path).lstat().st_blocks * 512 for path in paths if (prefix / path).lstat().st_nlink == 1)
    others = {path for record in engine.packages(prefix) if record.name != "tool" for path in record.files}
    places = {str(parent) for path in paths for parent in PurePath(path).parents} - {".", "conda-meta"}
    places -= {str(parent) for path in others for parent in PurePath(path).parents}
    plan = engine.plan(ChangeRequest(action="remove", prefix=str(prefix), specs=("tool",)))
    assert plan.freed_bytes == alone + sum((prefix / place).stat().st_blocks * 512 for place in places)
    change(engine, prefix, "remove", specs=("tool",))
    assert not any((prefix / place).exists() for place in places)


def test_repair_writes_a_broken_record_again(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "python", "tool")
    next((prefix / "conda-meta").glob("tool-*.json")).write_text("{")
    change(engine, prefix, "repair")
    assert set(names(engine, prefix)) == {"python", "tool"}
    assert engine.verify(prefix) == []


def test_repair_does_not_trust_a_damaged_cache(engine: Engine, stocked: Channel, settings: Settings) -> None:
    prefix = make(engine, stocked, "tool")
    cached = Path(settings.package_directories[0]) / stocked.record("tool").dist / "share/x"
    cached.write_text("hurt")  # a hard link: the environment is hurt as well
    assert engine.verify(prefix)
    change(engine, prefix, "repair")
    assert engine.verify(prefix) == []
    assert (prefix / "share/x").read_text() == "t"


def test_what_another_tool_did_is_recorded_and_can_be_undone(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "python", "tool")
    foreign = {"name": "foreign", "version": "1", "build": "0", "build_number": 0, "depends": [], "files": ["share/f"]}
    (prefix / "share/f").write_text("f")
    (prefix / "conda-meta/foreign-1-0.json").write_text(json.dumps({**foreign, "subdir": "noarch"}))
    change(engine, prefix, "install", stocked.record("pure"), specs=("pure",))
    assert [each.action for each in engine.generations(prefix)] == ["create", "found", "install"]
    plan = engine.plan(ChangeRequest(action="undo", prefix=str(prefix)))
    assert [(each.name, each.kind) for each in plan.changes] == [("pure", "removed")]


def test_requests_are_kept_in_the_records(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "python", "tool")

    def asked() -> dict[str, tuple[str, ...]]:
        return {record.name: record.requested_specs for record in engine.packages(prefix)}

    assert asked() == {"python": ("python",), "tool": ("tool",)}
    before = next((prefix / "conda-meta").glob("tool-*.json")).read_bytes()
    change(engine, prefix, "install", stocked.record("pure"), specs=("pure", "tool>=1"))
    assert asked() == {"python": ("python",), "tool": ("tool>=1",), "pure": ("pure",)}
    after = msgspec.json.decode(next((prefix / "conda-meta").glob("tool-*.json")).read_bytes(), type=PrefixRecord)
    old = msgspec.json.decode(before, type=PrefixRecord)
    assert after.paths_data == old.paths_data


def test_link_scripts_run_in_order_and_a_failure_takes_everything_back(
    engine: Engine, stocked: Channel, tmp_path: Path
) -> None:
    prefix = make(engine, stocked, "python")
    before = content(prefix)
    log = tmp_path / "log"
    stocked.add(
        "scripted",
        files={"share/s": "s"},
        link_scripts={
            "pre-link": f'echo "pre-link $PKG_NAME $PKG_VERSION" >> {log}',
            "post-link": f'test -e "$PREFIX/share/s" && echo post-link >> {log}; echo hello > "$PREFIX/.messages.txt"',
            "pre-unlink": f'test -e "$PREFIX/share/s" && echo "pre-unlink" >> {log}',
        },
    )
    result = change(engine, prefix, "install", stocked.record("scripted"), specs=("scripted",))
    assert result.messages == ("hello\n",) or "hello" in result.messages[0]
    change(engine, prefix, "remove", specs=("scripted",))
    assert log.read_text().splitlines() == ["pre-link scripted 1.0", "post-link", "pre-unlink"]
    assert tree_difference(before, content(prefix)) == []
    stocked.add("failing", files={"share/f": "f"}, link_scripts={"post-link": "echo no luck; exit 3"})
    with pytest.raises(LinkScriptError, match="no luck"):
        change(engine, prefix, "install", stocked.record("failing"), specs=("failing",))
    assert tree_difference(before, content(prefix)) == []
    fresh = engine.new_prefix("b")
    with pytest.raises(LinkScriptError):
        change(engine, fresh, "create", stocked.record("failing"), specs=("failing",))
    assert not fresh.exists()


def test_scripts_do_not_run_without_consent(settings: Settings, stocked: Channel, tmp_path: Path) -> None:
    engine = Engine(msgspec.structs.replace(settings, run_link_scripts=False))
    stocked.add("scripted", files={"share/s": "s"}, link_scripts={"post-link": f"touch {tmp_path}/ran"})
    make(engine, stocked, "scripted")
    assert not (tmp_path / "ran").exists()


def test_a_script_that_was_not_agreed_to_stops_a_change_before_anything_is_linked(
    engine: Engine, stocked: Channel, tmp_path: Path
) -> None:
    stocked.add("scripted", files={"share/s": "s"}, link_scripts={"post-link": f"touch {tmp_path}/ran"})
    request = ChangeRequest(action="create", prefix=str(engine.new_prefix("a")), records=(stocked.record("scripted"),))
    plan = engine.plan(request)
    assert (plan.link_scripts, plan.scripts_unknown) == ((), 1)
    with pytest.raises(ScriptConsentError) as caught:
        engine.execute(plan, scripts=plan.link_scripts)
    assert not (tmp_path / "ran").exists()
    assert not Path(plan.prefix).parent.exists()
    again = engine.plan(request)
    assert again.scripts_unknown == 0
    assert caught.value.detail == {"link_scripts": list(again.link_scripts)}
    engine.execute(again, scripts=again.link_scripts)
    assert (tmp_path / "ran").exists()


def test_frozen_environments_refuse_and_can_be_overridden(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "python", "tool")
    (prefix / "conda-meta/frozen").write_text('{"message": "exam"}')
    for action in ("remove", "repair"):
        with pytest.raises(FrozenError, match="exam"):
            engine.plan(ChangeRequest(action=action, prefix=str(prefix), specs=("tool",)))  # type: ignore[arg-type]
    with pytest.raises(FrozenError):
        engine.delete(prefix)
    change(engine, prefix, "remove", specs=("tool",), override_frozen=True)
    assert set(names(engine, prefix)) == {"python"}


def test_variables_are_kept_in_state_and_come_back(engine: Engine, stocked: Channel) -> None:
    prefix = engine.new_prefix("a")
    change(engine, prefix, "create", stocked.record("tool"), specs=("tool",), variables={"DATA": "/data"})
    assert json.loads((prefix / "conda-meta/state").read_text())["env_vars"] == {"DATA": "/data"}
    change(engine, prefix, "install", stocked.record("python"), specs=("python",))
    assert json.loads((prefix / "conda-meta/state").read_text())["env_vars"] == {"DATA": "/data"}


def test_names_and_paths_find_environments(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "tool", name="analysis")
    assert engine.resolve("analysis") == prefix
    assert engine.resolve(str(prefix)) == prefix
    with pytest.raises(NotFoundError, match="no environment") as caught:
        engine.resolve("anlysis")
    assert "analysis" in caught.value.hint
    with pytest.raises(AlreadyExistsError):
        engine.new_prefix("analysis")
    with pytest.raises(SpecError):
        engine.new_prefix("no good")


def test_a_new_environment_is_named_by_a_name_or_by_what_looks_like_a_path(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("./a/b", f"../{tmp_path.name}/a/b", f"{tmp_path}/a/b"):
        assert engine.new_prefix(path) == tmp_path / "a/b"
    assert engine.new_prefix("~/a") == Path("~/a").expanduser()
    for name in ("a/b", "b\u00e4d/name", "a/", ".hidden/a"):
        with pytest.raises(SpecError, match="is not a name for an environment") as caught:
            engine.new_prefix(name)
        assert "with -p" in caught.value.hint


def test_owner_and_why(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "tool", "rival")
    assert [record.name for record in engine.owner(prefix, "share/x")] == ["rival", "tool"]
    assert engine.owner(prefix, "share/nobody") == []
    assert engine.why(prefix, "tool")[0] == ("tool",)
    with pytest.raises(SpecError):
        engine.owner(prefix, "../outside")


def test_cleaning_keeps_what_one_undo_needs(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "python", "pure", "tool", pure="1.0")
    change(engine, prefix, "update", stocked.record("pure", "2.0"), specs=("pure",))
    assert engine.clean(dry_run=False).removed == ()
    change(engine, prefix, "remove", specs=("tool",))
    gone = engine.clean(dry_run=False).removed
    assert {entry.dist for entry in gone if entry.kind == "package"} == {"pure-1.0-py_0"}
    change(engine, prefix, "undo")
    assert engine.verify(prefix) == []


def test_compiled_files_are_made_once_and_linked_into_the_next_environment(engine: Engine, stocked: Channel) -> None:
    first = make(engine, stocked, "python", "pure")
    report = engine.compile(first)
    assert report.files > 0
    second = make(engine, stocked, "python", "pure", name="b")
    third = make(engine, stocked, "python", "pure", name="c")
    cache = "lib/python3.11/site-packages/pure/__pycache__/__init__.cpython-311.pyc"
    assert (second / cache).stat().st_ino == (third / cache).stat().st_ino
    assert engine.verify(second) == []
    code = "import pure, sys; print(pure.__cached__); print(pure.__file__)"
    out = output(f"{second}/bin/python", "-c", code)
    assert out.splitlines() == [str(second / cache), str((second / cache).parent.parent / "__init__.py")]
    change(engine, second, "remove", specs=("pure",))
    assert not (second / "lib/python3.11/site-packages/pure").exists()


def test_credentials_of_a_channel_are_used_and_stored_nowhere(
    engine: Engine, stocked: Channel, settings: Settings
) -> None:
    with serve(stocked.folder) as server:
        server.fault("*", auth=("me", "s3cret"))
        secret = server.url.replace("://", "://me:s3cret@")
        record = stocked.record("tool", channel=secret)
        prefix = engine.new_prefix("a")
        change(engine, prefix, "create", record, specs=("tool",), channels=(secret,))
    assert names(engine, prefix) == {"tool": "1.0"}
    root = Path(settings.root)
    for path in [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]:
        assert b"s3cret" not in path.read_bytes(), path


def test_a_change_uses_the_channels_that_the_environment_was_made_from(
    engine: Engine, stocked: Channel, tmp_path: Path
) -> None:
    stocked.index()
    prefix = engine.new_prefix("a")
    request = ChangeRequest(
        action="create", prefix=str(prefix), specs=("tool",), channels=(str(stocked.folder),), sources=("conda",)
    )
    engine.execute(engine.plan(request))
    plan = engine.plan(ChangeRequest(action="install", prefix=str(prefix), specs=("rival",)))
    assert [(each.name, each.kind) for each in plan.changes] == [("rival", "added")]
    assert plan.sources == ("conda",)


def test_digests_that_a_requirements_file_allows_are_enforced(engine: Engine, stocked: Channel) -> None:
    wheel = RepodataRecord(
        name="six",
        version="1.0",
        build="py3_none_any_0",
        noarch="python",
        fn="six-1.0-py3-none-any.whl",
        url="https://example.test/six-1.0-py3-none-any.whl",
        sha256="1" * 64,
    )
    request = ChangeRequest(
        action="create", prefix=str(engine.new_prefix("a")), records=(wheel,), hashes={"six": ("sha256:" + "2" * 64,)}
    )
    with pytest.raises(IntegrityError) as caught:
        engine.plan(request)
    assert caught.value.code == "integrity.requirements"


def test_a_link_that_was_turned_elsewhere_is_noticed(engine: Engine, stocked: Channel) -> None:
    prefix = make(engine, stocked, "python")
    (prefix / "bin/python3").unlink()
    (prefix / "bin/python3").symlink_to("/bin/true")
    assert [finding.path for finding in engine.verify(prefix)] == [str(prefix / "bin/python3")]
    change(engine, prefix, "repair")
    assert engine.verify(prefix) == []


def test_offline_names_what_is_not_cached_before_anything_is_done(engine: Engine, stocked: Channel) -> None:
    remote = stocked.record("tool", channel="https://channel.example")
    request = ChangeRequest(action="create", prefix=str(engine.new_prefix("a")), records=(remote,), offline=True)
    with pytest.raises(OfflineError, match=r"tool-1\.0") as caught:
        engine.plan(request)
    assert caught.value.hint
    make(engine, stocked, "tool")
    assert engine.plan(ChangeRequest(action="repair", prefix=str(engine.resolve("a")), offline=True)).changes == ()
