"""Environment markers (PEP 508) and ``Requires-Python``, decided for a platform and left open for the Python.

Pure. The line of Python versions is cut where a marker or ``Requires-Python`` changes its answer; each piece with its
own dependencies becomes a record of its own, so that the solve can still choose the Python. CPython is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec
from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import InvalidSpecifier, SpecifierSet

Patch = tuple[int, int, int]

FIRST_PYTHON: Patch = (3, 0, 0)
_OSX = {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin"}
_LINUX = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"}
_WINDOWS = {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"}

PLATFORM_MARKERS: dict[str, dict[str, str]] = {
    "linux-64": _LINUX | {"platform_machine": "x86_64"},
    "linux-32": _LINUX | {"platform_machine": "i686"},
    "linux-aarch64": _LINUX | {"platform_machine": "aarch64"},
    "linux-armv7l": _LINUX | {"platform_machine": "armv7l"},
    "linux-ppc64le": _LINUX | {"platform_machine": "ppc64le"},
    "linux-s390x": _LINUX | {"platform_machine": "s390x"},
    "linux-riscv64": _LINUX | {"platform_machine": "riscv64"},
    "osx-64": _OSX | {"platform_machine": "x86_64"},
    "osx-arm64": _OSX | {"platform_machine": "arm64"},
    "win-64": _WINDOWS | {"platform_machine": "AMD64"},
    "win-32": _WINDOWS | {"platform_machine": "x86"},
    "win-arm64": _WINDOWS | {"platform_machine": "ARM64"},
}

_VERSIONS = re.compile(r"(?<![\w.])3\.(\d+)(?:\.(\d+))?")


class PythonRange(msgspec.Struct, frozen=True, order=True):
    """Python versions from ``start`` on, up to but without ``end`` (``None``: no end)."""

    start: Patch
    end: Patch | None = None

    def overlaps(self, minor: tuple[int, int]) -> bool:
        """Whether some release of a minor version lies in the range."""
        after = (minor[0], minor[1] + 1, 0)
        return self.start < after and (self.end is None or self.end > (*minor, 0))

    def within(self, other: PythonRange) -> PythonRange | None:
        """Return what the two ranges share, or ``None``."""
        start = max(self.start, other.start)
        ends = [end for end in (self.end, other.end) if end is not None]
        end = min(ends, default=None)
        return PythonRange(start, end) if end is None or start < end else None

    def specification(self) -> str:
        """Return the conda version specification: ``>=3.9``, ``3.11.*``, ``>=3.9,<3.12``; empty for every Python 3."""
        if self.end == (self.start[0], self.start[1] + 1, 0) and self.start[2] == 0:
            return f"{self.start[0]}.{self.start[1]}.*"
        clauses = [f">={_spelled(self.start)}"]
        if self.end is not None:
            clauses.append(f"<{_spelled(self.end)}")
        return ",".join(clauses)


def minor_range(minor: tuple[int, int]) -> PythonRange:
    """Return all releases of one minor version."""
    return PythonRange((*minor, 0), (minor[0], minor[1] + 1, 0))


def cut_pythons(texts: Iterable[str], whole: PythonRange) -> list[PythonRange]:
    """Return ``whole`` cut at every Python version that one of the texts names.

    Parameters
    ----------
    texts : iterable of str
        Markers and specifiers. Between two cuts none of them changes its answer.
    whole : PythonRange
        What is cut.
    """
    cuts = {whole.start}
    for text in texts:
        for minor, patch in _VERSIONS.findall(text):
            here: Patch = (3, int(minor), int(patch or 0))
            after: Patch = (3, here[1], here[2] + 1) if patch else (3, here[1] + 1, 0)
            cuts.update((here, (3, here[1], here[2] + 1), after))  # `<=3.9` means 3.9.0, `python_version` all of 3.9
    starts = sorted(cut for cut in cuts if whole.start <= cut and (whole.end is None or cut < whole.end))
    return [PythonRange(start, end) for start, end in zip(starts, [*starts[1:], whole.end], strict=True)]


def join_ranges(ranges: Sequence[PythonRange]) -> list[PythonRange]:
    """Return the same Pythons in as few ranges as possible; ``ranges`` are in order."""
    joined: list[PythonRange] = []
    for piece in ranges:
        if joined and joined[-1].end == piece.start:
            joined[-1] = PythonRange(joined[-1].start, piece.end)
        else:
            joined.append(piece)
    return joined


def accepted_pythons(requires_python: str, whole: PythonRange) -> list[PythonRange]:
    """Return the pieces of ``whole`` that ``Requires-Python`` accepts; all of it when the text cannot be read."""
    accepts = _python_filter(requires_python)
    pieces = cut_pythons((requires_python,), whole)
    return join_ranges([piece for piece in pieces if accepts is None or accepts.contains(_dotted(piece.start), True)])


def accepts_minor(requires_python: str | None, minor: tuple[int, int]) -> bool:
    """Whether ``Requires-Python`` accepts some release of a minor version."""
    return not requires_python or bool(_accepted_in(requires_python, minor))


@lru_cache(maxsize=8192)
def _accepted_in(requires_python: str, minor: tuple[int, int]) -> tuple[PythonRange, ...]:
    return tuple(accepted_pythons(requires_python, minor_range(minor)))


@lru_cache(maxsize=8192)
def _python_filter(requires_python: str) -> SpecifierSet | None:
    try:
        return SpecifierSet(requires_python)
    except InvalidSpecifier:
        return None  # an old project's slip; pip, too, takes the file as suiting every Python


def marker_holds(marker: Marker, subdir: str, python: Patch, extra: str = "") -> bool:
    """Whether a marker is true on a platform, for a Python, with an extra asked for (or none)."""
    return _holds(str(marker), subdir, python, extra)


@lru_cache(maxsize=65536)
def _holds(marker: str, subdir: str, python: Patch, extra: str) -> bool:
    environment = {
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "implementation_version": _dotted(python),
        "python_version": f"{python[0]}.{python[1]}",
        "python_full_version": _dotted(python),
        "platform_release": "",
        "platform_version": "",
        **PLATFORM_MARKERS.get(subdir, {}),
        "extra": extra,
    }
    try:
        return _marker(marker).evaluate(environment)
    except (UndefinedComparison, UndefinedEnvironmentName):
        return False


@lru_cache(maxsize=16384)
def _marker(text: str) -> Marker:
    return Marker(text)


def _dotted(version: Patch) -> str:
    return ".".join(map(str, version))


def _spelled(version: Patch) -> str:
    return f"{version[0]}.{version[1]}" + (f".{version[2]}" if version[2] else "")
