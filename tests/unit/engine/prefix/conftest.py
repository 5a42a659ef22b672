"""Prefixes to read: one that py-rattler installed from real archives, and small ones whose records are written here."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.channel import Channel
from support.packages import PLACEHOLDER, File, Symlink

# A process that used rattler's runtime may crash when the interpreter leaves, so it leaves with os._exit.
_INSTALL = """
import asyncio, os, sys
from rattler import Channel, install, solve
async def main():
    url, prefix, cache, *specs = sys.argv[1:]
    records = await solve([Channel(url)], specs, platforms=["linux-64", "noarch"])
    await install(records, prefix, cache_dir=cache)
try:
    asyncio.run(main())
except BaseException as error:
    print(repr(error), file=sys.stderr, flush=True)
    os._exit(1)
os._exit(0)
"""


def rattler_install(channel: Channel, prefix: Path, cache: Path, *specs: str) -> None:
    """Let py-rattler make a prefix."""
    command = [sys.executable, "-c", _INSTALL, channel.url + "/", str(prefix), str(cache), *specs]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def rattler_original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prefix by py-rattler: python, a noarch package with an entry point, one with links, variables and scripts."""
    folder = tmp_path_factory.mktemp("rattler")
    channel = Channel(folder / "channel")
    channel.python()
    channel.noarch("tool", "2.0", entry_points=["tool = tool.cli:main"])
    channel.add(
        "native",
        "1.5",
        depends=["python >=3.9"],
        files={
            "bin/native": File(f"#!{PLACEHOLDER}/bin/python\nprint('native')\n", 0o755),
            "lib/libnative.so.1": File(b"\x7fELF" + PLACEHOLDER.encode() + b"\0rest", 0o755),
            "lib/libnative.so": Symlink("libnative.so.1"),
            "share/native": Symlink("../lib"),
            "share/nothing": Symlink("not-there"),
            "share/native.txt": "plain\n",
            "etc/conda/activate.d/native.sh": 'export NATIVE_HOME="$CONDA_PREFIX/share"\n',
            "etc/conda/deactivate.d/native.sh": "unset NATIVE_HOME\n",
            "etc/conda/env_vars.d/native.json": json.dumps({"NATIVE_LEVEL": "3"}),
        },
    )
    rattler_install(channel.index(), folder / "envs" / "made", folder / "cache", "tool", "native")
    return folder / "envs" / "made"


@pytest.fixture
def rattler_prefix(rattler_original: Path, tmp_path: Path) -> Path:
    """A copy of the prefix by py-rattler, to be changed by a test."""
    return Path(shutil.copytree(rattler_original, tmp_path / "envs" / "made", symlinks=True))


MakePrefix = Callable[..., Path]


@pytest.fixture
def make_prefix(tmp_path: Path) -> MakePrefix:
    """Write a prefix by hand: ``make_prefix("name", {"pkg-1.0-h0_0": {"path": "content"}})``."""

    def make(
        name: str = "small",
        packages: dict[str, dict[str, str]] | None = None,
        *,
        depends: dict[str, list[str]] | None = None,
        root: Path | None = None,
        **extra: Any,
    ) -> Path:
        prefix = (root or tmp_path / "envs") / name
        meta = prefix / "conda-meta"
        meta.mkdir(parents=True)
        (meta / "history").write_text("")
        for dist, files in (packages or {}).items():
            write_record(prefix, dist, files, depends=(depends or {}).get(dist.rsplit("-", 2)[0], []), **extra)
        return prefix

    return make


def write_record(prefix: Path, dist: str, files: dict[str, str], **extra: Any) -> Path:
    """Write a package's files and the record that names them."""
    name, version, build = dist.rsplit("-", 2)
    entries = []
    for path, content in files.items():
        file = prefix / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        digest = hashlib.sha256(content.encode()).hexdigest()
        size = len(content.encode())
        entries.append({"_path": path, "path_type": "hardlink", "sha256": digest, "size_in_bytes": size})
    record = {
        "name": name,
        "version": version,
        "build": build,
        "build_number": 0,
        "subdir": "linux-64",
        "fn": f"{dist}.conda",
        "url": f"https://channel.example/linux-64/{dist}.conda",
        "channel": "https://channel.example",
        "files": list(files),
        "paths_data": {"paths": entries, "paths_version": 1},
        **extra,
    }
    target = prefix / "conda-meta" / f"{dist}.json"
    target.write_text(json.dumps(record))
    return target
