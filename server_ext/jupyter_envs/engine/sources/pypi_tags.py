"""Wheel file names: which Pythons and which machines a wheel is for (PEP 425, 427, 600, 656).

Pure. Answers for a *set* of Pythons, since the solve decides which one there will be: what a wheel needs of Python is a
range, not a yes or no. Refuses free-threaded and debug builds, PyPy and Python 2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from jupyter_envs.engine.sources.pypi_versions import find_version

Minor = tuple[int, int]

LINUX_MACHINES = {
    "linux-64": "x86_64",
    "linux-32": "i686",
    "linux-aarch64": "aarch64",
    "linux-armv7l": "armv7l",
    "linux-ppc64le": "ppc64le",
    "linux-s390x": "s390x",
    "linux-riscv64": "riscv64",
}
WINDOWS_TAGS = {"win-64": "win_amd64", "win-32": "win32", "win-arm64": "win_arm64"}
OSX_MACHINES = {
    "osx-64": ("x86_64", "universal2", "intel", "fat64", "fat32", "fat3", "universal"),
    "osx-arm64": ("arm64", "universal2"),
}
LEGACY_MANYLINUX = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}

LEGACY_TAGS = frozenset(f"{name}_{machine}" for name in LEGACY_MANYLINUX for machine in LINUX_MACHINES.values())

_MANYLINUX = re.compile(r"manylinux_(\d+)_(\d+)_(\w+)")
_LEGACY = re.compile(r"(manylinux1|manylinux2010|manylinux2014)_(\w+)")
_MUSLLINUX = re.compile(r"musllinux_(\d+)_(\d+)_(\w+)")
_MACOSX = re.compile(r"macosx_(\d+)_(\d+)_(\w+)")
_CPYTHON = re.compile(r"cp(3)(\d+)")
_PYTHON = re.compile(r"py(3)(\d*)")


class WheelName(msgspec.Struct, frozen=True):
    """The parts of a wheel's file name; tags are compressed sets, still joined by dots."""

    distribution: str
    version: str
    build: str
    python: str
    abi: str
    platform: str


class PythonSupport(msgspec.Struct, frozen=True, order=True):
    """Which CPythons a wheel runs on: from ``lowest`` on, or (``exact``) only that minor version.

    ``rank`` orders wheels of one version for a Python that several suit: higher is more specific.
    """

    rank: int
    lowest: Minor
    exact: bool

    def covers(self, minor: Minor) -> bool:
        """Whether a Python of this minor version can use the wheel."""
        return minor == self.lowest if self.exact else minor >= self.lowest


class PlatformSupport(msgspec.Struct, frozen=True, order=True):
    """What a wheel needs of the machine: nothing (``any``), or a virtual package of at least a version (CEP 30)."""

    rank: tuple[int, ...]  # higher is more specific
    tag: str
    virtual: str | None = None
    minimum: str = ""


class WheelChoice(msgspec.Struct, frozen=True):
    """The best of a wheel's compressed tags for one kind of machine."""

    python: PythonSupport
    platform: PlatformSupport
    tag: str  # one python-abi-platform triple, joined by underscores
    build_tag: tuple[int, str]

    @property
    def pure(self) -> bool:
        """Whether the wheel suits any machine."""
        return self.platform.tag == "any"


def split_wheel_name(filename: str) -> WheelName | None:
    """Return the parts of a wheel's file name, or ``None`` when it is not one."""
    if not filename.endswith(".whl"):
        return None
    parts = filename[:-4].split("-")
    if len(parts) not in (5, 6) or not all(parts):
        return None
    build = parts[2] if len(parts) == 6 else ""
    if build and not build[0].isdigit():
        return None
    return WheelName(parts[0], parts[1], build, *(part.lower() for part in parts[-3:]))


