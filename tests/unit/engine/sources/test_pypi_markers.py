"""Markers and Requires-Python: cut the line of Pythons where an answer changes, and nowhere else matters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from jupyter_envs.engine.sources.pypi_markers import (
    PLATFORM_MARKERS,
    PythonRange,
    accepted_pythons,
    accepts_minor,
    cut_pythons,
    join_ranges,
    marker_holds,
    minor_range,
)

ALL = PythonRange((3, 0, 0))
MINOR = st.integers(6, 15)
PATCH = st.integers(0, 5)
OPERATORS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])


@st.composite
def python_markers(draw: Any) -> str:
    if draw(st.booleans()):
        return f"python_version {draw(OPERATORS)} '3.{draw(MINOR)}'"
    return f"python_full_version {draw(OPERATORS)} '3.{draw(MINOR)}.{draw(PATCH)}'"


@given(st.lists(python_markers(), min_size=1, max_size=3), MINOR, PATCH)
def test_between_two_cuts_no_marker_changes_its_answer(markers: list[str], minor: int, patch: int) -> None:
    python = (3, minor, patch)
    piece = next(
        piece
        for piece in cut_pythons(markers, ALL)
        if piece.start <= python and (piece.end is None or python < piece.end)
    )
    for text in markers:
        marker = Marker(text)
        assert marker_holds(marker, "linux-64", piece.start) == marker_holds(marker, "linux-64", python)


@given(st.lists(st.builds("{}3.{}".format, OPERATORS, MINOR), min_size=1, max_size=3), MINOR, PATCH)
def test_requires_python_as_pip_judges_it(specifiers: list[str], minor: int, patch: int) -> None:
    text = ",".join(specifiers)
    python = (3, minor, patch)
    expected = SpecifierSet(text).contains(f"3.{minor}.{patch}")
    inside = [
        piece
        for piece in accepted_pythons(text, ALL)
        if piece.start <= python and (piece.end is None or python < piece.end)
    ]
    assert bool(inside) == expected


def test_a_requirement_that_cannot_be_read_suits_every_python() -> None:
    assert accepted_pythons(">=3.6.*oops", ALL) == [ALL]
    assert accepts_minor("nonsense", (3, 11))


@pytest.mark.parametrize(
    ("requires", "minor", "accepted"),
    [
        (None, (3, 11), True),
        (">=3.9", (3, 11), True),
        (">=3.11.4", (3, 11), True),
        (">=3.12", (3, 11), False),
        ("<3.11", (3, 11), False),
        ("!=3.11.*", (3, 11), False),
        ("~=3.10", (3, 12), True),
        (">=2.7,!=3.0.*,!=3.1.*", (3, 9), True),
    ],
)
def test_accepts_minor(requires: str | None, minor: tuple[int, int], accepted: bool) -> None:
    assert accepts_minor(requires, minor) == accepted


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        (minor_range((3, 11)), "3.11.*"),
        (PythonRange((3, 9, 0)), ">=3.9"),
        (PythonRange((3, 9, 2), (3, 12, 0)), ">=3.9.2,<3.12"),
        (PythonRange((3, 11, 4), (3, 12, 0)), ">=3.11.4,<3.12"),
    ],
)
def test_specification(piece: PythonRange, text: str) -> None:
    assert piece.specification() == text


def test_ranges_are_joined_where_they_touch() -> None:
    first, second, third = PythonRange((3, 8, 0), (3, 9, 0)), PythonRange((3, 9, 0), (3, 10, 0)), minor_range((3, 12))
    assert join_ranges([first, second, third]) == [PythonRange((3, 8, 0), (3, 10, 0)), third]


def test_overlap_with_a_minor_version() -> None:
    assert PythonRange((3, 11, 4)).overlaps((3, 11))
    assert not PythonRange((3, 9, 0), (3, 11, 0)).overlaps((3, 11))
    assert PythonRange((3, 9, 0), (3, 11, 1)).overlaps((3, 11))


@pytest.mark.parametrize(
    ("marker", "subdirs"),
    [
        ("sys_platform == 'win32'", {"win-64", "win-32", "win-arm64"}),
        ("platform_system == 'Darwin'", {"osx-64", "osx-arm64"}),
        ("os_name == 'posix' and platform_machine == 'x86_64'", {"linux-64", "osx-64"}),
        ("platform_machine == 'aarch64' or platform_machine == 'arm64'", {"linux-aarch64", "osx-arm64"}),
        ("platform_machine == 'AMD64'", {"win-64"}),
        ("implementation_name == 'cpython' and sys_platform == 'cygwin'", set()),
        ("platform_python_implementation != 'PyPy'", set(PLATFORM_MARKERS)),
        ("platform_release >= '5'", set()),
    ],
)
def test_platform_markers_are_those_of_the_target(marker: str, subdirs: set[str]) -> None:
    found = {subdir for subdir in PLATFORM_MARKERS if marker_holds(Marker(marker), subdir, (3, 11, 0))}
    assert found == subdirs


def test_extras() -> None:
    marker = Marker("extra == 'test' and python_version >= '3.11'")
    assert marker_holds(marker, "linux-64", (3, 11, 0), "test")
    assert not marker_holds(marker, "linux-64", (3, 11, 0))
    assert not marker_holds(marker, "linux-64", (3, 10, 0), "test")
