"""A conda channel that has repodata and no archives: enough to solve against, made in milliseconds (CEP 36)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SUBDIR = "linux-64"


class RepodataChannel:
    """A folder with ``repodata.json`` only.

    Examples
    --------
    >>> channel = RepodataChannel(tmp_path / "main")                   # doctest: +SKIP
    >>> channel.add("numpy", "2.0", depends=["python >=3.10"]).write() # doctest: +SKIP
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._packages: dict[str, dict[str, Any]] = {"noarch": {}, SUBDIR: {}}

    @property
    def url(self) -> str:
        return self.folder.absolute().as_uri()

    def add(  # one parameter per field of a record
        self,
        name: str,
        version: str = "1.0",
        *,
        depends: Sequence[str] = (),
        build: str = "0",
        build_number: int = 0,
        subdir: str = "noarch",
        **fields: Any,
    ) -> RepodataChannel:
        """Add a record; ``fields`` are any other keys of it."""
        fn = f"{name}-{version}-{build}.conda"
        record = {
            "name": name,
            "version": version,
            "build": build,
            "build_number": build_number,
            "depends": list(depends),
            "subdir": subdir,
            "size": 1000,
            "sha256": hashlib.sha256(fn.encode()).hexdigest(),
            "md5": hashlib.md5(fn.encode()).hexdigest(),
            "timestamp": 1_700_000_000_000,
            **fields,
        }
        self._packages.setdefault(subdir, {})[fn] = record
        return self

    def python(self, *versions: str) -> RepodataChannel:
        """Add Pythons."""
        for version in versions:
            self.add("python", version, subdir=SUBDIR)
        return self

    def write(self, *, subdirs: Sequence[str] | None = None) -> RepodataChannel:
        """Write the repodata of all subdirs, or of some."""
        for subdir, packages in self._packages.items():
            if subdirs is None or subdir in subdirs:
                folder = self.folder / subdir
                folder.mkdir(parents=True, exist_ok=True)
                info = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": packages, "repodata_version": 1}
                (folder / "repodata.json").write_text(json.dumps(info))
        return self