def find_choice(name: WheelName, subdir: str, virtual_packages: Mapping[str, str]) -> WheelChoice | None:
    """Return how a wheel can be used on a platform, or ``None`` when it cannot.

    Parameters
    ----------
    name : WheelName
        The wheel.
    subdir : str
        The conda platform, such as ``linux-64``.
    virtual_packages : Mapping
        Names and versions of what the machine offers, such as ``{"__glibc": "2.36"}``. A name that is missing is not
        held against a wheel, but for musl: those wheels are used only where ``__musl`` is.
    """
    platforms = [
        found for tag in name.platform.split(".") if (found := find_platform(tag, subdir, virtual_packages)) is not None
    ]
    if not platforms:
        return None
    # of several spellings of one wheel's needs the mildest is what it really needs
    platform = min(platforms, key=lambda found: (found.rank, found.tag in LEGACY_TAGS, found.tag))
    best: tuple[PythonSupport, str] | None = None
    for python in name.python.split("."):
        for abi in name.abi.split("."):
            support = find_python(python, abi, pure=platform.tag == "any")
            if support is not None and (best is None or support > best[0]):
                best = (support, f"{python}_{abi}")
    if best is None:
        return None
    return WheelChoice(best[0], platform, f"{best[1]}_{platform.tag}", _build_tag(name.build))


def find_python(python: str, abi: str, *, pure: bool) -> PythonSupport | None:
    """Return which CPythons a pair of Python and ABI tags is for, or ``None``.

    Ranks follow the order of PEP 425 tags that pip uses: own ABI, stable ABI (the newer the better), no ABI.
    """
    if match := _CPYTHON.fullmatch(python):
        minor = (3, int(match[2]))
        if abi == python:
            return PythonSupport(300, minor, True)
        if abi == "abi3":
            return PythonSupport(200 + 2 * minor[1], minor, False)
        return PythonSupport(90 if pure else 199 + 2 * minor[1], minor, True) if abi == "none" else None
    if (match := _PYTHON.fullmatch(python)) and abi == "none":
        lowest = int(match[2] or 0)
        return PythonSupport((0 if pure else 100) + lowest, (3, lowest), False)
    return None


def find_platform(tag: str, subdir: str, virtual_packages: Mapping[str, str]) -> PlatformSupport | None:
    """Return what a platform tag needs on a conda platform, or ``None`` when it is for another."""
    if tag == "any":
        return PlatformSupport((0,), tag)
    if subdir in LINUX_MACHINES:
        return _linux(tag, LINUX_MACHINES[subdir], virtual_packages)
    if subdir in OSX_MACHINES:
        return _macos(tag, OSX_MACHINES[subdir], virtual_packages)
    if WINDOWS_TAGS.get(subdir) == tag:
        return PlatformSupport((1,), tag, "__win")
    return None


def _linux(tag: str, machine: str, virtual_packages: Mapping[str, str]) -> PlatformSupport | None:
    if tag == f"linux_{machine}":
        return PlatformSupport((1, 0, 0), tag, "__linux")
    name = "__glibc"
    if match := _MANYLINUX.fullmatch(tag):
        needs, found = (int(match[1]), int(match[2])), match[3]
    elif match := _LEGACY.fullmatch(tag):
        needs, found = LEGACY_MANYLINUX[match[1]], match[2]
    elif (match := _MUSLLINUX.fullmatch(tag)) and "__musl" in virtual_packages:
        needs, found, name = (int(match[1]), int(match[2])), match[3], "__musl"
    else:
        return None
    if found != machine or (name == "__glibc" and "__musl" in virtual_packages and "__glibc" not in virtual_packages):
        return None
    return _at_least(tag, name, needs, virtual_packages)


def _macos(tag: str, machines: tuple[str, ...], virtual_packages: Mapping[str, str]) -> PlatformSupport | None:
    match = _MACOSX.fullmatch(tag)
    if match is None or match[3] not in machines:
        return None
    found = _at_least(tag, "__osx", (int(match[1]), int(match[2])), virtual_packages)
    if found is None:
        return None
    # a wheel for one machine comes before a fat one for several
    return PlatformSupport((*found.rank, -machines.index(match[3])), tag, found.virtual, found.minimum)


def _at_least(
    tag: str, virtual: str, needs: tuple[int, int], virtual_packages: Mapping[str, str]
) -> PlatformSupport | None:
    has = find_version(virtual_packages.get(virtual, ""))
    if has is not None and (has.major, has.minor) < needs:
        return None
    return PlatformSupport((1, *needs), tag, virtual, f"{needs[0]}.{needs[1]}")


def _build_tag(text: str) -> tuple[int, str]:
    """Return a wheel's build tag as PEP 427 orders it."""
    digits = len(text) - len(text.lstrip("0123456789"))
    return (int(text[:digits]), text[digits:]) if digits else (0, "")
