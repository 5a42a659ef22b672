"""Run the scripts a package brings: pre-link, post-link, pre-unlink (CEP 34).

Owns their variables, their time limit and what they have to say (``$PREFIX/.messages.txt``); the activated environment
is given by the caller, as is the consent to run them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from jupyter_envs.engine.models.events import CancelToken
from jupyter_envs.engine.models.platform import PlatformLayout
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import LinkScriptError

SCRIPT_TIMEOUT = 600.0
_TAIL_LINES = 20
_TAIL_BYTES = 64 << 10
_ASK_EVERY = 0.2
_MESSAGES = ".messages.txt"


class ScriptRun(msgspec.Struct, frozen=True, kw_only=True):
    """One script to run.

    ``script`` is its absolute path, ``prefix`` the environment's, ``source_directory`` the package's directory
    in the cache, ``root_prefix`` what conda calls its base; ``environ`` the activated environment.
    """

    record: RepodataRecord
    kind: str
    script: str
    prefix: str
    root_prefix: str
    source_directory: str
    environ: Mapping[str, str]
    layout: PlatformLayout
    timeout: float = SCRIPT_TIMEOUT
    cancel: CancelToken | None = None


def script_environ(run: ScriptRun) -> dict[str, str]:
    """Return the variables a script sees."""
    return {
        **run.environ,
        "PREFIX": run.prefix,
        "PKG_NAME": run.record.name,
        "PKG_VERSION": run.record.version,
        "PKG_BUILDNUM": str(run.record.build_number),
        "ROOT_PREFIX": run.root_prefix,
        "SOURCE_DIR": run.source_directory,
    }


def script_command(run: ScriptRun) -> list[str]:
    """Return the command line; as in conda, bash of the environment's PATH, whatever the first line says."""
    if run.layout.windows:
        return [run.environ.get("COMSPEC", "cmd.exe"), "/d", "/c", run.script]
    return ["bash", run.script]


def run_link_script(run: ScriptRun) -> str:
    """Run one script and return what it left in ``.messages.txt`` (which is deleted), or an empty string.

    Raises
    ------
    LinkScriptError
        ``link.script``: it ended with another code than 0, or took longer than its time; with the output's tail.
    CancelledError
        ``run.cancel`` was asked to stop; the script and what it started have been ended.
    """
    output, code = _run(run)
    messages = _take_messages(run.prefix)
    if code == 0:
        return messages
    what = "took too long" if code is None else f"ended with code {code}"
    tail = "\n".join(output.splitlines()[-_TAIL_LINES:])
    raise LinkScriptError(
        f"the {run.kind} script of {run.record.dist} {what}" + (f":\n{tail}" if tail else ""),
        hint="the change was undone; set run_link_scripts to false to install without scripts",
        detail={"package": run.record.dist, "script": run.kind, "output": tail, "messages": messages},
    )


def _run(run: ScriptRun) -> tuple[str, int | None]:
    """Return the end of the output (both streams) and the exit code; ``None`` when the time was over.

    The output goes to a file: what a script leaves running in the background may keep it open.
    """
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                script_command(run),
                cwd=os.path.dirname(run.script),
                env=script_environ(run),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return str(error), 127
        with process:
            try:
                code = _wait(process, run)
            except BaseException:
                _end(process)
                raise
            if code is None:
                _end(process)
        size = output.seek(0, os.SEEK_END)
        output.seek(max(0, size - _TAIL_BYTES))
        return output.read().decode(errors="replace"), code


def _wait(process: subprocess.Popen[bytes], run: ScriptRun) -> int | None:
    """Wait for the end, a few times a second asking whether to stop; ``None`` when the time is over."""
    deadline = time.monotonic() + run.timeout
    while (left := deadline - time.monotonic()) > 0:
        try:
            return process.wait(min(left, _ASK_EVERY))
        except subprocess.TimeoutExpired:
            if run.cancel is not None:
                run.cancel.check()
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the script and what it started."""
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _take_messages(prefix: str) -> str:
    path = os.path.join(prefix, _MESSAGES)
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
        os.unlink(path)
    except FileNotFoundError:
        return ""
    return text
