"""A JupyterLab of its own: real server, real jobs, token authentication; everything it writes is below one folder.

Owns the process and its variables. Knows no test and no browser.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from support.ports import free_port
from support.waiting import PATIENCE

TOKEN = "a-token-for-tests"
READY_SECONDS = 180
FOREIGN = ("CONDA", "MAMBA", "PIXI", "JUPYTER", "IPYTHON", "XDG_DATA", "XDG_CACHE")
ANNOUNCEMENTS = "@jupyterlab/apputils-extension:announcements"


class LabServer:
    """JupyterLab below ``folder``: packages from ``channel`` (a URL), this machine's Pythons and pip's own index."""

    def __init__(self, folder: Path, channel: str) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.notebooks = folder / "notebooks"
        self.log_path = folder / "server.log"
        self.port = free_port()
        self.environ = self._environ(channel)
        self._process: subprocess.Popen[bytes] | None = None
        self._prepare()

    @property
    def url(self) -> str:
        """Where it answers, with a slash at the end."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *(f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"),
            *(f"--ServerApp.root_dir={self.notebooks}", "--LabApp.expose_app_in_browser=True"),
            "--JupyterNotebookApp.expose_app_in_browser=True",
        ]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._wait()

    def stop(self) -> None:
        """Stop the server as Ctrl-C twice would; jobs go on without it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None

    def envs(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``jupyter envs …`` as somebody in a shell beside it would."""
        command = [sys.executable, "-m", "jupyter_envs.cli.main", *arguments]
        result = subprocess.run(
            command, cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False, timeout=280
        )
        if check and result.returncode:
            raise AssertionError(
                f"{' '.join(arguments)} ended with {result.returncode}: {result.stderr}{result.stdout}"
            )
        return result

    def environments(self) -> set[str]:
        """Return the names of the environments that are there."""
        folder = self.root / "envs"
        return {path.name for path in folder.glob("[!.]*") if (path / "conda-meta").is_dir()}

    def go_back(self, kept: set[str]) -> None:
        """Stop what runs and remove the environments that are not ``kept``, and what they alone have in the cache."""
        for job in json.loads(self.envs("jobs", "--json").stdout)["jobs"]:
            if job["state"] in ("queued", "running"):
                self.envs("jobs", "cancel", job["id"])
        self.end_kernels()
        for name in self.environments() - kept:
            self.envs("delete", name, "--yes")
        self.envs("clean", "--yes")

    def end_kernels(self) -> None:
        """End all kernels, as *Shut Down All* does: a closed tab leaves them running."""
        for kernel in json.load(self._call("api/kernels")):
            try:
                self._call(f"api/kernels/{kernel['id']}", "DELETE")
            except urllib.error.HTTPError as error:
                if error.code != 404:  # it has just ended by itself
                    raise

    def log(self) -> str:
        """Return what the server has said."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def _environ(self, channel: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE"):
            kept.pop(name, None)
        return kept | {
            "HOME": str(self.folder / "home"),
            "JUPYTER_ENVS_ROOT": str(self.root),
            "JUPYTER_ENVS_CHANNELS": channel,
            "JUPYTER_DATA_DIR": str(self.folder / "jupyter/data"),
            "JUPYTER_CONFIG_DIR": str(self.folder / "jupyter/config"),
            "JUPYTER_RUNTIME_DIR": str(self.folder / "jupyter/runtime"),
            "IPYTHONDIR": str(self.folder / "jupyter/ipython"),
            "JUPYTER_PLATFORM_DIRS": "1",
        }

    def _prepare(self) -> None:
        config = self.folder / "jupyter/config/labconfig"
        for directory in (self.folder / "home", self.notebooks, config):
            directory.mkdir(parents=True, exist_ok=True)
        (config / "page_config.json").write_text(json.dumps({"disabledExtensions": {ANNOUNCEMENTS: True}}))

    def _wait(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise AssertionError(f"JupyterLab ended while it started:\n{self.log()[-3000:]}")
            try:
                self._call("api/status", timeout=2)
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"JupyterLab did not answer in {READY_SECONDS} s:\n{self.log()[-3000:]}")

    def _call(self, path: str, method: str = "GET", timeout: float = PATIENCE) -> io.BytesIO:
        headers = {"Authorization": f"token {TOKEN}"}
        request = urllib.request.Request(self.url + path, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return io.BytesIO(answer.read())
