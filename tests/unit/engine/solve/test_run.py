"""One solve over channels, the index and interpreters: which source wins, what stays, what is said."""

from __future__ import annotations

import asyncio
import datetime
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.models.times import parse_time
from jupyter_envs.engine.solve.request import ALL
from jupyter_envs.errors import CancelledError, OfflineError, SolveError, SourceError, SpecError
from support.channel import Channel
from support.http_server import serve

from .conftest import Desk

NOWHERE = "http://127.0.0.1:9/channel"  # port 9 is discard: nothing listens there
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def science(desk: Desk) -> Desk:
    """A desk with one channel: two pythons, numpy 1 and 2, pandas 1 and 2."""
    channel = desk.channel().python("3.10.1", "3.11.7")
    channel.add("numpy", "1.26", depends=["python"]).add("numpy", "2.1", depends=["python >=3.11"])
    channel.add("pandas", "1.5", depends=["numpy <2", "python"], noarch="python")
    channel.add("pandas", "2.2", depends=["numpy >=1.26", "python"], noarch="python")
    desk.use(channel.write())
    return desk


def test_the_newest_that_goes_together_in_topological_order(science: Desk) -> None:
    solution = science("pandas")
    assert [record.dist for record in solution.records] == ["python-3.11.7-0", "numpy-2.1-0", "pandas-2.2-0"]
    assert solution.sources == ("conda",)
    assert solution.channels == science.settings.channels
    assert solution.warnings == ()
    assert [event.phase for event in science.reporter.events] == ["solve"]


def test_a_record_keeps_all_that_repodata_says(desk: Desk) -> None:
    said = {
        "constrains": ["b >2"],
        "track_features": "mkl debug",
        "license": "BSD-3-Clause",
        "license_family": "BSD",
        "noarch": "python",
        "python_site_packages_path": "lib/python3.11/site-packages",
        "timestamp": 1_700_000_000_123,
        "indexed_timestamp": 1_700_000_000_456,
        "flags": ["cuda"],
        "purls": ["pkg:pypi/a"],
        "extra_depends": {"all": ["b"]},
    }
    desk.use(desk.channel().add("a", **said).write())
    (record,) = desk("a").records
    for key, value in said.items():
        got = getattr(record, key)
        assert (list(got) if isinstance(got, tuple) else got) == value, key
    assert record.size == 1000
    assert record.sha256 is not None and len(record.sha256) == 64
    assert record.url == f"{desk.settings.channels[0]}/noarch/a-1.0-0.conda"
    assert record.fn == "a-1.0-0.conda"


