"""Which releases and wheels are chosen: pip's rules, the window, the limits, and the reason when nothing is left."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_envs.engine.sources.pypi import version_matches
from jupyter_envs.engine.sources.pypi_cache import IndexFile
from jupyter_envs.engine.sources.pypi_explain import explain
from jupyter_envs.engine.sources.pypi_index import Project
from jupyter_envs.engine.sources.pypi_select import Limits, Selection, Target, select

TARGET = Target(subdir="linux-64", minors=((3, 11), (3, 12)), virtual_packages={"__glibc": "2.31"})


def file(version: str, tag: str = "py3-none-any", **facts: Any) -> IndexFile:
    name = f"demo-{version}-{tag}.whl"
    return IndexFile(filename=name, url=f"https://files.test/{name}", sha256="ab" * 32, **facts)


def chosen(selection: Selection) -> list[str]:
    return [str(release.version) for release in selection.releases]


def tags(selection: Selection) -> list[str]:
    return [wheel.choice.tag for release in selection.releases for wheel in release.wheels]


def pick(*files: IndexFile, target: Target = TARGET, sdists: tuple[str, ...] = (), **limits: Any) -> Selection:
    return select(files, sdists, target, Limits(**limits), version_matches)


def test_newest_first_up_to_the_window() -> None:
    files = [file(f"1.{minor}") for minor in range(30)]
    selection = pick(*files, window=3)
    assert chosen(selection) == ["1.29", "1.28", "1.27"]
    assert selection.truncated
    assert not pick(*files[:3], window=3).truncated


def test_a_limit_of_the_request_leaves_the_rest_out() -> None:
    selection = pick(*[file(f"{major}.0") for major in range(9)], window=2, wanted=("<4",))
    assert chosen(selection) == ["3.0", "2.0"]
    assert selection.truncated


def test_limits_seen_in_dependencies_reach_below_the_window() -> None:
    selection = pick(*[file(f"{major}.0") for major in range(20)], window=2, seen=("<5dev0", ">=1", "==2.0"))
    assert chosen(selection) == ["19.0", "18.0", "17.0", "4.0", "3.0", "2.0"]
    assert selection.truncated


@given(
    st.lists(st.integers(0, 40), unique=True, min_size=1),
    st.integers(1, 8),
    st.lists(st.sampled_from(["<10", ">=3,<7", "==5", ">30", "4.*"]), unique=True, max_size=3),
)
def test_the_window_and_every_limit_get_the_newest_there_are(numbers: list[int], window: int, seen: list[str]) -> None:
    selection = pick(*[file(str(number)) for number in numbers], window=window, seen=tuple(seen))
    got = [int(text) for text in chosen(selection)]
    assert got == sorted(got, reverse=True)
    assert set(sorted(numbers, reverse=True)[:window]) <= set(got)
    for limit in seen:
        matching = sorted((n for n in numbers if version_matches(limit, str(n))), reverse=True)
        assert set(matching[:3]) <= set(got)
    assert selection.truncated == (len(got) < len(numbers))


def test_prereleases_only_when_asked_for_or_when_there_is_nothing_else() -> None:
    files = [file("1.0"), file("2.0rc1"), file("2.0.dev1")]
    assert chosen(pick(*files)) == ["1.0"]
    assert chosen(pick(*files, wanted=(">=2.0rc1",))) == ["2.0rc1"]
    assert chosen(pick(*files, seen=("==2.0dev1",))) == ["2.0rc1", "2.0.dev1", "1.0"]
    assert chosen(pick(*files[1:])) == ["2.0rc1", "2.0.dev1"]
    assert chosen(pick(file("1.0", "cp27-cp27mu-linux_x86_64"), file("2.0rc1"))) == ["2.0rc1"]
    eager = Target(subdir="linux-64", minors=((3, 11),), prereleases=True)
    assert chosen(pick(*files, target=eager))[0] == "2.0rc1"


def test_a_yanked_file_only_when_its_version_is_pinned() -> None:
    """PEP 592."""
    files = [file("1.0"), file("1.1", yanked=True)]
    assert chosen(pick(*files)) == ["1.0"]
    assert chosen(pick(*files, wanted=("==1.1",))) == ["1.1"]
    assert chosen(pick(*files, wanted=(">=1.1",))) == []
    assert chosen(pick(*files, seen=("==1.1.0",))) == ["1.1", "1.0"]


def test_nothing_newer_than_asked_and_nothing_of_unknown_age() -> None:
    target = Target(subdir="linux-64", minors=((3, 11),), exclude_newer=1000)
    files = [file("1.0", uploaded=1000), file("2.0", uploaded=1001), file("3.0")]
    assert chosen(pick(*files, target=target)) == ["1.0"]


def test_each_python_gets_its_most_specific_wheel() -> None:
    selection = pick(
        file("1.0", "py3-none-any"),
        file("1.0", "cp311-cp311-manylinux_2_17_x86_64"),
        file("1.0", "cp38-abi3-manylinux_2_17_x86_64"),
        file("1.0", "cp39-abi3-manylinux_2_17_x86_64"),
        file("1.0", "cp310-cp310-manylinux_2_17_x86_64"),
        file("1.0", "cp312-cp312t-manylinux_2_17_x86_64"),
        file("1.0", "cp312-cp312-win_amd64"),
    )
    assert tags(selection) == ["cp311_cp311_manylinux_2_17_x86_64", "cp39_abi3_manylinux_2_17_x86_64"]


def test_the_newest_platform_that_the_machine_has() -> None:
    selection = pick(
        file("1.0", "cp311-cp311-manylinux_2_17_x86_64"),
        file("1.0", "cp311-cp311-manylinux_2_28_x86_64"),
        file("1.0", "cp311-cp311-manylinux_2_34_x86_64"),
        file("1.0", "cp311-cp311-linux_x86_64"),
    )
    assert tags(selection) == ["cp311_cp311_manylinux_2_28_x86_64"]


def test_the_highest_build_tag_wins() -> None:
    selection = pick(file("1.0-2", "py3-none-any"), file("1.0-10", "py3-none-any"), file("1.0"))
    assert [wheel.file.filename for release in selection.releases for wheel in release.wheels] == [
        "demo-1.0-10-py3-none-any.whl"
    ]


def test_requires_python_is_asked_before_metadata_is_read() -> None:
    selection = pick(file("2.0", requires_python=">=3.13"), file("1.0", requires_python=">=3.12"), window=1)
    assert chosen(selection) == ["1.0"]
    assert not selection.truncated


def test_local_labels_have_an_order_of_their_own() -> None:
    selection = pick(file("1.0"), file("1.0+cpu"), file("1.0+cu118"), file("0.9"))
    assert [(str(release.version), release.local_rank) for release in selection.releases] == [
        ("1.0+cu118", 2),
        ("1.0+cpu", 1),
        ("1.0", 0),
        ("0.9", 0),
    ]


LATE = Target(subdir="linux-64", minors=((3, 11),), exclude_newer=1709294400000)


@pytest.mark.parametrize(
    ("files", "sdists", "limits", "target", "code", "hint"),
    [
        ([], ("1.0",), {}, TARGET, "pypi.sdist_only", "pip wheel demo"),
        ([file("2.0")], ("1.0", "2.0"), {"wanted": ("==1.0",)}, TARGET, "pypi.sdist_only", "another version"),
        ([file("2.0")], (), {"wanted": ("<1",)}, TARGET, "pypi.no_version", "search demo"),
        ([file("2.0", requires_python=">=3.13")], (), {}, TARGET, "pypi.no_python", "python=3.12"),
        ([file("2.0", "cp311-cp311-win_amd64")], (), {}, TARGET, "pypi.no_platform", "conda channel"),
        ([file("2.0", "cp311-cp311-win_amd64")], ("2.0",), {}, TARGET, "pypi.no_platform", "build a wheel"),
        ([file("2.0", yanked=True)], (), {}, TARGET, "pypi.yanked", "demo=="),
        ([file("2.0", uploaded=1709294400001)], (), {}, LATE, "pypi.too_new", "--exclude-newer"),
        ([file("2.0")], (), {}, LATE, "pypi.no_upload_time", "without --exclude-newer"),
        ([], (), {}, TARGET, "pypi.no_wheel", "another package"),
    ],
)
def test_why_nothing_is_left(
    files: list[IndexFile], sdists: tuple[str, ...], limits: dict[str, Any], target: Target, code: str, hint: str
) -> None:
    selection = pick(*files, sdists=sdists, target=target, **limits)
    assert selection.releases == ()
    said = explain(Project("demo", True, tuple(files), sdists), selection, target)
    assert said.code == code
    assert "demo" in said.message
    assert hint in said.hint


def test_what_is_not_there_or_not_cached() -> None:
    nothing = Selection(())
    assert explain(Project("demo", False, (), ()), nothing, TARGET).code == "pypi.unknown"
    assert explain(Project("demo", False, (), (), True), nothing, TARGET).code == "pypi.offline"
    unread = pick(file("1.0"))
    assert explain(Project("demo", True, (file("1.0"),), ()), unread, TARGET).code == "pypi.metadata_missing"
