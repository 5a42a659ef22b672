"""Which files hold the host prefix, as text or in a binary: what an installer has to replace.

``.pyc`` files are passed over: CPython sets their file names when it loads them. Also tells which files mention the
build environment or the work directory, which nobody will have.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Mapping

import msgspec

from jupyter_envs.build.collect import matches
from jupyter_envs.build.models import FileRules

_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


class PrefixReport(msgspec.Struct, frozen=True, kw_only=True):
    """``modes`` has ``text`` or ``binary`` by path; ``lost`` says which files name folders that nobody will have."""

    modes: dict[str, str]
    lost: tuple[str, ...] = ()


def detect(prefix: str, paths: Iterable[str], rules: FileRules, gone: Mapping[str, str]) -> PrefixReport:
    """Look through files for the prefix.

    Parameters
    ----------
    prefix : str
        The host prefix; it is the placeholder of the package.
    paths : iterable of str
        Regular files, relative to the prefix.
    rules : FileRules
        What to ignore or to force.
    gone : mapping
        Folders that nobody will have, and what they are called in the report.
    """
    needle = prefix.encode()
    wide = [prefix.encode(encoding) for encoding in _WIDE]
    modes: dict[str, str] = {}
    lost: list[str] = []
    for path in paths:
        if path.endswith(".pyc"):
            continue
        full = os.path.join(prefix, path)
        if os.path.getsize(full) == 0:
            continue
        with open(full, "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:  # noqa: PTH123
            lost += [f"{path} names {what}" for folder, what in gone.items() if data.find(folder.encode()) >= 0]
            binary = data.find(b"\0") >= 0
            held = data.find(needle) >= 0 or (binary and any(data.find(each) >= 0 for each in wide))
        mode = _mode(path, binary, rules) if held else ""
        if mode:
            modes[path] = mode
    return PrefixReport(modes=modes, lost=tuple(lost))


def _mode(path: str, binary: bool, rules: FileRules) -> str:
    """Return how a file that holds the prefix is to be treated; empty to leave it as it is."""
    if rules.ignore_prefix is True or (
        not isinstance(rules.ignore_prefix, bool) and matches(path, rules.ignore_prefix)
    ):
        return ""
    if matches(path, rules.binary_prefix):
        return "binary"
    if matches(path, rules.text_prefix):
        return "text"
    if binary:
        return "binary" if rules.detect_binary_prefix else ""
    return "text"
