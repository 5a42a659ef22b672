"""What stands where environments, kernels and jobs are: cheap signs that change when they do, and their differences.

``look`` reads the disk (names and times, no contents but those of our own kernelspecs when their folder changed); the
differences are pure. Refuses to be exact: an event is a hint, the next question tells the truth.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

from jupyter_envs.engine.prefix.records import META_DIRECTORY
from jupyter_envs.engine.prefix.registry import read_registered, registry_path
from jupyter_envs.jobs.pulse import JobSign
from jupyter_envs.kernels.directory import find_registered

Change = Literal["created", "changed", "removed", "kernels"]
Times = tuple[int, ...]
TICK = 100_000_000  # nanoseconds; coarser than the clock of any file system in use


class KernelSign(NamedTuple):
    """A kernel of ours: the environment that it is of, and when its folder changed."""

    prefix: str
    modified: int


class EnvironmentChange(NamedTuple):
    """Something happened to the environment at a path."""

    path: str
    change: Change


def changed_environments(before: Mapping[str, int], after: Mapping[str, int]) -> Iterator[EnvironmentChange]:
    """Yield what differs between two looks at the environments. Pure."""
    for path in after.keys() - before.keys():
        yield EnvironmentChange(path, "created")
    for path in before.keys() - after.keys():
        yield EnvironmentChange(path, "removed")
    for path in after.keys() & before.keys():
        if after[path] != before[path]:
            yield EnvironmentChange(path, "changed")


def changed_kernels(before: Mapping[str, KernelSign], after: Mapping[str, KernelSign]) -> set[str]:
    """Return the prefixes whose kernels differ between two looks. Pure."""
    names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return {looked[name].prefix for looked in (before, after) for name in names if name in looked}


def changed_jobs(before: Mapping[str, JobSign], after: Iterable[JobSign]) -> Iterator[JobSign]:
    """Yield the jobs that are new or another than before, in the order given. Pure."""
    return (sign for sign in after if before.get(sign.id) != sign)


class EnvironmentSigns:
    """Looks at the environments of this user; lists of them are only read again when their place has changed.

    Parameters
    ----------
    directories : iterable of str
        Where environments are made (``Settings.envs_directories``).
    environ : mapping
        Says where conda's list of environments is.
    """

    def __init__(self, directories: Iterable[str], environ: Mapping[str, str]) -> None:
        registry = str(registry_path(environ))
        self._lists = [_Cached(directory, partial(_subdirectories, directory)) for directory in directories]
        self._lists.append(_Cached(registry, partial(read_registered, environ)))

    def look(self) -> dict[str, int]:
        """Return the time of each environment's ``conda-meta``, by path.

        Every change moves something into it, be it only the history; one stat for each, several times a second.
        """
        return {
            path: modified
            for each in self._lists
            for path in each.get()
            if (modified := _modified(f"{path}/{META_DIRECTORY}"))
        }


class KernelSigns:
    """Looks at our kernels.

    Parameters
    ----------
    directories : iterable of str
        Where they are: this user's, and those of shared environments.
    """

    def __init__(self, directories: Iterable[str]) -> None:
        self._directories = tuple(directories)

    def look(self) -> dict[str, KernelSign]:
        """Return the environment of each of our kernels and the time of its folder, by that folder."""
        return {
            kernel.directory: KernelSign(kernel.prefix, _modified(kernel.directory))
            for directory in self._directories
            for kernel in find_registered(Path(directory))
        }

    def stamp(self) -> Times:
        """Return what changes when any kernel does: the times of the folders and of those in them."""
        places = (place for one in self._directories for place in (one, *_subdirectories(one)))
        return tuple(map(_modified, places))


class _Cached:
    """A list read from a place, read again when the place's time is another one."""

    def __init__(self, place: str, read: Callable[[], list[str]]) -> None:
        self._place = place
        self._read = read
        self._time = -1
        self._found: list[str] = []

    def get(self) -> list[str]:
        modified = _modified(self._place)
        if modified != self._time:
            self._found = self._read()
            # A place that has just changed may change again within one tick of the file system's clock.
            self._time = modified if time.time_ns() - modified > TICK else -1
        return self._found


def _modified(path: str) -> int:
    """Return the time of a path in nanoseconds, 0 when it is not there."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _subdirectories(directory: str) -> list[str]:
    try:
        with os.scandir(directory) as entries:
            return [entry.path for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
    except OSError:
        return []
