"""Finding Pythons: bases only, each asked once, never stuck on a file that is none."""

from __future__ import annotations

import os
import sys
import venv
from pathlib import Path

import pytest

from jupyter_envs.engine.models.platform import current_subdir
from jupyter_envs.engine.sources.interpreter_probe import (
    InterpreterInfo,
    ask,
    find_interpreters,
    running_executable,
    subdir_of,
)
from support.pythons import fake_python

RUNNING = running_executable()


def found(tmp_path: Path, *folders: Path) -> list[InterpreterInfo]:
    environ = {"PATH": os.pathsep.join(map(str, folders)), "JUPYTER_ENVS_ROOT": str(tmp_path / "root")}
    return find_interpreters(environ)


def others(tmp_path: Path, *folders: Path) -> list[str]:
    return [info.executable for info in found(tmp_path, *folders) if info.executable != RUNNING]


def test_the_running_python_s_base_is_first(tmp_path: Path) -> None:
    fake_python(tmp_path / "bin/python3.12")
    first, *_ = found(tmp_path, tmp_path / "bin")
    assert first.executable == RUNNING
    assert first.version == ".".join(map(str, sys.version_info[:3]))
    assert first.cache_tag == sys.implementation.cache_tag
    assert first.subdir == current_subdir()
    assert first.minor == sys.version_info[:2]


def test_path_is_searched_in_order_and_each_file_counts_once(tmp_path: Path) -> None:
    one = fake_python(tmp_path / "one/python3.12")
    two = fake_python(tmp_path / "two/python3.10", "3.10.2")
    (tmp_path / "one/python3").symlink_to("python3.12")
    (tmp_path / "two/python3.12").symlink_to(one)
    fake_python(tmp_path / "one/python3-config")
    fake_python(tmp_path / "one/pythonw")
    (tmp_path / "one/python").write_text("not executable")
    folders = (tmp_path / "one", tmp_path / "absent", Path("relative"), tmp_path / "two")
    assert others(tmp_path, *folders) == [str(one), str(two)]


def test_a_venv_is_followed_to_its_base(tmp_path: Path) -> None:
    venv.create(tmp_path / "linked", symlinks=True, with_pip=False)
    venv.create(tmp_path / "copied", symlinks=False, with_pip=False)
    assert others(tmp_path, tmp_path / "linked/bin", tmp_path / "copied/bin") == []


def test_a_python_that_does_not_name_its_base(tmp_path: Path) -> None:
    """Python 3.9 and 3.10 say of a venv's copy that it is the base: ``pyvenv.cfg`` knows better."""
    base = fake_python(tmp_path / "base/python3.10", "3.10.2")
    fake_python(tmp_path / "env/bin/python3", "3.10.2")
    (tmp_path / "env/pyvenv.cfg").write_text(f"home = {tmp_path / 'base'}\n")
    assert others(tmp_path, tmp_path / "env/bin") == [str(base)]


@pytest.mark.parametrize("layout", ["versions/{}", "installs/python/{}"])
def test_behind_a_shim_are_the_managers_pythons(tmp_path: Path, layout: str) -> None:
    older = fake_python(tmp_path / "manager" / layout.format("3.9.18") / "bin/python3.9", "3.9.18")
    newer = fake_python(tmp_path / "manager" / layout.format("3.12.4") / "bin/python3.12")
    shim = tmp_path / "manager/shims/python3"
    shim.parent.mkdir()
    shim.write_text(f"#!/bin/sh\ntouch {tmp_path / 'shim-was-run'}\n")
    shim.chmod(0o755)
    assert others(tmp_path, shim.parent) == [str(newer), str(older)]
    assert not (tmp_path / "shim-was-run").exists()


@pytest.mark.parametrize(
    "facts", [{"version": "3.8.20"}, {"name": "pypy"}, {"gil": "1"}, {"version": "2.7.18"}], ids=str
)
def test_pythons_that_no_environment_can_be_made_with(tmp_path: Path, facts: dict[str, str]) -> None:
    fake_python(tmp_path / "bin/python3", **facts)  # type: ignore[arg-type]  # every fact is a text
    assert others(tmp_path, tmp_path / "bin") == []


@pytest.mark.parametrize("script", ["exit 3", "echo hello", "echo", "kill -9 $$", "printf '\\377\\376'"])
def test_a_program_that_is_no_python(tmp_path: Path, script: str) -> None:
    program = tmp_path / "bin/python3"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    assert ask(str(program)) is None
    assert others(tmp_path, program.parent) == []


def test_a_file_that_cannot_be_started(tmp_path: Path) -> None:
    program = tmp_path / "bin/python3"
    program.parent.mkdir()
    program.write_bytes(b"\x7fELF nonsense")
    program.chmod(0o755)
    assert others(tmp_path, program.parent) == []


def test_a_program_that_never_answers(tmp_path: Path) -> None:
    program = tmp_path / "bin/python3"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec sleep 30\n")
    program.chmod(0o755)
    assert ask(str(program), timeout=0.2) is None


def test_answers_are_kept_until_the_file_changes(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = fake_python(tmp_path / "bin/python3.12", log=log)
    for _ in range(2):
        assert others(tmp_path, program.parent) == [str(program)]
    assert log.read_text().count("asked") == 1
    fake_python(program, "3.12.11", log=log)
    (changed,) = [info for info in found(tmp_path, program.parent) if info.executable == str(program)]
    assert changed.version == "3.12.11"
    assert log.read_text().count("asked") == 2


def test_an_image_made_with_the_same_times_and_sizes_has_another_python(tmp_path: Path) -> None:
    program = fake_python(tmp_path / "bin/python3.12", "3.12.1")
    os.utime(program, (1, 1))
    assert others(tmp_path, program.parent) == [str(program)]
    program.unlink()
    fake_python(program, "3.12.7")
    os.utime(program, (1, 1))
    (changed,) = [info for info in found(tmp_path, program.parent) if info.executable == str(program)]
    assert changed.version == "3.12.7"


def test_without_a_place_to_keep_answers_it_works_all_the_same(tmp_path: Path) -> None:
    program = fake_python(tmp_path / "bin/python3.12")
    (tmp_path / "root").write_text("a file where the folder should be")
    assert others(tmp_path, program.parent) == [str(program)]


@pytest.mark.parametrize("content", ["", "[]", '{"/usr/bin/python3": {"size": "big"}}'])
def test_a_broken_file_of_answers_is_forgotten(tmp_path: Path, content: str) -> None:
    program = fake_python(tmp_path / "bin/python3.12")
    (tmp_path / "root").mkdir()
    (tmp_path / "root/interpreters.json").write_text(content)
    assert others(tmp_path, program.parent) == [str(program)]


@pytest.mark.parametrize(
    ("platform", "wide", "subdir"),
    [
        ("linux-x86_64", True, "linux-64"),
        ("linux-x86_64", False, "linux-32"),
        ("linux-i686", False, "linux-32"),
        ("linux-aarch64", True, "linux-aarch64"),
        ("macosx-11.0-arm64", True, "osx-arm64"),
        ("macosx-10.9-x86_64", True, "osx-64"),
        ("win-amd64", True, "win-64"),
        ("win32", False, "win-32"),
        ("win-arm64", True, "win-arm64"),
    ],
)
def test_platform_names(platform: str, wide: bool, subdir: str) -> None:
    assert subdir_of(platform, wide) == subdir
