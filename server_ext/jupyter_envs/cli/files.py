"""Files that describe environments, as they were typed."""

from __future__ import annotations

from pathlib import Path

from jupyter_envs.engine.exchange.parsed import ParsedEnvironment
from jupyter_envs.settings import Settings


def read_file(file: str, settings: Settings, python: str | None = None) -> ParsedEnvironment:
    """Return what a file describes, whatever its format; ``python`` decides on its markers where it says none.

    Raises
    ------
    NotFoundError
        There is no such file.
    SpecError
        It is none of the formats; line and reason are in the message.
    """
    from jupyter_envs.engine.exchange.read import read_environment_file

    return read_environment_file(Path(file).expanduser().absolute(), subdir=settings.subdir, python=python)
