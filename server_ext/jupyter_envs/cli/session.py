"""What one invocation works with: settings, engine and jobs, each made when first asked for."""

from __future__ import annotations

import os
import shlex
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_envs.cli.surface import current_surface
from jupyter_envs.errors import SpecError
from jupyter_envs.settings import Settings

if TYPE_CHECKING:
    from jupyter_envs.engine.api import Engine
    from jupyter_envs.jobs.client import JobClient

PROGRAM = "jupyter envs"


class Session:
    """One invocation of the command line.

    Parameters
    ----------
    as_json : bool
        ``--json``.
    offline : bool
        ``--offline``; the settings' own when not given.
    """

    def __init__(self, *, as_json: bool = False, offline: bool = False) -> None:
        self.surface = current_surface()
        self.output = self.surface.output(as_json=as_json)
        self.offline = offline

    @cached_property
    def settings(self) -> Settings:
        """The settings of this user, with what was given on the command line."""
        from jupyter_envs.settings_load import load_settings

        return load_settings(os.environ, offline=True if self.offline else None)

    @cached_property
    def engine(self) -> Engine:
        """An engine for reading; changes run in jobs."""
        from jupyter_envs.engine.api import Engine

        return Engine(self.settings)

    @cached_property
    def jobs(self) -> JobClient:
        """The jobs of this root."""
        from jupyter_envs.jobs.client import JobClient

        return JobClient(self.settings)

    def prefix(self, name: str | None, path: str | None) -> Path:
        """Return the environment that NAME or ``-p PREFIX`` means.

        Raises
        ------
        SpecError
            Neither or both were given.
        NotFoundError
            There is none.
        """
        return self.engine.resolve(_one_of(name, path))

    def new_prefix(self, name: str | None, path: str | None) -> Path:
        """Return the path of an environment that is to be made; raises ``AlreadyExistsError`` when it is there."""
        return self.engine.new_prefix(_one_of(name, path))

    def name_of(self, prefix: Path) -> str:
        """Return what a person calls an environment."""
        parent = str(prefix.parent)
        return prefix.name if parent in self.settings.envs_directories else str(prefix)


def _one_of(name: str | None, path: str | None) -> str:
    if name and path:
        raise SpecError(f"both a name and a path were given: {name} and {path}", hint="give one of them")
    if path:
        return os.path.abspath(os.path.expanduser(path))
    if not name:
        raise SpecError("which environment is not said", hint="give its NAME, or its path with -p; `jupyter envs list`")
    return name


def typed_command() -> str:
    """Return what was typed, as it is written into histories."""
    from jupyter_envs.engine.fetch.urls import without_login

    words = [without_login(word) if "://" in word else word for word in sys.argv[1:]]
    return f"{PROGRAM} {shlex.join(words)}"
