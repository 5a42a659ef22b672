"""Dependencies come first, and always in the same order."""

from __future__ import annotations

import random

import pytest

from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.solve.order import closure, dependency_name, topological_order


def record(name: str, *depends: str, noarch: str | None = None) -> RepodataRecord:
    return RepodataRecord(
        name=name, version="1", build="0", depends=depends, noarch=noarch, fn=f"{name}-1-0.conda", url=f"file:///{name}"
    )


def names(records: list[RepodataRecord]) -> list[str]:
    return [one.name for one in topological_order(records)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("numpy", "numpy"),
        ("numpy >=1.2,<2", "numpy"),
        ("NumPy[version='>=2']", "numpy"),
        ("conda-forge::numpy", "numpy"),
        ("https://host.example/c::a-b.c 1", "a-b.c"),
        ("a>=1", "a"),
        ("__glibc >=2.17", "__glibc"),
    ],
)
def test_the_name_of_a_dependency(text: str, name: str) -> None:
    assert dependency_name(text) == name


def test_ties_are_broken_by_name_and_what_is_needed_comes_first() -> None:
    records = [record("z"), record("b", "z >=1"), record("a", "b", "absent"), record("c")]
    assert names(records) == ["c", "z", "b", "a"]


def test_python_comes_before_noarch_packages_that_do_not_ask_for_it() -> None:
    assert names([record("a", noarch="python"), record("lib"), record("python", "lib")]) == ["lib", "python", "a"]


def test_python_comes_before_pip_although_they_need_each_other() -> None:
    assert names([record("pip", "python"), record("python", "pip")]) == ["python", "pip"]


def test_a_circle_is_cut_at_its_smallest_name() -> None:
    assert names([record("b", "c"), record("c", "a"), record("a", "b"), record("d", "a")]) == ["a", "c", "b", "d"]


def test_the_order_does_not_depend_on_the_order_given() -> None:
    records = [record(f"p{i}", *(f"p{j}" for j in range(i) if (i * j) % 3 == 1)) for i in range(30)]
    expected = names(records)
    generator = random.Random(1)
    for _ in range(5):
        generator.shuffle(records)
        assert names(records) == expected


def test_closure_gives_the_shortest_chain() -> None:
    records = [record("a", "b", "c"), record("b", "d"), record("c"), record("d", "c"), record("other")]
    assert closure(["a"], records) == {"a": ("a",), "b": ("a", "b"), "c": ("a", "c"), "d": ("a", "b", "d")}
