"""What a request means for requested specs and packages."""

from __future__ import annotations

from jupyter_envs.engine.models.records import PackageRecord
from jupyter_envs.engine.planning_rules import after_removal, closure_of, merge_requested, why_chains


def records(**depends: str) -> list[PackageRecord]:
    return [PackageRecord(name=name, version="1", depends=tuple(text.split())) for name, text in depends.items()]


PLOTTING = records(python="", numpy="python", pandas="python numpy", matplotlib="python numpy pillow", pillow="__glibc")


def test_a_new_spec_replaces_the_one_of_the_same_name_and_keeps_its_place() -> None:
    assert merge_requested(("python=3.11", "numpy"), ("numpy<2", "pandas")) == ("python=3.11", "numpy<2", "pandas")
    both = merge_requested(("numpy", "six"), ("numpy>=1.20", "numpy<2", "numpy<2"))
    assert both == ("numpy>=1.20", "numpy<2", "six")
    assert merge_requested(both, ("pandas",)) == (*both, "pandas")
    assert merge_requested(both, ("numpy=1.26",)) == ("numpy=1.26", "six")
    assert merge_requested(("pypi::scikit-learn",), ("pypi::scikit_learn>=1",)) == ("pypi::scikit_learn>=1",)


def test_what_needs_a_removed_package_goes_with_it_and_what_only_served_it_too() -> None:
    staying, requested = after_removal(PLOTTING, ("pandas", "matplotlib"), ["matplotlib"])
    assert staying == {"python", "numpy", "pandas"}
    assert requested == ("pandas",)
    staying, requested = after_removal(PLOTTING, ("pandas", "matplotlib", "python"), ["numpy"])
    assert staying == {"python"}
    assert requested == ("python",)


def test_without_known_requests_nothing_is_called_an_orphan() -> None:
    staying, requested = after_removal(PLOTTING, (), ["matplotlib"])
    assert staying == {"python", "numpy", "pandas", "pillow"}
    assert requested == ()


def test_a_package_that_nobody_asked_for_and_nobody_needed_stays() -> None:
    stray = [*PLOTTING, *records(stray="python")]
    staying, _ = after_removal(stray, ("pandas", "matplotlib"), ["matplotlib"])
    assert "stray" in staying


def test_cycles_end() -> None:
    cycle = {record.name: record for record in records(a="b", b="a")}
    assert closure_of(cycle, ["a"]) == {"a", "b"}
    assert why_chains(list(cycle.values()), ["a"], "b") == [("a", "b")]


def test_why_names_the_shortest_chain_first() -> None:
    chains = why_chains(PLOTTING, ("pandas", "matplotlib"), "numpy")
    assert chains == [("matplotlib", "numpy"), ("pandas", "numpy")]
    assert why_chains(PLOTTING, ("pandas",), "pandas") == [("pandas",)]
