"""Which Python an environment has and where its packages lie: from its record, or from ``pyvenv.cfg``.

Reads file names, one record and ``pyvenv.cfg``; never starts the interpreter. Refuses a ``python_site_packages_path``
that leaves the prefix (CEP 17).
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

from jupyter_envs.engine.models.platform import PlatformLayout, current_subdir, layout_for
from jupyter_envs.engine.prefix.records import find_record_name, read_record
from jupyter_envs.errors import LinkError, StorageError

PYVENV_CONFIG = "pyvenv.cfg"
_VERSION = re.compile(r"\d+\.\d+(?:\.\d+\w*)?")


def read_pyvenv_config(prefix: str | os.PathLike[str]) -> dict[str, str]:
    """Return the keys (lower case) of a prefix's ``pyvenv.cfg``; none when it has no such file."""
    try:
        text = Path(prefix, PYVENV_CONFIG).read_text(encoding="utf-8", errors="surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise StorageError.from_os_error(error, "reading pyvenv.cfg") from error
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, equals, value in pairs if equals}


def pyvenv_version(config: dict[str, str]) -> str | None:
    """Return the Python version of ``pyvenv.cfg``'s keys, as ``venv``, ``virtualenv`` and ``uv`` spell it."""
    match = _VERSION.match(config.get("version_info") or config.get("version") or "")
    return match.group() if match else None


def python_version_of(prefix: str | os.PathLike[str]) -> str | None:
    """Return the version of the Python in a prefix (``3.11.7``), or ``None`` when it has none."""
    record = find_record_name(prefix, "python")
    return record.version if record else pyvenv_version(read_pyvenv_config(prefix))


def python_executable(prefix: str | os.PathLike[str], layout: PlatformLayout | None = None) -> Path:
    """Return where the Python of a prefix is (``bin/python``; a venv on Windows: ``Scripts/python.exe``)."""
    layout = layout or layout_for(current_subdir())
    if layout.windows and os.path.exists(os.path.join(prefix, PYVENV_CONFIG)):
        return Path(prefix, "Scripts", "python.exe")
    return Path(prefix, layout.python_executable)


def site_packages(prefix: str | os.PathLike[str], layout: PlatformLayout | None = None) -> Path | None:
    """Return the absolute site-packages of a prefix, or ``None`` when it has no Python.

    Parameters
    ----------
    prefix : path
        The environment.
    layout : PlatformLayout
        Whose rules hold; this machine's when not given.

    Raises
    ------
    LinkError
        When the python record's ``python_site_packages_path`` leaves the prefix (CEP 17).
    """
    layout = layout or layout_for(current_subdir())
    record = read_record(prefix, "python")
    version = record.version if record else python_version_of(prefix)
    if version is None:
        return None
    given = record.python_site_packages_path if record else None
    return Path(prefix, checked_site_packages(given) if given else layout.site_packages_for(version))


def checked_site_packages(given: str) -> str:
    """Return a ``python_site_packages_path`` that stays in the prefix; raises ``LinkError`` for another (CEP 17)."""
    path = PurePosixPath(given)
    if path.is_absolute() or ".." in path.parts or "\\" in given or ":" in given or not path.parts:
        raise LinkError(
            f"python_site_packages_path leaves the prefix: {given}",
            hint="use a python package whose site-packages lie inside the environment",
            code="link.site_packages",
        )
    return path.as_posix()
