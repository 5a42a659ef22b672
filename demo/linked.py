"""Show, as a tree, what one package put into an environment, read from its record and from the disk itself."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.tree import Tree

MOST = 5  # entries of one directory that are shown


def record_of(prefix: Path, name: str) -> dict[str, Any]:
    """Return the record of an installed package."""
    for path in sorted((prefix / "conda-meta").glob("*.json")):
        record: dict[str, Any] = json.loads(path.read_text())
        if record["name"] == name:
            return record
    raise SystemExit(f"{name} is not installed in {prefix}")


def describe(path: Path) -> str:
    """Return the name of a file with its size and how many names its bytes have."""
    if path.is_symlink():
        return f"{escape(path.name)} [dim]-> {escape(os.readlink(path))}[/]"
    info = path.stat()
    shared = f"[green]{info.st_nlink} names, one copy[/]" if info.st_nlink > 1 else "[yellow]its own copy[/]"
    return f"{escape(path.name)} [dim]{decimal(info.st_size)}[/] {shared}"


def nested(files: list[str]) -> dict[str, Any]:
    """Return files as directories in directories; a file is ``None``."""
    root: dict[str, Any] = {}
    for file in files:
        directory = root
        for part in file.split("/")[:-1]:
            directory = directory.setdefault(part, {})
        directory[file.rpartition("/")[2]] = None
    return root


def count(directory: dict[str, Any]) -> int:
    """Return how many files are below a directory."""
    return sum(1 if below is None else count(below) for below in directory.values())


def grow(tree: Tree, directory: dict[str, Any], path: Path) -> None:
    """Add a directory's entries to the tree, all of a few and the first of many."""
    entries = sorted(directory.items(), key=lambda item: (item[1] is not None, item[0]))
    for name, below in entries[:MOST]:
        if below is None:
            tree.add(describe(path / name))
        else:
            grow(tree.add(f"[blue]{escape(name)}/[/]"), below, path / name)
    rest = dict(entries[MOST:])
    if rest:
        tree.add(f"[dim]and {count(rest)} more files[/]")


def tree_of(prefix: Path, name: str) -> Tree:
    """Return the tree of one package."""
    record = record_of(prefix, name)
    files = sorted(record["files"])
    root = Tree(f"[bold]{name} {record['version']}[/] [dim]{len(files)} files below {escape(str(prefix))}[/]")
    grow(root, nested(files), prefix)
    return root


if __name__ == "__main__":
    Console(width=110, force_terminal=sys.stdout.isatty()).print(tree_of(Path(sys.argv[1]), sys.argv[2]))
