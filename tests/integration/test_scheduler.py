"""A scheduled notebook, from the request to the written output: jupyter-scheduler in a real server, a real kernel."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import requests

from support.kernels import Place

pytestmark = pytest.mark.network

TOKEN = "scheduled"
CONFIG = """
c.ServerApp.jpserver_extensions = {"jupyter_envs": True, "jupyter_scheduler": True}
c.ServerApp.token = c.IdentityProvider.token = "scheduled"
c.SchedulerApp.environment_manager_class = "jupyter_envs.server.scheduler.EnvsEnvironmentManager"
c.Scheduler.execution_manager_class = "jupyter_envs.server.scheduler.EnvsExecutionManager"
"""
PATIENCE = 120.0  # seconds


class Scheduler:
    """A server with jupyter-scheduler in it."""

    def __init__(self, url: str, root: Path) -> None:
        self.url = url
        self.root = root

    def ask(self, verb: str, path: str, body: object = None) -> Any:
        """Return the JSON that the scheduler answers."""
        headers = {"Authorization": f"token {TOKEN}"}
        reply = requests.request(verb, f"{self.url}scheduler/{path}", json=body, headers=headers, timeout=PATIENCE)
        assert reply.ok, reply.text
        return reply.json() if reply.content else None

    def run(self, notebook: Path, environment: str) -> dict[str, Any]:
        """Schedule a notebook for now and return its job when it has ended."""
        body = {
            "name": notebook.stem,
            "input_uri": str(notebook.relative_to(self.root)),
            "runtime_environment_name": environment,
            "output_formats": ["ipynb", "html"],
        }
        job = self.ask("POST", "jobs", body)
        deadline = time.monotonic() + PATIENCE
        while True:
            described: dict[str, Any] = self.ask("GET", f"jobs/{job['job_id']}")
            if described["status"] in ("COMPLETED", "FAILED"):  # a new one is called STOPPED until it has a process
                return described
            assert time.monotonic() < deadline, described
            time.sleep(0.2)


def answering(info: Path) -> str | None:
    """Return where the server of an info file answers: it writes that before it listens."""
    if not info.exists():
        return None
    try:
        url: str = json.loads(info.read_text())["url"]
        requests.get(f"{url}api", timeout=PATIENCE)
    except (json.JSONDecodeError, requests.ConnectionError):
        return None
    return url


@pytest.fixture
def scheduler(here: Place, tmp_path: Path) -> Iterator[Scheduler]:
    """Start the server, and end it."""
    root = tmp_path / "notebooks"
    root.mkdir()
    config = tmp_path / "config.py"
    config.write_text(CONFIG)
    command = [sys.executable, "-m", "jupyter_server", f"--config={config}", "--allow-root", "--ServerApp.port=0"]
    log = tmp_path / "server.log"
    with log.open("wb") as stream, subprocess.Popen(command, cwd=root, env=here.environ, stderr=stream) as server:
        try:
            info = Path(here.variables["JUPYTER_RUNTIME_DIR"], f"jpserver-{server.pid}.json")
            deadline = time.monotonic() + PATIENCE
            while (url := answering(info)) is None:
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
            yield Scheduler(url, root)
        finally:
            server.terminate()


def write(path: Path, source: str, kernel: str) -> Path:
    spec = {"name": kernel, "display_name": kernel, "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)], metadata={"kernelspec": spec})
    nbformat.write(notebook, path)
    return path


def test_a_scheduled_notebook_runs_in_the_environment_that_was_chosen(scheduler: Scheduler, here: Place) -> None:
    offered = {entry["name"]: entry["label"] for entry in scheduler.ask("GET", "runtime_environments")}
    assert {"envs-six": "six", "envs-seven": "seven"}.items() <= offered.items()
    notebook = write(scheduler.root / "report.ipynb", "import sys; print(sys.prefix)", "envs-seven")
    job = scheduler.run(notebook, "envs-six")
    assert (job["status"], job["status_message"]) == ("COMPLETED", None)
    scheduler.ask("GET", f"jobs/{job['job_id']}/download_files")
    prefix = str(here.folder / "root/envs/six")
    assert prefix in written(scheduler.root, "html", "</html>")
    executed = nbformat.reads(written(scheduler.root, "ipynb", "}"), as_version=4)
    assert executed.cells[0].outputs[0]["text"] == f"{prefix}\n"
    assert executed.metadata.kernelspec["name"] == "envs-six"
    assert nbformat.read(notebook, as_version=4).metadata.kernelspec["name"] == "envs-seven", "the original stays"

    failed = scheduler.run(notebook, "envs-gone")
    assert failed["status"] == "FAILED"
    assert failed["status_message"] == "the environment of this job is not there any more: envs-gone"


def written(root: Path, ending: str, last: str) -> str:
    """Return the output with an ending, when it has been copied below the server's root as far as what it ends with."""
    deadline = time.monotonic() + PATIENCE
    while True:
        for found in root.glob(f"jobs/*/report-*.{ending}"):
            if (text := found.read_text()).rstrip().endswith(last):
                return text
        assert time.monotonic() < deadline, list(root.rglob("*"))
        time.sleep(0.1)
