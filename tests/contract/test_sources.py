"""What holds for every source of records in a solve: a conda channel, the Python index, interpreters, memory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rattler import Gateway, PackageName, Subdir, solve
from rattler.exceptions import SolverError

from jupyter_envs.engine.models.origins import is_interpreter, is_wheel
from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.sources.base import MemorySource, from_rattler, to_rattler
from jupyter_envs.engine.sources.interpreter import InterpreterInfo, InterpreterSource
from jupyter_envs.engine.sources.pypi import PypiSource
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.http_server import serve
from support.wheels import SimpleIndex

PLATFORMS = ("linux-64", "noarch")


@dataclass
class Case:
    """A source that has ``name`` in two versions, and how to ask it for records."""

    source: Any
    name: str
    versions: tuple[str, str]
    fetch: Callable[[str], list[Any]]
    companions: tuple[Any, ...] = ()


def from_source(source: Any) -> Callable[[str], list[Any]]:
    """Ask an object that follows the ``RecordSource`` protocol."""

    async def run(name: str) -> list[Any]:
        found = [await source.fetch_package_records(Subdir(each), PackageName(name)) for each in PLATFORMS]
        return [record for records in found for record in records]

    return lambda name: asyncio.run(run(name))


def python(version: str = "3.11.7") -> RepodataRecord:
    """Return a Python for what needs one."""
    return RepodataRecord(
        name="python",
        version=version,
        build="0",
        subdir="linux-64",
        fn=f"python-{version}-0.conda",
        url=f"https://channel.test/linux-64/python-{version}-0.conda",
        channel="https://channel.test",
    )


def channel_case(channel: Channel) -> Case:
    """A folder as a channel, read by the Gateway."""
    for version in ("1.0", "2.0"):
        channel.add("demo", version)
    channel.index()

    def fetch(name: str) -> list[Any]:
        async def run() -> list[Any]:
            found = await Gateway().query(sources=[channel.url], platforms=list(PLATFORMS), specs=[name])
            return [record for records in found for record in records]

        return asyncio.run(run())

    return Case(channel.url, "demo", ("1.0", "2.0"), fetch)


def pypi_case(settings: Settings, url: str) -> Case:
    """A local index of wheels."""
    source = PypiSource(
        settings,
        subdir="linux-64",
        python_versions=("3.11.7",),
        environ={"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": f"{url}/simple"},
    )
    return Case(source, "demo", ("1.0", "2.0"), from_source(source), (MemorySource([python()]),))


def interpreter_case() -> Case:
    """Two Pythons of this machine."""
    infos = [
        InterpreterInfo(
            f"/usr/bin/python{version[:4]}", version, "cpython", f"cpython-{version[0]}{version[2:4]}", "linux-64"
        )
        for version in ("3.11.7", "3.12.1")
    ]
    source = InterpreterSource(infos, "linux-64")
    return Case(source, "python", ("3.11.7", "3.12.1"), from_source(source))


def memory_case() -> Case:
    """Records at hand."""
    source = MemorySource([python("3.11.7"), python("3.12.1")])
    return Case(source, "python", ("3.11.7", "3.12.1"), from_source(source))


@pytest.fixture(params=["channel", "pypi", "interpreter", "memory"])
def case(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings, channel: Channel) -> Iterator[Case]:
    """Each source in turn."""
    if request.param == "pypi":
        index = SimpleIndex()
        for version in ("1.0", "2.0"):
            index.wheel(tmp_path / "wheels", "demo", version)
        with serve(application=index) as server:
            made = pypi_case(settings, server.url)
            yield made
            made.source.close()
    elif request.param == "channel":
        yield channel_case(channel)
    else:
        yield interpreter_case() if request.param == "interpreter" else memory_case()


def solved(case: Case, *specs: str) -> dict[str, RepodataRecord]:
    """Return the solution by name."""
    found = asyncio.run(solve([*case.companions, case.source], specs, platforms=list(PLATFORMS)))
    return {record.name: record for record in map(from_rattler, found)}


def test_every_version_is_there_and_says_where_it_is(case: Case) -> None:
    records = [from_rattler(record) for record in case.fetch(case.name)]
    assert sorted(record.version for record in records) == list(case.versions)
    for record in records:
        assert record.name == case.name
        assert record.subdir in PLATFORMS
        assert "://" in record.url
        assert record.channel
        assert record.fn


def test_what_can_be_downloaded_can_be_verified(case: Case) -> None:
    """Only an interpreter has no archive, and only memory knows no more than it was told."""
    if isinstance(case.source, MemorySource):
        pytest.skip("memory holds what it is given: it has no archives of its own")
    for record in (from_rattler(record) for record in case.fetch(case.name)):
        if not is_interpreter(record):
            assert record.sha256 and len(record.sha256) == 64
            assert record.size and record.size > 0


def test_file_names_are_unique(case: Case) -> None:
    """rattler refuses a source with two records of one file name."""
    names = [record.file_name for record in case.fetch(case.name)]
    assert len(names) == len(set(names))


def test_dists_are_unique(case: Case) -> None:
    """Each record has a package directory of its own in the cache."""
    dists = [from_rattler(record).dist for record in case.fetch(case.name)]
    assert len(dists) == len(set(dists))


def test_records_survive_rattler(case: Case) -> None:
    for record in case.fetch(case.name):
        ours = from_rattler(record)
        back = from_rattler(to_rattler(ours))
        for field in type(ours).__struct_fields__:
            if field not in ("arch", "platform"):  # rattler derives these two from the subdir
                assert getattr(back, field) == getattr(ours, field), field


def test_the_solver_takes_the_newest_or_what_is_asked_for(case: Case) -> None:
    older, newer = case.versions
    assert solved(case, case.name)[case.name].version == newer
    assert solved(case, f"{case.name} =={older}")[case.name].version == older


def test_a_version_that_is_not_there_is_unsolvable(case: Case) -> None:
    with pytest.raises(SolverError):
        solved(case, f"{case.name} >99")


def test_a_name_that_is_not_there_is_nothing(case: Case) -> None:
    assert case.fetch("absent-name") == []


def test_our_sources_follow_the_protocol(case: Case) -> None:
    if isinstance(case.source, str):
        pytest.skip("a channel is read by rattler's Gateway, not by a source of ours")
    assert all(isinstance(warning, PlanWarning) for warning in case.source.warnings)
    assert all(isinstance(name, str) for name in case.source.package_names(Subdir("linux-64")))


def test_what_kind_it_is_can_be_told_from_the_record(case: Case) -> None:
    kinds = {(is_wheel(record), is_interpreter(record)) for record in map(from_rattler, case.fetch(case.name))}
    expected = {PypiSource: (True, False), InterpreterSource: (False, True)}
    assert kinds == {expected.get(type(case.source), (False, False))}
