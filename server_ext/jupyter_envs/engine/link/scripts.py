"""Run the scripts a package brings: pre-link, post-link, pre-unlink (CEP 34).

Owns their variables, their time limit and what they have to say (``$PREFIX/.messages.txt``); the activated environment
is given by the caller, as is the consent to run them.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from jupyter_envs.engine.models.platform import PlatformLayout
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import LinkScriptError

SCRIPT_TIMEOUT = 600.0
_TAIL_LINES = 20
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
    """Return the output (both streams) and the exit code; ``None`` when the time was over."""
    try:
        process = subprocess.Popen(
            script_command(run),
            cwd=os.path.dirname(run.script),
            env=script_environ(run),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return str(error), 127
    with process:
        try:
            output, _ = process.communicate(timeout=run.timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            output, _ = process.communicate()
            return output.decode(errors="replace"), None
        except BaseException:
            _end(process)
            raise
    return output.decode(errors="replace"), process.returncode


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
