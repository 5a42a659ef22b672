"""Interpreters as records, and what is said when one has gone."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import venv
from pathlib import Path

import pytest
from rattler import PackageName, Subdir, solve

from jupyter_envs.engine.archive import interpreter as package
from jupyter_envs.engine.models.platform import current_subdir
from jupyter_envs.engine.sources.base import from_rattler
from jupyter_envs.engine.sources.interpreter import (
    InterpreterInfo,
    InterpreterSource,
    check_interpreter,
    interpreter_path,
    interpreter_record,
)
from jupyter_envs.engine.sources.interpreter_probe import running_executable


def info(executable: str = "/usr/bin/python3.11", version: str = "3.11.7", subdir: str = "linux-64") -> InterpreterInfo:
    return InterpreterInfo(executable, version, "cpython", "cpython-311", subdir)


def test_a_record() -> None:
    record = interpreter_record(info())
    assert (record.name, record.version, record.subdir) == ("python", "3.11.7", "linux-64")
    assert record.build == f"interpreter_{hashlib.sha256(b'/usr/bin/python3.11').hexdigest()[:8]}_0"
    assert record.fn == f"python-3.11.7-{record.build}.interpreter"
    assert (record.url, record.channel) == ("interpreter:///usr/bin/python3.11", "interpreter://")


def test_two_interpreters_of_one_version_are_two_packages() -> None:
    assert interpreter_record(info()).dist != interpreter_record(info("/opt/bin/python3.11")).dist


@pytest.mark.parametrize("path", ["/usr/bin/python3.11", "/home/a b/ü#?%/python3.11"])
def test_any_path_survives_the_url_and_rattler(path: str) -> None:
    record = interpreter_record(info(path))
    assert interpreter_path(record.url) == path
    assert package.interpreter_path(record.url) == path
    (back,) = asyncio.run(_fetch(InterpreterSource([info(path)], "linux-64")))
    assert interpreter_path(back.url) == path
    assert (back.fn, back.build) == (record.fn, record.build)


def test_a_windows_path() -> None:
    assert interpreter_path("interpreter:///C:/Python311/python.exe") == "C:/Python311/python.exe"


async def _fetch(source: InterpreterSource, name: str = "python", subdir: str = "linux-64") -> list:
    return [from_rattler(record) for record in await source.fetch_package_records(Subdir(subdir), PackageName(name))]


def test_only_python_and_only_for_the_platform() -> None:
    source = InterpreterSource([info(), info("/opt/arm/python3.11", subdir="linux-aarch64")], "linux-64")
    assert source.package_names(Subdir("linux-64")) == ["python"]
    assert source.package_names(Subdir("noarch")) == []
    assert len(asyncio.run(_fetch(source))) == 1
    assert asyncio.run(_fetch(source, name="numpy")) == []
    assert asyncio.run(_fetch(source, subdir="noarch")) == []


def test_the_solver_takes_the_newest_and_of_one_version_the_first() -> None:
    infos = [info("/a/python3.11"), info("/b/python3.11"), info("/c/python3.10", "3.10.2")]
    source = InterpreterSource(infos, "linux-64")

    def chosen(spec: str) -> str:
        (record,) = asyncio.run(solve([source], [spec], platforms=["linux-64"]))
        return interpreter_path(from_rattler(record).url)

    assert chosen("python") == "/a/python3.11"
    assert chosen("python <3.11") == "/c/python3.10"


@pytest.fixture
def borrowed(tmp_path: Path) -> Path:
    """Return an environment that borrows an interpreter of its own, which the test may move."""
    base = tmp_path / "base/bin"
    base.mkdir(parents=True)
    (base / "python3.11").symlink_to(running_executable())
    prefix = tmp_path / "env"
    prefix.mkdir()
    (prefix / "pyvenv.cfg").write_text(
        f"home = {base}\ninclude-system-site-packages = false\nversion = 3.11.7\nexecutable = {base}/python3.11\n"
    )
    return prefix


def test_nothing_is_wrong(borrowed: Path, tmp_path: Path) -> None:
    assert check_interpreter(borrowed) is None
    assert check_interpreter(tmp_path) is None  # borrows none


def test_an_interpreter_that_has_gone(borrowed: Path, tmp_path: Path) -> None:
    (tmp_path / "base").rename(tmp_path / "moved")
    said = check_interpreter(borrowed)
    assert said is not None
    assert "moved or removed" in said
    assert str(tmp_path / "base/bin/python3.11") in said


def test_an_interpreter_that_cannot_be_run(borrowed: Path, tmp_path: Path) -> None:
    (tmp_path / "base/bin/python3.11").unlink()
    (tmp_path / "base/bin/python3.11").write_text("not a program")
    said = check_interpreter(borrowed)
    assert said is not None
    assert "cannot be run" in said


def test_an_interpreter_that_is_another_version_now(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "python3").write_text(f'#!/bin/sh\nexec {running_executable()} "$@"\n')
    (base / "python3").chmod(0o755)
    (tmp_path / "pyvenv.cfg").write_text(f"home = {base}\nversion = 3.1.4\nexecutable = {base}/python3\n")
    said = check_interpreter(tmp_path)
    assert said is not None
    assert "made with Python 3.1," in said
    (base / "python3").write_text("#!/bin/sh\nexit 1\n")
    assert "does not answer" in str(check_interpreter(tmp_path))


def test_a_venv(tmp_path: Path) -> None:
    venv.create(tmp_path / "env", symlinks=True, with_pip=False)
    assert check_interpreter(tmp_path / "env") is None


def test_the_package_of_an_interpreter_runs(tmp_path: Path) -> None:
    executable = running_executable()
    version = ".".join(map(str, sys.version_info[:3]))
    record = interpreter_record(InterpreterInfo(executable, version, "cpython", "", current_subdir()))
    package.make_interpreter(record, str(tmp_path))
    assert os.path.realpath(tmp_path / "bin/python") == executable
    assert check_interpreter(tmp_path) is None
