"""What the cells of a notebook import, read from their text; nothing is executed.

Owns what an import is there: a statement at any depth, ``importlib.import_module("x")`` with a literal. Lines of
magics and shells are passed over; of a cell that is no Python even then, the lines that import something count. Refuses
to follow files beside the notebook: those modules are local.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

# The last two are what a text that nobody wrote by hand leads to, such as ten thousand brackets.
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_OTHER_CELL = re.compile(r"\A\s*%%(?P<magic>\w+)")
_PYTHON_CELLS = ("time", "timeit", "capture", "prun", "python", "python3", "pypy")
_NOT_PYTHON = re.compile(r"^(?P<indent>\s*)(?:[%!?]|\w[\w.,\s]*=\s*[%!]|.*\?\s*$)")


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """One module that is imported. ``optional``: only where its absence is expected (``except ImportError``)."""

    module: str
    optional: bool = False


def imports_of(cells: Iterable[str]) -> list[Imported]:
    """Return the modules that cells import, by name; of one that is imported in several ways, the strictest."""
    found: dict[str, bool] = {}
    for cell in cells:
        for module, optional in _in_cell(cell):
            found[module] = found.get(module, True) and optional
    return [Imported(module=module, optional=found[module]) for module in sorted(found)]


def is_standard(module: str) -> bool:
    """Tell whether a module belongs to Python itself."""
    return module.split(".", maxsplit=1)[0] in sys.stdlib_module_names


def local_modules(folder: Path) -> set[str]:
    """Return the modules that lie beside a notebook."""
    try:
        entries = list(folder.iterdir())
    except OSError:
        return set()
    files = {entry.stem for entry in entries if entry.suffix == ".py"}
    return files | {entry.name for entry in entries if entry.is_dir() and any(entry.glob("*.py"))}


def _in_cell(cell: str) -> Iterator[tuple[str, bool]]:
    other = _OTHER_CELL.match(cell)
    if other:
        if other["magic"] not in _PYTHON_CELLS:
            return
        cell = cell.partition("\n")[2]
    try:
        yield from list(_walk(ast.parse(_plain(cell)).body, optional=False))
    except _UNREADABLE:
        yield from _line_by_line(cell)


def _line_by_line(cell: str) -> Iterator[tuple[str, bool]]:
    """Yield what the lines of a cell import that is no Python of today as a whole, such as one for Python 2."""
    for line in cell.splitlines():
        if not line.lstrip().startswith(("import ", "from ")):
            continue
        try:
            tree = ast.parse(line.strip().removesuffix("(").rstrip("\\"))
        except _UNREADABLE:
            continue
        yield from _walk(tree.body, optional=line[:1].isspace())


def _plain(cell: str) -> str:
    """Return a cell in which lines for IPython or a shell are ``pass``; line numbers stay."""
    lines, continued = [], False
    for line in cell.splitlines():
        match = _NOT_PYTHON.match(line)
        magic = continued or (match is not None and not _is_python(line))
        lines.append(f"{match['indent'] if match else ''}pass" if magic and not continued else "" if magic else line)
        continued = magic and line.rstrip().endswith("\\")
    return "\n".join(lines)


def _is_python(line: str) -> bool:
    """Tell whether a line that looks like a magic is Python all the same, such as ``x = a % b``."""
    try:
        ast.parse(line.strip())
    except _UNREADABLE:
        return False
    return True


def _walk(nodes: Iterable[ast.AST], *, optional: bool) -> Iterator[tuple[str, bool]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, optional) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module and not node.level:
                yield (node.module, optional)
        elif isinstance(node, ast.Call):
            yield from ((name, optional) for name in _called(node))
            yield from _walk(ast.iter_child_nodes(node), optional=optional)
        elif isinstance(node, ast.Try) and any(map(_expects_absence, node.handlers)):
            yield from _walk(node.body, optional=True)
            handlers = [each for handler in node.handlers for each in handler.body]
            yield from _walk([*handlers, *node.orelse, *node.finalbody], optional=True)
        else:
            yield from _walk(ast.iter_child_nodes(node), optional=optional)


def _called(node: ast.Call) -> list[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    first = node.args[0] if node.args else None
    if name not in ("import_module", "__import__") or not isinstance(first, ast.Constant):
        return []
    return [first.value] if isinstance(first.value, str) and not first.value.startswith(".") else []


def _expects_absence(handler: ast.ExceptHandler) -> bool:
    caught = [node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)] if handler.type else []
    return handler.type is None or bool({"ImportError", "ModuleNotFoundError", "Exception"} & set(caught))
