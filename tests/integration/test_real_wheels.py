"""Real wheels from the configured index, solved, fetched, linked and imported. Needs an index that answers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.settings import Settings

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def index_answers() -> None:
    """Skip when pip itself cannot reach its index: then there is nothing to test here."""
    command = [sys.executable, "-m", "pip", "index", "versions", "six", "--timeout", "10", "--retries", "0"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        pytest.skip(f"needs a package index, and pip's configured one does not answer: {result.stderr.strip()[-200:]}")


@pytest.fixture
def wheels(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, sources=("pypi", "interpreter"))


def run(prefix: Path, code: str) -> str:
    return subprocess.run([prefix / "bin/python", "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.usefixtures("index_answers")
def test_pure_and_native_wheels_are_installed_and_undone(wheels: Settings) -> None:
    engine = Engine(wheels)
    prefix = engine.new_prefix("real")
    minor = f"{sys.version_info[0]}.{sys.version_info[1]}"
    specs = (f"python={minor}", "jinja2<4", "markupsafe<4", "python-dateutil")
    engine.execute(engine.plan(ChangeRequest(action="create", prefix=str(prefix), specs=specs)))
    names = {record.name for record in engine.packages(prefix)}
    assert {"jinja2", "markupsafe", "python", "python-dateutil"} <= names
    code = "import jinja2, markupsafe._speedups; print(jinja2.Template('{{ 6 * 7 }}').render())"
    assert run(prefix, code) == "42\n"

    engine.execute(engine.plan(ChangeRequest(action="install", prefix=str(prefix), specs=("tabulate<0.11",))))
    script = subprocess.run([prefix / "bin/tabulate", "--help"], capture_output=True, text=True, check=True)
    assert "Pretty-print" in script.stdout
    engine.execute(engine.plan(ChangeRequest(action="undo", prefix=str(prefix))))
    assert "tabulate" not in {record.name for record in engine.packages(prefix)}
    assert not (prefix / "bin/tabulate").exists()
    assert [found for found in engine.verify(prefix) if found.severity == "error"] == []


@pytest.mark.usefixtures("index_answers")
def test_pip_finds_nothing_broken_in_what_we_installed(wheels: Settings) -> None:
    engine = Engine(wheels)
    prefix = engine.new_prefix("checked")
    specs = ("python", "requests", "attrs")
    engine.execute(engine.plan(ChangeRequest(action="create", prefix=str(prefix), specs=specs)))
    pip = [sys.executable, "-m", "pip", "--python", str(prefix / "bin/python"), "--disable-pip-version-check"]
    listed = subprocess.run([*pip, "list", "--format=freeze"], capture_output=True, text=True, check=True).stdout
    assert {"requests", "urllib3", "idna", "attrs"} <= {line.split("==")[0] for line in listed.splitlines()}
    checked = subprocess.run([*pip, "check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
