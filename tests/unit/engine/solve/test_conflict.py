"""A conflict is explained as data: the smallest clash, what each side needs, fixes that were tried."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_envs.engine.solve.conflict import Conflict, Fix, conflict_of
from jupyter_envs.errors import SolveError

from .conftest import Desk


@pytest.fixture
def science(desk: Desk) -> Desk:
    channel = desk.channel().python("3.10.1", "3.12.1")
    channel.add("numpy", "1.26", depends=["python"]).add("numpy", "2.1", depends=["python"])
    channel.add("pandas", "1.5", depends=["numpy <2"]).add("pandas", "2.2", depends=["numpy >=1.26"])
    channel.add("middle", depends=["pandas <2"]).add("outer", depends=["middle"])
    channel.add("old", depends=["python <3.11"])
    channel.add("broken", depends=["gone >=3"]).add("torn", depends=["numpy <2", "numpy >=2"])
    channel.add("gpu", depends=["__cuda >=12"])
    channel.add("scikit-learn", "1.5").add("pyyaml", "6").add("bystander")
    desk.use(channel.write())
    return desk


def refused(desk: Desk, *specs: str, **options: object) -> tuple[SolveError, Conflict]:
    with pytest.raises(SolveError) as raised:
        desk(*specs, **options)
    assert raised.value.exit_code == 5
    return raised.value, conflict_of(raised.value)


def check_fixes(desk: Desk, conflict: Conflict, specs: tuple[str, ...], pinned: tuple[str, ...] = ()) -> None:
    """Each fix, applied to the requests, really solves and gives the versions it promises."""
    assert conflict.fixes
    for fix in conflict.fixes:
        gone = {fix.request, *fix.also}
        left = [
            fix.replacement if spec == fix.request else spec for spec in specs if spec not in gone or fix.replacement
        ]
        if fix.replacement and fix.request not in specs:
            left.append(fix.replacement)
        kept = tuple(pin for pin in pinned if not (fix.kind == "unpin" and pin == fix.request))
        got = desk.versions(*(spec for spec in left if spec), pinned=kept)
        assert fix.versions.items() <= got.items(), fix


def test_two_requests_that_disagree(science: Desk) -> None:
    specs = ("bystander", "pandas<2", "scikit-learn", "numpy>=2", "python=3.12")
    error, conflict = refused(science, *specs)
    assert [request.text for request in conflict.requests] == ["pandas<2", "numpy>=2"]
    assert conflict.minimal
    assert {(need.request, need.spec) for need in conflict.needs} == {
        ("pandas<2", "numpy <2"),
        ("numpy>=2", "numpy >=2"),
    }
    assert error.message == "pandas<2 and numpy>=2 cannot go together: pandas<2 needs numpy <2"
    assert error.hint == 'ask for "pandas" instead of "pandas<2" (gives numpy 2.1, pandas 2.2)'
    assert [fix.kind for fix in conflict.fixes] == ["widen", "widen", "drop", "drop"]
    assert "pandas" in conflict.solver_text
    check_fixes(science, conflict, specs)


def test_a_need_further_down_says_through_what(science: Desk) -> None:
    error, conflict = refused(science, "outer", "numpy>=2")
    need = next(need for need in conflict.needs if need.request == "outer")
    assert need.chain == ("outer 1.0", "middle 1.0", "pandas 1.5")
    assert "outer needs numpy <2 (by pandas 1.5)" in error.message
    check_fixes(science, conflict, ("outer", "numpy>=2"))


def test_a_pin_is_named_as_one(science: Desk) -> None:
    error, conflict = refused(science, "pandas<2", pinned=("numpy >=2",))
    assert [(request.kind, request.text) for request in conflict.requests] == [
        ("request", "pandas<2"),
        ("pin", "numpy >=2"),
    ]
    assert "the pin 'numpy >=2'" in error.message
    assert "unpin" in {fix.kind for fix in conflict.fixes}
    check_fixes(science, conflict, ("pandas<2",), ("numpy >=2",))


def test_another_python_is_a_fix(science: Desk) -> None:
    error, conflict = refused(science, "old", "python=3.12")
    assert conflict.fixes[0] == Fix(
        kind="python",
        request="python=3.12",
        replacement="python=3.10",
        versions={"old": "1.0", "python": "3.10.1"},
    )
    assert 'ask for "python=3.10" instead of "python=3.12"' in error.hint
    check_fixes(science, conflict, ("old", "python=3.12"))


def test_two_conflicts_at_once_have_a_fix_too(science: Desk) -> None:
    specs = ("old", "python>=3.11", "pandas<2", "numpy>=2", "bystander")
    error, conflict = refused(science, *specs)
    (fix,) = conflict.fixes
    assert (fix.kind, fix.request, fix.also) == ("drop", "python>=3.11", ("numpy>=2",))
    assert error.hint.startswith("leave out python>=3.11 and numpy>=2")
    check_fixes(science, conflict, specs)


def test_a_version_that_nobody_has(science: Desk) -> None:
    error, conflict = refused(science, "numpy>=9", "bystander")
    assert error.message == "numpy>=9 cannot be installed: no source has numpy >=9 (the newest is 2.1)"
    assert not conflict.needs[0].available
    check_fixes(science, conflict, ("numpy>=9", "bystander"))


def test_a_dependency_that_nobody_has(science: Desk) -> None:
    error, conflict = refused(science, "broken")
    assert (conflict.needs[0].spec, conflict.needs[0].available) == ("gone >=3", False)
    assert "broken needs gone >=3, which no source has" in error.message
    assert conflict.fixes == ()


def test_a_package_that_contradicts_itself(science: Desk) -> None:
    _, conflict = refused(science, "torn")
    assert {need.spec for need in conflict.needs} == {"numpy <2", "numpy >=2"}


def test_a_virtual_package_that_this_machine_lacks(science: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "")
    error, _ = refused(science, "gpu", "bystander")
    assert "gpu needs __cuda >=12, and this machine has none" in error.message
    assert error.hint == "leave out gpu"


def test_installed_versions_do_not_hide_a_conflict(science: Desk) -> None:
    installed = science("pandas<2").records
    _, conflict = refused(science, "pandas<2", "numpy>=2", installed=installed)
    assert {request.text for request in conflict.requests} == {"pandas<2", "numpy>=2"}


class TestUnknown:
    @pytest.mark.parametrize(
        ("text", "meant"),
        [("sklearn", "scikit-learn"), ("yaml", "pyyaml"), ("scikit-lern", "scikit-learn"), ("numpi", "numpy")],
    )
    def test_did_you_mean(self, science: Desk, text: str, meant: str) -> None:
        error, conflict = refused(science, text, "numpy")
        (unknown,) = conflict.unknown
        assert unknown.suggestions[0] == meant
        assert error.hint == f"did you mean {meant}?"
        assert error.code == "solve.unknown"

    def test_nothing_like_it(self, science: Desk) -> None:
        error, _ = refused(science, "qqqqqq")
        assert error.message == "no source has qqqqqq"
        assert "envs search" in error.hint

    def test_a_name_that_only_another_channel_has(self, science: Desk, desk: Desk) -> None:
        other = desk.channel("other").add("only-here").write()
        desk.use(desk.channel(), other)
        error, _ = refused(desk, "main::only-here")
        assert error.message == "no source has only-here"

    def test_several_names_have_a_hint_each(self, science: Desk) -> None:
        error, conflict = refused(science, "sklearn", "yaml")
        assert [unknown.name for unknown in conflict.unknown] == ["sklearn", "yaml"]
        assert error.hint == "for sklearn: did you mean scikit-learn? for yaml: did you mean pyyaml?"


class TestWheels:
    @pytest.mark.parametrize(
        ("text", "meant"),
        [("humanise", "humanize"), ("scikitlearn", "scikit-learn"), ("sklern", "scikit-learn"), ("Pilow", "pillow")],
    )
    def test_well_known_projects_are_meant(
        self, desk: Desk, wheelhouse: Callable[..., Path], text: str, meant: str
    ) -> None:
        wheelhouse(meant)
        error, _ = refused(desk, text, sources=("pypi", "interpreter"))
        assert (error.message, error.hint) == (f"no source has {text.lower()}", f"did you mean {meant}?")

    def test_a_version_limit_that_no_wheel_has(self, desk: Desk, wheelhouse: Callable[..., Path]) -> None:
        wheelhouse("tool", "2.0")
        error, conflict = refused(desk, "tool<1", sources=("pypi", "interpreter"))
        assert "the newest is 2.0" in error.message
        assert conflict.fixes[0].replacement == "tool"

    def test_an_older_wheel_would_go(self, desk: Desk, wheelhouse: Callable[..., Path]) -> None:
        wheelhouse("base", "1.0")
        wheelhouse("base", "2.0")
        wheelhouse("tool", "1.0", requires=["base<2"])
        wheelhouse("tool", "2.0", requires=["base>=2"])
        _, conflict = refused(desk, "tool<2", "base>=2", sources=("pypi", "interpreter"))
        assert {request.text for request in conflict.requests} == {"tool<2", "base>=2"}
        assert {need.name for need in conflict.needs} == {"base"}
        assert {fix.replacement for fix in conflict.fixes} == {"tool", "base", ""}

    def test_another_python_has_a_wheel(self, desk: Desk, wheelhouse: Callable[..., Path]) -> None:
        wheelhouse("fast", tag="cp311-cp311-manylinux_2_17_x86_64")
        desk.use(desk.channel().python("3.11.7", "3.12.1").write())
        options = {"sources": ("conda", "pypi")}
        _, conflict = refused(desk, "fast", "python=3.12", **options)
        assert ("python", "python=3.11") in {(fix.kind, fix.replacement) for fix in conflict.fixes}
        assert desk.versions("fast", "python=3.11", **options)["fast"] == "1.0"
        installed = desk("python=3.12", **options).records
        _, conflict = refused(desk, "fast", installed=installed, **options)
        assert ("python", "python=3.11") in {(fix.kind, fix.replacement) for fix in conflict.fixes}


def test_the_conflict_survives_json(science: Desk) -> None:
    error, conflict = refused(science, "pandas<2", "numpy>=2")
    again = SolveError(error.message, detail=dict(error.to_dict()["detail"]))  # type: ignore[call-overload]
    assert conflict_of(again) == conflict
