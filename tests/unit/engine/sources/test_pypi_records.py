"""Wheels as records: names, builds, dependencies for each Python, platforms, extras; nothing lost through rattler."""

from __future__ import annotations

from typing import Any

import pytest
from packaging.version import Version

from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.sources.base import from_rattler, to_rattler
from jupyter_envs.engine.sources.pypi_cache import IndexFile, WheelMetadata
from jupyter_envs.engine.sources.pypi_records import extra_records, wheel_records
from jupyter_envs.engine.sources.pypi_select import Release, Target, Wheel
from jupyter_envs.engine.sources.pypi_tags import find_choice, split_wheel_name
from jupyter_envs.errors import SourceError, SpecError

LINUX = Target(subdir="linux-64", minors=((3, 10), (3, 11), (3, 12)))


def one(filename: str, *requires: str, python: str | None = None, target: Target = LINUX, **facts: Any) -> Any:
    name = split_wheel_name(filename)
    assert name is not None
    choice = find_choice(name, target.subdir, {})
    assert choice is not None
    file = IndexFile(
        filename=filename,
        url=f"https://files.test/{filename}",
        index="https://index.test/simple",
        **{"sha256": "AB" * 32, "size": 10, "uploaded": 1709294400123, **facts},
    )
    metadata = WheelMetadata(
        name=name.distribution, version=name.version, requires_python=python, requires_dist=requires
    )
    wheel = Wheel(file, choice)
    return Release(Version(name.version), (wheel,)), wheel, metadata, target


def records(filename: str, *requires: str, **what: Any) -> list[RepodataRecord]:
    return wheel_records("demo", *one(filename, *requires, **what))


def test_a_pure_wheel() -> None:
    (record,) = records("demo-1.0-py3-none-any.whl", "b>=1", "torch", python=">=3.9")
    assert record == RepodataRecord(
        name="demo",
        version="1.0",
        build="py3_none_any_0",
        subdir="noarch",
        noarch="python",
        depends=("python >=3.9", "b >=1", "pytorch"),
        fn="demo-1.0-py3-none-any.whl",
        url="https://files.test/demo-1.0-py3-none-any.whl",
        channel="https://index.test/simple",
        size=10,
        sha256="ab" * 32,
        timestamp=1709294400123,
    )


@pytest.mark.parametrize(
    ("tag", "subdir", "build", "depends"),
    [
        (
            "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
            "linux-64",
            "cp311_cp311_manylinux_2_17_x86_64_0",
            ("python 3.11.*", "__glibc >=2.17"),
        ),
        ("cp38-abi3-linux_x86_64", "linux-64", "cp38_abi3_linux_x86_64_0", ("python >=3.8", "__linux")),
        (
            "cp311-cp311-macosx_11_0_arm64",
            "osx-arm64",
            "cp311_cp311_macosx_11_0_arm64_0",
            ("python 3.11.*", "__osx >=11.0"),
        ),
        ("cp311-cp311-win_amd64", "win-64", "cp311_cp311_win_amd64_0", ("python 3.11.*", "__win")),
        ("py3-none-win_amd64", "win-64", "py3_none_win_amd64_0", ("python >=3.0", "__win")),
    ],
)
def test_wheels_of_three_platforms(tag: str, subdir: str, build: str, depends: tuple[str, ...]) -> None:
    (record,) = records(f"demo-1.0-{tag}.whl", target=Target(subdir=subdir, minors=((3, 11),)))
    assert (record.subdir, record.build, record.depends, record.noarch) == (subdir, build, depends, "python")


def test_specific_wheels_have_higher_build_numbers() -> None:
    wheels = ["py3-none-any", "cp38-abi3-linux_x86_64", "cp311-cp311-linux_x86_64"]
    numbers = [records(f"demo-1.0-{tag}.whl")[0].build_number for tag in wheels]
    assert numbers == sorted(set(numbers))


def test_local_labels_and_build_tags_stand_in_the_build_string() -> None:
    (record,) = records("demo-1.0+cu11.8-3b-py3-none-any.whl")
    assert (record.version, record.build) == ("1.0", "py3_none_any_b3b_cu11_8_0")


def test_dependencies_that_depend_on_python_become_records_of_their_own() -> None:
    first, second, third = records(
        "demo-1.0-py3-none-any.whl",
        "tomli; python_version < '3.11'",
        "exact; python_full_version < '3.12.2'",
        "always>=1",
        python=">=3.8",
    )
    assert first.depends == ("python >=3.8,<3.11", "tomli", "exact", "always >=1")
    assert second.depends == ("python >=3.11,<3.12.2", "exact", "always >=1")
    assert third.depends == ("python >=3.12.2", "always >=1")
    assert len({record.build for record in (first, second, third)}) == 3
    assert len({record.fn for record in (first, second, third)}) == 3
    assert len({record.url for record in (first, second, third)}) == 1


