"""Show, as a tree, what one package put into an environment, read from its record and from the disk itself."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.tree import Tree


def record_of(prefix: Path, name: str) -> dict[str, object]:
    """Return the record of an installed package."""
    for path in sorted((prefix / "conda-meta").glob("*.json")):
        record: dict[str, object] = json.loads(path.read_text())
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


def tree_of(prefix: Path, name: str, most: int = 6) -> Tree:
    """Return the tree; of a directory with many files the first ``most`` are shown."""
    record = record_of(prefix, name)
    files = sorted(str(path) for path in record.get("files", []))  # type: ignore[attr-defined]  # a list in CEP 32
    root = Tree(f"[bold]{name} {record['version']}[/] [dim]{len(files)} files below {escape(str(prefix))}[/]")
    branches = {"": root}
    shown: dict[str, int] = {}
    for file in files:
        directory = os.path.dirname(file)
        branch = _branch(branches, directory)
        shown[directory] = shown.get(directory, 0) + 1
        if shown[directory] <= most:
            branch.add(describe(prefix / file))
    for directory, count in shown.items():
        if count > most:
            branches[directory].add(f"[dim]and {count - most} more[/]")
    return root


def _branch(branches: dict[str, Tree], directory: str) -> Tree:
    if directory not in branches:
        parent, _, own = directory.rpartition("/")
        branches[directory] = _branch(branches, parent).add(f"[blue]{escape(own)}/[/]")
    return branches[directory]


if __name__ == "__main__":
    Console(width=110, force_terminal=sys.stdout.isatty()).print(tree_of(Path(sys.argv[1]), sys.argv[2]))
