"""Other users of this machine, as numbers: processes that run under ids which no account has. For root only."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import jupyter_envs

FIRST = 64_231
"""Above the accounts of people, below those of containers; whether the ids have a name does not matter here."""


def missing() -> str:
    """Return what is missing for processes of other users, empty when nothing is."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "needs root, to run processes as other users"
    if not python_for_all():
        return "needs a Python of this version, and a checkout, that other users can read"
    return ""


@functools.cache
def python_for_all() -> str:
    """Return a Python of this version that others may run, empty if there is none; root's may be in root's home."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, shutil.which(name, path="/usr/bin:/usr/local/bin")):
        if candidate is not None and _runs(candidate):
            return candidate
    return ""


def _runs(python: str) -> bool:
    variables = {"PYTHONPATH": packages()}
    try:
        ran = subprocess.run(
            [python, "-c", "import jupyter_envs.cli.main, msgspec._core, rattler"],
            user=FIRST,
            group=FIRST,
            extra_groups=[],
            cwd="/",
            env=variables,
            capture_output=True,
            check=False,
        )
    except PermissionError:
        return False
    return ran.returncode == 0


def packages() -> str:
    """Return where this Python has the project and what it needs, for another Python of the same version."""
    return os.pathsep.join([str(Path(jupyter_envs.__file__).parents[1]), sysconfig.get_path("purelib")])


class User:
    """One user: an id, and a HOME of mode 0700 in a folder.

    Parameters
    ----------
    uid : int
        The id of user and group.
    folder : Path
        Readable for all; the home is made in it.
    variables : mapping of str
        What the user's processes see besides HOME and PATH.
    """

    def __init__(self, uid: int, folder: Path, variables: Mapping[str, str] | None = None) -> None:
        self.uid = uid
        self.home = folder / f"home-{uid}"
        self.home.mkdir(mode=0o700, exist_ok=True)
        os.chown(self.home, uid, uid)
        own = {"HOME": str(self.home), "PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": packages()}
        self.variables = {**own, **(variables or {})}

    def run(self, *arguments: str, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        """Run this Python with arguments as the user, in their home, for ``timeout`` seconds at most."""
        return subprocess.run(
            [python_for_all(), *arguments],
            user=self.uid,
            group=self.uid,
            extra_groups=[],
            umask=0o022,
            cwd=self.home,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def envs(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``jupyter envs`` with arguments as the user."""
        return self.run("-m", "jupyter_envs.cli.main", *arguments)
