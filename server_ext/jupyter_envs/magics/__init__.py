"""The magics of a kernel: ``%envinstall`` and its family, in the Python of *any* environment from 3.8 on.

Loaded by ``boot.py`` of a registered kernel, or by ``%load_ext jupyter_envs``. Owns what happens inside the kernel:
reading the line, showing progress in the cell, making new modules importable, saying when a restart is needed. The
change itself is a job that ``jupyter_envs.cli.stream`` starts, in the Python that has jupyter-envs.

Imports only the standard library and, where something is shown, IPython; nothing else of jupyter-envs, which is not
installed where this runs. Registering costs a kernel's start next to nothing: all else is loaded at the first use.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the import

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

VERBS = {
    "envinstall": ("install", "Install packages into this kernel's environment: %envinstall polars 'numpy<3'"),
    "envremove": ("remove", "Remove packages from this kernel's environment: %envremove polars"),
    "envupdate": ("update", "Update packages of this kernel's environment, or all: %envupdate [polars]"),
    "envundo": ("undo", "Take the last change of this kernel's environment back"),
    "envlist": ("packages", "List the packages of this kernel's environment: %envlist ['num*']"),
    "envinfo": ("info", "Show this kernel's environment"),
    "envlock": (
        "lock",
        "Show the lock of this kernel's environment, or write it into a saved notebook: %envlock x.ipynb",
    ),
    "envdoctor": ("doctor", "Look for what is wrong with this kernel's environment"),
}
"""Magic -> the verb of ``jupyter envs`` that it is, and what ``%envinstall?`` shows first."""


def register(shell: Any, link: dict[str, Any]) -> None:
    """Register the magics, and the line that a failed import gets.

    Parameters
    ----------
    shell : InteractiveShell
        The kernel's, or a terminal's.
    link : dict
        How jupyter-envs is reached: ``python`` (its interpreter), ``root`` (of its jobs and packages); and which
        package brings which module: ``known``, or ``modules``, the JSON file that says it.
    """
    first = "envinstall" not in shell.magics_manager.magics["line"]
    for name in VERBS:
        shell.register_magic_function(_magic(shell, link, name), "line", name)
    if first:
        shell.events.register("post_run_cell", _watcher(link))


def _magic(shell: Any, link: dict[str, Any], name: str) -> Callable[[str], None]:
    def run(line: str) -> None:
        from .cells import run_line

        run_line(shell, link, name, line)

    run.__doc__ = (
        f"{VERBS[name][1]}\n\nOptions are those of `jupyter envs {VERBS[name][0]}`; `%{name} --help` lists them."
    )
    return run


def _watcher(link: dict[str, Any]) -> Callable[..., None]:
    def post_run_cell(result: object = None) -> None:
        error = getattr(result, "error_in_exec", None)
        if isinstance(error, ModuleNotFoundError):
            from .missing import suggest

            suggest(error, link)

    return post_run_cell
