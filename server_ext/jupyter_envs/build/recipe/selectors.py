"""Selectors of ``meta.yaml`` and ``conda_build_config.yaml``: lines that end in ``# [expression]`` (pure).

A line whose expression is false becomes empty, so that line numbers stay. Expressions are Python's boolean
expressions over platform and variant words; they are evaluated as a syntax tree of our own, never by ``eval``.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_envs.build.recipe.located import at_line

_SELECTOR = re.compile(r"^(?P<line>.*?)\s*#[^\[\]]*\[(?P<expression>[^\[\]]+)\](?!\()[^\[\]]*$")
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_METHODS = ("startswith", "endswith", "split", "replace", "lower", "upper", "strip", "get")
_CALLS: dict[str, Callable[..., Any]] = {"int": int, "str": str, "float": float, "len": len, "bool": bool}


def selector_names(subdir: str, variant: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the words that selectors may use, for a platform (``linux-64``) and a variant."""
    system, _, arch = subdir.partition("-")
    names: dict[str, Any] = {key: _typed(value) for key, value in variant.items()}
    names |= {
        "linux": system == "linux",
        "osx": system == "osx",
        "win": system == "win",
        "unix": system in ("linux", "osx", "emscripten", "wasi"),
        "emscripten": system == "emscripten",
        "wasi": system == "wasi",
        "linux32": subdir == "linux-32",
        "linux64": subdir == "linux-64",
        "win32": subdir == "win-32",
        "win64": subdir == "win-64",
        "x86": arch in ("32", "64"),
        "x86_64": arch == "64",
        "aarch64": subdir == "linux-aarch64",
        "arm64": arch == "arm64",
        "ppc64le": arch == "ppc64le",
        "s390x": arch == "s390x",
        "riscv64": arch == "riscv64",
        "target_platform": subdir,
        "build_platform": variant.get("build_platform", subdir),
        "environ": dict(environ),
        "nomkl": False,
        "vc": _number(variant.get("vc", "0")),
    }
    python = variant.get("python", "")
    if python:
        version = re.findall(r"\d+", python)
        major, minor = int(version[0]), int(version[1]) if len(version) > 1 else 0
        names |= {"py": int(f"{major}{minor}"), "py2k": major == 2, "py3k": major == 3}
    if variant.get("numpy"):
        names["np"] = _number("".join(variant["numpy"].split(".")[:2]))
    return names


def _typed(value: str) -> str | int | bool:
    """Return whole numbers and truths of a variant as what they are (conda-build's rule)."""
    return int(value) if value.isdecimal() else {"true": True, "false": False}.get(value.lower(), value)


def _number(text: str) -> int:
    digits = re.match(r"\d+", text)
    return int(digits[0]) if digits else 0


def select_lines(text: str, names: Mapping[str, Any], name: str) -> str:
    """Return the text with the lines emptied whose selector is false, and the other selectors cut off.

    Raises
    ------
    RecipeError
        ``recipe.selector``: an expression that cannot be read, with its line.
    """
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _SELECTOR.match(line)
        if match is None or line.lstrip().startswith("#"):
            lines.append(line)
            continue
        lines.append(match["line"] if evaluate(match["expression"], names, name, number) else "")
    return "\n".join(lines) + "\n"


def evaluate(expression: str, names: Mapping[str, Any], name: str, line: int) -> bool:
    """Return what a selector says; a word that no variant defines is false (conda-build's rule)."""
    try:
        tree = ast.parse(expression.strip(), mode="eval")
        return bool(_evaluate(tree.body, names))
    except (SyntaxError, ValueError, TypeError, KeyError, AttributeError, RecursionError, MemoryError) as error:
        said = error.msg if isinstance(error, SyntaxError) else str(error) or "it is too deep"
        hint = "selectors are Python expressions, such as `# [linux and py>=310]`"
        raise at_line(
            name, line, f"the selector [{expression}] cannot be read: {said}", hint, "recipe.selector"
        ) from None


def _evaluate(node: ast.expr, names: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name(id=word) | ast.Attribute(value=ast.Name(id="os"), attr="environ" as word):
            return names.get(word)
        case ast.BoolOp():
            enough = all if isinstance(node.op, ast.And) else any
            return enough(_evaluate(value, names) for value in node.values)
        case ast.UnaryOp(op=ast.Not()):
            return not _evaluate(node.operand, names)
        case ast.Compare():
            return _compare(node, names)
        case ast.Tuple() | ast.List():
            return [_evaluate(item, names) for item in node.elts]
        case ast.Subscript():
            return _evaluate(node.value, names)[_evaluate(node.slice, names)]
        case ast.Call():
            return _call(node, names)
    raise ValueError(f"{ast.unparse(node)} is not allowed here")


def _compare(node: ast.Compare, names: Mapping[str, Any]) -> bool:
    left = _evaluate(node.left, names)
    for step, right_node in zip(node.ops, node.comparators, strict=True):
        right = _evaluate(right_node, names)
        if left is None and not isinstance(step, ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
            return False  # an undefined word
        if not _COMPARE[type(step)](left, right):
            return False
        left = right
    return True


def _call(node: ast.Call, names: Mapping[str, Any]) -> Any:
    arguments = [_evaluate(argument, names) for argument in node.args]
    if isinstance(node.func, ast.Name) and node.func.id in _CALLS:
        return _CALLS[node.func.id](*arguments)
    if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
        value = _evaluate(node.func.value, names)
        return getattr(value, node.func.attr)(*arguments) if isinstance(value, str | dict) else None
    raise ValueError(f"{ast.unparse(node.func)} cannot be called here")


def words_in_selectors(text: str) -> frozenset[str]:
    """Return the words that the selectors of a text use."""
    found: set[str] = set()
    for line in text.splitlines():
        match = _SELECTOR.match(line)
        if match is not None and not line.lstrip().startswith("#"):
            found.update(re.findall(r"[A-Za-z_]\w*", match["expression"]))
    return frozenset(found)
