"""The package directory of an interpreter."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from jupyter_envs.engine.archive.extract import extract
from jupyter_envs.engine.archive.interpreter import interpreter_path, pyvenv_text
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import ArchiveError, NotFoundError

BASE = os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def record(executable: str) -> RepodataRecord:
    return RepodataRecord(
        name="python",
        version="3.11.7",
        build="interpreter_0123abcd_0",
        subdir="linux-64",
        fn="python-3.11.7-interpreter_0123abcd_0.interpreter",
        url=f"interpreter://{executable}",
        channel="interpreter://",
    )


def test_links_and_pyvenv_cfg(tmp_path: Path) -> None:
    extract(record(BASE), "", str(tmp_path))
    assert os.readlink(tmp_path / "bin/python3.11") == BASE
    assert os.readlink(tmp_path / "bin/python") == "python3.11"
    assert os.readlink(tmp_path / "bin/python3") == "python3.11"
    assert (tmp_path / "pyvenv.cfg").read_text() == pyvenv_text(BASE, "3.11.7")
    paths = json.loads((tmp_path / "info/paths.json").read_text())["paths"]
    assert [(one["_path"], one["path_type"]) for one in paths] == [
        ("bin/python", "softlink"),
        ("bin/python3", "softlink"),
        ("bin/python3.11", "softlink"),
        ("lib/python3.11/site-packages", "directory"),
        ("pyvenv.cfg", "hardlink"),
    ]
    index = json.loads((tmp_path / "info/index.json").read_text())
    assert (index["depends"], index["build_number"], index["subdir"]) == ([], 0, "linux-64")


def test_an_interpreter_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        extract(record("/nowhere/python3.11"), "", str(tmp_path))
    assert caught.value.code == "interpreter.missing"
    assert "interpreter::python" in caught.value.hint


@pytest.mark.parametrize("url", ["interpreter://python", "interpreter:python", "file:///usr/bin/python"])
def test_urls_that_name_no_interpreter(url: str) -> None:
    with pytest.raises(ArchiveError):
        interpreter_path(url)
