"""Many environments at once, as far as a list looks at them: records, a history and a Python each."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def make_many(directory: Path, first: str, count: int, packages: int) -> None:
    """Make ``count`` environments: ``first``, then ``project-1`` and so on, their files linked from it."""
    made = make_one(directory / first, packages)
    for number in range(1, count):
        shutil.copytree(made, directory / f"project-{number}", copy_function=os.link, symlinks=True)


def make_one(prefix: Path, packages: int) -> Path:
    """Write the records that make a folder an environment."""
    meta = prefix / "conda-meta"
    meta.mkdir(parents=True)
    (meta / "history").write_text("")
    (prefix / "bin").mkdir()
    (prefix / "bin/python").symlink_to(sys.executable)
    (meta / "python-3.12.1-h_0.json").write_text('{"name": "python", "version": "3.12.1", "build": "h_0", "files": []}')
    for number in range(packages - 1):
        record = f'{{"name": "part-{number}", "version": "1.0", "build": "0", "files": []}}'
        (meta / f"part-{number}-1.0-0.json").write_text(record)
    return prefix