class TestPriority:
    def test_the_first_channel_that_has_the_name_wins(self, desk: Desk) -> None:
        first, second = desk.channel("first"), desk.channel("second")
        desk.use(first.add("a", "1").write(), second.add("a", "2").add("b", depends=["a"]).write())
        assert desk.dists("b") == ["a-1-0", "b-1.0-0"]

    def test_strict_holds_for_a_request_with_a_version_too(self, desk: Desk) -> None:
        first, second = desk.channel("first"), desk.channel("second")
        desk.use(first.add("a", "1").write(), second.add("a", "2").write())
        with pytest.raises(SolveError, match="which comes first"):
            desk("a>=2")

    def test_without_priority_the_newest_wins(self, desk: Desk) -> None:
        first, second = desk.channel("first"), desk.channel("second")
        desk.use(first.add("a", "1").write(), second.add("a", "2").write(), channel_priority="disabled")
        assert desk.dists("a") == ["a-2-0"]

    def test_flexible_keeps_the_order_where_it_can(self, desk: Desk) -> None:
        first, second = desk.channel("first"), desk.channel("second")
        desk.use(first.add("a", "1").write(), second.add("a", "2").write(), channel_priority="flexible")
        assert desk.dists("a") == ["a-1-0"]
        assert desk.dists("a>=2") == ["a-2-0"]

    def test_a_prefix_chooses_the_channel(self, desk: Desk) -> None:
        first, second = desk.channel("first").add("a", "1"), desk.channel("second").add("a", "2")
        desk.use(first.write(), second.write())
        assert desk.dists("second::a") == ["a-2-0"]
        assert desk.dists(f"{second.url}::a") == ["a-2-0"]
        assert desk.dists(f"{second.folder}::a") == ["a-2-0"]

    def test_a_channel_named_only_in_a_prefix_is_asked_too(self, desk: Desk) -> None:
        first, second = (
            desk.channel("first").add("a", "1"),
            desk.channel("second").add("a", "2").add("b", depends=["a"]),
        )
        second.write()
        desk.use(first.write())
        assert desk.dists(f"{second.url}::b") == ["a-1-0", "b-1.0-0"]

    def test_a_name_that_a_channel_has_is_never_taken_from_the_index(
        self, science: Desk, wheelhouse: Callable[..., Path]
    ) -> None:
        wheelhouse("numpy", "9.0")
        wheelhouse("extra", "1.0", requires=["numpy"])
        assert science.versions("extra", sources=("conda", "pypi"))["numpy"] == "2.1"

    def test_a_name_is_taken_from_the_index_when_asked(self, science: Desk, wheelhouse: Callable[..., Path]) -> None:
        wheelhouse("numpy", "9.0")
        got = science("pandas", "pypi::numpy", sources=("conda", "pypi")).records
        assert {record.name: record.fn for record in got}["numpy"] == "numpy-9.0-py3-none-any.whl"

    def test_names_of_the_index_and_of_conda_meet(self, desk: Desk, wheelhouse: Callable[..., Path]) -> None:
        desk.use(desk.channel().python("3.11.7").add("typing_extensions", "4.1").write())
        wheelhouse("tool", requires=["Typing.Extensions>=4"])
        assert desk.dists("tool", sources=("conda", "pypi"))[1] == "typing_extensions-4.1-0"


class TestPython:
    def test_a_new_environment_borrows_the_interpreter_when_no_channel_has_python(
        self, desk: Desk, wheelhouse: Callable[..., Path]
    ) -> None:
        wheelhouse("tool")
        solution = desk(f"python={HERE}", "tool", sources=("pypi", "interpreter"))
        python, tool = solution.records
        assert python.url.startswith("interpreter:///")
        assert python.fn.endswith(".interpreter")
        assert tool.fn == "tool-1.0-py3-none-any.whl"

    def test_the_index_alone_brings_the_interpreter(self, desk: Desk, wheelhouse: Callable[..., Path]) -> None:
        wheelhouse("tool")
        solution = desk("tool", sources=("pypi",))
        assert solution.sources == ("pypi", "interpreter")
        assert [record.name for record in solution.records] == ["python", "tool"]

    def test_the_channel_s_python_wins_and_the_interpreter_is_there_when_asked(self, science: Desk) -> None:
        sources = ("conda", "interpreter")
        assert science("python", sources=sources).records[0].url.startswith("file://")
        asked = science(f"interpreter::python={HERE}", sources=sources).records[0]
        assert asked.url.startswith("interpreter://")

    def test_wheels_are_for_the_python_that_is_chosen(self, science: Desk, wheelhouse: Callable[..., Path]) -> None:
        wheelhouse("fast", tag="cp310-cp310-manylinux_2_17_x86_64")
        wheelhouse("fast", tag="cp311-cp311-manylinux_2_17_x86_64")
        sources = ("conda", "pypi")
        old = science("fast", "python=3.10", sources=sources).records
        assert old[-1].build.startswith("cp310")
        assert science("fast", sources=sources).records[-1].build.startswith("cp311")

    def test_an_installed_python_stays_for_new_wheels(self, science: Desk, wheelhouse: Callable[..., Path]) -> None:
        wheelhouse("tool")
        installed = science("python=3.10").records
        got = science.versions("python", "tool", installed=installed, sources=("conda", "pypi"))
        assert got["python"] == "3.10.1"

    def test_without_any_python_the_error_says_so(self, desk: Desk, wheelhouse: Callable[..., Path]) -> None:
        wheelhouse("tool")
        desk.use(desk.channel().add("a").write())
        with pytest.raises(SolveError, match="no Python to install tool for") as raised:
            desk("tool", sources=("conda", "pypi"))
        assert "--source interpreter" in raised.value.hint


