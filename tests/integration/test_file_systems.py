"""File systems that share blocks or lie above others, mounted for the test: XFS, Btrfs, an overlay as in a container.

Each test has a mount namespace of its own; what is mounted there goes with it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.users import missing

TESTS = Path(__file__).parent.parent

BEGINNING = """
import json, os, random, shutil, subprocess, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.errors import EnvsError
from jupyter_envs.settings import Settings
from support.channel import PLACEHOLDER, Channel
from support.faults import Fault, run_forked, snapshot_tree, tree_difference
from support.packages import File, Symlink
from support.users import FIRST, User

disk = Path(sys.argv[2])

def engine_in(root, *shared, **more):
    root = Path(root)
    return Engine(Settings(
        root=str(root), envs_directories=(str(root / "envs"),), channels=(), compile_in_background=False,
        package_directories=(str(root / "pkgs"), *(f"{one}/pkgs" for one in shared)),
        shared_directories=tuple(map(str, shared)), **more,
    ))

def change(engine, action, prefix, *records, **more):
    request = ChangeRequest(action=action, prefix=str(prefix), records=records, **more)
    return engine.execute(engine.plan(request))

def taken():
    os.sync()
    found = os.statvfs(disk)
    return (found.f_blocks - found.f_bfree) * found.f_frsize

def verified(engine, prefix):
    return [finding.message for finding in engine.verify(Path(prefix))]

def tell(**said):
    print(json.dumps(said))
    sys.stdout.flush()
    os._exit(0)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that all may enter; pytest's is its owner's only."""
    made = Path(tempfile.mkdtemp(prefix="envs-mounts-"))
    try:
        made.chmod(0o755)
        yield made
    finally:
        shutil.rmtree(made)


def in_namespace(folder: Path, mounting: str, script: str) -> dict[str, Any]:
    """Run shell lines that mount something at ``$disk``, then Python below it; return what that tells at its end."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("needs root, to mount file systems")
    if shutil.which("unshare") is None:
        pytest.skip("needs `unshare` (util-linux), which is not installed")
    disk = folder / "disk"
    disk.mkdir()
    program = folder / "program.py"
    program.write_text(BEGINNING + script)
    shell = f'set -e; disk="$1"; {mounting}\nexec "$2" "$3" "$4" "$disk"'
    command = ["unshare", "--mount", "sh", "-c", shell, "sh", str(disk), sys.executable, str(program), str(TESTS)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    if "mount: " in ran.stderr and not ran.stdout:
        pytest.skip(f"needs to mount a file system, which is not permitted here: {ran.stderr.strip()[-200:]}")
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout.strip().splitlines()[-1]))


def image(folder: Path, kind: str) -> str:
    """Return the lines that make a file system in a file and mount it."""
    program, options = {"xfs": ("mkfs.xfs", "-q -m reflink=1"), "btrfs": ("mkfs.btrfs", "-q")}[kind]
    if shutil.which(program) is None:
        pytest.skip(f"needs {program} ({'xfsprogs' if kind == 'xfs' else 'btrfs-progs'}), which is not installed")
    path = folder / "image"
    return f'truncate -s 1G {path}; {program} {options} {path}; mount -o loop {path} "$disk"; chmod 755 "$disk"'


SHARED = """
channel = Channel(disk / "channel")
noise = random.Random(5)
channel.add("data", files={f"share/data/{number}": noise.randbytes(1_000_000) for number in range(20)})
channel.add("settings", files={"etc/home.conf": f"home = {PLACEHOLDER}\\n", "bin/tool": File("#!/bin/sh\\n", 0o755)})
channel.index()
shared = disk / "shared"
course = shared / "envs/course"
change(engine_in(shared), "create", course, *channel.records())
"""

