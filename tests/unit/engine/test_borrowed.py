"""A file from elsewhere does not choose which program of this machine is an environment's Python."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.exchange.additions import add_file
from jupyter_envs.engine.exchange.notebook_lock import KEY, lock_json, make_lock
from jupyter_envs.engine.exchange.read import read_environment_file
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.sources.interpreter import find_interpreters, interpreter_record
from jupyter_envs.errors import NotFoundError
from jupyter_envs.settings import Settings


def request_of(notebook: Path, python: RepodataRecord, engine: Engine) -> ChangeRequest:
    lock = make_lock([python], ["python"], [], engine.settings.subdir)
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {KEY: lock_json(lock)}, "cells": []}
    notebook.write_text(json.dumps(content))
    parsed = read_environment_file(notebook, subdir=engine.settings.subdir)
    request = ChangeRequest(action="create", prefix=str(engine.new_prefix("a")))
    return add_file(request, parsed, engine.settings)


def test_a_python_that_only_a_notebook_names_is_neither_run_nor_borrowed(settings: Settings, tmp_path: Path) -> None:
    engine = Engine(settings)
    marker, program = tmp_path / "was-run", tmp_path / "python3.11"
    program.write_text(f"#!/bin/sh\ntouch {marker}\n")
    program.chmod(0o755)
    foreign = RepodataRecord(
        name="python", version="3.11.7", build="interpreter_0_0", fn="x.interpreter", url=f"interpreter://{program}"
    )
    with pytest.raises(NotFoundError, match="the Python that the file names is none of those found here") as caught:
        engine.plan(request_of(tmp_path / "foreign.ipynb", foreign, engine))
    assert caught.value.code.endswith("interpreter.unknown")
    assert "`interpreter::python`" in caught.value.hint
    assert not marker.exists()


def test_a_python_that_is_found_here_is_borrowed_and_another_version_of_it_is_not(
    settings: Settings, tmp_path: Path
) -> None:
    engine = Engine(settings)
    own = interpreter_record(find_interpreters(os.environ)[0])
    plan = engine.plan(request_of(tmp_path / "own.ipynb", own, engine))
    assert [record.url for record in plan.records] == [own.url]
    other = RepodataRecord(name="python", version="3.9.0", build=own.build, fn=own.fn, url=own.url)
    with pytest.raises(NotFoundError, match=r"\(3\.9\.0\)"):
        engine.plan(request_of(tmp_path / "other.ipynb", other, engine))