class TestInstalled:
    def test_what_is_installed_stays(self, science: Desk) -> None:
        installed = science("numpy<2", "python").records
        assert science.versions("numpy", "pandas", "python", installed=installed)["numpy"] == "1.26"

    def test_it_is_given_up_where_it_must_be(self, science: Desk) -> None:
        installed = science("numpy<2").records
        assert science.versions("numpy>=2", installed=installed)["numpy"] == "2.1"

    def test_an_unlocked_name_is_updated_and_others_stay(self, science: Desk) -> None:
        installed = science("pandas<2", "python=3.11").records
        got = science.versions("pandas", "python", installed=installed, unlock=frozenset({"pandas"}))
        assert got == {"python": "3.11.7", "numpy": "1.26", "pandas": "2.2"}

    def test_all_are_updated(self, science: Desk) -> None:
        installed = science("pandas<2", "python=3.10").records
        got = science.versions("pandas", installed=installed, unlock=ALL)
        assert got == {"python": "3.11.7", "numpy": "2.1", "pandas": "2.2"}

    def test_keep_none_solves_afresh(self, science: Desk) -> None:
        installed = science("numpy<2").records
        assert science.versions("numpy", installed=installed, keep="none")["numpy"] == "2.1"

    def test_an_installed_record_comes_back_as_it_is(self, science: Desk) -> None:
        installed = tuple(science("pandas").records)
        assert science("pandas", installed=installed).records == installed

    def test_what_its_channel_forgot_stays(self, science: Desk, desk: Desk) -> None:
        installed = science("pandas").records
        science.use(desk.channel("new").python("3.11.7").add("other", depends=["numpy >=1", "python"]).write())
        got = science.versions("pandas", "other", installed=installed)
        assert got == {"python": "3.11.7", "numpy": "2.1", "pandas": "2.2", "other": "1.0"}

    def test_what_its_channel_forgot_stays_solvable_when_all_is_updated(self, science: Desk, desk: Desk) -> None:
        installed = science("pandas").records
        science.use(desk.channel("new").python("3.11.9").write())
        got = science.versions("pandas", installed=installed, unlock=ALL)
        assert (got["pandas"], got["python"]) == ("2.2", "3.11.9")

    def test_a_wheel_whose_index_is_gone_stays(
        self, desk: Desk, wheelhouse: Callable[..., Path], tmp_path: Path
    ) -> None:
        wheel = wheelhouse("tool", "2.0")
        installed = desk("tool", sources=("pypi", "interpreter")).records
        wheel.unlink()
        wheelhouse("more", requires=["tool>=2"])
        got = desk.versions("tool", "more", installed=installed, sources=("pypi", "interpreter"))
        assert (got["tool"], got["more"]) == ("2.0", "1.0")

    def test_a_package_that_changed_under_its_name_is_another(self, science: Desk) -> None:
        installed = science("numpy").records
        other = msgspec.structs.replace(installed[1], sha256="e" * 64, url=f"{NOWHERE}/numpy-2.1-0.conda")
        fresh = science("numpy", installed=(installed[0], other), keep="none").records
        assert fresh == installed

    def test_a_wheel_becomes_the_channel_s_package_when_updated_and_that_is_said(
        self, desk: Desk, wheelhouse: Callable[..., Path]
    ) -> None:
        wheelhouse("tool")
        installed = desk("tool", sources=("pypi", "interpreter")).records
        desk.use(desk.channel().python("3.11.7").add("tool", "2", depends=["python"]).write())
        options = {"installed": installed, "sources": ("conda", "pypi", "interpreter")}
        assert desk("tool", **options).records == installed
        moved = desk("tool", unlock=ALL, **options)
        assert [record.dist for record in moved.records] == ["python-3.11.7-0", "tool-2-0"]
        assert [(one.code, one.message) for one in moved.warnings] == [
            ("source.moved", "packages change their source: python, tool")
        ]


