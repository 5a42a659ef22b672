"""Who wins a path that two packages claim."""

import pytest

from jupyter_envs.engine.link.actions import PackageLinkPlan
from jupyter_envs.engine.link.clobber import needed_directories, parents, winners, without_losers
from jupyter_envs.engine.link.plan import link_target, plan_package
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.models.records import PackageManifest, PathsEntry, RepodataRecord
from jupyter_envs.errors import LinkError


def plan(name: str, *paths: str | tuple[str, str]) -> PackageLinkPlan:
    entries = tuple(
        PathsEntry(path=path, path_type="hardlink")
        if isinstance(path, str)
        else PathsEntry(path=path[0], path_type=path[1])
        for path in paths
    )
    record = RepodataRecord(name=name, version="1", build="0", fn=f"{name}.conda", url="x")
    target = link_target("/e", layout_for("linux-64"), None)
    return plan_package(PackageManifest(record=record, directory=f"/pkgs/{name}", paths=entries), target)


def test_without_overlap_there_is_nothing_to_say() -> None:
    plans = [plan("a", "x", "d/y"), plan("b", "z", "d/w")]
    assert winners(plans) == ({}, [])
    assert without_losers(plans, {}) == plans


def test_the_later_package_wins_and_the_loser_remembers() -> None:
    plans = [plan("a", "x", "both", ("link", "softlink")), plan("b", "both", "link"), plan("c", "y")]
    won, (warning,) = winners(plans)
    assert won == {"both": "b-1-0", "link": "b-1-0"}
    assert warning.code == "link.clobber"
    assert warning.message == "b-1-0 and a-1-0 both provide both, link; the one of b-1-0 is used"
    assert warning.hint == "the file of a-1-0 comes back when b-1-0 is removed"
    first, second, third = without_losers(plans, won)
    assert first.paths() == ["x"]
    assert {action.path: action.kind for action in first.lost} == {"both": "link", "link": "softlink"}
    assert (second, third) == (plans[1], plans[2])


def test_of_three_the_last_wins_and_each_step_is_told() -> None:
    plans = [plan("a", "x"), plan("b", "x"), plan("c", "x")]
    won, warnings = winners(plans)
    assert won == {"x": "c-1-0"}
    assert [warning.message[:11] for warning in warnings] == ["b-1-0 and a", "c-1-0 and b"]
    assert [each.paths() for each in without_losers(plans, won)] == [[], [], ["x"]]


def test_many_paths_make_one_short_warning() -> None:
    paths = [f"lib/{number}" for number in range(9)]
    _, (warning,) = winners([plan("a", *paths), plan("b", *paths)])
    assert "lib/0, lib/1, lib/2 and 6 more" in warning.message


def test_the_same_directory_is_no_conflict() -> None:
    assert winners([plan("a", ("d", "directory")), plan("b", ("d", "directory"), "d/x")]) == ({}, [])


@pytest.mark.parametrize("path_type", ["hardlink", "softlink"])
def test_a_file_where_another_needs_a_directory_is_refused(path_type: str) -> None:
    for plans in (
        [plan("a", ("d", path_type)), plan("b", "d/deep/x")],
        [plan("b", "d/deep/x"), plan("a", ("d", path_type))],
        [plan("a", ("d", path_type), "d/deep/x")],
    ):
        with pytest.raises(LinkError) as caught:
            winners(plans)
        assert caught.value.code == "link.path_conflict"
        assert "d is a file or link of a-1-0" in caught.value.message
        assert "remove one of them" in caught.value.hint


def test_parents_come_before_children() -> None:
    assert parents(["a/b/c/", "a/", ""]) == {"a", "a/b", "a/b/c"}
    directories = needed_directories([plan("a", "x/y/z/file", ("m/n", "directory"))])
    assert directories == ["m", "m/n", "x", "x/y", "x/y/z"]
