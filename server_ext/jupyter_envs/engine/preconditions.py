"""What must be true of a prefix before it is changed; each check raises with a hint. Reads, changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jupyter_envs.engine.models.records import PrefixRecord
from jupyter_envs.errors import AlreadyExistsError, NotFoundError


def check_free(prefix: Path) -> None:
    """Raise ``AlreadyExistsError`` when something is where a new environment shall be."""
    if prefix.is_symlink() or (prefix.exists() and (not prefix.is_dir() or any(prefix.iterdir()))):
        kind = "environment" if (prefix / "conda-meta").is_dir() else "file or folder"
        raise AlreadyExistsError(
            f"there is already an {kind} {prefix.name}" if kind[0] == "e" else f"{prefix} is not empty",
            hint=f"`jupyter envs install {prefix.name} …` adds packages to it; `jupyter envs delete {prefix.name}` "
            "removes it; or choose another name",
            detail={"prefix": str(prefix)},
        )


def check_environment(prefix: Path) -> None:
    """Raise ``NotFoundError`` unless the prefix is an environment that the engine can change."""
    if (prefix / "conda-meta").is_dir():
        return
    if (prefix / "pyvenv.cfg").is_file():
        raise NotFoundError(
            f"{prefix} is a venv made by another tool; it can be listed and given a kernel, but not changed here",
            hint="`jupyter envs create NAME` makes one that can",
            code="environment.venv",
        )
    raise NotFoundError(f"there is no environment at {prefix}", hint="`jupyter envs list` shows those there are")


def check_installed(names: Sequence[str], records: Sequence[PrefixRecord], prefix: Path) -> None:
    """Raise ``NotFoundError`` with the nearest names when one of ``names`` is not installed."""
    present = {record.name for record in records}
    for name in names:
        if name not in present:
            import difflib

            near = difflib.get_close_matches(name, present, 3)
            raise NotFoundError(
                f"{name} is not installed in {prefix.name}",
                hint=f"did you mean {' or '.join(near)}?" if near else "`jupyter envs packages` lists what is",
                code="package",
                detail={"name": name, "near": near},
            )