def test_records_for_pythons_that_nobody_asks_for_are_left_out_without_renaming_the_others() -> None:
    requires = ("tomli; python_version < '3.11'",)
    newest = Target(subdir="linux-64", minors=((3, 12),))
    both = records("demo-1.0-py3-none-any.whl", *requires)
    (only,) = records("demo-1.0-py3-none-any.whl", *requires, target=newest)
    assert only == both[1]


def test_a_marker_that_is_the_same_everywhere_splits_nothing() -> None:
    (record,) = records(
        "demo-1.0-py3-none-any.whl",
        "a; python_version >= '3'",
        "b; python_version < '3'",
        "c; python_version in '2.7 3.11' or python_version not in '2.7 3.11'",
    )
    assert record.depends == ("python >=3.0", "a", "c")


def test_platform_markers_are_decided() -> None:
    requires = (
        "colorama; sys_platform == 'win32'",
        "pexpect; sys_platform != 'win32'",
        "x; platform_machine == 'ARM64'",
    )
    (linux,) = records("demo-1.0-py3-none-any.whl", *requires)
    (windows,) = records("demo-1.0-py3-none-any.whl", *requires, target=Target(subdir="win-64", minors=((3, 11),)))
    assert linux.depends == ("python >=3.0", "pexpect")
    assert windows.depends == ("python >=3.0", "colorama")


def test_pythons_with_a_gap() -> None:
    (record,) = records("demo-1.0-py3-none-any.whl", python=">=3.8,!=3.9.*,!=3.10.1")
    assert record.depends == ("python 3.8.*|>=3.10,<3.10.1|>=3.10.2",)


def test_requires_python_that_the_tags_already_say_adds_nothing() -> None:
    (record,) = records("demo-1.0-cp311-cp311-linux_x86_64.whl", python=">=3.9")
    assert record.depends[0] == "python 3.11.*"
    assert records("demo-1.0-cp311-cp311-linux_x86_64.whl", python=">=3.12") == []


def test_extras_of_a_dependency_are_dependencies_on_synthetic_records() -> None:
    (record,) = records("demo-1.0-py3-none-any.whl", "Requests[Socks]>=2", "demo[more]; extra == 'all'")
    assert record.depends == ("python >=3.0", "requests >=2", "pypi-extra--requests--socks >=2")


def test_an_extra() -> None:
    (record,) = extra_records(
        "demo",
        "all",
        *one(
            "demo-1.0-py3-none-any.whl",
            "always",
            "plot>=1; extra == 'all'",
            "win; extra == 'all' and sys_platform == 'win32'",
            "demo[more]; extra == 'all'",
            "rare; extra == 'more'",
            python=">=3.9",
        ),
    )
    assert record.name == "pypi-extra--demo--all"
    assert record.depends == ("python >=3.9", "demo ==1.0", "plot >=1", "pypi-extra--demo--more")


def test_an_extra_that_the_project_does_not_have_is_just_the_package() -> None:
    """pip warns and goes on."""
    (record,) = extra_records("demo", "none", *one("demo-1.0-py3-none-any.whl", "always"))
    assert record.depends == ("python >=3.0", "demo ==1.0")


def test_a_release_that_depends_on_an_address_is_refused() -> None:
    with pytest.raises(SourceError, match="depends on b by address") as caught:
        records("demo-1.0-py3-none-any.whl", "b @ https://example.org/b-1-py3-none-any.whl")
    assert caught.value.code == "source.unusable"
    assert records("demo-1.0-py3-none-any.whl", "b @ https://example.org/b.whl ; extra == 'x'")
    assert records("demo-1.0-py3-none-any.whl", "b @ https://example.org/b.whl ; sys_platform == 'win32'")


def test_dependencies_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        records("demo-1.0-py3-none-any.whl", "b >= >= 1")
    with pytest.raises(SpecError, match="not a version"):
        records("demo-1.0-py3-none-any.whl", "b===odd")


def test_without_a_digest_in_the_index_the_file_s_own_facts_count() -> None:
    release, wheel, metadata, target = one("demo-1.0-py3-none-any.whl", sha256=None, size=None, uploaded=None)
    (bare,) = wheel_records("demo", release, wheel, metadata, target)
    assert (bare.sha256, bare.size, bare.timestamp) == (None, None, None)
    known = WheelMetadata(name="demo", version="1.0", sha256="cd" * 32, size=99)
    (record,) = wheel_records("demo", release, wheel, known, target)
    assert (record.sha256, record.size) == ("cd" * 32, 99)


@pytest.mark.parametrize("tag", ["py3-none-any", "cp311-cp311-manylinux_2_17_x86_64"])
def test_nothing_is_lost_through_rattler(tag: str) -> None:
    for record in records(f"demo-1.0+cpu-{tag}.whl", "b>=1,<2", "c; python_version < '3.11'"):
        back = from_rattler(to_rattler(record))
        for field in (
            "name",
            "version",
            "build",
            "build_number",
            "subdir",
            "noarch",
            "depends",
            "fn",
            "url",
            "channel",
        ):
            assert getattr(back, field) == getattr(record, field), field
        assert (back.sha256, back.size, back.timestamp) == (record.sha256, record.size, record.timestamp)
