"""What differs between Linux, macOS and Windows, as data that pure functions take as an argument."""

from __future__ import annotations

import os
import sys

import msgspec


class PlatformLayout(msgspec.Struct, frozen=True, kw_only=True):
    """The layout of a prefix on one conda platform (subdir).

    ``shebang_limit`` counts bytes of the whole line, ``#!`` included; ``None`` means that shebangs are not used.
    """

    subdir: str
    bin_directory: str
    python_executable: str
    site_packages: str  # may contain {version}
    shebang_limit: int | None
    windows: bool

    def site_packages_for(self, python_version: str) -> str:
        """Return the environment's site-packages, relative to the prefix, for ``3.11`` or ``3.11.7``."""
        return self.site_packages.format(version=".".join(python_version.split(".")[:2]))


def layout_for(subdir: str) -> PlatformLayout:
    """Return the layout of a conda platform such as ``linux-64``, ``osx-arm64`` or ``win-64``."""
    if subdir.startswith("win-"):
        return PlatformLayout(
            subdir=subdir,
            bin_directory="Scripts",
            python_executable="python.exe",
            site_packages="Lib/site-packages",
            shebang_limit=None,
            windows=True,
        )
    return PlatformLayout(
        subdir=subdir,
        bin_directory="bin",
        python_executable="bin/python",
        site_packages="lib/python{version}/site-packages",
        shebang_limit=512 if subdir.startswith("osx-") else 127,
        windows=False,
    )


def _machine() -> str:
    if hasattr(os, "uname"):
        return os.uname().machine.lower()
    import platform

    return platform.machine().lower()


def current_subdir() -> str:
    """Return the conda platform of this machine (CEP 26's names)."""
    machine = _machine()
    if sys.platform == "win32":
        return {"amd64": "win-64", "x86": "win-32", "arm64": "win-arm64"}.get(machine, "win-64")
    if sys.platform == "darwin":
        return "osx-arm64" if machine == "arm64" else "osx-64"
    return {"x86_64": "linux-64", "i686": "linux-32"}.get(machine, f"linux-{machine}")
