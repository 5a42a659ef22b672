"""Environment markers (PEP 508) decided for the environment that a file is read for, not for the Python that reads it.

Pure. The platform is known; the Python may not be: then that of the reader is assumed, and who asks is told so.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable

from packaging.markers import Marker

_PYTHON_NAMES = re.compile(r"\bpython_(full_)?version\b")
_PYTHON_SPEC = re.compile(r"^(?:\S*::)?python\s*(?:==?|\s)\s*v?(?P<version>\d+\.\d+(?:\.\d+)?)(?:\.\*|\*)?(?:\s|=|$)")
_NAMES_PYTHON = re.compile(r"^(?:\S*::)?python(?![\w.-])")
_SYSTEMS = {
    "linux": ("posix", "linux", "Linux"),
    "osx": ("posix", "darwin", "Darwin"),
    "win": ("nt", "win32", "Windows"),
}
_MACHINES = {("linux", "64"): "x86_64", ("linux", "32"): "i686", ("osx", "64"): "x86_64", ("win", "64"): "AMD64"}


def marker_environment(subdir: str, python: str) -> dict[str, str]:
    """Return the variables of markers on a conda platform with a Python such as ``3.11`` or ``3.11.7``."""
    system, _, machine = subdir.partition("-")
    os_name, sys_platform, platform_system = _SYSTEMS.get(system, ("posix", system, system.capitalize()))
    full = python if python.count(".") > 1 else f"{python}.0"
    return {
        "os_name": os_name,
        "sys_platform": sys_platform,
        "platform_system": platform_system,
        "platform_machine": _MACHINES.get((system, machine), machine),
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "implementation_version": full,
        "python_version": ".".join(full.split(".")[:2]),
        "python_full_version": full,
        "platform_release": "",
        "platform_version": "",
        "extra": "",
    }


def holds(marker: Marker, subdir: str, python: str | None) -> tuple[bool, bool]:
    """Return whether a marker holds, and whether a Python had to be assumed to tell."""
    assumed = python is None and _PYTHON_NAMES.search(str(marker)) is not None
    return marker.evaluate(marker_environment(subdir, python or assumed_python())), assumed


def assumed_python() -> str:
    """Return the version that is assumed where none is known: that of the Python that reads."""
    return platform.python_version()


def names_python(specs: Iterable[str]) -> bool:
    """Tell whether one of the specs is about Python itself, in whatever version."""
    return any(_NAMES_PYTHON.match(spec.strip()) for spec in specs)


def python_of(specs: Iterable[str]) -> str | None:
    """Return the Python that MatchSpec texts fix, to the minor version at least; ``None`` when they leave it open."""
    matches = (_PYTHON_SPEC.match(spec.strip().removeprefix("interpreter::")) for spec in specs)
    return next((match["version"] for match in matches if match), None)
