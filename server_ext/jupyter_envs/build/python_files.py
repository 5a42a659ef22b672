"""What Python packages need besides their files: ``.pyc``, entry points, ``dist-info`` without traces of the build.

Compiled files are made by the host's Python from sources whose times are final, with names relative to the prefix, so
that they are valid and the same wherever they were made.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from jupyter_envs.build.collect import matches
from jupyter_envs.engine.link.entry_points import (
    ENTRY_POINT_MODE,
    entry_point_path,
    entry_point_script,
    parse_entry_point,
)
from jupyter_envs.engine.models.platform import PlatformLayout
from jupyter_envs.errors import BuildError

_COMPILE = """\
import py_compile, sys
prefix = sys.argv[1]
for path in sys.stdin.read().split("\\0"):
    if path:
        try:
            py_compile.compile(f"{prefix}/{path}", dfile=path, doraise=True,
                               invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP)
        except Exception as error:
            print(f"{path} does not compile and stays without .pyc: {error}".splitlines()[0])
"""
_PACKAGED = re.compile(r"^lib/python\d+\.\d+/")


def compile_sources(
    prefix: str, paths: Iterable[str], python: str, skip: Sequence[str], environ: Mapping[str, str]
) -> list[str]:
    """Compile the sources among ``paths`` that lie in Python's library; return the new paths.

    Parameters
    ----------
    prefix : str
        The host prefix.
    paths : iterable of str
        What goes into the package.
    python : str
        The host's interpreter.
    skip : sequence of str
        Patterns that stay uncompiled (``skip_compile_pyc``).
    environ : mapping
        Variables of scripts.
    """
    sources = [path for path in paths if path.endswith(".py") and _PACKAGED.match(path) and not matches(path, skip)]
    for path in sources:
        for old in Path(prefix, os.path.dirname(path), "__pycache__").glob(f"{Path(path).stem}.*.pyc"):
            old.unlink()
    if not sources:
        return []
    clean = {
        name: value for name, value in environ.items() if not name.startswith("PYTHON") or name == "PYTHONHASHSEED"
    }
    # SOURCE_DATE_EPOCH would make py_compile write hash-based files, which are checked at every import.
    clean.pop("SOURCE_DATE_EPOCH", None)
    done = subprocess.run(
        [python, "-I", "-S", "-c", _COMPILE, prefix], input="\0".join(sources), env=clean, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BuildError(
            f"the host's Python cannot compile: {done.stdout.strip()[-300:]}",
            hint="look at the python of the host environment",
            code="build.compile",
        )
    made = []
    for path in sources:
        folder, stem = os.path.dirname(path), Path(path).stem
        made += [
            f"{folder}/__pycache__/{each.name}" for each in Path(prefix, folder, "__pycache__").glob(f"{stem}.*.pyc")
        ]
    return sorted(made)


def write_entry_points(prefix: str, texts: Sequence[str], layout: PlatformLayout, dist: str) -> list[str]:
    """Write the console scripts of a package that is not noarch; return their paths."""
    made = []
    for text in texts:
        entry = parse_entry_point(text, dist)
        path = entry_point_path(entry, layout)
        target = Path(prefix, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_bytes(entry_point_script(entry, f"{prefix}/{layout.python_executable}", layout))
        target.chmod(ENTRY_POINT_MODE)
        made.append(path)
    return made


def clean_dist_infos(prefix: str, paths: Sequence[str]) -> None:
    """Rewrite the ``dist-info`` of installed wheels: the installer is conda, and the folder of the build is not named.

    ``RECORD`` loses what is not packaged (compiled files, ``direct_url.json``), as if it had never been there.
    """
    for path in paths:
        if not path.endswith(".dist-info/RECORD"):
            continue
        folder = Path(prefix, os.path.dirname(path))
        installer = folder / "INSTALLER"
        if installer.is_file():
            installer.write_text("conda\n", encoding="utf-8")
        rows = list(csv.reader(io.StringIO(Path(prefix, path).read_text(encoding="utf-8"))))
        kept = [_row(row, installer) for row in rows if row and not _is_trace(row[0])]
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(sorted(kept))
        Path(prefix, path).write_text(out.getvalue(), encoding="utf-8")


def _is_trace(path: str) -> bool:
    return path.endswith((".pyc", "/direct_url.json"))


def _row(row: list[str], installer: Path) -> list[str]:
    if row[0].startswith("../"):  # scripts: their first line is another one in each environment
        return [row[0], "", ""]
    if not row[0].endswith(".dist-info/INSTALLER"):
        return row
    data = installer.read_bytes() if installer.is_file() else b""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return [row[0], f"sha256={digest}", str(len(data))]
