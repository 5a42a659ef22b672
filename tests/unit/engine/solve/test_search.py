"""Names are looked up in channels by pattern and in the index by exact name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_envs.engine.solve.search import matching_names, search
from jupyter_envs.errors import OfflineError, SourceError

from .conftest import Desk

NAMES = {"numpy", "numpydoc", "bumpy-numpy", "pandas"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("numpy", ["numpy", "numpydoc", "bumpy-numpy"]),
        ("NumPy", ["numpy", "numpydoc", "bumpy-numpy"]),
        ("num*", ["numpy", "numpydoc"]),
        ("*das", ["pandas"]),
        ("nothing", []),
        ("", []),
    ],
)
def test_what_a_text_means(text: str, found: list[str]) -> None:
    assert matching_names(text, NAMES) == found


def test_newest_version_and_highest_build_first(desk: Desk) -> None:
    channel = desk.channel().add("a", "1.9").add("a", "1.10", build="x_0").add("a", "1.10", build="x_1", build_number=1)
    desk.use(channel.write())
    assert [record.dist for record in search("a", desk.settings)] == ["a-1.10-x_1", "a-1.9-0"]


def test_the_index_answers_for_a_name_that_no_channel_has(desk: Desk, wheelhouse: Callable[..., Path]) -> None:
    desk.use(desk.channel().add("tool-kit").add("both", "1").write())
    for version in ("1.0", "2.0"):
        wheelhouse("tool", version)
    wheelhouse("both", "9")
    sources = ("conda", "pypi")
    found = [record.dist for record in search("tool", desk.settings, sources=sources)]
    assert found == ["tool-2.0-py3_none_any_0", "tool-1.0-py3_none_any_0", "tool-kit-1.0-0"]
    assert [record.version for record in search("both", desk.settings, sources=sources)] == ["1"]
    assert [record.version for record in search("both", desk.settings, sources=("pypi",))] == ["9"]


def test_a_part_of_a_well_known_name_finds_it_in_the_index(desk: Desk, wheelhouse: Callable[..., Path]) -> None:
    desk.use(desk.channel().add("pandas", "2.0").write())
    for name, version in (("pandas", "3.0"), ("geopandas", "1.0"), ("geopandas", "1.1"), ("pandalike", "1.0")):
        wheelhouse(name, version)
    found = search("panda", desk.settings, sources=("conda", "pypi"))
    assert [(record.name, record.version) for record in found] == [("pandas", "2.0"), ("geopandas", "1.1")]
    assert [record.name for record in search("*panda*", desk.settings, sources=("pypi",))] == ["geopandas", "pandas"]


def test_what_is_imported_under_a_name_is_found(desk: Desk, wheelhouse: Callable[..., Path]) -> None:
    wheelhouse("scikit-learn")
    assert [record.name for record in search("sklearn", desk.settings, sources=("pypi",))] == ["scikit-learn"]


def test_well_known_names_that_no_source_has_are_not_offered(desk: Desk, wheelhouse: Callable[..., Path]) -> None:
    assert search("panda", desk.settings, sources=("pypi",)) == []


def test_an_unreachable_channel_is_said_when_nothing_else_is_asked(desk: Desk) -> None:
    nowhere = ("http://127.0.0.1:9/channel",)
    with pytest.raises(SourceError, match="cannot be reached"):
        search("a", desk.settings, channels=nowhere)
    with pytest.raises(OfflineError):
        search("a", desk.settings, channels=nowhere, offline=True)
