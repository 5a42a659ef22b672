"""The variables a process has inside an environment: activation decided, its scripts run once in a real shell.

Owns the shell: started only when there are scripts, without the user's start-up files, its output thrown to standard
error's place in the report, its variables compared before and after. Refuses to wait longer than ``timeout`` seconds.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_envs.engine.models.platform import PlatformLayout, current_subdir, layout_for
from jupyter_envs.engine.prefix.activation import Activation, PrefixContents, plan_activation, read_contents
from jupyter_envs.engine.prefix.records import META_DIRECTORY
from jupyter_envs.errors import EnvsError, LinkScriptError

SCRIPT_TIMEOUT = 60.0
_SHELL_OWN = frozenset({"_", "SHLVL", "PWD", "OLDPWD"})


def activation_of(
    prefix: str | os.PathLike[str],
    environ: Mapping[str, str],
    *,
    name: str | None = None,
    layout: PlatformLayout | None = None,
) -> Activation:
    """Return how a process with ``environ`` enters the environment at ``prefix``, leaving the one it is in."""
    layout = layout or layout_for(current_subdir())
    return plan_activation(
        read_contents(prefix, layout), layout, environ, name=name, leaving=_find_leaving(environ, layout)
    )


def activated_environ(
    prefix: str | os.PathLike[str],
    environ: Mapping[str, str],
    run_scripts: bool = True,
    *,
    name: str | None = None,
    timeout: float = SCRIPT_TIMEOUT,
) -> dict[str, str]:
    """Return all variables of a process inside the environment.

    Parameters
    ----------
    prefix : path
        The environment.
    environ : mapping
        The variables outside it; it is not changed.
    run_scripts : bool
        Whether ``deactivate.d`` of the environment left and ``activate.d`` of the one entered are run in a shell
        (bash, else sh). No shell is started when there are none, nor on Windows.
    name : str
        ``CONDA_DEFAULT_ENV``, when it is not conda's.
    timeout : float
        Seconds that all scripts together may take.

    Raises
    ------
    LinkScriptError
        A script ended the shell or took too long (``activation.script``, ``activation.timeout``).
    """
    activation = activation_of(prefix, environ, name=name)
    scripts = (*activation.deactivate_scripts, *activation.activate_scripts)
    if not run_scripts or not scripts or os.name == "nt":
        return activation.applied_to(environ)
    return run_activation(activation, environ, timeout=timeout)


def note_activation(prefix: str | os.PathLike[str]) -> bool:
    """Touch ``conda-meta/last_activated`` (CEP 32), for who starts a person's process; tell whether it could be done.

    It never fails: an environment that cannot be written can be activated all the same.
    """
    try:
        Path(prefix, META_DIRECTORY, "last_activated").touch()
    except OSError:
        return False
    return True


def run_activation(activation: Activation, environ: Mapping[str, str], *, timeout: float) -> dict[str, str]:
    """Run an activation's scripts in one shell and return the variables it ends with."""
    shell = shutil.which("bash") or shutil.which("sh")
    env_command = shutil.which("env")
    if shell is None or env_command is None:
        raise LinkScriptError(
            "activation scripts need a shell and the env command",
            hint="install bash and coreutils, or run without activation scripts",
            code="activation.shell",
        )
    with tempfile.TemporaryDirectory(prefix="jupyter-envs-activate-") as directory:
        result = Path(directory, "environ")
        text = shell_text(activation, env_command, str(result))
        flags = ["--noprofile", "--norc"] if shell.endswith("bash") else []
        said = _run_shell([shell, *flags, "-c", text], environ, timeout, activation)
        if not result.exists():
            raise LinkScriptError(
                f"an activation script ended the shell{': ' + said if said else ''}",
                hint="look at the scripts in etc/conda/activate.d of the environment",
                code="activation.script",
                detail={"scripts": list(activation.activate_scripts)},
            )
        return _compared(result.read_bytes(), environ)


def shell_text(activation: Activation, env_command: str, result: str) -> str:
    """Return the shell commands of an activation, which write ``env -0`` to the file ``result`` at the end."""
    lines = [f". {shlex.quote(script)}" for script in activation.deactivate_scripts]
    lines += [f"unset {key}" for key in activation.unset if _is_shell_name(key)]
    lines += [
        f"export {key}={shlex.quote(value)}" for key, value in activation.variables.items() if _is_shell_name(key)
    ]
    lines += [f". {shlex.quote(script)}" for script in activation.activate_scripts]
    lines.append(f"{shlex.quote(env_command)} -0 > {shlex.quote(result)}")
    return "\n".join(lines)


def _find_leaving(environ: Mapping[str, str], layout: PlatformLayout) -> PrefixContents | None:
    """Return what is active now, or ``None`` when nothing is or its files cannot be read."""
    active = environ.get("CONDA_PREFIX")
    if not active or not os.path.isdir(active):
        return None
    try:
        return read_contents(active, layout)
    except EnvsError:
        # A broken environment must not keep anyone from leaving it: it is left without its scripts.
        return None


def _run_shell(command: Sequence[str], environ: Mapping[str, str], timeout: float, activation: Activation) -> str:
    """Run the shell in a process group of its own and return the end of what it printed."""
    process = subprocess.Popen(
        command,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise LinkScriptError(
            f"activation scripts took longer than {timeout:g} seconds",
            hint="look at the scripts in etc/conda/activate.d of the environment",
            code="activation.timeout",
            detail={"scripts": list(activation.activate_scripts)},
        ) from None
    return output.decode(errors="replace").strip()[-500:]


def _compared(output: bytes, before: Mapping[str, str]) -> dict[str, str]:
    """Return ``env -0``'s variables, with what the shell itself changes put back as it was."""
    pairs = (os.fsdecode(line).partition("=") for line in output.split(b"\0") if line)
    after = {key: value for key, _, value in pairs if key not in _SHELL_OWN}
    return after | {key: before[key] for key in _SHELL_OWN if key in before}


def _is_shell_name(key: str) -> bool:
    return key.isidentifier() and key.isascii()
