"""Records go through rattler and come back whole."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_envs.engine.models.origins import is_interpreter, is_wheel
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.sources.base import MemorySource, from_rattler, is_synthetic, to_rattler

HEX = st.text("0123456789abcdef", min_size=64, max_size=64)


@given(
    name=st.from_regex(r"[a-z][a-z0-9_.-]{0,12}", fullmatch=True),
    version=st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}((a|b|rc|post)[0-9])?", fullmatch=True),
    build=st.from_regex(r"[a-z0-9_]{1,12}", fullmatch=True),
    build_number=st.integers(0, 10**6),
    depends=st.lists(st.sampled_from(["a", "b >=1", "c 1.*", "__glibc >=2.17"]), max_size=3).map(tuple),
    constrains=st.lists(st.sampled_from(["a <1", "b"]), max_size=2).map(tuple),
    noarch=st.sampled_from([None, "python", "generic"]),
    timestamp=st.one_of(st.none(), st.integers(1_300_000_000_000, 2_000_000_000_000)),
    size=st.one_of(st.none(), st.integers(0, 2**40)),
    sha256=st.one_of(st.none(), HEX),
    license=st.one_of(st.none(), st.text(max_size=20)),
    track_features=st.sampled_from([None, "a", "a b"]),
    flags=st.sampled_from([(), ("cuda",)]),
)
@settings(max_examples=150, deadline=None)
def test_there_and_back(**fields: object) -> None:
    """from_rattler(to_rattler(record)) == record, for all fields that a channel may give."""
    fn = f"{fields['name']}-{fields['version']}-{fields['build']}.conda"
    record = RepodataRecord(
        **fields,
        fn=fn,
        url=f"https://host.example/ch/noarch/{fn}",
        channel="https://host.example/ch/",  # type: ignore[arg-type]  # keywords are the record's own
    )
    assert from_rattler(to_rattler(record)) == record


def test_an_interpreter_keeps_its_name_and_its_path() -> None:
    record = RepodataRecord(
        name="python",
        version="3.11.7",
        build="interpreter_00000000_0",
        subdir="linux-64",
        arch="x86_64",
        platform="linux",
        fn="python-3.11.7-interpreter_00000000_0.interpreter",
        url="interpreter:///usr/bin/python3.11",
        channel="interpreter://",
    )
    assert from_rattler(to_rattler(record)) == record
    assert is_interpreter(record)
    assert not is_wheel(record)


def test_a_wheel_keeps_its_file_name() -> None:
    fn = "numpy-2.0.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    record = RepodataRecord(
        name="numpy",
        version="2.0.0",
        build="cp311_0",
        fn=fn,
        url=f"https://host.example/{fn}",
        channel="https://host.example",
    )
    assert from_rattler(to_rattler(record)).fn == fn
    assert is_wheel(record)


def test_timestamps_in_seconds_and_the_oldest_noarch_are_understood() -> None:
    record = RepodataRecord(
        name="a",
        version="1",
        build="0",
        timestamp=1_500_000_000,
        noarch=True,
        fn="a-1-0.conda",
        url="file:///c/noarch/a-1-0.conda",
    )
    back = from_rattler(to_rattler(record))
    assert back.timestamp == 1_500_000_000_000
    assert back.noarch == "generic"
    assert back.channel == "file:///c/"


def test_a_channel_that_is_only_a_name_is_taken_from_the_url() -> None:
    url = "https://host.example/ch/noarch/a-1-0.conda"
    record = RepodataRecord(name="a", version="1", build="0", fn="a-1-0.conda", url=url, channel="ch")
    assert from_rattler(to_rattler(record)).channel == "https://host.example/ch/"


@pytest.mark.parametrize(("name", "synthetic"), [("pypi-extra--a--b", True), ("pypi-extra", False), ("numpy", False)])
def test_extras_are_told_from_packages(name: str, synthetic: bool) -> None:
    assert is_synthetic(name) is synthetic


def test_a_memory_source_answers_for_its_platform_only() -> None:
    from rattler import PackageName, Subdir

    source = MemorySource(
        [RepodataRecord(name="a", version="1", build="0", fn="a-1-0.conda", url="file:///c/noarch/a-1-0.conda")]
    )
    found = asyncio.run(source.fetch_package_records(Subdir("noarch"), PackageName("a")))
    assert [from_rattler(record).name for record in found] == ["a"]
    assert asyncio.run(source.fetch_package_records(Subdir("linux-64"), PackageName("a"))) == []
    assert source.package_names(Subdir("noarch")) == ["a"]
