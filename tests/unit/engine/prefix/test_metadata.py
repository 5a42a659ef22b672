"""pinned, frozen (CEP 22), state (CEP 32), pyvenv.cfg and site-packages (CEP 17)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.prefix.frozen import check_not_frozen, read_frozen
from jupyter_envs.engine.prefix.pinned import read_pinned
from jupyter_envs.engine.prefix.python import (
    checked_site_packages,
    python_executable,
    python_version_of,
    read_pyvenv_config,
    site_packages,
)
from jupyter_envs.engine.prefix.state import read_state, state_path, state_text
from jupyter_envs.errors import FrozenError, LinkError, SpecError

from .conftest import MakePrefix


def test_pinned_specs_without_comments(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    assert read_pinned(prefix) == ()
    (prefix / "conda-meta/pinned").write_text("# ours\nnumpy   <2  # until it works\n\npython 3.11.*\nnumpy <2\n")
    assert read_pinned(prefix) == ("numpy <2", "python 3.11.*")


def test_pinned_that_is_no_text_is_refused(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    (prefix / "conda-meta/pinned").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match="not a text file"):
        read_pinned(prefix)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", ""),
        ('{"message": "production\\nkeep out"}', "production\nkeep out"),
        ("{}", ""),
        ("not json", ""),
        ("[1]", ""),
        ('{"message": 5}', ""),
    ],
)
def test_frozen_by_presence_with_the_owners_message(make_prefix: MakePrefix, content: str, message: str) -> None:
    prefix = make_prefix()
    check_not_frozen(prefix)
    (prefix / "conda-meta/frozen").write_text(content)
    frozen = read_frozen(prefix)
    assert frozen is not None and frozen.message == message
    with pytest.raises(FrozenError) as caught:
        check_not_frozen(prefix)
    assert message in caught.value.message
    assert caught.value.detail["message"] == message
    assert "--override-frozen" in caught.value.hint
    check_not_frozen(prefix, override=True)


def test_state_round_trips_and_keeps_other_keys(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    assert read_state(prefix) == {}
    variables = {"NAME": "value with 'quotes' and \"more\"", "EMPTY": "", "Ünïcode": "ß\n"}
    state_path(prefix).write_text(state_text(variables))
    assert read_state(prefix) == variables
    before = b'{"version": 1, "env_vars": {"A": "1"}, "other": [1]}'
    assert json.loads(state_text({"B": "2"}, before)) == {"version": 1, "env_vars": {"B": "2"}, "other": [1]}
    assert json.loads(state_text({"B": "2"}, b"broken"))["env_vars"] == {"B": "2"}


def test_state_of_conda_with_unset_and_numbers(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    state_path(prefix).write_text('{"version": 1, "env_vars": {"A": "***unset***", "B": 2, "C": null}}')
    assert read_state(prefix) == {"B": "2"}
    state_path(prefix).write_text("")
    assert read_state(prefix) == {}


@pytest.mark.parametrize("content", ["{", "[]", '{"env_vars": 3}'])
def test_a_state_of_another_shape_is_refused(make_prefix: MakePrefix, content: str) -> None:
    prefix = make_prefix()
    state_path(prefix).write_text(content)
    with pytest.raises(SpecError, match="conda-meta/state") as caught:
        read_state(prefix)
    assert caught.value.code == "prefix.state"
    assert "env_vars" in caught.value.hint


def test_python_of_a_conda_prefix(rattler_original: Path) -> None:
    assert python_version_of(rattler_original) == "3.11.7"
    assert site_packages(rattler_original) == rattler_original / "lib/python3.11/site-packages"
    assert python_executable(rattler_original).exists()


def test_python_of_a_venv(tmp_path: Path) -> None:
    prefix = tmp_path / "venv"
    prefix.mkdir()
    assert python_version_of(prefix) is None
    assert site_packages(prefix) is None
    for text, version in (
        ("home = /usr/bin\nversion = 3.12.1\n", "3.12.1"),
        ("home = /usr/bin\nversion_info = 3.10.4.final.0\n", "3.10.4"),
        ("home = /usr/bin\nuv = 0.5\nversion_info = 3.13.0\n", "3.13.0"),
        ("home=/usr/bin\n", None),
    ):
        (prefix / "pyvenv.cfg").write_text(text)
        assert python_version_of(prefix) == version
        assert read_pyvenv_config(prefix)["home"] == "/usr/bin"


def test_python_places_on_windows(make_prefix: MakePrefix, tmp_path: Path) -> None:
    windows = layout_for("win-64")
    prefix = make_prefix(packages={"python-3.11.7-h_0": {}})
    assert site_packages(prefix, windows) == prefix / "Lib/site-packages"
    assert python_executable(prefix, windows) == prefix / "python.exe"
    (tmp_path / "v").mkdir()
    (tmp_path / "v/pyvenv.cfg").write_text("version = 3.11.7")
    assert python_executable(tmp_path / "v", windows) == tmp_path / "v/Scripts/python.exe"


def test_python_site_packages_path_of_the_record_counts(make_prefix: MakePrefix) -> None:
    """CEP 17: a free-threaded Python has another site-packages."""
    prefix = make_prefix(
        packages={"python-3.13.0-h_0_cp313t": {}}, python_site_packages_path="lib/python3.13t/site-packages"
    )
    assert site_packages(prefix) == prefix / "lib/python3.13t/site-packages"


@pytest.mark.parametrize("path", ["/usr/lib", "../outside", "lib/../../x", "C:/x", "lib\\..\\x", ""])
def test_a_site_packages_path_that_leaves_the_prefix_is_refused(path: str) -> None:
    with pytest.raises(LinkError, match="leaves the prefix") as caught:
        checked_site_packages(path)
    assert caught.value.code == "link.site_packages"
