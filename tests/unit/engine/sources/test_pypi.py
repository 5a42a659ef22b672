"""The whole source: a local index behind rattler's own solve."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rattler import GenericVirtualPackage, PackageName, Subdir, Version, solve
from rattler.exceptions import SolverError
from rattler.package import BuildString

from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.sources.base import MemorySource, from_rattler
from jupyter_envs.engine.sources.pypi import PypiSource, minor_versions, search_pypi_project
from jupyter_envs.errors import SpecError
from jupyter_envs.settings import Settings
from support.http_server import Server, serve
from support.wheels import SimpleIndex, make_wheel

GLIBC = GenericVirtualPackage(PackageName("__glibc"), Version("2.31"), BuildString("0"))
LINUX = "manylinux_2_17_x86_64"


@pytest.fixture
def index() -> SimpleIndex:
    return SimpleIndex()


@pytest.fixture
def server(index: SimpleIndex) -> Iterator[Server]:
    with serve(application=index) as running:
        yield running


@pytest.fixture
def make(settings: Settings, server: Server) -> Iterator[Callable[..., PypiSource]]:
    made: list[PypiSource] = []

    def build(*, pip: dict[str, str] | None = None, **options: Any) -> PypiSource:
        environ = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": f"{server.url}/simple", **(pip or {})}
        given = {"subdir": "linux-64", "python_versions": ("3.11.7", "3.12"), "virtual_packages": {"__glibc": "2.31"}}
        made.append(PypiSource(settings, environ=environ, **{**given, **options}))
        return made[-1]

    yield build
    for source in made:
        source.close()


def python(*versions: str) -> MemorySource:
    return MemorySource(
        RepodataRecord(
            name="python",
            version=version,
            build="interpreter_0",
            subdir="linux-64",
            fn=f"python-{version}-interpreter_0.interpreter",
            url=f"interpreter:///usr/bin/python{version}",
            channel="interpreter://",
        )
        for version in versions
    )


def solved(source: PypiSource, *specs: str, pythons: Sequence[str] = ("3.11.7", "3.12.1")) -> dict[str, RepodataRecord]:
    async def run() -> list[Any]:
        return await solve(
            [python(*pythons), source], specs, platforms=["linux-64", "noarch"], virtual_packages=[GLIBC]
        )

    return {record.name: record for record in map(from_rattler, asyncio.run(run()))}


def records(source: PypiSource, name: str) -> tuple[RepodataRecord, ...]:
    return asyncio.run(source.records(name))


def test_a_solve_reaches_dependencies(index: SimpleIndex, make: Any, server: Server, tmp_path: Path) -> None:
    index.wheel(tmp_path, "app", "1.0", requires=["lib>=1,<3", "tomli; python_version < '3.11'"])
    index.wheel(tmp_path, "lib", "2.5", tag=f"cp311-cp311-{LINUX}")
    index.wheel(tmp_path, "lib", "2.5", tag=f"cp312-cp312-{LINUX}")
    index.wheel(tmp_path, "lib", "3.0")
    index.wheel(tmp_path, "unrelated", "1.0")
    found = solved(make(), "app", "python")
    assert {name: record.version for name, record in found.items()} == {
        "app": "1.0",
        "lib": "2.5",
        "python": "3.12.1",
    }
    assert found["lib"].fn == f"lib-2.5-cp312-cp312-{LINUX}.whl"
    assert not server.asked("simple/unrelated/")
    assert not server.asked("simple/tomli/")


def test_the_python_is_decided_inside_the_solve(index: SimpleIndex, make: Any, tmp_path: Path) -> None:
    index.wheel(tmp_path, "app", "1.0", requires=["lib"])
    index.wheel(tmp_path, "lib", "1.0", tag=f"cp311-cp311-{LINUX}")
    assert solved(make(), "app", "python")["python"].version == "3.11.7"


def test_the_right_record_of_a_wheel_that_differs_between_pythons(
    index: SimpleIndex, make: Any, tmp_path: Path
) -> None:
    index.wheel(tmp_path, "app", "1.0", requires=["old; python_version < '3.12'", "new; python_version >= '3.12'"])
    index.wheel(tmp_path, "old", "1.0")
    index.wheel(tmp_path, "new", "1.0")
    source = make()
    assert set(solved(source, "app", "python =3.11")) == {"app", "old", "python"}
    assert set(solved(source, "app", "python =3.12")) == {"app", "new", "python"}


def test_the_most_specific_wheel_is_taken(index: SimpleIndex, make: Any, tmp_path: Path) -> None:
    for tag in ("py3-none-any", f"cp39-abi3-{LINUX}", f"cp312-cp312-{LINUX}"):
        index.wheel(tmp_path, "app", "1.0", tag=tag)
    source = make()
    assert solved(source, "app", "python =3.12")["app"].build.startswith("cp312_cp312")
    assert solved(source, "app", "python =3.11")["app"].build.startswith("cp39_abi3")


def test_extras(index: SimpleIndex, make: Any, tmp_path: Path) -> None:
    index.wheel(tmp_path, "app", "1.0", requires=["lib[fast]>=1"])
    index.wheel(tmp_path, "lib", "1.0", extras={"fast": ["speed", "lib[more]"], "more": ["extra-lib"]})
    for name in ("speed", "extra-lib", "lib-docs"):
        index.wheel(tmp_path, name, "1.0")
    found = solved(make(), "app", "python")
    assert {name for name in found if not name.startswith("pypi-extra--")} == {
        "app",
        "lib",
        "speed",
        "extra-lib",
        "python",
    }


def test_extras_of_a_package_that_a_channel_has(index: SimpleIndex, make: Any, tmp_path: Path) -> None:
    index.wheel(tmp_path, "lib", "1.0", extras={"fast": ["speed"]})

    async def claimed(name: str) -> bool:
        return name == "lib"

    source = make(claimed=claimed)
    assert records(source, "lib") == ()
    (extra,) = records(source, "pypi-extra--lib--fast")
    assert extra.depends == ("python >=3.0", "lib ==1.0", "speed")


def test_a_name_of_a_channel_is_taken_only_when_forced(
    index: SimpleIndex, make: Any, server: Server, tmp_path: Path
) -> None:
    index.wheel(tmp_path, "app", "1.0")

    async def claimed(name: str) -> bool:
        return True

    assert records(make(claimed=claimed), "app") == ()
    assert server.log == []
    assert len(records(make(claimed=claimed, forced=frozenset({"app"})), "app")) == 1


@pytest.mark.parametrize("name", ["python", "python_abi", "__glibc", "redis", "torch"])
def test_names_that_are_never_asked_for(make: Any, server: Server, name: str) -> None:
    assert records(make(), name) == ()
    assert server.log == []


def test_conda_names(index: SimpleIndex, make: Any, tmp_path: Path) -> None:
    index.wheel(tmp_path, "torch", "2.1+cpu", requires=["typing-extensions"])
    index.wheel(tmp_path, "torch", "2.1")
    index.wheel(tmp_path, "typing_extensions", "4.0")
    found = solved(make(), "pytorch ==2.1", "python")
    assert found["pytorch"].fn == "torch-2.1+cpu-py3-none-any.whl"
    assert "typing_extensions" in found


def test_a_local_label_can_be_asked_for(index: SimpleIndex, make: Any, tmp_path: Path) -> None:
    for version in ("2.1+cpu", "2.1+cu118", "2.1"):
        index.wheel(tmp_path, "torch", version)
    index.wheel(tmp_path, "app", "1.0", requires=["torch==2.1+cpu"])
    assert solved(make(), "app", "python")["pytorch"].fn == "torch-2.1+cpu-py3-none-any.whl"


def test_the_window_and_what_lies_below_it(index: SimpleIndex, make: Any, tmp_path: Path) -> None:
    for minor in range(20):
        index.wheel(tmp_path, "lib", f"1.{minor}")
    index.wheel(tmp_path, "app", "1.0", requires=["lib<1.3"])
    narrow = make(window=2)
    assert [record.version for record in records(narrow, "lib")] == ["1.19", "1.18"]
    assert narrow.truncated == {"lib"}
    assert solved(make(window=2), "app", "python")["lib"].version == "1.2"
    assert solved(make(window=2, wanted={"lib": ["<1.5"]}), "lib <1.5", "python")["lib"].version == "1.4"


def test_a_name_whose_limits_are_known_needs_half_the_window(index: SimpleIndex, make: Any, tmp_path: Path) -> None:
    for minor in range(20):
        index.wheel(tmp_path, "lib", f"1.{minor}")
    index.wheel(tmp_path, "app", "1.0", requires=["lib>=1.5"])
    source = make(window=8)
    records(source, "app")
    assert len(records(source, "lib")) == 4
    assert source.truncated == {"lib"}


def test_exclude_newer(index: SimpleIndex, make: Any, tmp_path: Path) -> None:
    for day, version in ((1, "1.0"), (10, "2.0")):
        index.wheel(tmp_path, "app", version, says={"upload_time": f"2024-03-{day:02}T12:00:00.250Z"})
    source = make(exclude_newer=datetime(2024, 3, 5, tzinfo=UTC))
    (record,) = records(source, "app")
    assert (record.version, record.timestamp) == ("1.0", 1709294400250)


def test_metadata_is_read_for_one_of_the_wheels_of_a_release(
    index: SimpleIndex, make: Any, server: Server, tmp_path: Path
) -> None:
    for tag in (f"cp311-cp311-{LINUX}", f"cp312-cp312-{LINUX}"):
        index.wheel(tmp_path, "app", "1.0", tag=tag)
    assert len(records(make(), "app")) == 2
    assert len(server.asked("files/*")) == 1


def test_without_digests_each_wheel_speaks_for_itself(make: Any, tmp_path: Path) -> None:
    for tag in (f"cp311-cp311-{LINUX}", f"cp312-cp312-{LINUX}"):
        make_wheel(tmp_path / "wheels", "app", "1.0", tag=tag, files={"app.py": tag})
    source = make(pip={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels")}, offline=True)
    found = records(source, "app")
    assert len({record.sha256 for record in found}) == 2
    assert all(record.size for record in found)


def test_offline_names_exactly_what_is_missing(index: SimpleIndex, make: Any, tmp_path: Path, server: Server) -> None:
    index.wheel(tmp_path, "app", "1.0", requires=["lib"])
    index.wheel(tmp_path, "lib", "1.0")
    assert records(make(), "app")
    server.clear()
    away = make(offline=True)
    with pytest.raises(SolverError):
        solved(away, "app", "python")
    assert away.missing_offline == {"lib"}
    assert away.unavailable["lib"].code == "pypi.offline"
    assert set(solved(make(), "app", "python")) == {"app", "lib", "python"}
    server.clear()
    assert set(solved(make(offline=True), "app", "python")) == {"app", "lib", "python"}
    assert server.log == []


def test_what_cannot_be_had_is_explained(index: SimpleIndex, make: Any, tmp_path: Path) -> None:
    sdist = tmp_path / "src-1.0.tar.gz"
    sdist.write_bytes(b"sdist")
    index.add(sdist)
    index.wheel(tmp_path, "linked", "1.0", requires=["x @ https://example.org/x-1-py3-none-any.whl"])
    source = make()
    for name in ("src", "linked", "absent"):
        assert records(source, name) == ()
    assert {name: said.code for name, said in source.unavailable.items()} == {
        "src": "pypi.sdist_only",
        "linked": "source.unusable",
        "absent": "pypi.unknown",
    }
    assert all(said.hint for said in source.unavailable.values())


def test_one_release_that_cannot_be_used_does_not_hide_the_others(
    index: SimpleIndex, make: Any, server: Server, tmp_path: Path
) -> None:
    index.wheel(tmp_path, "app", "1.0")
    index.wheel(tmp_path, "app", "2.0", requires=["x @ https://example.org/x-1-py3-none-any.whl"])
    index.wheel(tmp_path, "app", "3.0")
    server.fault("files/app-3.0*", status=403)
    source = make()
    assert [record.version for record in records(source, "app")] == ["1.0"]
    assert source.unavailable == {}


def test_an_index_that_fails_is_said_and_not_raised_through_the_solver(make: Any, server: Server) -> None:
    server.fault("simple/*", status=403)
    source = make()
    with pytest.raises(SolverError):
        solved(source, "app", "python")
    assert source.unavailable["app"].code == "source.status"


def test_a_name_is_asked_for_once_however_often_the_solver_asks(
    index: SimpleIndex, make: Any, server: Server, tmp_path: Path
) -> None:
    index.wheel(tmp_path, "app", "1.0")
    source = make()

    async def often() -> list[Any]:
        platforms = [Subdir("linux-64"), Subdir("noarch")] * 3
        asked: list[Awaitable[Any]] = [source.fetch_package_records(each, PackageName("app")) for each in platforms]
        return await asyncio.gather(*asked)

    assert [len(found) for found in asyncio.run(often())] == [0, 1] * 3
    assert len(server.asked("simple/app/")) == 1
    assert source.package_names(Subdir("noarch")) == []


def test_several_projects_of_one_conda_package(index: SimpleIndex, make: Any, tmp_path: Path) -> None:
    sdist = tmp_path / "psycopg2-2.9.tar.gz"
    sdist.write_bytes(b"sdist")
    index.add(sdist)
    index.wheel(tmp_path, "psycopg2-binary", "2.9")
    (record,) = records(make(), "psycopg2")
    assert record.fn == "psycopg2_binary-2.9-py3-none-any.whl"


def test_search(index: SimpleIndex, settings: Settings, server: Server, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
    index.wheel(tmp_path, "torch", "2.1")
    assert [(name, project.name) for name, project in search_pypi_project("torch", settings).found] == [
        ("pytorch", "torch")
    ]
    assert [name for name, _ in search_pypi_project("PyTorch", settings).found] == ["pytorch"]
    assert search_pypi_project("absent", settings) == ((), ())
    assert search_pypi_project("no name", settings) == ((), ())


def test_minor_versions() -> None:
    assert minor_versions(["3.12", "3.11.7", "3.11.2"]) == ((3, 11), (3, 12))
    with pytest.raises(SpecError, match="not a Python version") as caught:
        minor_versions(["three"])
    assert "3.11" in caught.value.hint
