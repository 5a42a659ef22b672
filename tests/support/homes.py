"""Homes of tests: nobody's own, but with what says where the package index is."""

from __future__ import annotations

from pathlib import Path


def keep_pip_configuration(original: Path, folder: Path) -> None:
    """Link a user's own pip configuration into another home."""
    for relative in (".config/pip", ".pip", ".netrc"):
        if (original / relative).exists():
            (folder / relative).parent.mkdir(parents=True, exist_ok=True)
            (folder / relative).symlink_to(original / relative)
