"""The process that does what a magic asks: ``python -m jupyter_envs.cli.stream``, followed by its messages.

Owns the process, its pipes and its end. It has a session of its own, so that an interrupt of the kernel reaches only
us; ``cancel`` passes it on in words. No shell is involved, and nothing of the environment's Python reaches it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from typing import Any, Callable, Dict

from .problems import RequestError

OnMessage = Callable[[Dict[str, Any]], None]
MODULE = "jupyter_envs.cli.stream"
_NOT_PASSED = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONSAFEPATH", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__")


class Child:
    """One request, running.

    Parameters
    ----------
    link : dict
        See ``register``.
    request : dict
        See ``request_for``.
    on_message : callable
        Takes each message, in a thread of its own: an interrupt of the kernel hits the main thread and loses none.

    Raises
    ------
    RequestError
        jupyter-envs is not where it was when the kernel was registered.
    """

    def __init__(self, link: dict[str, Any], request: dict[str, object], on_message: OnMessage) -> None:
        self._on_message = on_message
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 closed by close()
        posix = os.name == "posix"
        try:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                [link["python"], "-P", "-m", MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=environ_for(link, dict(os.environ), sys.prefix),
                start_new_session=posix,
                creationflags=0 if posix else 0x200,  # a process group of its own
            )
        except OSError as error:
            self._errors.close()
            raise _not_there(link, str(error)) from None
        self._say(json.dumps(request))
        self._reader = threading.Thread(target=self._read, name="jupyter-envs", daemon=True)
        self._reader.start()

    def running(self, seconds: float) -> bool:
        """Wait so long at most; tell whether there may be more messages."""
        self._reader.join(seconds)
        return self._reader.is_alive()

    def cancel(self) -> None:
        """Ask the command to stop, as Ctrl-C does; what follows says when it has."""
        self._say("cancel")

    def close(self) -> None:
        """Wait for the end and close the pipes."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._errors.close()

    def last_words(self) -> str:
        """Return the end of what the process wrote to its standard error."""
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except OSError:  # it has ended already: its last messages say why
            return

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                if line.endswith(b"\n"):  # half a line is all that is left of a process that was killed
                    self._on_message(json.loads(line))


def environ_for(link: dict[str, Any], environ: dict[str, str], prefix: str) -> dict[str, str]:
    """Return the variables of the process: the kernel's, without what belongs to the Python of its environment."""
    kept = {name: value for name, value in environ.items() if name not in _NOT_PASSED}
    own = os.path.join(prefix, "")
    places = kept.get("PATH", os.defpath).split(os.pathsep)
    kept["PATH"] = os.pathsep.join(place for place in places if not place.startswith(own))
    if link.get("root"):
        kept.setdefault("JUPYTER_ENVS_ROOT", link["root"])
    return kept


def _not_there(link: dict[str, Any], reason: str) -> RequestError:
    return RequestError(
        f"jupyter-envs, which registered this kernel, cannot be started: {reason}: {link['python']}",
        code="kernel.tool",
        hint="install jupyter-envs where JupyterLab runs, then `jupyter envs kernels sync` and restart the kernel",
    )
