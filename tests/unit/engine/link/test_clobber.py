"""Who wins a path that two packages claim, and what has no winner."""

import pytest

from jupyter_envs.engine.link.actions import PackageLinkPlan
from jupyter_envs.engine.link.directories import needed_directories, parents, refuse_file_as_directory
from jupyter_envs.engine.link.plan import link_target, plan_package
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.models.records import PackageManifest, PathsEntry, RepodataRecord
from jupyter_envs.engine.transaction.inputs import clobber_warnings
from jupyter_envs.errors import LinkError
from support.settled import settle_new


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
    changes = settle_new(plans)
    assert changes.clobbers == ()
    assert [each.paths() for each in plans] == [["x", "d/y"], ["z", "d/w"]]


def test_the_later_package_wins_and_the_loser_remembers() -> None:
    plans = [plan("a", "x", "both", ("link", "softlink")), plan("b", "both", "link"), plan("c", "y")]
    changes = settle_new(plans)
    assert sorted(changes.clobbers) == [("both", "a", "b"), ("link", "a", "b")]
    (warning,) = clobber_warnings(changes)
    assert warning.code == "link.clobber"
    assert warning.message == "b and a both bring both and 1 more files; those of b are used"
    assert warning.hint == "removing b brings back those of a"
    first, second, third = plans
    assert first.paths() == ["x"]
    assert {action.path: action.kind for action in first.lost} == {"both": "link", "link": "softlink"}
    assert (second.paths(), third.paths()) == (["both", "link"], ["y"])


def test_of_three_the_last_wins_and_each_step_is_told() -> None:
    plans = [plan("a", "x"), plan("b", "x"), plan("c", "x")]
    changes = settle_new(plans)
    assert changes.placed == {"x": "c-1-0"}
    assert [warning.message[:7] for warning in clobber_warnings(changes)] == ["b and a", "c and b"]
    assert [each.paths() for each in plans] == [[], [], ["x"]]


def test_the_same_directory_is_no_conflict() -> None:
    plans = [plan("a", ("d", "directory")), plan("b", ("d", "directory"), "d/x")]
    assert settle_new(plans).clobbers == ()
    assert needed_directories(plans) == ["d"]


@pytest.mark.parametrize("path_type", ["hardlink", "softlink"])
def test_a_file_where_another_needs_a_directory_is_refused(path_type: str) -> None:
    for plans in (
        [plan("a", ("d", path_type)), plan("b", "d/deep/x")],
        [plan("b", "d/deep/x"), plan("a", ("d", path_type))],
        [plan("a", ("d", path_type), "d/deep/x")],
    ):
        with pytest.raises(LinkError) as caught:
            refuse_file_as_directory(plans, needed_directories(plans))
        assert caught.value.code == "link.path_conflict"
        assert "d is a file or link of a-1-0" in caught.value.message
        assert "remove one of them" in caught.value.hint


def test_parents_come_before_children() -> None:
    assert parents(["a/b/c/", "a/", ""]) == {"a", "a/b", "a/b/c"}
    directories = needed_directories([plan("a", "x/y/z/file", ("m/n", "directory"))])
    assert directories == ["m", "m/n", "x", "x/y", "x/y/z"]
