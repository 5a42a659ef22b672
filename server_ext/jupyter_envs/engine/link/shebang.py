"""First lines of scripts: what the kernel accepts, and what stands in for a line that it does not (pure).

Linux cuts a shebang line at 127 bytes and macOS at 512; both split it at spaces. A line that is too long, or whose
interpreter has a space, becomes the ``'''exec'`` form for Python (a shell line that Python reads as a string) and
``/usr/bin/env`` for everything else, as conda and rattler do.
"""

from __future__ import annotations

import re
import shlex

from jupyter_envs.engine.models.platform import PlatformLayout

_PYTHON = re.compile(rb"(?:python|pypy)[0-9.t]*")
_WHEEL_MARK = re.compile(rb"#!pythonw?(?=[ \t\r\n]|\Z)([^\r\n]*)\r?\n?")
_FUTURE = re.compile(rb"^from[ \t]+__future__[ \t]+import", re.MULTILINE)
_CODING = re.compile(rb"[^\n]*\n[ \t\f]*#[^\n]*?coding[:=](?![ \t]*utf-?8)", re.IGNORECASE)


def python_shebang(executable: str, layout: PlatformLayout) -> bytes:
    """Return the first line or lines, newline included, that run a script with ``executable`` (an absolute path)."""
    raw = executable.encode("utf-8", "surrogateescape")
    return _first_line(raw, b"", layout, python=True)


def fits(executable: bytes, options: bytes, layout: PlatformLayout) -> bool:
    """Whether the kernel runs ``#!executable options`` as it stands."""
    if layout.shebang_limit is None:
        return True
    line = b"#!" + executable + options
    return len(line) <= layout.shebang_limit and not any(space in executable for space in (b" ", b"\t"))


def fix_shebang(data: bytes, prefix: bytes, layout: PlatformLayout) -> bytes:
    """Return ``data`` with a first line that the platform can run.

    Only lines that start with ``prefix`` are touched: others are the package's own business.

    Parameters
    ----------
    data : bytes
        A text file whose placeholder has been replaced already.
    prefix : bytes
        The environment's prefix, as it stands in ``data``.
    layout : PlatformLayout
        Gives the limit.
    """
    if layout.shebang_limit is None or not data.startswith(b"#!"):
        return data
    end = data.find(b"\n")
    line = data if end < 0 else data[:end]
    executable, options = _split(line, prefix)
    if not executable or fits(executable, options, layout):
        return data
    rest = b"" if end < 0 else data[end + 1 :]
    python = _PYTHON.fullmatch(executable.rsplit(b"/", 1)[-1]) is not None
    python = python and not _CODING.match(data) and not _FUTURE.search(data)
    return _first_line(executable, options, layout, python=python) + rest


def _split(line: bytes, prefix: bytes) -> tuple[bytes, bytes]:
    """Split ``#!executable options``; the prefix may hold spaces, what follows it may not."""
    body = line[2:].strip()
    if not body.startswith(prefix + b"/"):
        return b"", b""
    tail, _, options = body[len(prefix) :].partition(b" ")
    return prefix + tail, (b" " + options.strip() if options.strip() else b"")


def _first_line(executable: bytes, options: bytes, layout: PlatformLayout, *, python: bool) -> bytes:
    """Return the line or lines that run a script; ``python`` says that the text after them may follow a string."""
    if fits(executable, options, layout):
        return b"#!" + executable + options + b"\n"
    if python and _is_plain(executable):
        quoted = shlex.quote(executable.decode()).encode()
        return b"#!/bin/sh\n'''exec' " + quoted + options + b' "$0" "$@" #\'\'\'\n'
    name = executable.rsplit(b"/", 1)[-1]
    return b"#!/usr/bin/env " + (b"-S " + name + options if options else name) + b"\n"


def _is_plain(executable: bytes) -> bool:
    """Whether the path can stand inside a string of Python source: UTF-8, and no backslashes or line ends."""
    try:
        text = executable.decode()
    except UnicodeDecodeError:
        return False
    return not any(character in text for character in "\\\r\n")


def rewrite_python_shebang(data: bytes, executable: str, layout: PlatformLayout) -> bytes | None:
    """Return a wheel's script with ``#!python`` replaced by the environment's Python; ``None`` when it is not one.

    The wheel format writes ``#!python`` (or ``#!pythonw``) as a mark that the installer must fill in.
    """
    match = _WHEEL_MARK.match(data)
    if match is None:
        return None
    options = match.group(1).rstrip()
    raw = executable.encode("utf-8", "surrogateescape")
    return _first_line(raw, options, layout, python=_FUTURE.search(data) is None) + data[match.end() :]
