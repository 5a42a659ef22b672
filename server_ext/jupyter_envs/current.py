"""The environment that this Python runs in, as functions.

``from jupyter_envs import current`` and ``current.install("polars")``.

The same as the magics: shown in the cell, run as a job, and an error is a ``RequestError`` with code and hint. Each
function returns what ``--json`` of its verb prints, as a dict.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jupyter_envs.magics.cells import perform
from jupyter_envs.magics.problems import RequestError

__all__ = ["RequestError", "doctor", "info", "install", "list_packages", "lock", "remove", "undo", "update"]

Result = dict[str, Any]


def link() -> dict[str, str]:
    """Return how the magics reach jupyter-envs when it is importable: it is this Python's own."""
    return {"python": sys.executable}


def extension_link() -> dict[str, Any]:
    """Return ``link`` with the names that a failed import is looked up in."""
    from jupyter_envs.engine.sources.modules import known_modules

    return {**link(), "known": known_modules()}


def _perform(magic: str, words: Iterable[str], **options: object) -> Result:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    result: Result = perform(shell, link(), magic, [*_options(options), "--", *words])
    return result


def _options(options: dict[str, object]) -> list[str]:
    """Return keywords as the command line spells them: flags, values, repeated values."""
    words: list[str] = []
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(option)
        elif isinstance(value, str | Path):
            words += [option, str(value)]
        elif value:
            assert isinstance(value, Iterable)
            words += [word for each in value for word in (option, str(each))]
    return words


def install(
    *specs: str,
    file: str | Path | None = None,
    channel: Iterable[str] = (),
    source: Iterable[str] = (),
    dry_run: bool = False,
    yes: bool = False,
    offline: bool = False,
) -> Result:
    """Install packages into this environment.

    Parameters
    ----------
    *specs : str
        As on the command line: ``"polars"``, ``"numpy<3"``, ``"pypi::some-wheel"``.
    file : path
        A requirements.txt, environment.yml or lock file to take them from.
    channel, source : iterable of str
        Where to look, instead of where the environment came from.
    dry_run : bool
        Only plan.
    yes : bool
        Agree to removals and downgrades of what was not named.
    offline : bool
        Use what is cached.

    Raises
    ------
    RequestError
        It could not be done; the environment is as it was.
    """
    options = {"file": file, "channel": channel, "source": source, "dry_run": dry_run, "yes": yes, "offline": offline}
    return _perform("envinstall", specs, **options)


def remove(*names: str, dry_run: bool = False, yes: bool = False) -> Result:
    """Remove packages, and what only they needed; ``yes`` agrees that what needs them goes too."""
    return _perform("envremove", names, dry_run=dry_run, yes=yes)


def update(*names: str, dry_run: bool = False, yes: bool = False, offline: bool = False) -> Result:
    """Update packages to the newest versions that go together; all of them when none is named."""
    return _perform("envupdate", names, dry_run=dry_run, yes=yes, offline=offline)


def undo(*, dry_run: bool = False) -> Result:
    """Take the last change back."""
    return _perform("envundo", (), dry_run=dry_run)


def list_packages(*patterns: str) -> Result:
    """List the packages; patterns such as ``"num*"`` limit the list."""
    return _perform("envlist", patterns)


def info() -> Result:
    """Return what is known of the environment."""
    return _perform("envinfo", ())


def lock(notebook: str | Path | None = None) -> Result:
    """Return the lock of the environment, or write it into a notebook's file: save that before, reload it after."""
    return _perform("envlock", () if notebook is None else (str(notebook),))


def doctor() -> Result:
    """Look for what is wrong with the environment."""
    return _perform("envdoctor", ())
