"""The guard: what it admits and what it refuses, with code and hint."""

from __future__ import annotations

import pytest

from jupyter_envs.engine.archive.guard import (
    BOMB_HINT,
    DUPLICATE_HINT,
    ESCAPE_HINT,
    MAX_ENTRIES,
    RATIO_COUNTS_FROM,
    Guard,
    are_safe_paths,
    is_safe_path,
)
from jupyter_envs.errors import ArchiveError

ESCAPES = [
    "",
    "/etc/passwd",
    "../x",
    "a/../../x",
    "a/..",
    "a//b",
    "a/",
    "./a",
    "a/./b",
    ".",
    "..",
    "a\\b",
    "C:/x",
    "a\0b",
]


@pytest.fixture
def guard() -> Guard:
    return Guard("a.conda", 1000)


@pytest.mark.parametrize("path", [*ESCAPES, "a\nb", "x" * 5000])
def test_paths_that_leave_or_are_not_normal(guard: Guard, path: str) -> None:
    assert not is_safe_path(path)
    with pytest.raises(ArchiveError) as caught:
        guard.admit_path(path)
    assert (caught.value.code, caught.value.hint) == ("archive.escape", ESCAPE_HINT)
    assert caught.value.exit_code == 7


@pytest.mark.parametrize("path", [*ESCAPES, "a\nb", "conda-meta/history", "Conda-Meta/x"])
def test_a_list_with_one_bad_path_is_refused(path: str) -> None:
    assert not are_safe_paths(["lib/a", path, "lib/b"])
    assert not are_safe_paths([path])


def test_good_lists() -> None:
    assert are_safe_paths([])
    assert are_safe_paths(["a", "lib/..a", "lib/a..", "lib/.hidden", "share/man3/A::B.3", "conda-metadata/x", "ü/é"])


def test_a_path_twice(guard: Guard) -> None:
    guard.admit_path("lib/a")
    guard.admit_path("lib/A")  # terminfo and kernel headers have such pairs
    with pytest.raises(ArchiveError) as caught:
        guard.admit_path("lib/a")
    assert (caught.value.code, caught.value.hint) == ("archive.duplicate", DUPLICATE_HINT)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("a", "/etc"),
        ("a", ".."),
        ("a", "../x"),
        ("lib/a", "../../x"),
        ("lib/a", "../lib/../../x"),
        ("a", ""),
        ("a", "b\\c"),
    ],
)
def test_links_that_point_out(guard: Guard, path: str, target: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        guard.admit_link(path, target)
    assert (caught.value.code, caught.value.hint) == ("archive.escape", ESCAPE_HINT)


@pytest.mark.parametrize(
    ("path", "target"),
    [("lib/a", "b"), ("lib/a", "../b"), ("lib/a", "missing/x"), ("lib/x/a", "../../bin/b"), ("a", ".")],
)
def test_links_that_stay_inside(guard: Guard, path: str, target: str) -> None:
    guard.admit_link(path, target)
    guard.check_links()


def test_a_link_that_leaves_by_way_of_another(guard: Guard) -> None:
    guard.admit_link("x/y/up", "../..")
    with pytest.raises(ArchiveError) as caught:
        guard.admit_link("evil", "x/y/up/../secret")
    assert caught.value.code == "archive.escape"


def test_a_link_that_leaves_by_way_of_a_later_one(guard: Guard) -> None:
    guard.admit_link("evil", "x/y/up/../secret")
    with pytest.raises(ArchiveError) as caught:
        guard.admit_link("x/y/up", "../..")
        guard.check_links()
    assert caught.value.code == "archive.escape"


def test_links_in_a_circle(guard: Guard) -> None:
    guard.admit_link("a", "b")
    with pytest.raises(ArchiveError) as caught:
        guard.admit_link("b", "a")
    assert caught.value.code == "archive.link"


def test_a_path_through_a_link(guard: Guard) -> None:
    guard.admit_path("lib")
    guard.admit_link("lib", "share")
    with pytest.raises(ArchiveError) as caught:
        guard.admit_path("lib/deep/a")
    assert caught.value.code == "archive.escape"


def test_too_many_entries(guard: Guard) -> None:
    with pytest.raises(ArchiveError) as caught:
        for _ in range(MAX_ENTRIES + 1):
            guard.admit_entry()
    assert (caught.value.code, caught.value.hint) == ("archive.bomb", BOMB_HINT)
    with pytest.raises(ArchiveError):
        guard.admit_count(1_000_000)


def test_too_many_bytes() -> None:
    with pytest.raises(ArchiveError) as caught:
        Guard("a.conda", 1000).admit_bytes(RATIO_COUNTS_FROM + 1)
    assert (caught.value.code, caught.value.hint) == ("archive.bomb", BOMB_HINT)
    with pytest.raises(ArchiveError):
        Guard("a.conda", 1 << 40).admit_bytes(65 << 30)
    Guard("a.conda", 1 << 30).admit_bytes(5 << 30)
