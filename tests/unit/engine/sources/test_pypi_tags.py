"""Wheel tags: what Python and machine a file is for, on three platforms, against packaging's own order of tags."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging import tags

from jupyter_envs.engine.sources.pypi_tags import (
    PythonSupport,
    WheelChoice,
    find_choice,
    find_platform,
    find_python,
    split_wheel_name,
)

GLIBC = {"__glibc": "2.31"}


def choice(filename: str, subdir: str = "linux-64", **virtual: str) -> WheelChoice | None:
    name = split_wheel_name(filename)
    assert name is not None
    return find_choice(name, subdir, {f"__{key}": version for key, version in virtual.items()})


@pytest.mark.parametrize(
    ("filename", "build"),
    [("a-1.0-py3-none-any.whl", ""), ("a_b-1.0-7x-py2.py3-none-any.whl", "7x")],
)
def test_split(filename: str, build: str) -> None:
    name = split_wheel_name(filename)
    assert name is not None
    assert (name.build, name.abi) == (build, "none")


@pytest.mark.parametrize(
    "filename", ["a-1.0.tar.gz", "a-1.0-any.whl", "a-1.0-x1-py3-none-any.whl", "--py3-none-any.whl", "a.whl", ".whl"]
)
def test_no_wheel_name(filename: str) -> None:
    assert split_wheel_name(filename) is None


@pytest.mark.parametrize(
    ("python", "abi", "lowest", "exact"),
    [
        ("cp311", "cp311", (3, 11), True),
        ("cp38", "abi3", (3, 8), False),
        ("cp312", "none", (3, 12), True),
        ("py3", "none", (3, 0), False),
        ("py310", "none", (3, 10), False),
    ],
)
def test_pythons(python: str, abi: str, lowest: tuple[int, int], exact: bool) -> None:
    found = find_python(python, abi, pure=False)
    assert found is not None
    assert (found.lowest, found.exact) == (lowest, exact)


@pytest.mark.parametrize(
    ("python", "abi"),
    [("cp313", "cp313t"), ("cp37", "cp37m"), ("pp310", "pypy310_pp73"), ("py2", "none"), ("cp27", "cp27mu")],
)
def test_pythons_that_are_left_out(python: str, abi: str) -> None:
    assert find_python(python, abi, pure=False) is None


def test_ranks_follow_the_order_of_packaging() -> None:
    """PEP 425's tags in the order in which pip prefers them, for CPython 3.12 on one platform."""
    order = [
        *tags.cpython_tags((3, 12), ["cp312"], ["linux_x86_64"]),
        *tags.compatible_tags((3, 12), "cp312", ["linux_x86_64"]),
    ]
    ranks = []
    for tag in order:
        found = find_python(tag.interpreter, tag.abi, pure=tag.platform == "any")
        older = tag.interpreter.startswith("py3") and tag.interpreter not in ("py3", "py312")
        if found is not None and not older:
            assert found.covers((3, 12)), tag
            ranks.append(found.rank)
    assert len(ranks) > 15
    assert ranks == sorted(ranks, reverse=True)


@pytest.mark.parametrize(
    ("tag", "subdir", "virtual", "minimum"),
    [
        ("manylinux_2_17_x86_64", "linux-64", "__glibc", "2.17"),
        ("manylinux2014_x86_64", "linux-64", "__glibc", "2.17"),
        ("manylinux1_i686", "linux-32", "__glibc", "2.5"),
        ("manylinux_2_28_aarch64", "linux-aarch64", "__glibc", "2.28"),
        ("linux_x86_64", "linux-64", "__linux", ""),
        ("macosx_11_0_arm64", "osx-arm64", "__osx", "11.0"),
        ("macosx_10_9_universal2", "osx-arm64", "__osx", "10.9"),
        ("macosx_10_9_x86_64", "osx-64", "__osx", "10.9"),
        ("win_amd64", "win-64", "__win", ""),
        ("win32", "win-32", "__win", ""),
        ("win_arm64", "win-arm64", "__win", ""),
        ("any", "linux-64", None, ""),
        ("any", "win-64", None, ""),
    ],
)
def test_platforms(tag: str, subdir: str, virtual: str | None, minimum: str) -> None:
    found = find_platform(tag, subdir, {})
    assert found is not None
    assert (found.virtual, found.minimum) == (virtual, minimum)


