"""The line below a failed import: the ``%envinstall`` that would help. Says nothing where that would not help."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

from .problems import RequestError


def suggest(error: ModuleNotFoundError, link: dict[str, Any]) -> None:
    """Print the line for an error, if there is one."""
    line = suggestion(error, link)
    if line:
        print(line, file=sys.stderr)


def suggestion(error: ModuleNotFoundError, link: dict[str, Any]) -> str:
    """Return the line for an error; empty when the module is one of Python's own, or only a part of it is missing."""
    name = getattr(error, "name", None)
    if not name or isinstance(error, RequestError) or not os.path.isdir(os.path.join(sys.prefix, "conda-meta")):
        return ""
    top = name.split(".")[0]
    if top in getattr(sys, "stdlib_module_names", sys.builtin_module_names) or not top.isidentifier():
        return ""
    known = known_packages(link)
    package = _package_of(name, known)
    if package is None and _is_there(top):
        return ""
    if not os.access(os.path.join(sys.prefix, "conda-meta"), os.W_OK):
        what = f"{package} brings {name}" if package else f"{name} is not here"
        return f"{what}; this kernel's environment is not yours to change: clone it, and install into the clone"
    if package is None:
        return f"%envinstall {top.replace('_', '-')}   installs a package of that name, if there is one"
    return f"%envinstall {package}   brings {name} into this kernel's environment"


def known_packages(link: dict[str, Any]) -> dict[str, str]:
    """Return which package brings which module, as far as the two are not called the same."""
    if "known" in link:
        table: dict[str, str] = link["known"]
        return table
    try:
        known: dict[str, str] = json.loads(Path(link["modules"]).read_text(encoding="utf-8"))
    except (KeyError, OSError, ValueError):  # only names that differ are lost
        return {}
    return known


def _package_of(name: str, known: dict[str, str]) -> str | None:
    """Return the package for the longest known beginning of a dotted name."""
    parts = name.split(".")
    beginnings = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((known[beginning] for beginning in beginnings if beginning in known), None)


def _is_there(top: str) -> bool:
    """Tell whether the first part can be imported: then something is wrong in it, or it is spelled wrongly."""
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return True