REFLINKS = """
user = User(FIRST, disk)
before = taken()
program = '''
import json, os, sys
from pathlib import Path
from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.settings import Settings

root, shared = sys.argv[1:]
engine = Engine(Settings(
    root=root, envs_directories=(root + "/envs",), channels=(), compile_in_background=False,
    package_directories=(root + "/pkgs", shared + "/pkgs"), shared_directories=(shared,),
))
mine = Path(root, "envs/mine")
plan = engine.plan(ChangeRequest(action="clone", prefix=str(mine), clone_from=shared + "/envs/course"))
result = engine.execute(plan)
os.sync()
removal = engine.plan(ChangeRequest(action="remove", prefix=str(mine), specs=("data",)))
print(json.dumps({
    "warnings": [warning.code for warning in plan.warnings],
    "planned": plan.disk_bytes,
    "done": result.disk_bytes,
    "links": os.lstat(mine / "share/data/0").st_nlink,
    "verify": [finding.message for finding in engine.verify(mine)],
    "unique": engine.disk([mine])[0].unique,
    "shared": engine.disk([mine])[0].shared,
    "freed": removal.freed_bytes,
}))
sys.stdout.flush()
os._exit(0)
'''
ran = user.run("-c", program, str(user.home / "root"), str(shared))
assert ran.returncode == 0, ran.stderr
said = json.loads(ran.stdout)
said["taken"] = taken() - before
mine = user.home / "root/envs/mine"
(mine / "share/data/0").write_bytes(b"the user's own")
said["theirs"] = verified(engine_in(shared), course)
tell(**said)
"""


def protects_hard_links() -> bool:
    setting = Path("/proc/sys/fs/protected_hardlinks")
    return setting.exists() and setting.read_text().strip() != "0"


@pytest.mark.parametrize("kind", ["xfs", "btrfs"])
def test_a_clone_of_what_somebody_else_owns_shares_its_blocks(folder: Path, kind: str) -> None:
    if lacking := missing():
        pytest.skip(lacking)
    if not protects_hard_links():
        pytest.skip("fs.protected_hardlinks is off on this machine: hard links are made instead")
    said = in_namespace(folder, image(folder, kind), SHARED + REFLINKS)
    assert said["warnings"] == [], "nothing is copied"
    assert said["links"] == 1, "nor is it a hard link"
    assert said["verify"] == []
    assert said["shared"] >= 20_000_000
    for key in ("planned", "done", "taken", "unique", "freed"):
        assert 0 <= said[key] < 3_000_000, (key, said)
    assert said["theirs"] == [], "what a user writes stays the user's"


SUBVOLUMES = """
for name in ("pkgs", "envs"):
    subprocess.run(["btrfs", "-q", "subvolume", "create", disk / name], check=True)
channel = Channel(disk / "channel")
channel.add("data", files={f"share/{number}": random.Random(number).randbytes(1_000_000) for number in range(20)})
channel.index()
engine = Engine(Settings(
    root=str(disk / "root"), envs_directories=(str(disk / "envs"),), package_directories=(str(disk / "pkgs"),),
    channels=(), compile_in_background=False,
))
change(engine, "create", disk / "envs/first", *channel.records())
before = taken()
plan = engine.plan(ChangeRequest(action="clone", prefix=str(disk / "envs/second"), clone_from=str(disk / "envs/first")))
result = engine.execute(plan)
report = engine.disk_report()
tell(
    devices=[os.stat(disk / name).st_dev for name in ("pkgs", "envs")],
    warnings=[warning.code for warning in plan.warnings],
    costs=[plan.disk_bytes, result.disk_bytes, taken() - before],
    links=os.stat(disk / "envs/second/share/0").st_nlink,
    total=report.total,
    saved=report.saved,
)
"""


def test_subvolumes_share_blocks_where_hard_links_cannot_be(folder: Path) -> None:
    said = in_namespace(folder, image(folder, "btrfs"), SUBVOLUMES)
    assert said["devices"][0] != said["devices"][1]
    assert said["warnings"] == []
    assert said["links"] == 1
    assert all(cost < 3_000_000 for cost in said["costs"]), said
    assert 20_000_000 <= said["total"] < 23_000_000, "the cache's and both environments' blocks are counted once"
    assert said["saved"] >= 40_000_000


