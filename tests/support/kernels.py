"""Real kernels, asked as a notebook asks them, and a place with environments that have them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.manager import start_new_kernel

from jupyter_envs.engine.prefix.records import iter_record_names
from support.channel import Channel

PROGRAM = (sys.executable, "-m", "jupyter_envs.cli.main")
PATIENCE = 180.0  # seconds for a cell


@dataclass
class Outcome:
    """What one cell came to: what a notebook would keep of it. ``shown`` are all states of its displays, in order."""

    status: str = ""
    stdout: str = ""
    stderr: str = ""
    shown: list[dict[str, str]] = field(default_factory=list)
    error: str = ""
    value: str = ""

    @property
    def text(self) -> str:
        """The text that a display ended with, empty when there was none."""
        return self.shown[-1]["text/plain"] if self.shown else ""

    def take(self, message: dict[str, Any]) -> None:
        """Take one message of the kernel."""
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            setattr(self, content["name"], getattr(self, content["name"]) + content["text"])
        elif kind in ("display_data", "update_display_data"):
            self.shown.append(content["data"])
        elif kind == "execute_result":
            self.value = content["data"]["text/plain"]
        elif kind == "error":
            self.error = "\n".join(content["traceback"])


class Kernel:
    """A started kernel."""

    def __init__(self, manager: Any, client: Any) -> None:
        self.manager = manager
        self.client = client

    def run(self, code: str) -> Outcome:
        """Execute a cell, whatever comes of it."""
        outcome = Outcome()
        reply = self.client.execute_interactive(code, timeout=PATIENCE, output_hook=outcome.take)
        outcome.status = reply["content"]["status"]
        return outcome

    def good(self, code: str) -> Outcome:
        """Execute a cell that must not fail."""
        outcome = self.run(code)
        assert outcome.status == "ok", outcome.error
        return outcome

    def run_until(self, code: str, moment: Callable[[], bool]) -> Outcome:
        """Execute a cell and interrupt the kernel, as the stop button does, when the moment has come."""

        def press() -> None:
            end = time.monotonic() + PATIENCE
            while not moment() and time.monotonic() < end:
                time.sleep(0.02)
            os.killpg(self.manager.provisioner.pid, signal.SIGINT)  # what the manager does; its own call needs a loop

        button = threading.Thread(target=press)
        button.start()
        try:
            return self.run(code)
        finally:
            button.join()


@contextmanager
def started(name: str) -> Iterator[Kernel]:
    """Start a kernel by the name of its spec, and end it."""
    try:
        manager, client = start_new_kernel(kernel_name=name, startup_timeout=PATIENCE)
    except (RuntimeError, Empty) as error:
        raise AssertionError(f"the kernel {name} did not start") from error
    try:
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


class Place:
    """Environments with both ipykernels, made once for all tests here, and a channel."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.folder = folder
        self.environ = {**os.environ, **variables}
        self.variables = variables
        self.channel = Channel(folder / "channel")

    def envs(self, *arguments: str) -> str:
        ran = subprocess.run(
            [*PROGRAM, *arguments], env=self.environ, capture_output=True, text=True, check=False, timeout=280
        )
        assert ran.returncode == 0, ran.stderr + ran.stdout
        return ran.stdout

    def names(self, environment: str) -> set[str]:
        """Return the packages of an environment, as ``name-version``."""
        prefix = self.folder / "root/envs" / environment
        return {f"{name}-{version}" for name, version, _ in iter_record_names(prefix)}


def fill(channel: Channel) -> None:
    for version in ("1.0", "2.0"):
        channel.noarch("tool", version)
        channel.noarch("beside", version)
    channel.noarch("inner")
    channel.noarch("needed")
    channel.noarch("outer", depends=["python", "inner"])
    channel.noarch("late-part", files={"site-packages/late_space/part.py": "here = True\n"})
    for name in ("large-six", "large-seven"):
        channel.noarch(name, files={f"site-packages/{name}/data.bin": os.urandom(600_000)})
    channel.index()


def options(place: Place, url: str = "") -> str:
    """Return the options that take packages from the place's channel only."""
    return f"-c {url or place.channel.url} --source conda"


def variables_for(folder: Path) -> dict[str, str]:
    """Return the variables that keep everything of jupyter-envs and Jupyter below a folder."""
    return {
        "JUPYTER_ENVS_ROOT": str(folder / "root"),
        "JUPYTER_DATA_DIR": str(folder / "jupyter/data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "jupyter/runtime"),
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter/config"),
        "IPYTHONDIR": str(folder / "jupyter/ipython"),
        "JUPYTER_ENVS_SOURCES": "pypi,interpreter",
        "JUPYTER_ENVS_COMPILE_IN_BACKGROUND": "0",
        "JUPYTER_PLATFORM_DIRS": "1",
    }
