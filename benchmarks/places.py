"""One folder on one file system where everything is measured: archives, caches, and environments to copy from."""

from __future__ import annotations

import json
import marshal
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prepare import WORK, say

Measure = Callable[[list[str]], Any]


class Place:
    """A working folder; everything in it goes when the block ends.

    ``root`` is ours, ``rattler_cache`` and ``uv_cache`` are the others'. ``plain`` is an environment without compiled
    files, ``compiled`` one with; both are linked from ``root``'s cache. ``target`` is where a run makes its
    environment.
    """

    def __init__(self, folder: Path, kind: str, manifest: Path) -> None:
        self.folder, self.kind = folder, kind
        self.manifest = json.loads(manifest.read_text())
        self.root, self.target = folder / "root", folder / "target"
        self.rattler_cache, self.uv_cache = folder / "rattler", folder / "uv"
        self.plain, self.compiled = folder / "plain", folder / "compiled"
        self.rattler_small = folder / "rattler-small"
        self.records, self.small_record = folder / "records.json", folder / "small.json"
        self.listing = folder / "listing"
        self._aside = folder / "aside"
        self.wanted: list[str] = self.manifest["wanted"]
        self.small: str = self.manifest["small"]

    def __enter__(self) -> Place:
        self.remove(self.folder)
        self.folder.mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.remove(self.folder)

    @property
    def channel_url(self) -> str:
        """The local channel, on this file system."""
        return (self.folder / "channel").as_uri()

    @property
    def pyc(self) -> Path:
        """Our cache's compiled files."""
        return self.root / "pkgs" / ".pyc"

    def clear(self, *folders: Path) -> None:
        """Make room: remove folders on tmpfs; on disk put them aside until the end.

        ext4 does not use an inode again for minutes after it was freed, and whoever makes a directory meanwhile
        searches past all of them: after the removal of an environment that takes longer than linking the next one.
        """
        if self.kind != "disk":
            self.remove(*folders)
            return
        for folder in folders:
            if folder.exists():
                self._aside.mkdir(parents=True, exist_ok=True)
                folder.rename(self._aside / str(len(os.listdir(self._aside))))

    def remove(self, *folders: Path) -> None:
        """Remove folders, quickly."""
        subprocess.run(["rm", "-rf", *map(str, folders)], check=True)

    def clear_target(self) -> None:
        """Make room for the next environment."""
        self.clear(self.target)

    def before_with_pyc(self) -> None:
        """Clear the target and let the cache have its compiled files."""
        self.clear_target()
        hidden = self.folder / "pyc-hidden"
        if hidden.exists():
            hidden.rename(self.pyc)

    def before_without_pyc(self) -> None:
        """Clear the target and hide the cache's compiled files."""
        self.clear_target()
        if self.pyc.exists():
            self.pyc.rename(self.folder / "pyc-hidden")

    def copy(self, source: Path, target: Path) -> None:
        """Copy an environment by hard links; its own records are copied, so that a change cannot reach back."""
        self.clear(target)
        subprocess.run(["cp", "-al", str(source), str(target)], check=True)
        shutil.rmtree(target / "conda-meta")
        shutil.copytree(source / "conda-meta", target / "conda-meta")

    def fill(self, measure: Measure, scenarios: Any) -> None:
        """Fill caches and make the environments that the scenarios start from."""
        say(f"{self.kind}: filling the caches in {self.folder}")
        for name in ("channel", "twin", "wheels"):
            shutil.copytree(WORK / name, self.folder / name)
        (self.folder / "home").mkdir()
        self.records.write_text(json.dumps(self._records("packages", "channel", leave_out=self.small)))
        self.small_record.write_text(json.dumps(self._records("packages", "channel", only=self.small)))
        ours, plain = scenarios.ours, str(self.plain)
        measure(ours("ours_create", prefix=plain))
        measure(ours("ours_compile", prefix=plain))
        self.before_with_pyc()
        measure(ours("ours_create", prefix=str(self.compiled)))
        measure(scenarios.rattler())
        self.clear_target()
        measure(scenarios.rattler(prefix=str(self.rattler_small)))
        warm = self.folder / "warm-small"  # so that the small package, too, is in everyone's cache
        self.copy(self.plain, warm)
        measure(ours("ours_install", prefix=str(warm), records=str(self.small_record)))
        self.clear(warm)
        measure(scenarios.rattler(specs=[*self.wanted, self.small]))
        self.clear_target()
        if scenarios.uv:
            measure(scenarios.uv_install())
        self.clear_target()
        self.listing.write_bytes(marshal.dumps(self._listing()))

    def _records(self, key: str, folder: str, *, leave_out: str = "", only: str = "") -> list[dict[str, Any]]:
        base = (self.folder / folder).as_uri()
        return [
            {
                **{k: v for k, v in entry.items() if k not in {"path", "files"}},
                "url": f"{base}/{entry['path']}",
                "channel": base,
            }
            for entry in self.manifest[key]
            if entry["name"] != leave_out and only in {"", entry["name"]}
        ]

    def _listing(self) -> dict[str, list[Any]]:
        """Return the directories and links of ``plain``; its sources are plain's own files."""
        listing: dict[str, list[Any]] = {"directories": [], "links": [], "softlinks": []}
        start = len(str(self.plain))
        for directory, directories, names in os.walk(self.plain):
            directories.sort()
            listing["directories"] += [f"{directory[start:]}/{name}" for name in directories]
            for path in (f"{directory}/{name}" for name in names):
                kind = "softlinks" if os.path.islink(path) else "links"
                listing[kind].append((os.readlink(path) if kind == "softlinks" else path, path[start:]))
        return listing

    def growing(self) -> list[tuple[int, Path]]:
        """Return (files, records file) for about half, all and twice the files."""
        everything = self._records("packages", "channel", leave_out=self.small)
        counts = {entry["name"]: entry["files"] for entry in self.manifest["packages"] + self.manifest["twins"]}
        half: list[dict[str, Any]] = []
        for record in everything:
            if sum(counts[each["name"]] for each in half) < sum(counts.values()) / 4:
                half.append({**record, "depends": []})
        sets = [half, everything, everything + self._records("twins", "twin")]
        found = []
        for records in sets:
            count = sum(counts[record["name"]] for record in records)
            path = self.folder / f"records-{count}.json"
            path.write_text(json.dumps(records))
            found.append((count, path))
        return found


def make_many_environments(folder: Path, environments: int, packages: int, records: Path) -> None:
    """Make environments that consist of records only, for listing."""
    some = json.loads(records.read_text())
    for number in range(environments):
        meta = folder / f"env-{number:03}" / "conda-meta"
        meta.mkdir(parents=True)
        (meta / "history").write_text("==> 2026-01-01 00:00:00 <==\n")
        for index in range(packages):
            record = {**some[index % len(some)]}
            record["name"] = (
                record["name"] if record["name"] == "python" and index == 0 else f"{record['name']}-{index}"
            )
            record.update(files=[], paths_data={"paths": [], "paths_version": 1})
            (meta / f"{record['name']}-{record['version']}-{record['build']}.json").write_text(json.dumps(record))
