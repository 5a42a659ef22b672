"""``from jupyter_envs import current`` in a kernel whose environment can be changed and has jupyter-envs importable."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import jupyter_envs
from support.kernels import Kernel, Place, started

pytestmark = pytest.mark.network

NAME = "importing"


@pytest.fixture(scope="session")  # as ``place``: a worker may come back to this module
def importing(place: Place) -> Path:
    """Return an environment with this Python's version, which finds what this Python has after its own packages."""
    major, minor = sys.version_info[:2]
    place.envs("create", NAME, f"python={major}.{minor}", "ipykernel>=7,<8")
    prefix = place.folder / "root/envs" / NAME
    (site_packages,) = prefix.glob("lib/python*/site-packages")
    (here,) = (Path(path) for path in sys.path if Path(path) == Path(pytest.__file__).parent.parent)
    (site_packages / "importable.pth").write_text(f"{Path(jupyter_envs.__file__).parent.parent}\n{here}\n")
    return prefix


def value(kernel: Kernel, call: str) -> Any:
    """Return what a function returned, which a program could have read from ``--json``, too."""
    kernel.good(f"from jupyter_envs import current\nanswer = current.{call}")
    return json.loads(ast.literal_eval(kernel.good("import json; json.dumps(answer)").value))


def test_each_function_does_what_its_magic_does_and_returns_what_a_program_reads(
    here: Place, importing: Path, tmp_path: Path
) -> None:
    where = f"channel=[{here.channel.url!r}], source=['conda']"
    with started(f"envs-{NAME}") as kernel:
        planned = value(kernel, f"install('tool=1.0', dry_run=True, {where})")
        assert (planned["executed"], [change["name"] for change in planned["changes"]]) == (False, ["tool"])
        assert "tool-1.0" not in here.names(NAME)
        installed = value(kernel, f"install('tool=1.0', {where})")
        assert (installed["executed"], installed["generation"]) == (True, 2)
        assert kernel.good("import tool; tool.__version__").value == "'1.0'"
        (tmp_path / "needs.txt").write_text("beside\n")
        value(kernel, f"install(file={str(tmp_path / 'needs.txt')!r}, {where})")
        assert {"tool-1.0", "beside-2.0"} <= here.names(NAME)
        value(kernel, f"install('tool', {where})")
        updated = value(kernel, "update('tool', dry_run=True)")
        assert (updated["action"], updated["executed"]) == ("update", False)
        assert [each["name"] for each in value(kernel, "list_packages('tool*')")["packages"]] == ["tool"]
        assert value(kernel, "info()")["path"] == str(importing)
        assert value(kernel, "lock()")["lock"]["lock_version"] == 1
        notebook = tmp_path / "a.ipynb"
        notebook.write_text('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}')
        assert value(kernel, f"lock({str(notebook)!r})")["written"] is True
        assert "jupyter_envs" in json.loads(notebook.read_text())["metadata"]
        assert value(kernel, "remove('beside')")["executed"] is True
        assert "beside-2.0" not in here.names(NAME)
        assert value(kernel, "undo()")["action"] == "undo"
        assert "beside-2.0" in here.names(NAME)
        assert "findings" in value(kernel, "doctor()")
        failed = kernel.run("current.install('no-such-package-at-all', offline=True)")
        assert failed.status == "error"
        assert "no-such-package-at-all" in failed.error
        assert "Traceback" not in failed.error
        code = "try:\n    current.remove('never-there')\nexcept current.RequestError as error:\n    print(error.code)"
        assert kernel.good(code).stdout == "package\n"


def test_plain_python_is_told_in_lines(here: Place, importing: Path) -> None:
    code = "from jupyter_envs import current; print(sorted(current.list_packages('ipyk*')))"
    ran = subprocess.run(
        [importing / "bin/python", "-c", code], env=here.environ, capture_output=True, text=True, check=True
    )
    *lines, last = ran.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["name", "ipykernel"]
    assert last.startswith("[")
