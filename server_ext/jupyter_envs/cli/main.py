"""The entry of ``jupyter envs``: the list of verbs, and how errors become messages and exit codes.

Exit codes are those of ``jupyter_envs.errors`` (2 for a request that cannot be read, 130 when stopped, and so on; all
of them in docs/cli.md). With ``--json`` an error is ``{"error": {...}}`` on standard output.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from jupyter_envs import __version__
from jupyter_envs.cli.lazy import LazyGroup, Verb
from jupyter_envs.cli.surface import Surface
from jupyter_envs.errors import CancelledError, EnvsError, SpecError, StorageError

COMPLETE_VARIABLE = "_JUPYTER_ENVS_COMPLETE"
_HERE = "jupyter_envs.cli"

SECTIONS: dict[str, dict[str, Verb]] = {
    "Make and change": {
        "create": Verb(f"{_HERE}.change:create", "Make an environment, with its kernel"),
        "install": Verb(f"{_HERE}.change:install", "Install packages into an environment"),
        "remove": Verb(f"{_HERE}.change:remove", "Remove packages from an environment"),
        "update": Verb(f"{_HERE}.change:update", "Update packages, or all"),
        "clone": Verb(f"{_HERE}.lifecycle:clone", "Copy an environment (links, no download)"),
        "rename": Verb(f"{_HERE}.lifecycle:rename", "Give an environment another name"),
        "delete": Verb(f"{_HERE}.lifecycle:delete", "Delete an environment and its kernels"),
    },
    "Plan, look back, undo": {
        "plan": Verb(f"{_HERE}.planning:plan", "Show what a change would do, and keep the plan"),
        "execute": Verb(f"{_HERE}.planning:execute", "Execute a plan that was kept"),
        "history": Verb(f"{_HERE}.past:history", "Show the changes of an environment"),
        "undo": Verb(f"{_HERE}.past:undo", "Take the last change back"),
        "restore": Verb(f"{_HERE}.past:restore", "Go back to an earlier generation"),
        "export": Verb(f"{_HERE}.exchange:export", "Write an environment as a file"),
        "bundle": Verb(f"{_HERE}.bundle:bundle", "Put environments into a folder that needs no network"),
    },
    "Look": {
        "list": Verb(f"{_HERE}.look:list_environments", "List the environments of this machine"),
        "packages": Verb(f"{_HERE}.look:packages", "List the packages of an environment"),
        "info": Verb(f"{_HERE}.look:info", "Show an environment, or where everything is"),
        "search": Verb(f"{_HERE}.look:search", "Search packages by name"),
        "why": Verb(f"{_HERE}.ownership:why", "Show which packages need a package"),
        "owner": Verb(f"{_HERE}.ownership:owner", "Show which package a file belongs to"),
    },
    "Use": {
        "run": Verb(f"{_HERE}.run:run", "Run a command, or a notebook, in an environment"),
        "open": Verb(f"{_HERE}.notebooks:open_notebook", "Open a notebook in JupyterLab on the kernel it needs"),
        "lock": Verb(f"{_HERE}.notebooks:lock", "Write the environment of a notebook into it"),
        "check": Verb(f"{_HERE}.notebooks:check", "Compare a notebook's imports with its environment"),
        "kernels": Verb(f"{_HERE}.kernels:kernels", "List, add, remove the kernels of environments"),
        "jobs": Verb(f"{_HERE}.jobs:jobs", "List jobs, show their logs, cancel them"),
        "completion": Verb(f"{_HERE}.completion:completion", "Print the completion script of a shell"),
    },
    "Build": {
        "build": Verb(f"{_HERE}.build:build", "Build packages from recipes into a channel"),
        "channel": Verb(f"{_HERE}.channel:channel", "List, add, remove, index and serve the packages of a channel"),
    },
    "Keep in order": {
        "verify": Verb(f"{_HERE}.health:verify", "Compare the files of an environment with its records"),
        "repair": Verb(f"{_HERE}.health:repair", "Put damaged files back from the cache"),
        "doctor": Verb(f"{_HERE}.health:doctor", "Look for what is wrong, here or in one environment"),
        "disk": Verb(f"{_HERE}.space:disk", "Show what environments really take"),
        "clean": Verb(f"{_HERE}.space:clean", "Remove what no environment uses, and what killed changes left"),
    },
}

ELSEWHERE: dict[str, tuple[str, ...]] = {
    "activate": ("run",),
    "add": ("install",),
    "cache": ("clean", "disk"),
    "copy": ("clone",),
    "env": ("list", "create"),
    "exec": ("run",),
    "freeze": ("export",),
    "import": ("create",),
    "init": ("create",),
    "log": ("history", "jobs"),
    "ls": ("list",),
    "mv": ("rename",),
    "new": ("create",),
    "prune": ("clean",),
    "revert": ("undo", "restore"),
    "rm": ("remove", "delete"),
    "rollback": ("undo", "restore"),
    "show": ("info", "packages"),
    "start": ("open", "run"),
    "sync": ("kernels sync",),
    "uninstall": ("remove",),
    "upgrade": ("update",),
}
"""What conda, pip, git and shells call our verbs."""


@click.group(
    cls=LazyGroup,
    sections=SECTIONS,
    elsewhere=ELSEWHERE,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 2 cannot be read, 3 not found, 4 exists already, 5 no solution, 6 source, 7 download "
    "or archive, 8 linking, 9 locked, 10 frozen, 11 plan is stale, 12 disk, 13 kernel, 14 build, 15 policy, 130 "
    "stopped, 1 anything else.",
)
@click.version_option(__version__, prog_name="jupyter-envs")
def cli() -> None:
    """Environments and kernels for Jupyter.

    \b
    jupyter envs create analysis python=3.11 "pandas>=2" matplotlib
    jupyter envs install analysis polars
    jupyter envs undo analysis
    """  # noqa: D301 click's mark for lines that stay as they are


def run(argv: Sequence[str], surface: Surface | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    argv : sequence of str
        What follows ``jupyter envs``.
    surface : Surface
        Where it shows itself; the terminal when not given.
    """
    surface = surface or Surface()
    try:
        answer = cli.main(
            list(argv),
            prog_name=_program_name(),
            complete_var=COMPLETE_VARIABLE,
            standalone_mode=False,
            obj=surface,
        )
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        return _fail(surface, CancelledError("stopped"), argv)
    except KeyboardInterrupt:
        return _fail(surface, CancelledError("stopped"), argv)
    except click.ClickException as error:
        return _fail(surface, _from_click(error), argv)
    except EnvsError as error:
        return _fail(surface, error, argv)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _fail(surface, StorageError.from_os_error(error, "running the command"), argv)
    except Exception as error:
        import traceback

        traceback.print_exc()
        hint = "this is a fault of jupyter-envs; please report it with the lines above"
        return _fail(surface, EnvsError(f"{type(error).__name__}: {error}", hint=hint, code="internal"), argv)
    return answer if isinstance(answer, int) else 0


def _program_name() -> str:
    """Return the name in usage lines; completion scripts need the program's real one."""
    return "jupyter-envs" if os.environ.get(COMPLETE_VARIABLE) else "jupyter envs"


def _from_click(error: click.ClickException) -> EnvsError:
    path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "jupyter envs"
    return SpecError(
        error.format_message().rstrip("."), hint=f"`{path} --help` shows how it is used", code="spec.usage"
    )


def _fail(surface: Surface, error: EnvsError, argv: Sequence[str]) -> int:
    """Show an error and return its exit code."""
    surface.fail(error, argv)
    return error.exit_code


def main() -> None:
    """Run what was typed; the console script ``jupyter-envs``."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that cannot show an arrow must not end the command
    gc.set_threshold(50_000)  # a command ends before collecting garbage pays
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # `jupyter envs packages x | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    leave(code)


def leave(code: int) -> NoReturn:
    """End the process. Native threads of the solver may crash an interpreter that shuts down, so that is left out."""
    if "rattler" in sys.modules:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