class TestPins:
    def test_a_pin_limits_without_asking_for_the_package(self, science: Desk) -> None:
        assert science.versions("pandas", pinned=("numpy 1.26.*",))["numpy"] == "1.26"
        assert science.versions("python", pinned=("numpy 1.26.*",)) == {"python": "3.11.7"}

    def test_a_pin_limits_the_python_that_wheels_are_for(self, science: Desk, wheelhouse: Callable[..., Path]) -> None:
        wheelhouse("tool")
        assert science.versions("tool", pinned=("python 3.10.*",), sources=("conda", "pypi"))["python"] == "3.10.1"


class TestUnreachable:
    def test_a_new_environment_falls_back_with_a_warning(self, desk: Desk, wheelhouse: Callable[..., Path]) -> None:
        wheelhouse("tool")
        solution = desk("tool", channels=(NOWHERE,), sources=("conda", "pypi", "interpreter"), new_environment=True)
        (warning,) = solution.warnings
        assert warning.code == "channel.unreachable"
        assert (
            warning.message == f"channel {NOWHERE} cannot be reached; packages come from pypi and interpreter instead"
        )
        assert [event.kind for event in desk.reporter.events] == ["phase", "warning"]

    def test_such_an_environment_can_be_changed_later(self, desk: Desk, wheelhouse: Callable[..., Path]) -> None:
        wheelhouse("tool")
        wheelhouse("more")
        options = {"channels": (NOWHERE,), "sources": ("conda", "pypi", "interpreter")}
        installed = desk("tool", new_environment=True, **options).records
        solution = desk("tool", "more", installed=installed, **options)
        assert [record.name for record in solution.records] == ["python", "more", "tool"]
        assert [warning.code for warning in solution.warnings] == ["channel.unreachable"]

    def test_an_environment_with_its_packages_is_refused(self, desk: Desk) -> None:
        record = RepodataRecord(name="a", version="1", fn="a-1-0.conda", url=f"{NOWHERE}/noarch/a-1-0.conda")
        with pytest.raises(SourceError) as raised:
            desk("a", channels=(NOWHERE,), installed=(record,), sources=("conda", "pypi"))
        assert raised.value.code == "source.unreachable"
        assert "--source pypi" in raised.value.hint

    def test_or_solved_from_cached_repodata(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        desk.channel("served").add("a", "1").write()
        with serve(desk.folder) as server:
            url = f"{server.url}/served"
            installed = desk("a", channels=(url,)).records
            server.fault("*", status=503)
            solution = desk("a", channels=(url,), installed=installed)
        assert [record.dist for record in solution.records] == ["a-1-0"]
        assert [warning.code for warning in solution.warnings] == ["channel.cached"]

    def test_one_of_several_channels_is_passed_over(self, desk: Desk) -> None:
        channel = desk.channel().add("a").write()
        solution = desk("a", channels=(NOWHERE, channel.url), new_environment=True)
        assert [record.dist for record in solution.records] == ["a-1.0-0"]
        assert [warning.code for warning in solution.warnings] == ["channel.unreachable"]

    def test_a_request_that_names_it_is_refused(self, desk: Desk) -> None:
        channel = desk.channel().add("a").write()
        with pytest.raises(SourceError):
            desk(f"{NOWHERE}::a", channels=(channel.url,), new_environment=True)

    def test_a_wall_that_answers_403_counts_as_unreachable(self, desk: Desk, wheelhouse: Callable[..., Path]) -> None:
        wheelhouse("tool")
        with serve(desk.folder) as server:
            server.fault("*", status=403)
            solution = desk(
                "tool", channels=(f"{server.url}/x",), sources=("conda", "pypi", "interpreter"), new_environment=True
            )
        assert [warning.code for warning in solution.warnings] == ["channel.unreachable"]
        assert "403" in solution.warnings[0].hint

    def test_a_solve_that_fails_without_it_names_it(self, desk: Desk, wheelhouse: Callable[..., Path]) -> None:
        wheelhouse("tool")
        with pytest.raises(SolveError) as raised:
            desk("tool", channels=(NOWHERE,), sources=("conda", "pypi"), new_environment=True)
        assert raised.value.code == "solve.no_python"
        assert f"no source in use has one; {NOWHERE} cannot be reached (" in raised.value.message
        assert raised.value.hint.startswith(f"try again when {NOWHERE} can be reached; without it: add `--source")
        assert raised.value.detail["unreachable"] == [NOWHERE]


class TestOffline:
    def test_local_channels_work(self, science: Desk) -> None:
        assert science.versions("pandas", offline=True)["pandas"] == "2.2"

    def test_a_channel_that_was_asked_before_works_from_the_cache(self, desk: Desk) -> None:
        desk.channel("served").add("a", "1").write()
        with serve(desk.folder) as server:
            url = f"{server.url}/served"
            desk("a", channels=(url,))
            server.clear()
            assert desk.dists("a", channels=(url,), offline=True) == ["a-1-0"]
            assert server.log == []

    def test_one_that_was_not_is_named(self, desk: Desk) -> None:
        with pytest.raises(OfflineError) as raised:
            desk("a", channels=(NOWHERE,), offline=True)
        assert raised.value.detail["channel"] == NOWHERE

    def test_names_that_are_not_cached_are_named(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
        with pytest.raises(OfflineError) as raised:
            desk("nothing-here", sources=("pypi", "interpreter"), offline=True)
        assert raised.value.detail["missing"] == ["nothing-here"]


class TestExcludeNewer:
    @pytest.mark.parametrize("cutoff", ["2023-06-01", datetime.datetime(2023, 6, 1, tzinfo=datetime.UTC)])
    def test_newer_packages_are_left_out(self, desk: Desk, cutoff: object) -> None:
        channel = desk.channel().add("a", "1", timestamp=1_670_000_000_000).add("a", "2", timestamp=1_700_000_000_000)
        desk.use(channel.write())
        assert desk.dists("a", exclude_newer=cutoff) == ["a-1-0"]
        assert desk.dists("a") == ["a-2-0"]

    def test_a_time_with_a_zone_is_converted(self) -> None:
        east = datetime.datetime.fromisoformat("2024-01-01T05:00:00+05:00")
        assert parse_time(east) == datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
        assert parse_time("2024-01-01T05:00:00+05:00") == datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
        with pytest.raises(SpecError, match="not a date"):
            parse_time("yesterday")

    def test_the_zone_decides_at_the_edge(self, desk: Desk) -> None:
        moment = int(datetime.datetime(2024, 1, 1, 1, tzinfo=datetime.UTC).timestamp() * 1000)
        desk.use(desk.channel().add("a", "1", timestamp=1).add("a", "2", timestamp=moment).write())
        assert desk.dists("a", exclude_newer="2024-01-01T03:00:00+03:00") == ["a-1-0"]  # midnight in UTC

    def test_what_is_installed_may_be_newer(self, desk: Desk) -> None:
        channel = desk.channel().add("a", "1", timestamp=1_670_000_000_000).add("a", "2", timestamp=1_700_000_000_000)
        desk.use(channel.write())
        installed = desk("a").records
        assert desk.dists("a", installed=installed, exclude_newer="2023-06-01") == ["a-2-0"]


def test_extras_bring_their_requirements_and_no_record(desk: Desk, wheelhouse: Callable[..., Path]) -> None:
    wheelhouse("tool", extras={"more": ["other>=1"]})
    wheelhouse("other")
    names = [record.name for record in desk("pypi::tool[more]", sources=("pypi", "interpreter")).records]
    assert names == ["python", "other", "tool"]


def test_a_wheel_below_the_window_is_found(desk: Desk, wheelhouse: Callable[..., Path]) -> None:
    for minor in range(60):
        wheelhouse("many", f"1.{minor}", requires=["low"] if minor == 3 else ["high"])
    wheelhouse("low")
    got = desk.versions("many", sources=("pypi", "interpreter"))  # high is nowhere: 1.3 is the one that works
    assert got["many"] == "1.3"


def test_torch_is_pytorch_unless_a_channel_has_a_torch(desk: Desk, wheelhouse: Callable[..., Path]) -> None:
    wheelhouse("torch")
    assert "pytorch" in desk.versions("torch", sources=("pypi", "interpreter"))
    desk.use(desk.channel().python("3.11.7").add("torch", "7").write())
    assert desk.versions("torch", sources=("conda", "pypi")) == {"torch": "7"}


def test_virtual_packages_follow_their_overrides(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.use(desk.channel().add("gpu", depends=["__cuda >=12"]).write())
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12.4")
    assert desk.dists("gpu") == ["gpu-1.0-0"]
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "11.8")
    with pytest.raises(SolveError, match=r"__cuda >=12, and this machine has 11.8"):
        desk("gpu")
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12 or so")
    with pytest.raises(SpecError, match="CONDA_OVERRIDE_CUDA"):
        desk("gpu")


def test_the_same_question_has_the_same_answer(science: Desk, desk: Desk) -> None:
    first = science("pandas", "python").records
    assert all(science("pandas", "python").records == first for _ in range(5))
    assert science("python", "pandas").records == first


def test_an_unknown_source_is_refused(desk: Desk) -> None:
    with pytest.raises(SpecError, match="no source 'apt'"):
        desk("a", sources=("apt",))


class TestShards:
    """Sharded repodata (CEP 16): each name has a file of its own."""

    @pytest.fixture
    def sharded(self, tmp_path: Path) -> Path:
        from rattler.index import index_fs

        channel = Channel(tmp_path / "www/main")
        channel.python()
        channel.noarch("a")
        channel.noarch("b")
        asyncio.run(index_fs(channel.folder))
        return tmp_path / "www"

    def test_only_what_is_reached_is_read(self, desk: Desk, sharded: Path) -> None:
        with serve(sharded) as server:
            assert [name.split("-")[0] for name in desk.dists("a", channels=(f"{server.url}/main",))] == ["python", "a"]
            assert len(server.asked("*/shards/*")) == 2
            assert server.asked("*/repodata.json*") == []

    def test_offline_names_what_is_not_cached(self, desk: Desk, sharded: Path) -> None:
        with serve(sharded) as server:
            url = f"{server.url}/main"
            desk("a", channels=(url,))
            assert desk.versions("a", channels=(url,), offline=True)["a"] == "1.0"
            with pytest.raises(OfflineError) as raised:
                desk("a", "b", channels=(url,), offline=True)
        assert raised.value.detail["missing"] == ["b"]

    def test_a_channel_that_fails_half_way(self, desk: Desk, sharded: Path) -> None:
        with serve(sharded) as server:
            server.fault("*/shards/*", status=503)
            with pytest.raises(SourceError, match="failed while it was read"):
                desk("a", channels=(f"{server.url}/main",))


def test_cancelling_before_it_starts(science: Desk) -> None:
    science.cancel.cancel()
    with pytest.raises(CancelledError):
        science("pandas")
