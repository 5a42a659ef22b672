"""Accounts of the users of a Hub, and a Python that they can run. For root only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

from support import users


def missing_for_users() -> str:
    """Return what is missing for servers that run as Unix users of their own, empty when nothing is."""
    return users.missing() or ("" if shutil.which("useradd") else "needs useradd")


def make_python_for_users(folder: Path) -> str:
    """Return a Python that other users can run and that has all of this one: a venv of it in a folder they can read.

    This one may be a link into root's home, which they cannot enter.
    """
    venv = folder / "python"
    subprocess.run([users.python_for_all(), "-m", "venv", "--without-pip", str(venv)], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "tests.pth").write_text(users.packages().replace(os.pathsep, "\n") + "\n")
    for name in ("share", "etc"):  # JupyterLab, its extensions and the configuration that turns ours on
        (venv / name).symlink_to(Path(sys.prefix, name))
    node = shutil.which("node")
    if node is not None:
        (venv / "bin" / "node").symlink_to(os.path.realpath(node))
    return str(venv / "bin" / "python")


def make_user(name: str) -> None:
    """Make a Unix user with a home; one that is there already is kept."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        subprocess.run(
            ["useradd", "--create-home", "--key", "HOME_MODE=0700", "--shell", "/bin/bash", name], check=True
        )


def remove_user(name: str) -> None:
    """Remove a Unix user with the home."""
    subprocess.run(["userdel", "--remove", "--force", name], check=False, capture_output=True)