LAYERS = """
top = disk / "top"
for name in ("lower", "upper", "work", "top"):
    (disk / name).mkdir()
channel = Channel(disk / "channel")
channel.python()
channel.add("lib", "1.0", files={"lib/liba.so.1": b"one", "lib/liba.so": Symlink("liba.so.1"), "share/d/x": "x"})
channel.add("lib", "2.0", files={"lib/liba.so.2": b"two", "lib/liba.so": Symlink("liba.so.2"), "share/x": "y"})
channel.add("tool", files={"bin/tool": File(f"#!{PLACEHOLDER}/bin/python\\nprint(1)\\n", 0o755), "share/d/tool": "t"})
channel.add("place", "1.0", files={"share/place/one/a": "a", "share/place/one/b": "b"})
channel.add("place", "2.0", files={"share/place/one": "where a folder was"})
channel.add("unused", files={"share/unused": "u"})
channel.index()
engine, envs = engine_in(top / "root"), top / "root/envs"
own = [channel.record(*one) for one in (("python",), ("tool",), ("lib", "1.0"), ("place", "1.0"))]

def mount():
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                    f"lowerdir={disk}/lower,upperdir={disk}/upper,workdir={disk}/work", top], check=True)

def unmount():
    subprocess.run(["umount", top], check=True)
    for name in ("upper", "work"):
        shutil.rmtree(disk / name)
        (disk / name).mkdir()

subprocess.run(["mount", "--bind", disk / "lower", top], check=True)
change(engine, "create", envs / "course", *own, specs=("python", "tool", "lib", "place"))
change(engine, "update", envs / "course", channel.record("lib", "2.0"), specs=("lib",))
change(engine, "create", envs / "gone", channel.record("unused"), specs=("unused",))
(envs / "course/mine.txt").write_text("mine")
subprocess.run(["umount", top], check=True)
mount()
"""

CHANGES = """
said = {}
course = envs / "course"
whole = snapshot_tree(course, ignore=lambda path: path.startswith("conda-meta"))

def note(name, prefix=course):
    said[name] = verified(engine, prefix)

change(engine, "update", course, channel.record("place", "2.0"), specs=("place",))
note("a folder becomes a file")
change(engine, "undo", course)
note("a file becomes a folder")
change(engine, "remove", course, specs=("tool",))
note("remove")
change(engine, "undo", course)
note("undo")
said["as it was"] = tree_difference(
    whole, snapshot_tree(course, ignore=lambda path: path.startswith("conda-meta"))
)
change(engine, "clone", envs / "copy", clone_from=str(course))
note("clone", envs / "copy")
engine.rename(course, "renamed")
note("rename", envs / "renamed")
said["history"] = len(engine.generations(envs / "renamed"))
engine.delete(envs / "gone")
engine.delete(envs / "copy")
said["left"] = sorted(os.listdir(envs))
said["removed"] = sorted(os.path.basename(entry.path) for entry in engine.clean(dry_run=False).removed)
change(engine, "create", envs / "gone", channel.record("unused"), specs=("unused",))
note("again", envs / "gone")
tell(**said)
"""


def test_what_lies_in_an_image_can_be_changed_renamed_and_deleted_in_a_container(folder: Path) -> None:
    said = in_namespace(folder, 'mount -t tmpfs none "$disk"', LAYERS + CHANGES)
    found = {name: said.pop(name) for name in ("history", "left", "removed")}
    assert all(finding == [] for finding in said.values()), said
    assert found["left"] == ["renamed"]
    assert "lib-1.0-h0_0" in found["removed"]
    assert found["history"] >= 6


KILLED = """
outcomes = []
prefix = envs / "course"
meta = lambda path: path == "conda-meta/jupyter-envs/lock"
whole = snapshot_tree(prefix, ignore=meta)
k = 0
while True:
    k += 1
    outcome = run_forked(lambda: engine.delete(prefix), below=top / "root", fault=Fault(k))
    if not outcome.killed:
        break
    engine.clean(dry_run=False)
    left = sorted(name for name in os.listdir(envs) if name != "gone")
    if left == ["course"]:
        outcomes.append(tree_difference(whole, snapshot_tree(prefix, ignore=meta)))
    else:
        outcomes.append("gone" if left == [] else left)
    unmount()
    mount()
tell(outcomes=outcomes, last=sorted(os.listdir(envs)), error=outcome.message)
"""


def test_a_deletion_in_a_container_is_killed_at_every_call(folder: Path) -> None:
    said = in_namespace(folder, 'mount -t tmpfs none "$disk"', LAYERS + KILLED)
    assert said["error"] == ""
    assert said["last"] == ["gone"]
    assert len(said["outcomes"]) > 20
    whole = [outcome for outcome in said["outcomes"] if outcome == []]
    gone = [outcome for outcome in said["outcomes"] if outcome == "gone"]
    assert whole and gone
    assert said["outcomes"] == [*whole, *gone], "first it is whole, then it is gone, and nothing is between"
