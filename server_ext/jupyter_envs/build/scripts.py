"""Run a script of a recipe or a test: its process, its variables, what it prints, whether it may use the network.

The output goes to standard output (the job's log) line by line, with the long prefix shown as ``$PREFIX`` and the
values of secrets as ``****``. Refuses to go on when the script fails or the job is cancelled.
"""

from __future__ import annotations

import collections
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import msgspec

from jupyter_envs.build import sandbox
from jupyter_envs.build.models import Script
from jupyter_envs.engine.models.events import CancelToken
from jupyter_envs.errors import BuildError, RecipeError

_INTERPRETERS: dict[str, tuple[str, ...]] = {
    "bash": ("bash", "-e"),
    "sh": ("sh", "-e"),
    "python": ("python",),
    "perl": ("perl",),
    "rscript": ("Rscript",),
    "nushell": ("nu",),
    "nu": ("nu",),
}
_ENDINGS = {
    ".sh": "bash",
    ".bash": "bash",
    ".py": "python",
    ".pl": "perl",
    ".R": "rscript",
    ".r": "rscript",
    ".nu": "nu",
}
_LAST_LINES = 15
_MOMENT = 2.0  # seconds


def can_isolate() -> str:
    """Return why the network cannot be switched off here, empty when it can."""
    if not sys.platform.startswith("linux"):
        return "only Linux has what it takes"
    done = subprocess.run(
        [*_launcher(), shutil.which("true") or "true"], capture_output=True, text=True, check=False, timeout=30
    )
    return "" if done.returncode == 0 else (done.stderr.strip() or "the kernel does not allow it")


def _launcher() -> list[str]:
    return [sys.executable, "-I", "-S", sandbox.__file__]


def command_of(script: Script, folder: str, scratch: str, *, trace: bool = True) -> list[str]:
    """Return the command that runs a script; its lines are written into a file of ``scratch`` first.

    Parameters
    ----------
    script : Script
        Lines, or a file of ``folder``.
    folder : str
        The recipe's.
    scratch : str
        A directory of this build.
    trace : bool
        Whether bash shows each command before it runs.

    Raises
    ------
    RecipeError
        ``recipe.script``: the file is not there, or the interpreter is not known.
    """
    ending = os.path.splitext(script.file)[1]
    name = script.interpreter or _ENDINGS.get(ending, "bash")
    known = _INTERPRETERS.get(name.lower(), (name,) if "/" in name or name.isalnum() else None)
    if known is None:
        raise RecipeError(
            f"there is no interpreter {name!r}", hint=f"one of: {', '.join(_INTERPRETERS)}", code="recipe.script"
        )
    if script.lines:
        path = Path(scratch, "script.sh" if known[0] in ("bash", "sh") else "script")
        path.write_text("\n".join(script.lines) + "\n", encoding="utf-8")
    else:
        path = Path(folder, script.file)
        if not path.is_file():
            raise RecipeError(
                f"the script {script.file} is not there",
                hint="it lies in the recipe's folder; or write the commands into `script:`",
                code="recipe.script",
            )
    tracing = ("-x",) if trace and known[0] in ("bash", "sh") else ()
    return [*known, *tracing, str(path)]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A command to run.

    ``environ`` are all variables it has, ``network`` whether it keeps the network. ``shown`` are texts and what stands
    for them in the log, longest first. ``what`` names it in messages (``"the build script of hello"``), ``code`` is the
    error's.
    """

    command: tuple[str, ...]
    environ: dict[str, str]
    cwd: str
    network: bool
    shown: dict[str, str]
    what: str
    code: str


def run_script(run: Run, cancel: CancelToken, end_rest: Callable[[], None]) -> None:
    """Run a command to its end, passing what it prints on.

    Processes that it leaves behind may hold its output open: they have a moment to end by themselves (``tee`` does),
    then ``end_rest`` ends them.

    Raises
    ------
    BuildError
        It ended with an error; the detail has its last lines.
    CancelledError
        The job was cancelled: a failing script is then a cancelled one.
    """
    full = shutil.which(run.command[0], path=run.environ.get("PATH", ""))
    if full is None:
        raise BuildError(
            f"{run.what} needs {run.command[0]}, which is neither in the environment nor on this machine",
            hint=f"add {run.command[0]} to the build requirements",
            code=run.code,
        )
    arguments = [full, *run.command[1:]] if run.network else [*_launcher(), full, *run.command[1:]]
    last: collections.deque[str] = collections.deque(maxlen=_LAST_LINES)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        arguments, cwd=run.cwd, env=run.environ, stdin=subprocess.DEVNULL, stdout=pipe, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        reader = threading.Thread(target=_pass_on, args=(process.stdout, run.shown, last))
        reader.start()
        process.wait()
        reader.join(_MOMENT)
        end_rest()
        reader.join()
    cancel.check()
    if process.returncode:
        raise _failure(process.returncode, list(last), run)


def _pass_on(output: IO[bytes], shown: Mapping[str, str], last: collections.deque[str]) -> None:
    for raw in output:
        line = _readable(raw.decode(errors="replace"), shown)
        last.append(line.rstrip("\n"))
        sys.stdout.write(line)
        sys.stdout.flush()


def _readable(line: str, shown: Mapping[str, str]) -> str:
    for text, instead in shown.items():
        line = line.replace(text, instead)
    return line


def _failure(returncode: int, last: list[str], run: Run) -> BuildError:
    ended = f"was ended by signal {-returncode}" if returncode < 0 else f"ended with {returncode}"
    telling = next((line for line in reversed(last) if line.strip() and not line.startswith("+")), "")
    return BuildError(
        f"{run.what} {ended}{f': {telling.strip()[:200]}' if telling else ''}",
        hint="the job's log has all it printed (`jupyter envs jobs log last`); --keep leaves its folder to look at",
        code=run.code,
        detail={"returncode": returncode, "last_lines": last},
    )
