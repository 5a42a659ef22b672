"""Finds the Chromium that the browser tests drive; installs Debian's where there is none and this process may.

``CHROMIUM`` names another one. Prints where it is; ends with 1 and a sentence when there is none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-dejavu")


def find_chromium() -> str | None:
    """Return the browser's path; ``None`` when there is none."""
    return os.environ.get("CHROMIUM") or next((found for name in NAMES if (found := shutil.which(name))), None)


def install() -> None:
    """Install Debian's Chromium, as root."""
    print("==> Installing Chromium for the tests in a browser (once)", flush=True)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", *PACKAGES]):
        subprocess.run(command, check=True, env=environ, stdout=subprocess.DEVNULL)


def main() -> int:
    """Make sure that there is a browser."""
    if find_chromium() is None and shutil.which("apt-get") and os.geteuid() == 0:
        install()
    found = find_chromium()
    if found is None:
        print(
            "There is no Chromium for the tests in a browser. On Debian and Ubuntu: apt install chromium; "
            "elsewhere let CHROMIUM name one.",
            file=sys.stderr,
        )
        return 1
    print(f"==> The tests in a browser use {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
