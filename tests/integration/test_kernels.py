"""A real kernel: ipykernel from the index, on a Python of this machine, started by Jupyter from the registered spec."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from queue import Empty

import pytest
from jupyter_client.manager import start_new_kernel

from support.waiting import PATIENCE

PROGRAM = (sys.executable, "-m", "jupyter_envs.cli.main")

ASK = """
import json, os, sys
names = ("CONDA_PREFIX", "VIRTUAL_ENV", "CONDA_DEFAULT_ENV", "FROM_SCRIPT")
print(json.dumps({
    "prefix": sys.prefix,
    "variables": {name: os.environ.get(name) for name in names},
    "first": os.environ["PATH"].split(os.pathsep)[0],
}))
"""


def envs(*arguments: str) -> str:
    ran = subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=280)
    assert ran.returncode == 0, ran.stderr + ran.stdout
    return ran.stdout


def execute(client: object, code: str) -> str:
    """Run code in a kernel and return what it printed."""
    said: list[str] = []

    def collect(message: dict[str, object]) -> None:
        content = message["content"]
        assert isinstance(content, dict)
        if message["msg_type"] == "stream" and content["name"] == "stdout":
            said.append(content["text"])
        assert message["msg_type"] != "error", content

    client.execute_interactive(code, timeout=PATIENCE, output_hook=collect)  # type: ignore[attr-defined]  # jupyter_client
    return "".join(said)


@pytest.fixture
def index_answers() -> None:
    """Skip when pip itself cannot reach its index: then there is no ipykernel to install."""
    command = [sys.executable, "-m", "pip", "index", "versions", "ipykernel", "--timeout", "10", "--retries", "0"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        pytest.skip(f"needs a package index, and pip's configured one does not answer: {result.stderr.strip()[-200:]}")


@pytest.mark.network
@pytest.mark.usefixtures("index_answers")
def test_a_kernel_stands_and_runs_in_its_environment_as_soon_as_create_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_ENVS_SOURCES", "pypi,interpreter")
    monkeypatch.setenv("JUPYTER_ENVS_COMPILE_IN_BACKGROUND", "0")
    monkeypatch.setenv("CONDA_PREFIX", "/server/own")  # what must not reach the kernel
    monkeypatch.setenv("VIRTUAL_ENV", "/server/own")
    assert json.loads(envs("create", "real", "python", "--json"))["kernels"] == ["envs-real"]
    prefix = tmp_path / "root/envs/real"
    scripts = prefix / "etc/conda/activate.d"
    scripts.mkdir(parents=True)
    (scripts / "say.sh").write_text('export FROM_SCRIPT="$CONDA_PREFIX/it"\n')
    envs("kernels", "sync")
    try:
        manager, client = start_new_kernel(kernel_name="envs-real", startup_timeout=PATIENCE)
    except (RuntimeError, Empty) as error:
        raise AssertionError("the kernel did not start") from error
    try:
        answer = json.loads(execute(client, ASK))
        assert answer["prefix"] == str(prefix)
        assert answer["first"] == str(prefix / "bin")
        assert answer["variables"] == {
            "CONDA_PREFIX": str(prefix),
            "VIRTUAL_ENV": str(prefix),
            "CONDA_DEFAULT_ENV": "real",
            "FROM_SCRIPT": f"{prefix}/it",
        }
        envs("install", "real", "six")
        assert execute(client, "import six; print(six.__file__)").startswith(str(prefix))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert (Path(manager.kernel_spec.resource_dir) / "logo-64x64.png").stat().st_size > 0
    assert os.listdir(tmp_path / "root/envs") == ["real"]
