"""Stored plans, consent, and when to compile."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.models.plan import ChangePlan, PackageChange
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import NotFoundError, SpecError, StorageError
from jupyter_envs.jobs.background import cache_tag_of, wants_compile
from jupyter_envs.jobs.consent import losses, losses_to_agree, unasked_losses
from jupyter_envs.jobs.plans import KEEP_PLANS, load_plan, plans_directory, save_plan
from jupyter_envs.settings import Settings


def record(name: str, version: str = "1.0", noarch: str | None = "python") -> RepodataRecord:
    return RepodataRecord(
        name=name, version=version, build="0", noarch=noarch, fn=f"{name}.conda", url=f"file:///{name}"
    )


def plan(plan_id: str = "p1", *changes: PackageChange) -> ChangePlan:
    records = tuple(change.after for change in changes if change.after)
    return ChangePlan(
        plan_id=plan_id, action="install", prefix="/e", base="x", records=records, requested=(), changes=changes
    )


def test_a_plan_is_read_back_as_it_was(tmp_path: Path) -> None:
    made = plan("abc", PackageChange(name="a", kind="added", after=record("a")))
    save_plan(str(tmp_path), made)
    assert load_plan(str(tmp_path), "abc") == made


def test_an_unknown_plan(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        load_plan(str(tmp_path), "nope")
    assert caught.value.code == "not_found.plan"


@pytest.mark.parametrize("plan_id", ["../../etc/passwd", "a/b", "", ".hidden", "a\0b"])
def test_an_id_is_a_plain_name(tmp_path: Path, plan_id: str) -> None:
    with pytest.raises(SpecError, match="not the id of a plan"):
        load_plan(str(tmp_path), plan_id)


def test_a_file_that_is_no_plan(tmp_path: Path) -> None:
    plans_directory(str(tmp_path)).mkdir()
    (plans_directory(str(tmp_path)) / "bad.json").write_text('{"plan_id": 3}')
    with pytest.raises(SpecError, match="not a plan"):
        load_plan(str(tmp_path), "bad")


def test_a_plan_of_another_version(tmp_path: Path) -> None:
    save_plan(str(tmp_path), msgspec.structs.replace(plan(), plan_version=9))
    with pytest.raises(SpecError, match="version 9"):
        load_plan(str(tmp_path), "p1")


def test_old_plans_are_forgotten(tmp_path: Path) -> None:
    for number in range(KEEP_PLANS + 3):
        save_plan(str(tmp_path), plan(f"p{number}"))
    assert len(list(plans_directory(str(tmp_path)).iterdir())) == KEEP_PLANS


def test_plans_that_cannot_be_stored(tmp_path: Path) -> None:
    (tmp_path / "root").write_text("")
    with pytest.raises(StorageError, match="storing the plan"):
        save_plan(str(tmp_path / "root"), plan())


def test_consent_is_for_what_is_lost() -> None:
    added = PackageChange(name="a", kind="added", after=record("a"))
    removed = PackageChange(name="b", kind="removed", before=record("b"))
    older = PackageChange(name="c", kind="downgraded", before=record("c", "2"), after=record("c", "1"))
    assert losses(plan("p", added)) == ()
    assert losses(plan("p", added, removed, older)) == (removed, older)
    all_three = plan("p", added, removed, older)
    assert losses_to_agree(all_three, "given", ()) == ()
    assert losses_to_agree(all_three, "destructive", ("c=1",)) == (removed, older)
    assert losses_to_agree(all_three, "unasked", ("c=1",)) == (removed,)


def test_removing_agrees_to_what_is_named_and_to_what_nobody_needs_any_more() -> None:
    named = PackageChange(name="named", kind="removed", before=record("named"))
    orphan = PackageChange(name="orphan", kind="removed", before=record("orphan"))
    needs = msgspec.structs.replace(record("needs"), depends=("named >=1",))
    dependent = PackageChange(name="needs", kind="removed", before=needs)
    removal = msgspec.structs.replace(plan("p", named, orphan, dependent), action="remove")
    assert unasked_losses(removal, {"named"}) == (dependent,)
    assert unasked_losses(msgspec.structs.replace(removal, action="undo"), set()) == ()


def test_compile_is_wanted_until_every_pure_package_is_in_the_cache(tmp_path: Path) -> None:
    settings = Settings(root=str(tmp_path), envs_directories=(), package_directories=(str(tmp_path),))
    records = (record("python", "3.11.7", None), record("pure"), record("binary", noarch=None))
    assert cache_tag_of(records) == "cpython-311"
    assert wants_compile(records, settings)
    compiled = tmp_path / ".pyc" / "cpython-311" / "pure-1.0-0"
    compiled.mkdir(parents=True)
    (compiled / "index.json").write_text("{}")
    assert not wants_compile(records, settings)
    assert not wants_compile(records[1:], settings)


def test_compile_can_be_switched_off(tmp_path: Path) -> None:
    settings = Settings(
        root=str(tmp_path), envs_directories=(), package_directories=(str(tmp_path),), compile_in_background=False
    )
    assert not wants_compile((record("python", "3.11.7", None), record("pure")), settings)
