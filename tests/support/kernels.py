"""Real kernels, asked as a notebook asks them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty
from typing import Any

from jupyter_client.manager import start_new_kernel

PATIENCE = 60.0  # seconds for a cell


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
