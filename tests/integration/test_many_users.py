"""Thirty users at once, above one shared cache: each gets a sound environment, nobody hangs, nobody writes there.

As root they are thirty ids of their own, which may not hard-link each other's files; else thirty roots of one user.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.settings import Settings
from support.channel import PLACEHOLDER, Channel
from support.users import FIRST, User, missing, packages, python_for_all

USERS = 30
PATIENCE_SECONDS = 240

WORKER = """
import json, os, sys, time
import msgspec
from pathlib import Path
from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.settings import Settings

settings, records, start = sys.argv[1:]
engine = Engine(msgspec.json.decode(settings, type=Settings))
request = ChangeRequest(
    action="create",
    prefix=str(engine.new_prefix("mine")),
    records=msgspec.json.decode(Path(records).read_bytes(), type=tuple[RepodataRecord, ...]),
)
print("ready", flush=True)
while not os.path.exists(start):
    time.sleep(0.02)
engine.execute(engine.plan(request))
print(json.dumps({
    "uid": os.geteuid(),
    "findings": [finding.message for finding in engine.verify(Path(request.prefix))],
    "own": sorted(name for name in os.listdir(engine.settings.package_directories[0]) if not name.startswith(".")),
}))
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that all may enter (pytest's is its owner's only), in memory if there is some."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    made = Path(tempfile.mkdtemp(prefix="envs-many-", dir=memory))
    try:
        made.chmod(0o755)
        yield made
    finally:
        shutil.rmtree(made)


def published(folder: Path) -> tuple[Path, Path]:
    """Fill a shared cache with all packages but one; return it, and the file of all records."""
    channel = Channel(folder / "channel")
    for number in range(8):
        files = {f"share/data-{number}/{index}": f"{number} {index}\n" * 50 for index in range(6)}
        channel.add(f"data-{number}", "1.0", files=files, noarch="generic")
    channel.add("settings", files={"etc/home.conf": f"home = {PLACEHOLDER}\n"})
    records = tuple(channel.records())
    channel.add("own", files={"share/own": "not in the shared cache"})
    shared = folder / "shared"
    engine = Engine(settings_in(shared))
    prefix = engine.new_prefix("course")
    engine.execute(engine.plan(ChangeRequest(action="create", prefix=str(prefix), records=records)))
    listing = folder / "records.json"
    listing.write_bytes(msgspec.json.encode(channel.records()))
    return shared, listing


def settings_in(root: Path, *shared: Path) -> Settings:
    return Settings(
        root=str(root),
        envs_directories=(str(root / "envs"),),
        package_directories=(str(root / "pkgs"), *(str(one / "pkgs") for one in shared)),
        shared_directories=tuple(map(str, shared)),
        channels=(),
        compile_in_background=False,
    )


def start_user(number: int, folder: Path, shared: Path, listing: Path) -> subprocess.Popen[str]:
    """Start a process that gets ready and waits for the sign to begin."""
    real = not missing()
    uid = FIRST + number if real else os.geteuid()
    home = User(uid, folder).home if real else folder / f"home-{number}"
    home.mkdir(exist_ok=True)
    settings = msgspec.json.encode(settings_in(home / "root", shared)).decode()
    variables = {"HOME": str(home), "PATH": os.defpath, "PYTHONPATH": packages(), "LANG": "C.UTF-8"}
    command = [python_for_all() if real else sys.executable, "-c", WORKER, settings, str(listing), str(folder / "go")]
    if not real:
        return subprocess.Popen(command, env=variables, cwd=home, stdout=subprocess.PIPE, text=True)
    return subprocess.Popen(
        command, env=variables, cwd=home, stdout=subprocess.PIPE, text=True, user=uid, group=uid, extra_groups=[]
    )


def signs(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return what changes when a file is written, made or replaced. Links to files may come and go."""
    found = {}
    for directory, _, files in os.walk(folder):
        for path in (directory, *(os.path.join(directory, name) for name in files)):
            info = os.lstat(path)
            found[path] = (info.st_ino, info.st_size, info.st_mtime_ns)
    return found


def test_thirty_users_create_at_once_above_one_shared_cache(folder: Path) -> None:
    shared, listing = published(folder)
    before = signs(shared)
    processes = [start_user(number, folder, shared, listing) for number in range(USERS)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        (folder / "go").touch()
        until = time.monotonic() + PATIENCE_SECONDS
        outputs = [process.communicate(timeout=max(1.0, until - time.monotonic()))[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0] * USERS
    results = [json.loads(output) for output in outputs]
    assert [result["findings"] for result in results] == [[]] * USERS
    extracted = [name for result in results for name in result["own"]]
    assert [name.rpartition("-")[0] for name in extracted] == ["own-1.0"] * USERS, "only what the shared cache lacks"
    assert len({result["uid"] for result in results}) == (USERS if not missing() else 1)
    assert signs(shared) == before
