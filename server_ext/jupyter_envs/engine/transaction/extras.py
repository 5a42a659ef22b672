"""Files that no package owns, carried along when an environment is cloned: what pip or the person put there.

Copies are independent of the source. Scripts below the bin directory that name the source's prefix in their first line
name the clone's afterwards; other contents are left alone.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

from jupyter_envs.engine.models.platform import PlatformLayout
from jupyter_envs.engine.models.records import PrefixRecord
from jupyter_envs.engine.prefix.records import read_records
from jupyter_envs.engine.prefix.verify import iter_unowned


def copy_unowned(source: Path, building: Path, prefix: Path, layout: PlatformLayout) -> int:
    """Copy the unowned files of ``source`` into a prefix that is being built; return how many.

    Parameters
    ----------
    source : Path
        The environment that is cloned.
    building : Path
        Where the new prefix lies now.
    prefix : Path
        Where it will lie.
    layout : PlatformLayout
        Where scripts are.
    """
    count = 0
    for path in iter_unowned(source, read_records(source)):
        origin, target = source / path, building / path
        if os.path.lexists(target) or not _is_copied(origin):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(origin, target, follow_symlinks=False)
        if path.startswith(f"{layout.bin_directory}/") and not origin.is_symlink():
            _rename_prefix(target, str(source), str(prefix))
        count += 1
    for name in ("pinned", "state"):
        if (source / "conda-meta" / name).is_file() and not (building / "conda-meta" / name).exists():
            (building / "conda-meta").mkdir(exist_ok=True)
            shutil.copy2(source / "conda-meta" / name, building / "conda-meta" / name)
    return count


def _is_copied(path: Path) -> bool:
    """Regular files and links are copied; sockets and pipes are not files of an environment."""
    mode = path.lstat().st_mode
    return stat.S_ISREG(mode) or stat.S_ISLNK(mode)


def scripts_naming(
    source: Path, target: Path, records: Sequence[PrefixRecord], layout: PlatformLayout
) -> dict[str, bytes]:
    """Return the unowned scripts that name the source's prefix in their first line, as they are to name the target's.

    Paths are relative to the prefix.
    """
    owned = {path for record in records for path in record.files}
    found: dict[str, bytes] = {}
    for script in sorted((source / layout.bin_directory).glob("*")):
        path = f"{layout.bin_directory}/{script.name}"
        if path in owned or script.is_symlink() or not script.is_file():
            continue
        content = _renamed(script.read_bytes(), str(source), str(target))
        if content is not None:
            found[path] = content
    return found


def _rename_prefix(script: Path, old: str, new: str) -> None:
    content = _renamed(script.read_bytes(), old, new)
    if content is not None:
        mode = script.stat().st_mode
        script.write_bytes(content)
        script.chmod(stat.S_IMODE(mode))


def _renamed(content: bytes, old: str, new: str) -> bytes | None:
    """Return a script's content with another prefix in its first line; ``None`` when the old one is not there."""
    first, newline, rest = content.partition(b"\n")
    below = os.fsencode(f"{old}/")  # with the slash: /envs/a is not /envs/a-2
    if not first.startswith(b"#!") or below not in first:
        return None
    return first.replace(below, os.fsencode(f"{new}/")) + newline + rest
