"""Selectors of environment.yml (CEP 24): lines that hold only on some platforms. Pure.

``- pywin32  # [win]`` drops a line, ``- sel(win): pywin32`` an entry. Refuses to evaluate anything but names of
platforms joined by ``and``, ``or``, ``not``.
"""

from __future__ import annotations

import ast
import re

_COMMENT = re.compile(r"#\s*\[(?P<expression>[^\[\]]+)\]\s*$")
_ENTRY = re.compile(r"sel\((?P<expression>[^()]*)\)")
_SYSTEMS = ("linux", "osx", "win", "emscripten", "wasi", "freebsd", "zos")
_MACHINES = {"64": "x86_64", "32": "x86"}
_KNOWN_MACHINES = ("x86_64", "arm64", "aarch64", "ppc64le", "s390x", "armv6l", "armv7l", "riscv64", "wasm32")


def selector_names(subdir: str) -> dict[str, bool]:
    """Return what each selector variable means on a platform (conda-build's names, and ``osx64``)."""
    system, _, machine = subdir.partition("-")
    machine = _MACHINES.get(machine, machine)
    names = {name: name == system for name in _SYSTEMS}
    names |= {name: name == machine for name in _KNOWN_MACHINES}
    names["unix"] = system in ("linux", "osx", "freebsd", "zos")
    names["x86"] = machine in ("x86", "x86_64")
    names["x64"] = machine == "x86_64"
    for name, own in (("linux", "linux"), ("win", "win"), ("osx", "osx")):
        names[f"{name}64"] = system == own and machine == "x86_64"
        names[f"{name}32"] = system == own and machine == "x86"
    return names


def evaluate(expression: str, subdir: str) -> bool | None:
    """Return whether a selector holds on a platform; ``None`` when it is not a selector (an ordinary comment)."""
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return None
    return _value(tree.body, selector_names(subdir))


def entry_expression(key: str) -> str | None:
    """Return the expression of a ``sel(...)`` key, or ``None`` for another key."""
    match = _ENTRY.fullmatch(key.strip())
    return match["expression"] if match else None


def select_lines(text: str, subdir: str) -> tuple[str, list[tuple[int, str]]]:
    """Return the text with the lines of other platforms blanked, and the comments that look like selectors but are not.

    Lines are blanked, not removed, so that line numbers stay true.
    """
    unknown: list[tuple[int, str]] = []
    lines = text.splitlines()
    for index, line in enumerate(lines):
        match = _COMMENT.search(line)
        if match is None or line.lstrip().startswith("#"):
            continue
        holds = evaluate(match["expression"], subdir)
        if holds is None:
            unknown.append((index + 1, match["expression"]))
        elif not holds:
            lines[index] = ""
    return "\n".join(lines) + "\n", unknown


def _value(node: ast.expr, names: dict[str, bool]) -> bool | None:
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _value(node.operand, names)
        return None if inner is None else not inner
    if isinstance(node, ast.BoolOp):
        values = [_value(value, names) for value in node.values]
        if None in values:
            return None
        return all(values) if isinstance(node.op, ast.And) else any(values)
    return None
