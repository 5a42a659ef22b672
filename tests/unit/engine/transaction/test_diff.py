"""Packages and paths compared: what goes, what stays, what is linked, and who has a path that two packages want."""

from __future__ import annotations

from jupyter_envs.engine.models.records import PrefixRecord, RepodataRecord
from jupyter_envs.engine.transaction.diff import (
    change_kind,
    compare_records,
    diff_packages,
    diff_paths,
    same_package,
    same_state,
)


def wanted(name: str, version: str = "1.0", **fields: object) -> RepodataRecord:
    known = {"build": "0", "fn": f"{name}-{version}-0.conda", "url": f"https://example.test/{name}-{version}-0.conda"}
    return RepodataRecord(name=name, version=version, **(known | fields))  # type: ignore[arg-type]


def installed(name: str, version: str = "1.0", files: tuple[str, ...] = (), **fields: object) -> PrefixRecord:
    known = {"build": "0", "fn": f"{name}-{version}-0.conda", "url": f"https://example.test/{name}-{version}-0.conda"}
    return PrefixRecord(name=name, version=version, files=files, **(known | fields))  # type: ignore[arg-type]


def kinds(before: list[PrefixRecord], after: list[RepodataRecord]) -> dict[str, str]:
    return {change.name: change.kind for change in diff_packages(before, after).changes}


def test_each_kind_of_change_has_its_name() -> None:
    before = [installed("a"), installed("b", "2.0"), installed("c"), installed("d"), installed("e")]
    after = [wanted("a"), wanted("b", "1.10"), wanted("c", "1.10"), wanted("d", build="1"), wanted("f")]
    assert kinds(before, after) == {
        "b": "downgraded",
        "c": "upgraded",
        "d": "rebuilt",
        "e": "removed",
        "f": "added",
    }


def test_versions_go_up_by_number_and_pre_releases_come_before_the_release() -> None:
    assert change_kind(wanted("a", "1.9"), wanted("a", "1.10")) == "upgraded"
    assert change_kind(wanted("a", "1.0rc1"), wanted("a", "1.0")) == "upgraded"
    assert change_kind(wanted("a", "1.0"), wanted("a", "1.0.post1")) == "upgraded"
    assert change_kind(wanted("a", "2.0"), wanted("a", "1!1.0")) in {"upgraded", "downgraded"}


def test_a_digest_says_that_two_records_are_the_same_wherever_they_were_fetched() -> None:
    one = wanted("a", sha256="11", url="https://one.test/a-1.0-0.conda")
    assert same_package(one, wanted("a", sha256="11", url="https://two.test/a-1.0-0.conda"))
    assert not same_package(one, wanted("a", sha256="22", url="https://one.test/a-1.0-0.conda"))
    assert same_state([one], [one])
    assert not same_state([one], [])


def test_noarch_python_packages_are_linked_again_when_python_moves_to_another_minor_version() -> None:
    before = [installed("python", "3.11.7"), installed("pure", noarch="python"), installed("native")]
    patch_release = [wanted("python", "3.11.9"), wanted("pure", noarch="python"), wanted("native")]
    minor_release = [wanted("python", "3.12.1"), wanted("pure", noarch="python"), wanted("native")]
    assert kinds(before, patch_release) == {"python": "upgraded"}
    assert kinds(before, minor_release) == {"python": "upgraded", "pure": "relinked"}


def test_the_later_package_wins_a_path_and_the_loser_comes_back_when_the_winner_goes() -> None:
    first, second = wanted("first"), wanted("second")
    created = diff_packages([], [first, second])
    paths = diff_paths(created, {first.dist: ["both", "one"], second.dist: ["both"]}, {"first": 0, "second": 1})
    assert paths.placed == {"both": second.dist, "one": first.dist}
    assert paths.clobbers == (("both", "first", "second"),)

    before = [installed("first", files=("both", "one")), installed("second", files=("both",))]
    removal = diff_packages(before, [first])
    after = diff_paths(removal, {}, {"first": 0})
    assert after.restored == {"both": first.dist}
    assert after.gone == {"both"}
    assert after.placed == {}


def test_a_kept_package_that_comes_later_keeps_its_path() -> None:
    early, late = wanted("early", "2.0"), wanted("late")
    before = [installed("early", "1.0", files=("own",)), installed("late", files=("shared",))]
    diff = diff_packages(before, [early, late])
    changes = diff_paths(diff, {early.dist: ["own", "shared"]}, {"early": 0, "late": 1})
    assert changes.placed == {"own": early.dist}
    assert "shared" not in changes.gone
    assert changes.clobbers == (("shared", "early", "late"),)


def test_a_linked_package_that_comes_later_takes_the_path_of_a_kept_one() -> None:
    early, late = wanted("early"), wanted("late")
    diff = diff_packages([installed("early", files=("shared",))], [early, late])
    changes = diff_paths(diff, {late.dist: ["shared"]}, {"early": 0, "late": 1})
    assert changes.placed == {"shared": late.dist}
    assert changes.gone == {"shared"}


def test_an_upgrade_moves_out_what_the_new_version_lacks_and_replaces_the_rest() -> None:
    new = wanted("a", "2.0")
    diff = diff_packages([installed("a", "1.0", files=("same", "old"))], [new])
    changes = diff_paths(diff, {new.dist: ["same", "new"]}, {"a": 0})
    assert changes.gone == {"same", "old"}
    assert set(changes.placed) == {"same", "new"}


def test_a_directory_that_two_packages_bring_is_no_clobber_and_stays_while_one_needs_it() -> None:
    first, second = wanted("first"), wanted("second")
    diff = diff_packages([], [first, second])
    paths = {first.dist: ["share/d"], second.dist: ["share/d"]}
    assert diff_paths(diff, paths, {"first": 0, "second": 1}, {"share/d"}).clobbers == ()
    before = [installed("first", files=("share/d",)), installed("second", files=("share/d",))]
    changes = diff_paths(diff_packages(before, [first]), {}, {"first": 0}, {"share/d"})
    assert (changes.gone, changes.restored) == (frozenset(), {})


def test_two_recorded_states_are_compared_by_name() -> None:
    before = [wanted("a"), wanted("b"), wanted("c"), wanted("same")]
    after = [wanted("b", "2.0"), wanted("c", "0.5"), wanted("same"), wanted("z")]
    told = [(change.name, change.kind) for change in compare_records(before, after)]
    assert told == [("a", "removed"), ("b", "upgraded"), ("c", "downgraded"), ("z", "added")]
    assert compare_records(after, after) == ()