@pytest.mark.parametrize(
    ("tag", "subdir"),
    [
        ("manylinux_2_17_x86_64", "linux-aarch64"),
        ("manylinux_2_17_x86_64", "osx-64"),
        ("musllinux_1_1_x86_64", "linux-64"),
        ("macosx_11_0_arm64", "osx-64"),
        ("win_amd64", "win-32"),
        ("linux_armv6l", "linux-armv7l"),
        ("nonsense", "linux-64"),
    ],
)
def test_platforms_that_do_not_fit(tag: str, subdir: str) -> None:
    assert find_platform(tag, subdir, {}) is None


def test_the_machine_s_glibc_decides() -> None:
    assert find_platform("manylinux_2_31_x86_64", "linux-64", GLIBC) is not None
    assert find_platform("manylinux_2_34_x86_64", "linux-64", GLIBC) is None


def test_a_musl_machine_takes_musl_wheels_only() -> None:
    musl = {"__musl": "1.2"}
    found = find_platform("musllinux_1_2_x86_64", "linux-64", musl)
    assert found is not None
    assert (found.virtual, found.minimum) == ("__musl", "1.2")
    assert find_platform("musllinux_1_3_x86_64", "linux-64", musl) is None
    assert find_platform("manylinux_2_17_x86_64", "linux-64", musl) is None


def test_of_compressed_platform_tags_the_mildest_is_what_it_needs() -> None:
    found = choice("a-1-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_17_x86_64.manylinux2014_x86_64.whl")
    assert found is not None
    assert found.platform.minimum == "2.17"


def test_of_compressed_python_tags_the_most_specific_counts() -> None:
    found = choice("a-1-py2.py3-none-any.whl")
    assert found is not None
    assert (found.tag, found.pure) == ("py3_none_any", True)
    assert found.python == PythonSupport(0, (3, 0), False)


@given(st.permutations(["py3-none-any", "cp38-abi3-manylinux_2_17_x86_64", "cp311-cp311-manylinux_2_17_x86_64"]))
def test_specific_wheels_rank_above_general_ones(order: list[str]) -> None:
    found = [choice(f"a-1-{tag}.whl") for tag in order]
    ranked = sorted((one for one in found if one is not None), key=lambda one: one.python.rank)
    assert [one.tag.split("_")[1] for one in ranked] == ["none", "abi3", "cp311"]


def test_build_tags_are_numbers_first() -> None:
    found = [choice(f"a-1-{build}-py3-none-any.whl") for build in ("2", "10", "10a")]
    builds = [one.build_tag for one in found if one is not None]
    assert builds == sorted(builds)


@pytest.mark.parametrize("subdir", ["linux-64", "osx-64", "osx-arm64", "win-64"])
def test_packaging_agrees_on_what_runs_there(subdir: str) -> None:
    """Every tag that packaging counts as this platform's is taken, every other one is not."""
    platforms = {
        "linux-64": ["manylinux_2_17_x86_64", "manylinux2014_x86_64", "linux_x86_64"],
        "osx-64": list(tags.mac_platforms((12, 0), "x86_64")),
        "osx-arm64": list(tags.mac_platforms((12, 0), "arm64")),
        "win-64": ["win_amd64"],
    }
    virtual = {"__osx": "12.0", "__glibc": "2.17"}
    for other, each in itertools.chain.from_iterable([(key, tag) for tag in found] for key, found in platforms.items()):
        expected = each in platforms[subdir]
        assert (find_platform(each, subdir, virtual) is not None) == expected, (other, each)
